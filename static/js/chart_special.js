/* The traces of what is drawn from a document or a table: heat map, curves, histogram, predicted over true. */
import { axis, colour, faded, layout, plain, short } from "./chart_base.js";
import { dash, ink, turn } from "./chart_colours.js";

const BASE = "the base line";

function tone(share) {
  const [from, to] = [colour("--surface"), colour("--run-1")].map((text) => text.match(/[\d.]+/g).slice(0, 3).map(Number));
  // Never so far that the words on it could not be read.
  return `rgb(${from.map((value, n) => Math.round(value + (to[n] - value) * share * 0.55)).join(",")})`;
}

export function matrix(answer) {
  const { labels, counts, shares } = answer, isShare = answer.by === "rows", n = labels.length;
  const shown = isShare ? shares : counts, places = labels.map((_, at) => at);
  const words = labels.map((label) => plain(short(label, n > 12 ? 10 : 18)));
  const most = Math.max(...shown.flat(), isShare ? 1 : 0) || 1;
  const text = counts.map((row, at) => row.map((count, to) => (isShare ? `${(shares[at][to] * 100).toFixed(1)}%` : count.toLocaleString("en"))));
  const told = counts.map((row, at) => row.map((count, to) => plain(
    `true ${short(labels[at], 60)}, predicted ${short(labels[to], 60)}: ${count.toLocaleString("en")} (${(shares[at][to] * 100).toFixed(1)}% of the row)`,
  )));
  const ticks = { tickmode: "array", tickvals: places, ticktext: n <= 40 ? words : words.map(() => ""), showgrid: false, zeroline: false };
  const data = [{
    type: "heatmap", z: shown, x: places, y: places, zmin: 0, zmax: most, hoverinfo: "text", hovertext: told, xgap: 1, ygap: 1,
    colorscale: [0, 0.25, 0.5, 0.75, 1].map((share) => [share, tone(share)]), showscale: true,
    colorbar: { thickness: 10, outlinewidth: 0, tickfont: axis().tickfont, tickformat: isShare ? ".0%" : "" },
    ...(n <= 20 ? { text, texttemplate: "%{text}", textfont: { size: n > 12 ? 9 : 12, color: colour("--ink") } } : {}),
  }];
  return {
    data, legend: new Map(),
    layout: layout(answer.chart, {
      hovermode: "closest", xaxis: axis("predicted", { ...ticks, side: "bottom" }), yaxis: axis("true", { ...ticks, autorange: "reversed" }),
    }),
  };
}

export function curves(answer, hidden) {
  const data = [], legend = new Map();
  if (answer.base) {
    const [x, y] = answer.base;
    data.push({ type: "scatter", mode: "lines", x, y, name: BASE, hoverinfo: "skip", line: { color: colour("--ink-3"), width: 1, dash: "dot" } });
  }
  answer.lines.forEach((line, at) => {
    const key = `${at} ${line.label}`, x = line.x ?? answer.x;
    legend.set(key, { label: line.label, colour: ink(at), dash: dash(turn(at)) });
    if (hidden.has(key)) return;
    data.push({
      type: "scatter", x, y: line.y, name: plain(short(line.label, 60)), mode: x.length < 60 ? "lines+markers" : "lines", connectgaps: false,
      hoverinfo: "x+y+name", hoverlabel: { namelength: 60 }, line: { color: ink(at), width: 1.75, dash: dash(turn(at)) }, marker: { size: 5, color: ink(at) },
    });
  });
  const words = answer.words && { tickmode: "array", tickvals: answer.x, ticktext: answer.words.map((word) => (answer.words.length <= 24 ? plain(short(word, 14)) : "")) };
  const range = answer.range ? { range: answer.range } : {};
  return {
    data, legend,
    layout: layout(answer.chart, {
      hovermode: "closest", xaxis: axis(short(answer.title_x, 60), { ...words, ...range }), yaxis: axis(short(answer.title_y, 40), range),
    }),
  };
}

export function histogram(answer) {
  const { edges, counts } = answer, tint = ink(0);
  const data = [{
    type: "bar", x: edges.slice(0, -1), width: counts.map((_, n) => edges[n + 1] - edges[n]), offset: 0, y: counts, hoverinfo: "text",
    hovertext: counts.map((count, n) => `${edges[n].toPrecision(4)} to ${edges[n + 1].toPrecision(4)}: ${count.toLocaleString("en")}`),
    marker: { color: faded(tint, 0.75), line: { color: colour("--surface"), width: 1 } },
  }];
  return {
    data, legend: new Map(),
    layout: layout(answer.chart, { hovermode: "closest", bargap: 0, xaxis: axis(answer.title_x), yaxis: axis(answer.title_y, { rangemode: "tozero" }) }),
  };
}

export function predictions(answer, hidden) {
  const tint = ink(0), legend = new Map();
  legend.set("mean", { label: "mean predicted, with its error", colour: tint });
  legend.set("base", { label: "as true", colour: colour("--ink-3"), dash: "dot" });
  legend.set("count", { label: "how many", colour: faded(ink(2), 0.5), mark: true });
  const traces = {
    count: {
      type: "bar", x: answer.x, y: answer.counts, yaxis: "y2", name: "count", hoverinfo: "x+y+name", marker: { color: faded(ink(2), 0.25) },
    },
    base: { type: "scatter", mode: "lines", x: answer.ends, y: answer.ends, hoverinfo: "skip", line: { color: colour("--ink-3"), width: 1, dash: "dot" } },
    mean: {
      type: "scatter", mode: "lines+markers", x: answer.x, y: answer.y, name: "mean predicted", hoverinfo: "x+y+name", line: { color: tint, width: 1.75 },
      error_y: { type: "data", array: answer.errors, thickness: 1.25, width: 4, color: tint }, marker: { size: 6, color: tint },
    },
  };
  return {
    data: Object.entries(traces).filter(([key]) => !hidden.has(key)).map(([, trace]) => trace), legend,
    layout: layout(answer.chart, {
      hovermode: "closest", bargap: 0.1, xaxis: axis("true"), yaxis: axis("predicted"),
      yaxis2: axis("", { overlaying: "y", side: "right", showgrid: false, showticklabels: false, rangemode: "tozero", zeroline: false }),
    }),
  };
}
