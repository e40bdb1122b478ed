/* What can be done with a chart besides looking: full screen, PNG, another order (drag or arrow keys), and controls that
   change the address without loading the page anew. */
import { axis, colour, plain, plotly } from "./chart_base.js";
import { figureOf, plotOf, stateOf } from "./charts.js";

const cardOf = (node) => node.closest(".plot-card");

// The page is asked for its new state, which live.js puts in place node by node; failing that, it is loaded.
export function go(url) {
  history.pushState(null, "", url);
  const give = setTimeout(() => location.reload(), 3000);
  document.addEventListener("studio:refreshed", () => clearTimeout(give), { once: true });
  document.dispatchEvent(new CustomEvent("studio:refresh"));
}
addEventListener("popstate", () => {
  if (document.querySelector(".panel, #charts-none")) document.dispatchEvent(new CustomEvent("studio:refresh"));
});

async function picture(card) {
  const Plotly = await plotly(), state = stateOf(card);
  if (!state.answer || state.answer.empty) return;
  const { data, layout } = figureOf(card), plot = plotOf(card), surface = colour("--surface");
  const title = { text: plain(state.answer.title), font: { size: 14, color: colour("--ink") }, x: 0.02, xanchor: "left" };
  const margin = { ...layout.margin, t: 44 }, showlegend = data.length > 1 && data.length <= 30;
  const drawn = { ...layout, title, margin, showlegend, paper_bgcolor: surface, plot_bgcolor: surface, legend: { font: axis().tickfont } };
  const size = { width: Math.max(640, plot.clientWidth), height: Math.max(360, plot.clientHeight) };
  const url = await Plotly.toImage({ data, layout: { ...drawn, ...size } }, { format: "png", scale: 2, ...size });
  const name = state.answer.title.replace(/[^\w.-]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 80) || "chart";
  Object.assign(document.createElement("a"), { href: url, download: `${name}.png` }).click();
}

function order() {
  const url = new URL(location.href);
  url.searchParams.delete("chart");
  url.searchParams.delete("cursor");
  for (const card of document.querySelectorAll(".plot-card")) url.searchParams.append("chart", card.dataset.chartText);
  go(url.href);
}

document.addEventListener("click", (event) => {
  const card = event.target.closest && cardOf(event.target);
  if (!card) return;
  const link = event.target.closest("a[data-swap]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    link.closest("details").open = false;
    go(link.href);
  }
  if (event.target.closest("[data-png]")) {
    event.target.closest("details").open = false;
    picture(card);
  }
  if (event.target.closest("[data-full]")) {
    if (document.fullscreenElement) document.exitFullscreen();
    else card.requestFullscreen?.();
  }
});

document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.("[data-move]")) return;
  const card = cardOf(event.target), back = ["ArrowLeft", "ArrowUp"].includes(event.key);
  const other = back ? card.previousElementSibling : ["ArrowRight", "ArrowDown"].includes(event.key) && card.nextElementSibling;
  if (!other) return;
  event.preventDefault();
  if (back) other.before(card);
  else other.after(card);
  event.target.focus();
  order();
});

let dragged = null;
document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.("[data-move]");
  if (grip) cardOf(grip).draggable = true;
});
document.addEventListener("dragstart", (event) => {
  if (!event.target.matches?.(".plot-card[draggable=true]")) return;
  dragged = event.target;
  event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragover", (event) => {
  const over = dragged && event.target.closest?.(".plot-card");
  if (!dragged) return;
  event.preventDefault();
  if (!over || over === dragged) return;
  const isAfter = dragged.compareDocumentPosition(over) & Node.DOCUMENT_POSITION_FOLLOWING;
  if (isAfter) over.after(dragged);
  else over.before(dragged);
});
document.addEventListener("dragend", () => {
  if (!dragged) return;
  dragged.draggable = false;
  dragged = null;
  order();
});
document.addEventListener("pointerup", () => {
  for (const card of document.querySelectorAll(".plot-card[draggable=true]")) if (card !== dragged) card.draggable = false;
});
