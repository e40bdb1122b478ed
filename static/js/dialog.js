/* What htmx puts into `#dialog` is shown; a link with `data-close` closes it instead of leading away. */
const dialog = document.getElementById("dialog");

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== dialog) return;
  if (!dialog.matches(":popover-open")) dialog.showPopover();
  dialog.querySelector("input:not([type=hidden]):not([type=checkbox]), button")?.focus();
});
dialog?.addEventListener("click", (event) => {
  if (!event.target.closest("[data-close]")) return;
  event.preventDefault();
  dialog.hidePopover();
});
