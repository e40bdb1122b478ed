/* Parallel coordinates, drawn of plain lines: plotly's own need WebGL, which the security policy does not let run. */
import { axis, colour, faded, layout, plain, short } from "./chart_base.js";
import { between, colourBar, dash, ink, isScaled, nameOf, place, scale, turn } from "./chart_colours.js";

const isNumber = (value) => typeof value === "number";

export function parallel(answer, hidden) {
  const scales = answer.fields.map((field, n) => scaleOf(field, answer.values.map((values) => values[n])));
  const isScale = isScaled(answer), numbers = answer.runs.map((run) => (isScale && run.group !== null ? Number(run.group) : NaN));
  const finite = numbers.filter(Number.isFinite), low = Math.min(...finite), high = Math.max(...finite);
  const data = [], legend = new Map();
  answer.runs.forEach((run, n) => {
    if (answer.values[n].every((value) => value === null)) return;
    const key = answer.by ? run.group : run.id;
    const at = answer.by ? place(answer.by.key, key) : place("run", run.id);
    const share = high > low ? (numbers[n] - low) / (high - low) : 0.5;
    const tone = isScale ? (Number.isFinite(numbers[n]) ? between(share) : faded(ink(0), 0.2)) : ink(at);
    const dashed = isScale ? "solid" : dash(turn(at));
    if (!isScale) legend.set(key, { label: answer.by ? nameOf(answer, key) : run.name, colour: tone, dash: dashed });
    if (hidden.has(key)) return;
    data.push({
      type: "scatter", mode: "lines+markers", x: answer.fields.map((_, place) => place), name: plain(short(run.name, 60)),
      y: answer.values[n].map((value, at) => (value === null ? null : scales[at].place(value))), connectgaps: false,
      text: answer.values[n].map((value, at) => plain(`${answer.fields[at].label}: ${scales[at].word(value)}`)), hoverinfo: "text+name",
      line: { color: tone, width: 1.5, dash: dashed }, marker: { color: tone, size: 5 },
    });
  });
  if (isScale && high > low) {
    const bar = { color: [low, high], colorscale: scale(), showscale: true, colorbar: colourBar(answer.by, finite) };
    data.push({ type: "scatter", mode: "markers", x: [null, null], y: [null, null], marker: bar, hoverinfo: "skip", showlegend: false });
  }
  const ticks = { tickmode: "array", tickvals: scales.map((_, n) => n), ticktext: answer.fields.map((field) => `<b>${plain(short(field.label, 22))}</b>`) };
  const edge = Math.max(0.18, 0.06 * scales.length);
  return {
    data, legend,
    layout: layout(answer.chart, {
      hovermode: "closest", margin: { l: 24, r: 24, t: 24, b: 8 }, annotations: scales.flatMap((each, n) => each.marks.map(([y, text]) => ({
        x: n, y, text: plain(short(text, 16)), showarrow: false, xanchor: "left", xshift: 5, font: { size: 10.5, color: axis().tickfont.color }, bgcolor: faded(colour("--surface"), 0.7),
      }))),
      xaxis: axis("", { ...ticks, side: "top", range: [-edge, scales.length - 1 + edge * 1.6], fixedrange: true, showgrid: true, showline: false, zeroline: false }),
      yaxis: axis("", { range: [-0.08, 1.08], showticklabels: false, showgrid: false, showline: false, zeroline: false, fixedrange: true }),
    }),
  };
}

function scaleOf(field, values) {
  const known = values.filter((value) => value !== null);
  const tell = (value) => (value === null ? "none" : !isNumber(value) ? value : field.is_time ? new Date(value).toLocaleString() : String(Number(value.toPrecision(4))));
  if (known.length && known.every(isNumber)) {
    const low = Math.min(...known), high = Math.max(...known), flat = high === low;
    const place = (value) => (flat ? 0.5 : (value / 2 - low / 2) / (high / 2 - low / 2)); // halves, that no difference is infinite
    return { place, word: tell, marks: flat ? [[0.5, tell(low)]] : [[1, tell(high)], [0.5, tell(low / 2 + high / 2)], [0, tell(low)]] };
  }
  const texts = [...new Set(known)].sort(inOrder).map(String);
  const place = (value) => (texts.length === 1 ? 0.5 : texts.indexOf(String(value)) / (texts.length - 1));
  return { place, word: tell, marks: texts.length <= 14 ? texts.map((text) => [place(text), text]) : [] };
}

/* Numbers by their size, then words. */
function inOrder(a, b) {
  if (isNumber(a) && isNumber(b)) return a - b;
  return isNumber(b) - isNumber(a) || String(a).localeCompare(String(b), undefined, { numeric: true });
}
