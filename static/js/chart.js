/* Charts (`data-chart`: the address of one series). plotly's bundle is fetched when the first chart comes into view;
   charts in view grow with the run, and follow the theme. */
const box = document.querySelector("[data-plotly]");
const shown = new Set();
let bundle = null;

function plotly() {
  bundle ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = box.dataset.plotly;
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = () => { bundle = null; reject(new Error("The charts could not be loaded.")); };
    document.head.append(script);
  });
  return bundle;
}

// Custom properties hold light-dark(); a drawn element says which colour that is now.
const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);
function colour(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

// plotly reads a little HTML in words; ours are words only.
function plain(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function numbers(values) {
  return values.map((value) => (typeof value === "number" ? value : null));
}

function across(series, axis) {
  if (axis === "step") return series.step;
  if (axis === "time") return series.time.map((time) => new Date(time));
  return series.time.map((time) => (time - series.time[0]) / 1000);
}

function layout(axis) {
  const line = colour("--line"), ink = colour("--ink-3");
  const common = { gridcolor: line, zerolinecolor: line, linecolor: line, tickfont: { color: ink, size: 11 }, automargin: true };
  const titles = { step: "step", time: "", relative: "seconds" };
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, hovermode: "x",
    font: { family: getComputedStyle(document.body).fontFamily }, uirevision: axis, separators: ". ",
    margin: { l: 44, r: 8, t: 8, b: 36 },
    hoverlabel: { bgcolor: colour("--raised"), bordercolor: colour("--line-strong"), font: { color: colour("--ink"), size: 12 } },
    xaxis: { ...common, title: { text: titles[axis], font: { color: ink, size: 11 }, standoff: 6 } },
    yaxis: common,
  };
}

const CONFIG = {
  responsive: true, displaylogo: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
};

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
