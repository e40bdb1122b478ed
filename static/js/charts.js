/* The charts above a table (`data-content`: where a chart's content is read). Each is fetched and drawn when it comes into
   view, again when its runs, the selection or the theme change, and more finely where one looks closer. */
import { CONFIG, plotly } from "./chart_base.js";
import { boxes, bars, points, statuses } from "./chart_kinds.js";
import { parallel } from "./chart_parallel.js";
import { grow, growth } from "./chart_growth.js";
import { drawLegend } from "./chart_legend.js";
import { lines } from "./chart_lines.js";
import { curves, histogram, matrix, predictions } from "./chart_special.js";
import { beside, zoomed } from "./chart_zoom.js";

const DRAW = { line: lines, bar: bars, scatter: points, box: boxes, status: statuses, parallel, curves, histogram, matrix, predictions };
const inView = new Set(), known = new WeakSet();

const bodyOf = (card) => card.querySelector(".plot-body");
export const plotOf = (card) => card.querySelector(".plot");
export const stateOf = (card) => (bodyOf(card).chart ??= { hidden: new Set(), zoom: null, tag: "", url: "" });

function addressOf(card) {
  const url = new URL(card.dataset.content, location.href);
  if (card.closest("[data-follows]")) {
    url.searchParams.delete("selected");
    for (const id of new URLSearchParams(location.search).getAll("selected")) url.searchParams.append("selected", id);
  }
  const { zoom, zoomed } = stateOf(card);
  if (zoom && zoomed === url.searchParams.get("x")) { url.searchParams.set("from", zoom[0]); url.searchParams.set("to", zoom[1]); }
  return url.href;
}

function say(card, words) {
  const note = card.querySelector(".point-count");
  if (note.textContent !== words) note.title = note.textContent = words;
}

async function load(card, home) {
  const state = stateOf(card), url = addressOf(card);
  state.request?.abort();
  state.request = new AbortController();
  const newer = state.url === url ? growth(state) : "";
  const [answer] = await Promise.all([fetch(url + newer, { signal: state.request.signal }), plotly()]);
  if (answer.status === 204) return;
  const read = await answer.json().catch(() => null);
  if (answer.ok && newer && grow(state, read)) return void await put(home());
  if (!answer.ok) throw new Error(read?.error?.message ?? "The numbers could not be read.");
  const tag = answer.headers.get("ETag") ?? "";
  if (state.answer && state.url === url && state.tag === tag && tag) return;
  Object.assign(state, { answer: read, url, tag });
  await put(home());
}

// While its numbers are on their way, a chart may be carried over into another card.
export async function draw(card) {
  const body = bodyOf(card), home = () => body.closest("[data-content]");
  if (!body) return;
  try {
    await load(card, home);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!body.chart.answer) tell(home(), error.message);
    say(home(), `${error.message} It is tried again with the next refresh.`);
  }
}

function tell(card, words) {
  const plot = plotOf(card);
  if (plot.data) globalThis.Plotly.purge(plot);
  delete plot.dataset.drawn;
  const told = Object.assign(document.createElement("p"), { className: "plot-wait dim small", textContent: words });
  plot.replaceChildren(told);
}

export function figureOf(card) {
  const { answer, hidden } = stateOf(card);
  return DRAW[answer.kind](answer, hidden);
}

export async function put(card) {
  const Plotly = await plotly(), state = stateOf(card), plot = plotOf(card);
  say(card, state.answer.said.join(" · "));
  if (state.answer.empty) {
    drawLegend(card, new Map(), state, put);
    tell(card, state.answer.empty);
    return;
  }
  const isFirst = !plot.data, figure = figureOf(card);
  if (isFirst) plot.replaceChildren();
  drawLegend(card, figure.legend, state, put);
  await Plotly.react(plot, figure.data, figure.layout, CONFIG);
  plot.dataset.drawn = "";
  plot.size = sizeOf(plot);
  if (!isFirst) return;
  const here = () => plot.closest("[data-content]");
  plot.on("plotly_relayout", (change) => here() && zoomed(here(), stateOf(here()), change) && draw(here()));
  const others = () => (plot.matches(":hover") ? beside(plot, new Map([...inView].map((each) => [plotOf(each), stateOf(each)]))) : []);
  plot.on("plotly_hover", ({ xvals }) => others().forEach((other) => Plotly.Fx.hover(other, { xval: xvals[0] })));
  plot.on("plotly_unhover", () => others().forEach((other) => Plotly.Fx.unhover(other)));
  sizes.observe(plot);
}

// An observer first tells the size that is there already: nothing is drawn twice for that.
const sizeOf = (plot) => `${plot.clientWidth} ${plot.clientHeight}`;
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (!target.data || !target.isConnected || !target.clientWidth || target.size === sizeOf(target)) continue;
    target.size = sizeOf(target);
    globalThis.Plotly.Plots.resize(target);
  }
});
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) inView.add(target);
    else inView.delete(target);
    if (isIntersecting && (!stateOf(target).answer || stateOf(target).url !== addressOf(target))) draw(target);
  }
}, { rootMargin: "150px" });

export function find() {
  for (const card of inView) if (!card.isConnected) inView.delete(card);
  for (const card of document.querySelectorAll("[data-content]")) {
    if (known.has(card)) continue;
    known.add(card);
    seen.observe(card);
  }
}

const again = () => { find(); inView.forEach(draw); };
find();
document.addEventListener("studio:refreshed", again);
document.addEventListener("studio:selected", again);
document.addEventListener("change", (event) => { if (event.target.closest("#list")) setTimeout(() => inView.forEach((card) => stateOf(card).url !== addressOf(card) && draw(card)), 400); });
document.addEventListener("studio:theme", () => {
  for (const card of document.querySelectorAll("[data-content]")) if (stateOf(card).answer) put(card);
});
// A search swaps the whole list: what is drawn is carried over into the new cards, and only then read anew.
let carried = new Map();
document.addEventListener("htmx:beforeSwap", () => {
  carried = new Map([...document.querySelectorAll("[data-content]")].map((card) => [card.dataset.key, bodyOf(card)]));
});
document.addEventListener("htmx:afterSwap", () => {
  for (const card of document.querySelectorAll("[data-content]")) {
    const old = carried.get(card.dataset.key);
    if (old && !old.isConnected) bodyOf(card).replaceWith(old);
  }
  find();
});
