/* Widths of columns, remembered in this browser by the column's name: drag the edge of a heading, or press Shift
   and an arrow key on it; a double click or Shift+Home gives the width back to the browser. Pinned columns (`data-pin`) get their places.
   Both are rules of one style sheet, which no refresh of the table can lose. */
const KEY = "studio.widths", LEAST = 60, MOST = 900, STEP = 16;
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
let widths = {};
try { widths = JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { /* they last as long as the page */ }

const table = () => document.querySelector("[data-table]");
const heads = () => [...document.querySelectorAll("[data-table] thead th")];

function rules() {
  const all = heads(), found = [];
  all.forEach((head, place) => {
    const width = widths[head.dataset.key];
    if (!width) return;
    const cell = `[data-table] tr:not(.more) > :nth-child(${place + 1})`;
    found.push(`${cell} { width: ${width}px; min-width: ${width}px; max-width: ${width}px; overflow: hidden; text-overflow: ellipsis; }`);
    found.push(`[data-table] thead tr > :nth-child(${place + 1}) { overflow: visible; }`);
  });
  return found;
}

function pins() {
  const all = heads(), pinned = Number(table()?.dataset.pin ?? 1), found = [];
  if (pinned < 2 || matchMedia("(max-width: 760px)").matches) return found;
  let left = 0;
  all.slice(0, 2 + pinned).forEach((head, place) => {
    const cell = `:nth-child(${place + 1})`;
    found.push(`[data-table] tbody tr:not(.more) > ${cell} { position: sticky; left: ${left}px; z-index: 1; }`);
    found.push(`[data-table] tbody tr:not(.nested, .more, :hover, :has(.pick :checked)) > ${cell} { background: var(--surface); }`);
    found.push(`[data-table] thead tr > ${cell} { left: ${left}px; z-index: 3; }`);
    left += head.getBoundingClientRect().width;
  });
  return found;
}

function draw() {
  if (!table()) return;
  for (const head of heads()) {
    if (!head.dataset.key || head.querySelector(".grip")) continue;
    const grip = document.createElement("span");
    grip.className = "grip";
    grip.setAttribute("data-keep", "");
    grip.setAttribute("aria-hidden", "true"); // for the pointer; the keyboard has the heading itself
    head.append(grip);
  }
  sheet.replaceSync(rules().join("\n"));
  sheet.replaceSync([...rules(), ...pins()].join("\n"));
}

function put(name, width) {
  if (width === null) delete widths[name];
  else widths[name] = Math.round(Math.min(MOST, Math.max(LEAST, width)));
  draw();
}

function remember() {
  try { localStorage.setItem(KEY, JSON.stringify(widths)); } catch { /* see above */ }
}

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.("[data-table] .grip");
  if (!grip) return;
  event.preventDefault();
  const head = grip.parentElement, start = head.getBoundingClientRect().width, from = event.clientX;
  grip.setPointerCapture(event.pointerId);
  const move = (moved) => put(head.dataset.key, start + moved.clientX - from);
  grip.addEventListener("pointermove", move);
  grip.addEventListener("lostpointercapture", () => {
    grip.removeEventListener("pointermove", move);
    remember();
  }, { once: true });
});
document.addEventListener("dblclick", (event) => {
  const grip = event.target.closest?.("[data-table] .grip");
  if (!grip) return;
  put(grip.parentElement.dataset.key, null);
  remember();
});
document.addEventListener("keydown", (event) => {
  const head = event.shiftKey && event.target.closest?.("[data-table] thead th[data-key]");
  const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
  if (!head || (!step && event.key !== "Home")) return;
  event.preventDefault();
  put(head.dataset.key, step ? head.getBoundingClientRect().width + step : null);
  remember();
});
for (const name of ["studio:refreshed", "htmx:afterSettle"]) document.addEventListener(name, draw);
addEventListener("resize", draw);
draw();
