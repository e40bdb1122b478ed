/* The palette: Ctrl K, ⌘ K or `data-palette` opens `template#palette` in the dialog; the server finds (hx-get in the
   template), arrows choose, Enter goes. `data-prefer` on an entry changes the look at once. */
const dialog = document.getElementById("dialog");
const template = document.getElementById("palette");

function options() {
  return [...dialog.querySelectorAll("[role=option]")];
}

function choose(option) {
  for (const other of options()) other.setAttribute("aria-selected", String(other === option));
  const input = dialog.querySelector("[role=combobox]");
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = options(), place = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (all.length) choose(all[(place + by + all.length) % all.length]);
}

function open() {
  dialog.replaceChildren(template.content.cloneNode(true));
  htmx.process(dialog);
  dialog.showPopover();
  dialog.querySelector("[role=combobox]").focus();
}

function go(option) {
  dialog.hidePopover();
  const [name, value] = (option.dataset.prefer ?? "").split("=");
  if (value) document.dispatchEvent(new CustomEvent("studio:prefer", { detail: { name, value } }));
  else location.assign(option.href);
}

if (dialog && template) {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    const isOpen = dialog.matches(":popover-open") && dialog.querySelector(".palette");
    if (isOpen) dialog.hidePopover();
    else open();
  });
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !event.target.closest("[data-palette]")) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "found") choose(options()[0]);
  });
  dialog.addEventListener("keydown", (event) => {
    if (!event.target.matches("[role=combobox]") || event.isComposing) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    step(by);
  });
  dialog.addEventListener("submit", (event) => {
    if (!event.target.matches(".palette")) return;
    event.preventDefault();
    const chosen = dialog.querySelector("[aria-selected=true]");
    if (chosen) go(chosen);
  });
  dialog.addEventListener("click", (event) => {
    const option = event.target.closest("[data-prefer]");
    if (!option) return;
    event.preventDefault();
    go(option);
  });
}
