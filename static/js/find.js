/* `data-find="#list"`: what is typed narrows the list's entries (`data-text`) as one types. A list that may be cut says
   in `data-rest` where to ask for what else holds the words; it is added. `/` leads to the search. */
const WAIT_MS = 250;
let waiting;

function narrow(input) {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const list = document.querySelector(input.dataset.find);
  let shown = 0;
  for (const entry of list.querySelectorAll("[data-text]")) {
    const text = entry.dataset.text.toLowerCase();
    entry.hidden = !words.every((word) => text.includes(word));
    shown += entry.hidden ? 0 : 1;
  }
  const none = list.parentElement.querySelector("[data-none]");
  if (none) none.hidden = shown > 0;
}

const kinds = (list) => (list.matches("fieldset") ? [list] : [...list.querySelectorAll("fieldset")]);
const kindOf = (fieldset) => fieldset.querySelector("legend").textContent;

function add(list, fresh) {
  for (const group of fresh ? kinds(fresh) : []) {
    const place = kinds(list).find((own) => kindOf(own) === kindOf(group));
    const known = new Set([...(place?.querySelectorAll("[data-text]") ?? [])].map((entry) => entry.dataset.text));
    for (const entry of place ? group.querySelectorAll("[data-text]") : []) {
      if (known.has(entry.dataset.text)) continue;
      window.htmx?.process(place.appendChild(document.importNode(entry, true)));
    }
  }
}

async function askForMore(input) {
  const list = document.querySelector(input.dataset.find);
  const [word] = input.value.split(/\s+/).sort((one, other) => other.length - one.length);
  if (!list?.dataset.rest || !word) return;
  const headers = { "HX-Request": "true" };
  const answer = await fetch(`${list.dataset.rest}&find=${encodeURIComponent(word)}`, { headers }).catch(() => null);
  if (!answer?.ok || !list.isConnected) return;
  add(list, new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(input.dataset.find));
  narrow(input);
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-find]")) return;
  narrow(event.target);
  clearTimeout(waiting);
  waiting = setTimeout(askForMore, WAIT_MS, event.target);
});
// A refreshed list is narrowed again.
document.addEventListener("studio:refreshed", () => {
  for (const input of document.querySelectorAll("[data-find]")) if (input.value) narrow(input);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, textarea, select, [contenteditable]")) return;
  const search = document.querySelector("main input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
});
