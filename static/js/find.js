/* `data-find="#list"`: what is typed narrows the list's entries (`data-text`) as one types. `/` leads to the search. */
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

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-find]")) narrow(event.target);
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
