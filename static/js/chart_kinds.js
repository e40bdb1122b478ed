/* The traces of bars, points, boxes and runs by status. */
import { axis, colour, faded, layout, plain, short } from "./chart_base.js";
import { colourBar, ink, isScaled, mark, nameOf, place, scale, statusLook } from "./chart_colours.js";

const isNumber = (value) => typeof value === "number";
const log = (answer, letter) => (answer.log.includes(letter) ? { type: "log" } : {});
const moment = (field, values) => (field.is_time ? values.map((value) => (isNumber(value) ? new Date(value) : null)) : values);

export function bars(answer) {
  const legend = new Map();
  const yaxis = axis(answer.fields[0].label, log(answer, "y"));
  if (answer.groups) {
    const at = answer.groups.map((group) => place(answer.by.key, group.name));
    const data = [{
      type: "bar", x: answer.groups.map((_, n) => n), y: answer.groups.map((group) => group.mean),
      marker: { color: at.map(ink) }, hoverinfo: "text+y",
      hovertext: answer.groups.map((g) => plain(`${short(nameOf(answer, g.name), 60)}: ${g.count} ${g.count === 1 ? "run" : "runs"}`)),
      error_y: { type: "data", array: answer.groups.map((group) => group.spread), thickness: 1.25, width: 4, color: colour("--ink-2") },
    }];
    return { data, legend, layout: layout(answer.chart, { xaxis: words(answer.groups.map((g) => nameOf(answer, g.name)), answer.by.label), yaxis }) };
  }
  const shown = answer.runs.map((run, n) => [run, answer.values[n][0]]).filter(([, value]) => isNumber(value));
  const data = [{
    type: "bar", x: shown.map((_, n) => n), y: moment(answer.fields[0], shown.map(([, value]) => value)), hoverinfo: "text+y",
    hovertext: shown.map(([run]) => plain(short(run.name, 60))), marker: { color: shown.map(([run]) => ink(place("run", run.id))) },
  }];
  return { data, legend, layout: layout(answer.chart, { xaxis: words(shown.map(([run]) => run.name)), yaxis }) };
}

/* Names under bars and boxes stand at their places: two may begin alike, or be the same. Too many are only told on hover. */
function words(names, title = "") {
  const few = names.length <= 12;
  return axis(title, { tickmode: "array", tickvals: names.map((_, n) => n), ticktext: few ? names.map((name) => plain(short(name, 14))) : names.map(() => "") });
}

export function points(answer, hidden) {
  const [across, up] = answer.fields, legend = new Map(), data = [];
  const isScale = isScaled(answer), sets = new Map();
  answer.runs.forEach((run, n) => {
    const [x, y] = answer.values[n];
    if (!isNumber(x) || !isNumber(y)) return;
    const key = !answer.by ? run.id : isScale ? "" : run.group;
    if (!sets.has(key)) sets.set(key, []);
    sets.get(key).push({ run, x, y });
  });
  for (const [key, set] of sets) {
    const at = answer.by ? place(answer.by.key, key) : place("run", key);
    const label = answer.by ? nameOf(answer, key) : set[0].run.name;
    if (!isScale) legend.set(key, { label, colour: ink(at), mark: true });
    if (hidden.has(key)) continue;
    const numbers = set.map(({ run }) => (run.group === null ? null : Number(run.group)));
    const marker = isScale ? { size: 8, color: numbers, colorscale: scale(), colorbar: colourBar(answer.by, numbers) } : { size: 8, color: ink(at), symbol: mark(at) };
    data.push({
      type: "scatter", mode: "markers", name: plain(short(label, 60)), marker, hoverinfo: "x+y+text",
      x: moment(across, set.map((one) => one.x)), y: moment(up, set.map((one) => one.y)),
      text: set.map(({ run }) => plain(short(run.name, 60))),
    });
  }
  return { data, legend, layout: layout(answer.chart, { xaxis: axis(across.label, log(answer, "x")), yaxis: axis(up.label, log(answer, "y")), hovermode: "closest" }) };
}

export function boxes(answer) {
  const names = answer.groups.map((group) => nameOf(answer, group.name));
  const data = answer.groups.map((group, n) => {
    const at = place(answer.by.key, group.name);
    return {
      type: "box", y: group.values, x0: n, name: plain(short(names[n], 60)), boxpoints: group.values.length <= 60 ? "all" : "outliers",
      jitter: 0.4, pointpos: 0, marker: { color: ink(at), size: 4 }, line: { color: ink(at), width: 1.5 }, fillcolor: faded(ink(at), 0.15),
    };
  });
  return { data, legend: new Map(), layout: layout(answer.chart, { xaxis: words(names, answer.by.label), yaxis: axis(answer.fields[0].label, log(answer, "y")) }) };
}

export function statuses(answer, hidden) {
  const legend = new Map(), data = [];
  const width = (answer.across === "hour" ? 1 : 24) * 3600_000;
  for (const [status, counts] of Object.entries(answer.counts)) {
    const look = statusLook(status);
    legend.set(status, { label: status, colour: look.colour, mark: true });
    if (hidden.has(status)) continue;
    data.push({
      type: "bar", name: status, x: answer.times.map((time) => time.slice(0, 19)), y: counts, width, offset: 0, hoverinfo: "x+y+name",
      marker: { color: look.colour, pattern: { shape: look.pattern, bgcolor: look.colour, fgcolor: faded(colour("--surface"), 0.6), size: 6, solidity: 0.2 }, line: { width: 0 } },
    });
  }
  const xaxis = axis("UTC", { type: "date" });
  return { data, legend, layout: layout(answer.chart, { barmode: "stack", hovermode: "closest", xaxis, yaxis: axis("runs", { rangemode: "tozero" }) }) };
}
