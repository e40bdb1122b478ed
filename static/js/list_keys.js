/* The keys of a list: j k move, x select, Shift+X select up to here, o open children, e t edit, c compare.
   The focus itself is the place, so that a refresh cannot lose it and Enter opens what has it.
   Also Shift and a click on a heading, which adds a key to the order, and links that edit in a dialog (`data-edit`). */
const rows = () => [...document.querySelectorAll("[data-table] tbody tr[data-id]")];

function here() {
  return document.activeElement?.closest?.("[data-table] tbody tr[data-id]");
}

function move(step) {
  const all = rows(), place = all.indexOf(here());
  const next = all[place < 0 ? (step > 0 ? 0 : all.length - 1) : place + step];
  if (!next) return;
  next.querySelector("a.go").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function select(isRange) {
  const box = here()?.querySelector(".pick input");
  if (box) document.dispatchEvent(new CustomEvent("studio:select", { detail: { box, isRange } }));
}

function edit(part) {
  const link = here()?.querySelector("a.go"), mayWrite = document.querySelector("[data-may-write]");
  if (link && mayWrite) open(`${link.pathname}${part}/`);
}

function open(path) {
  htmx.ajax("GET", `${path}?in=list`, { target: "#dialog", swap: "innerHTML" });
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => select(false),
  X: () => select(true),
  e: () => edit("description"),
  t: () => edit("tags"),
  o: () => here()?.querySelector("a.tw")?.click(),
  c: () => document.querySelector("[data-actions].on [value=compare]")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !rows().length) return;
  if (event.target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  if (event.target.closest("[popover], dialog")) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
// The address with another order; the rest stays as it is written.
function sortedBy(address, order) {
  const sort = order && `sort=${encodeURIComponent(order).replaceAll("%2C", ",")}`;
  const url = address.replace(/([?&])sort=[^&#]*/, (_, mark) => mark + sort);
  return url.replace("?&", "?").replace(/[?&]$/, "").replace("&&", "&");
}

document.addEventListener("click", (event) => {
  const heading = event.shiftKey && event.target.closest?.("th a[data-also]");
  if (heading) {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("studio:go", { detail: sortedBy(heading.href, heading.dataset.also) }));
    return;
  }
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
  const link = plain && event.target.closest?.("a[data-edit]");
  if (!link) return;
  event.preventDefault();
  open(link.pathname);
});
// Links that only open or close rows: the page takes the new state in place.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-swap]");
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  document.dispatchEvent(new CustomEvent("studio:go", { detail: link.href }));
});
