/* Editing in place: Escape leaves a form (`data-leave` is its way out), Ctrl+Enter sends one with many lines,
   `data-auto` sends a form when a choice in it changes, and words said at the bottom go away after a while. */
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form:not(#narrow)"); // that one lies around a whole table
  if (!form) return;
  if (event.key === "Escape") form.querySelector("[data-leave]")?.click();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-auto] input, [data-auto] select")) event.target.form.requestSubmit();
});

const said = document.getElementById("said");
let timer = 0;
function fade() {
  clearTimeout(timer);
  const shown_ms = said.querySelector("form") ? 20000 : 8000; // there is something to decide
  if (said.textContent.trim()) timer = setTimeout(() => said.matches(":hover, :focus-within") ? fade() : said.replaceChildren(), shown_ms);
}
// Words about what a dialog asked for are shown above it, not under its veil.
function raise() {
  const isAbove = document.getElementById("dialog")?.matches(":popover-open") && said.textContent.trim();
  if (isAbove && !said.matches(":popover-open")) {
    said.popover = "manual";
    said.showPopover();
  } else if (!isAbove) said.removeAttribute("popover");
}
if (said) {
  new MutationObserver(() => { fade(); raise(); }).observe(said, { childList: true });
  document.getElementById("dialog")?.addEventListener("toggle", raise);
  fade();
}
document.addEventListener("htmx:sendError", () => {
  said?.replaceChildren("The studio does not answer. Is it still running?");
});
// The session has ended: htmx was led to the sign-in page, which belongs in the whole window.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.responseURL.includes("/login/")) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});
