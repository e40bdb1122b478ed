/* What a refresh of a list brings: new runs wait behind a button while one reads further down, has ticked rows or
   stands in one, so that nothing moves; and when the studio does not answer, a note says so, with Retry. */
const held = () => document.querySelector("[data-new-runs]");
let isAccepted = false;

function isReading(part) {
  const table = part.querySelector("[data-table]");
  if (!table || isAccepted) return false;
  const isTicked = part.querySelector(".pick input:checked") !== null;
  return isTicked || table.contains(document.activeElement) || table.getBoundingClientRect().top < 0;
}

const keyed = (part) => [...part.querySelectorAll("[data-table] tbody > tr[data-id]:not(.nested)")];

document.addEventListener("studio:fresh", ({ detail: { part, fresh } }) => {
  const button = held(), before = keyed(part);
  if (!button || part.id !== "list") return;
  button.hidden = true;
  if (!before.length || !isReading(part)) return;
  const known = new Set(before.map((row) => row.dataset.id));
  const added = [];
  for (const row of keyed(fresh)) {
    if (known.has(row.dataset.id)) break; // only those on top push the others down
    added.push(row);
  }
  // Another order, filter or page shows other rows altogether: that was asked for.
  if (!added.length || added.length === keyed(fresh).length) return;
  for (const row of added) {
    while (row.nextElementSibling?.matches(".nested, .more")) row.nextElementSibling.remove();
    row.remove();
  }
  button.querySelector("span").textContent = `${added.length} new run${added.length > 1 ? "s" : ""}`;
  button.hidden = false;
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-new-runs]")) {
    isAccepted = true;
    held().hidden = true;
    document.querySelector("[data-table]")?.scrollIntoView({ block: "nearest" });
    document.dispatchEvent(new CustomEvent("studio:refresh"));
  }
  if (event.target.closest?.("[data-retry]")) document.dispatchEvent(new CustomEvent("studio:refresh"));
});
document.addEventListener("studio:refreshed", () => {
  isAccepted = false;
  const note = document.querySelector("[data-away]");
  if (note) note.hidden = true;
});
document.addEventListener("studio:away", () => {
  const note = document.querySelector("[data-away]");
  if (note) note.hidden = false;
});
for (const name of ["htmx:sendError", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    if (event.target.id === "find") document.dispatchEvent(new CustomEvent("studio:away"));
  });
}
