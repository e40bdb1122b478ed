/* Ticked rows of a list: kept in the address (`selected`) as one ticks, never lost by a refresh. Shift takes a range,
   the box in the head the whole page, that of a group its runs; where the whole page is ticked, "All N" offers all that match. */
const MOST = 200;
const RULED = ["find", "narrow", "bulk"];
const chosen = new Set(new URLSearchParams(location.search).getAll("selected"));
let last = null;

const boxes = () => [...document.querySelectorAll("[data-table] .pick input[name=selected]")];
const boxesOf = (head) => [...head.closest("tbody").querySelectorAll(".pick input[name=selected]")];
const table = () => document.querySelector("[data-table]");

function say(words) {
  document.getElementById("said")?.replaceChildren(words);
}

function show() {
  const all = boxes(), bar = document.querySelector("[data-actions]"), head = document.querySelector("[data-select-page]");
  for (const box of all) box.checked = chosen.has(box.value);
  const ticked = all.filter((box) => box.checked).length, isWhole = all.length > 0 && ticked === all.length;
  if (head) {
    head.checked = isWhole;
    head.indeterminate = ticked > 0 && !isWhole;
  }
  for (const one of document.querySelectorAll("[data-select-group]")) {
    const inside = boxesOf(one), some = inside.filter((box) => box.checked).length;
    one.checked = some > 0 && some === inside.length;
    one.indeterminate = some > 0 && some < inside.length;
  }
  if (!bar) return;
  const everything = bar.querySelector("[name=all]"), label = bar.querySelector("[data-all-label]");
  bar.classList.toggle("on", chosen.size > 0);
  label.hidden = !isWhole;
  if (!isWhole) everything.checked = false;
  const elsewhere = chosen.size - new Set(all.filter((box) => box.checked).map((box) => box.value)).size;
  const some = elsewhere ? `${chosen.size} selected, ${elsewhere} not on this page` : `${chosen.size} selected`;
  const count = bar.querySelector("[data-selected-count]");
  const words = everything.checked ? "All that match" : some;
  if (count.textContent !== words) count.textContent = words;
}

function keep() {
  const url = new URL(location.href);
  url.searchParams.delete("selected");
  for (const name of chosen) url.searchParams.append("selected", name);
  if (!chosen.size) url.searchParams.delete("only");
  history.replaceState(history.state, "", url);
  show();
  document.dispatchEvent(new CustomEvent("studio:selected", { detail: [...chosen] }));
}

function put(some, on) {
  for (const box of some) {
    if (on && !chosen.has(box.value) && chosen.size >= MOST) {
      say(`At most ${MOST} runs are ticked one by one. Tick the whole page and take “All” for more.`);
      break;
    }
    if (on) chosen.add(box.value);
    else chosen.delete(box.value);
  }
  keep();
}

function range(box) {
  const all = boxes(), from = all.findIndex((each) => each.value === last), to = all.indexOf(box);
  return from < 0 ? [box] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-table] .pick input");
  if (box?.matches("[data-select-page]")) put(boxes(), box.checked);
  else if (box?.matches("[data-select-group]")) put(boxesOf(box), box.checked);
  else if (box) {
    put(event.shiftKey ? range(box) : [box], box.checked);
    last = box.value;
  }
  if (event.target.closest?.("[data-select-none]")) {
    event.preventDefault();
    chosen.clear();
    const wasAlone = new URL(location.href).searchParams.has("only");
    keep();
    if (wasAlone) document.dispatchEvent(new CustomEvent("studio:refresh"));
  }
  if (event.target.matches?.("[data-actions] [name=all]")) show();
  if (event.target.closest?.("[data-dismiss]")) event.target.closest(".report").remove();
});
// From the keyboard: one row, or all from the last one to it.
document.addEventListener("studio:select", ({ detail: { box, isRange } }) => {
  put(isRange ? range(box) : [box], isRange || !chosen.has(box.value));
  last = box.value;
});

// Links and forms of this list were drawn before the latest ticks: they take the present ones along.
for (const kind of ["click", "auxclick", "contextmenu"]) {
  document.addEventListener(kind, (event) => {
    const link = event.target.closest?.("main a[href]");
    if (!link || !table() || link.pathname !== location.pathname || link.matches("[data-select-none]")) return;
    const url = new URL(link.href);
    url.searchParams.delete("selected");
    for (const name of chosen) url.searchParams.append("selected", name);
    link.href = url.pathname + url.search;
  }, true);
}
document.addEventListener("formdata", (event) => {
  if (!RULED.includes(event.target.id) || !table()) return;
  event.formData.delete("selected");
  for (const name of chosen) event.formData.append("selected", name);
});
document.addEventListener("studio:changed", (event) => {
  if (event.detail?.clear) {
    chosen.clear();
    keep();
  }
  for (const menu of document.querySelectorAll("[data-actions] details[open]")) menu.open = false;
  document.activeElement?.blur?.();
  document.dispatchEvent(new CustomEvent("studio:refresh"));
});
// Enter in the field of a menu presses that menu's own first button.
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Enter" && event.target.matches?.("#bulk input[type=text], #bulk input:not([type])")
    && event.target.closest("details");
  if (!menu) return;
  event.preventDefault();
  menu.querySelector("button[type=submit]").click();
});
document.addEventListener("studio:refreshed", show);
document.addEventListener("htmx:afterSettle", show);
show();
