/* `form[data-steer]`: a form whose choices are the page's address. A choice changes the address at once, and what differs
   is put in place (live.js) without loading the page; links marked `data-go` do the same. */
import { go } from "./chart_tools.js";

const form = document.querySelector("form[data-steer]");
const OFF = { x: "step", smooth: "0", curve: "roc", by: "counts" };
let waiting = 0;

function address() {
  const url = new URL(form.action, location.href);
  const isSame = form.elements.find.value.trim() === (new URLSearchParams(location.search).get("find") ?? "");
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value.trim() && OFF[name] !== value) url.searchParams.append(name, value);
  }
  // Another search begins at its first page.
  const behind = new URLSearchParams(location.search).get("behind");
  if (behind && isSame) url.searchParams.set("behind", behind);
  return url.href;
}

function soon(pause) {
  clearTimeout(waiting);
  waiting = setTimeout(() => { if (address() !== location.href) go(address()); }, pause);
}

if (form) {
  form.addEventListener("change", () => soon(0));
  form.addEventListener("input", ({ target }) => {
    if (target.type === "range") target.nextElementSibling.value = Number(target.value).toFixed(2);
    if (target.matches("[type=range], [type=search]")) soon(300);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    soon(0);
  });
  form.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-go]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    clearTimeout(waiting); // leaving a field for the link is a choice of nothing else
    go(link.href);
  });
}

// What the address says counts, also when one has gone back to it.
document.addEventListener("studio:refreshed", () => {
  if (!form) return;
  const asked = new URLSearchParams(location.search);
  if (document.activeElement !== form.elements.find) form.elements.find.value = asked.get("find") ?? "";
  for (const field of form.querySelectorAll("input[type=checkbox]")) field.checked = asked.getAll(field.name).includes(field.value);
  for (const field of form.querySelectorAll("select")) field.value = asked.get(field.name) ?? OFF[field.name];
  const range = form.querySelector("[type=range]");
  if (range && document.activeElement !== range) range.value = asked.get("smooth") ?? 0;
});
