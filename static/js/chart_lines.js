/* The traces of a line chart: one line for each run and metric, the raw one pale behind where it is smoothed. */
import { axis, colour, faded, layout, plain, short } from "./chart_base.js";
import { dash, ink, nameOf, place, turn } from "./chart_colours.js";

/* The least and the most between the points of a thinned line, as one filled shape for each stretch without a gap. */
function band(line, x, isLog, tint) {
  const shape = { x: [], y: [] };
  let stretch = [];
  const close = () => {
    if (stretch.length > 1) {
      const back = [...stretch].reverse(), low = (n) => (isLog && line.low[n] <= 0 ? line.y[n] : line.low[n]);
      shape.x.push(...stretch.map((n) => x[n]), ...back.map((n) => x[n]), null);
      shape.y.push(...stretch.map((n) => line.high[n]), ...back.map(low), null);
    }
    stretch = [];
  };
  line.low.forEach((value, n) => { if (value === null) close(); else stretch.push(n); });
  close();
  return { type: "scatter", mode: "lines", ...shape, fill: "toself", fillcolor: tint, line: { width: 0 }, hoverinfo: "skip", showlegend: false };
}

const TITLES = { step: "step", time: "", relative: "seconds" };

function look(answer, line, many) {
  const run = answer.runs[line.run], metric = answer.fields.findIndex((field) => field.label === line.metric);
  if (answer.by) {
    const at = place(answer.by.key, run.group);
    return { key: run.group, label: nameOf(answer, run.group), at, dash: many.metrics ? metric : turn(at) };
  }
  if (many.metrics && !many.runs) return { key: line.metric, label: line.label ?? line.metric, at: metric, dash: turn(metric) };
  const at = place("run", run.id), label = many.metrics ? `${run.name} · ${line.metric}` : run.name;
  return { key: `${run.id} ${line.metric}`, label, at, dash: many.metrics ? metric : turn(at) };
}

function across(answer, line) {
  return answer.across === "time" ? line.x.map((time) => new Date(time)) : line.x;
}

/* Outliers that are cut off lie outside of what the axis shows. */
function bounds(answer) {
  if (!answer.bounds) return {};
  const isLog = answer.log.includes("y"), [low, high] = answer.bounds;
  return isLog && low <= 0 ? {} : { range: isLog ? [Math.log10(low), Math.log10(high)] : [low, high] };
}

/* A time in which the studio heard nothing of the run. */
function silent(answer, x0, x1) {
  const [from, to] = answer.across === "time" ? [new Date(x0), new Date(x1)] : [x0, x1];
  return { type: "rect", xref: "x", yref: "paper", x0: from, x1: to, y0: 0, y1: 1, line: { width: 0 }, layer: "below", fillcolor: faded(colour("--queued"), 0.15) };
}

export function lines(answer, hidden) {
  const many = { runs: answer.runs.length > 1, metrics: answer.fields.length > 1 };
  for (const run of answer.runs) place("run", run.id);
  const data = [], legend = new Map();
  for (const line of answer.lines) {
    const { key, label, at, dash: dashAt } = look(answer, line, many), run = answer.runs[line.run];
    legend.set(key, { label, colour: ink(at), dash: dash(dashAt) });
    if (hidden.has(key)) continue;
    const x = across(answer, line), name = plain(short(line.label ?? (many.metrics ? `${run.name} · ${line.metric}` : run.name), 60));
    const mode = line.x.length < 30 ? "lines+markers" : "lines";
    const drawn = { type: "scatter", x, connectgaps: false, name, hoverinfo: "x+y+name", hoverlabel: { namelength: 60 } };
    if (line.low) data.push(band(line, x, answer.log.includes("y"), faded(ink(at), line.smooth ? 0.14 : 0.2)));
    if (line.smooth) {
      data.push({ ...drawn, y: line.y, mode: "lines", hoverinfo: "skip", showlegend: false, line: { color: faded(ink(at), 0.28), width: 1 } });
    }
    data.push({
      ...drawn, y: line.smooth ?? line.y, mode, marker: { size: 5, color: ink(at) },
      line: { color: ink(at), width: 1.75, dash: dash(dashAt) },
    });
  }
  return {
    data, legend,
    layout: layout(answer.chart, {
      hovermode: answer.lines.length <= 8 ? "x" : "closest",
      xaxis: axis(answer.over || TITLES[answer.across], answer.log.includes("x") ? { type: "log" } : {}),
      shapes: (answer.silences ?? []).map(([x0, x1]) => silent(answer, x0, x1)),
      yaxis: axis("", { ...(answer.log.includes("y") ? { type: "log" } : {}), ...(answer.pause ? { rangemode: "tozero" } : {}), ...bounds(answer) }),
    }),
  };
}
