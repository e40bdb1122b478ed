/* `data-draft="<name>"` on the card of a description: what is being written is kept in the browser until it is saved
   or discarded, and comes back after a reload, a crash, or Escape. */
const KEPT_MS = 14 * 86400 * 1000;
const key = (card) => `studio draft ${card.dataset.draft}`;

function read(card) {
  try {
    const found = JSON.parse(localStorage.getItem(key(card)) ?? "null");
    return found && Date.now() - found.at < KEPT_MS ? found : null;
  } catch {
    return null;
  }
}
function keep(card, draft) {
  try {
    localStorage.setItem(key(card), JSON.stringify({ ...draft, at: Date.now() }));
  } catch { /* no room, or storage is switched off: the text is still in the form */ }
}
function drop(card) {
  try {
    localStorage.removeItem(key(card));
  } catch { /* as above */ }
}

const saved = new WeakMap();
// The text of the form as the server gave it, and whether it is what one would see without a draft.
function begin(card) {
  const area = card.querySelector("textarea[name=description]");
  if (!area || saved.has(area)) return;
  saved.set(area, area.value);
  const draft = read(card), version = card.querySelector("[name=version]");
  if ("sent" in area.dataset) { // an answer to what was just sent: newer than any draft
    saved.set(area, null);
    return keep(card, { text: area.value, version: version.value, left: false });
  }
  if (!draft) return;
  if (draft.text === area.value) return drop(card);
  const fresh = version.value;
  area.value = draft.text;
  version.value = draft.version; // a change that somebody made since is noticed when it is saved
  const note = card.querySelector("[data-draft-note]");
  note.hidden = false;
  area.dispatchEvent(new Event("input", { bubbles: true })); // the preview is of this text
  note.querySelector("[data-draft-drop]").addEventListener("click", () => {
    area.value = saved.get(area);
    version.value = fresh;
    note.hidden = true;
    drop(card);
    area.dispatchEvent(new Event("input", { bubbles: true }));
    drop(card);
    area.focus();
  });
}

function look() {
  for (const card of document.querySelectorAll("[data-draft]")) {
    if (card.querySelector("textarea[name=description]")) begin(card);
  }
}

document.addEventListener("input", (event) => {
  const card = event.target.matches("textarea[name=description]") && event.target.closest("[data-draft]");
  if (!card) return;
  if (event.target.value === saved.get(event.target)) drop(card); // written back as it was
  else keep(card, { text: event.target.value, version: card.querySelector("[name=version]").value, left: false });
});
document.addEventListener("click", (event) => {
  const card = event.target.closest("[data-draft-leave]")?.closest("[data-draft]"), draft = card && read(card);
  if (!draft) return;
  if (card.querySelector(".theirs")) drop(card); // the other text is taken
  else keep(card, { ...draft, left: true });
});
// The card is drawn again without its form: it is saved, or it was left.
document.addEventListener("htmx:afterSettle", () => {
  const card = document.querySelector("[data-draft]");
  if (!card) return;
  const draft = read(card);
  if (!card.querySelector("textarea[name=description]")) {
    if (draft && !draft.left) drop(card);
  } else look();
});
look();
// The page was left in the middle of a sentence: the form opens again by itself, in place once htmx is ready.
document.addEventListener("DOMContentLoaded", () => setTimeout(() => {
  for (const card of document.querySelectorAll("[data-draft]")) {
    const draft = read(card);
    if (draft && !draft.left && !card.querySelector("textarea[name=description]")) card.querySelector(".pencil")?.click();
  }
}));
