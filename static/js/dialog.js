/* What htmx puts into `#dialog` is shown; a link with `data-close` closes it instead of leading away. While it is open,
   the Tab key goes round in it: what lies under its veil cannot be reached. */
const dialog = document.getElementById("dialog");

function stops() {
  const all = dialog.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]");
  return [...all].filter((each) => each.tabIndex >= 0 && !each.disabled && each.checkVisibility({ visibilityProperty: true }));
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== dialog || !dialog.childElementCount) return;
  if (!dialog.matches(":popover-open")) dialog.showPopover();
  const first = stops().find((each) => each.matches("input:not([type=checkbox]), textarea, button"));
  (dialog.querySelector("[autofocus]") ?? first ?? stops()[0])?.focus();
});
// What was edited in it is saved.
document.addEventListener("studio:close", () => dialog?.hidePopover());
dialog?.addEventListener("click", (event) => {
  if (!event.target.closest("[data-close]")) return;
  event.preventDefault();
  dialog.hidePopover();
});
dialog?.addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || event.altKey || event.ctrlKey || event.metaKey) return;
  const on = event.shiftKey ? Node.DOCUMENT_POSITION_PRECEDING : Node.DOCUMENT_POSITION_FOLLOWING;
  const all = stops(), here = document.activeElement;
  if (!all.length || all.some((each) => here.compareDocumentPosition(each) & on)) return;
  event.preventDefault();
  all.at(event.shiftKey ? -1 : 0).focus();
});
