/* What htmx puts into `#dialog` is shown; a link with `data-close` closes it instead of leading away. */
const dialog = document.getElementById("dialog");

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== dialog || !dialog.childElementCount) return;
  if (!dialog.matches(":popover-open")) dialog.showPopover();
  const first = "[autofocus], input:not([type=hidden]):not([type=checkbox]), textarea, button";
  (dialog.querySelector("[autofocus]") ?? dialog.querySelector(first))?.focus();
});
// What was edited in it is saved.
document.addEventListener("studio:close", () => dialog?.hidePopover());
dialog?.addEventListener("click", (event) => {
  if (!event.target.closest("[data-close]")) return;
  event.preventDefault();
  dialog.hidePopover();
});
