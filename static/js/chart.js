/* Charts (`data-chart`: the address of one series). plotly's bundle is fetched when the first chart comes into view;
   charts in view grow with the run, and follow the theme. */
import { CONFIG, axis as axisOf, colour, layout as layoutOf, plain, plotly } from "./chart_base.js";

const shown = new Set();

function numbers(values) {
  return values.map((value) => (typeof value === "number" ? value : null));
}

function across(series, axis) {
  if (axis === "step") return series.step;
  if (axis === "time") return series.time.map((time) => new Date(time));
  return series.time.map((time) => (time - series.time[0]) / 1000);
}

function layout(axis) {
  const titles = { step: "step", time: "", relative: "seconds" };
  return layoutOf(axis, { hovermode: "x", xaxis: axisOf(titles[axis]), yaxis: axisOf() });
}

function say(chart, words) {
  const note = chart.parentElement.querySelector(".point-count");
  if (note.textContent !== words) note.textContent = words;
}

function counted(series) {
  const all = series.count.toLocaleString("en");
  const gaps = series.value.filter((value) => typeof value !== "number").length;
  const missing = gaps ? `, ${gaps.toLocaleString("en")} not a finite number` : "";
  if (series.sampled) return `${series.value.length.toLocaleString("en")} of ${all} points${missing}`;
  return `${all} ${series.count === 1 ? "point" : "points"}${missing}`;
}

async function draw(chart) {
  try {
    const [Plotly, answer] = await Promise.all([plotly(), fetch(chart.dataset.chart)]);
    if (!answer.ok) throw new Error("The points could not be read.");
    const series = (await answer.json()).series[0];
    if (!series) return;
    chart.series = series;
    await put(Plotly, chart);
    say(chart, counted(series));
  } catch (error) {
    say(chart, `${error.message} They are tried again with the next refresh.`);
  }
}

async function put(Plotly, chart) {
  const { series } = chart, axis = chart.dataset.axis;
  const ink = colour(`--run-${(Number(chart.dataset.colour) % 6) + 1}`);
  const isShort = series.value.length < 30;
  const trace = {
    type: "scatter", mode: isShort ? "lines+markers" : "lines", name: plain(series.name), hoverinfo: "x+y",
    x: across(series, axis), y: numbers(series.value), line: { color: ink, width: 1.75 }, marker: { size: 5, color: ink },
  };
  await Plotly.react(chart, [trace], layout(axis), CONFIG);
  chart.dataset.drawn = "";
}

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) shown.add(target);
    else shown.delete(target);
    if (isIntersecting && !target.series) draw(target);
  }
}, { rootMargin: "100px" });
for (const chart of document.querySelectorAll("[data-chart]")) seen.observe(chart);

document.addEventListener("studio:refreshed", () => shown.forEach(draw));
document.addEventListener("studio:theme", async () => {
  for (const chart of document.querySelectorAll("[data-drawn]")) await put(await plotly(), chart);
});
