/* What a refresh of a list brings while one reads it (the pointer is over it, the focus or a tick is in it, it is
   scrolled): every row stays where it is and only says what is new in it. Rows that came, left or changed places wait
   behind a button. And when the studio does not answer, a note says so, with Retry. */
const held = () => document.querySelector("[data-new-runs]");
let isAccepted = false;

function isReading(part) {
  const table = part.querySelector("[data-table]");
  if (!table || isAccepted) return false;
  const isTicked = part.querySelector(".pick input:checked") !== null;
  const isScrolled = table.scrollTop > 0 || table.getBoundingClientRect().top < 0;
  return isTicked || isScrolled || table.matches(":hover") || table.contains(document.activeElement);
}

const bodies = (part) => new Map([...part.querySelectorAll("[data-table] tbody")].map((body) => [body.dataset.key ?? "", body]));

// A run with what is shown below it: its children, and the way to more of them.
function blocks(body) {
  const found = new Map();
  let block = [];
  for (const row of body.rows) {
    const isOwn = row.dataset.id && !row.classList.contains("nested");
    if (isOwn || row.classList.contains("group")) found.set(row.dataset.id ?? "group", block = []);
    block.push(row);
  }
  return found;
}

// The fresh rows in the present order. Says how many are new, and whether anything would have moved.
function hold(body, fresh) {
  const before = blocks(body), after = blocks(fresh), wanted = [...after.keys()];
  const last = Math.max(-1, ...wanted.map((id, place) => (before.has(id) ? place : -1)));
  const below = wanted.slice(last + 1), above = wanted.slice(0, last + 1).filter((id) => !before.has(id));
  const kept = [...before].flatMap(([id, rows]) => after.get(id) ?? rows.map(gone));
  const isSame = wanted.slice(0, last + 1).join() === [...before.keys()].join();
  fresh.replaceChildren(...kept, ...below.flatMap((id) => after.get(id)));
  return { isSame, added: above.length };
}

function gone(row) {
  const copy = row.cloneNode(true);
  copy.classList.add("gone");
  copy.title = "No longer in this list";
  return copy;
}

function holdAll(part, fresh) {
  const before = bodies(part), after = bodies(fresh), table = fresh.querySelector("[data-table] table");
  if (!table) return { isSame: true, added: 0 };
  const told = [...before].map(([key, body]) => (after.has(key) ? hold(body, after.get(key)) : { isSame: false, added: 0 }));
  table.append(...[...before].map(([key, body]) => after.get(key) ?? body.cloneNode(true)));
  for (const [key, body] of after) if (!before.has(key)) table.append(body); // groups that are new stand below
  return { isSame: told.every((each) => each.isSame), added: told.reduce((sum, each) => sum + each.added, 0) };
}

document.addEventListener("studio:fresh", ({ detail: { part, fresh, isAsked } }) => {
  const button = held();
  if (!button || part.id !== "list") return;
  button.hidden = true;
  if (isAsked || !isReading(part)) return;
  const { isSame, added } = holdAll(part, fresh);
  button.querySelector("span").textContent = added ? `${added} new run${added > 1 ? "s" : ""}` : "Show the new order";
  button.hidden = isSame;
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-new-runs]")) {
    isAccepted = true;
    held().hidden = true;
    document.querySelector("[data-table]")?.scrollTo({ top: 0 });
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
