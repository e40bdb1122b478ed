/* Keys: what bears `data-hotkey="g h"` is clicked when those keys are typed one after the other; `?` shows the keys of the
   page, gathered from every `template[data-keys]`. Others hear of a key by the event `studio:key` (detail: the key), whose
   default they prevent when it was theirs. Nothing happens while one types, nor with Ctrl, Alt or Meta held. */
const WAIT_MS = 1200;
const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]:not([contenteditable=false])";
const dialog = document.getElementById("dialog");
let before = "", timer = 0;

function isBusy(event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return true;
  return event.target.matches?.(TYPING) || Boolean(dialog?.matches(":popover-open"));
}

function wait(key) {
  before = key;
  clearTimeout(timer);
  timer = setTimeout(() => { before = ""; }, WAIT_MS);
}

function bearer(keys) {
  return document.querySelector(`[data-hotkey="${CSS.escape(keys)}"]`);
}

function row(entry) {
  const line = document.createElement("div"), term = document.createElement("dt"), words = document.createElement("dd");
  for (const key of entry.dataset.key.split(" ")) {
    const cap = document.createElement("kbd");
    cap.textContent = key === "Ctrl" && /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : key;
    term.append(cap);
  }
  words.textContent = entry.textContent;
  line.append(term, words);
  return line;
}

function showKeys() {
  const title = document.createElement("h2"), body = document.createElement("div"), foot = document.createElement("footer");
  title.id = "dialog-title";
  title.textContent = "Keys";
  body.className = "body";
  body.tabIndex = 0;
  // What belongs to this page first, what works everywhere last.
  for (const part of document.querySelectorAll("template[data-keys]")) {
    const head = document.createElement("h3"), list = document.createElement("dl");
    head.textContent = part.dataset.keys || "On this page";
    list.className = "keys";
    list.append(...[...part.content.querySelectorAll("[data-key]")].map(row));
    if (list.children.length) body.append(head, list);
  }
  const close = document.createElement("button");
  close.className = "btn";
  close.type = "button";
  close.textContent = "Close";
  close.dataset.close = "";
  foot.append(close);
  dialog.replaceChildren(title, body, foot);
  dialog.showPopover();
  close.focus();
}

document.addEventListener("keydown", (event) => {
  if (isBusy(event) || event.key.length !== 1) return;
  const keys = before ? `${before} ${event.key}` : event.key, found = bearer(keys) ?? bearer(event.key);
  if (event.key === "?" && dialog) {
    event.preventDefault();
    showKeys();
  } else if (found) {
    event.preventDefault();
    found.click();
  } else if (!document.dispatchEvent(new CustomEvent("studio:key", { detail: event.key, cancelable: true }))) {
    event.preventDefault();
  }
  wait(found ? "" : event.key);
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-show-keys]") || !dialog) return;
  event.preventDefault();
  event.target.closest("details.menu")?.removeAttribute("open");
  showKeys();
});
