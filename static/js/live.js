/* Live parts: every `data-live` seconds the page is fetched again and what differs in its `data-live-part`s is
   put in place, node by node. Nothing is touched that holds the focus of a field or a selection, nor anything
   marked `data-keep`. Rests while the tab is hidden; the server says in `data-live` whether to go on. */
const PART = "[data-live-part]";

function isBusy(part) {
  const active = document.activeElement;
  if (part.contains(active) && active.matches("input:not([type=checkbox]), textarea, select")) return true;
  const chosen = getSelection();
  return Boolean(chosen && !chosen.isCollapsed && part.contains(chosen.anchorNode));
}

function key(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return "";
  return node.dataset.key ?? node.dataset.id ?? node.getAttribute("id") ?? ""; // `.id` of a form may be a field
}

function isSameKind(old, fresh) {
  return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && key(old) === key(fresh);
}

function putAttributes(old, fresh) {
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !(name === "open" && old.matches("details"))) old.removeAttribute(name);
  }
}

function put(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old.hasAttribute("data-keep")) return;
  putAttributes(old, fresh);
  putChildren(old, [...fresh.childNodes]);
}

function putChildren(parent, wanted) {
  const keyed = new Map([...parent.childNodes].filter(key).map((node) => [key(node), node]));
  let place = parent.firstChild;
  for (const fresh of wanted) {
    const known = key(fresh) ? keyed.get(key(fresh)) : place;
    if (known && isSameKind(known, fresh) && (key(fresh) || !key(known))) {
      if (known === place) place = place.nextSibling;
      else parent.insertBefore(known, place);
      put(known, fresh);
    } else {
      const made = parent.insertBefore(document.importNode(fresh, true), place);
      if (made.nodeType === Node.ELEMENT_NODE) window.htmx?.process(made); // else its links would only be links
    }
  }
  while (place) {
    const next = place.nextSibling;
    if (!(place.nodeType === Node.ELEMENT_NODE && place.hasAttribute("data-keep"))) place.remove();
    place = next;
  }
}

function seconds() {
  return Number(document.querySelector("[data-live]")?.dataset.live ?? 0);
}

async function refresh(isAsked) {
  const answer = await fetch(location.href, { headers: { "X-Live": "1" }, redirect: "manual" });
  if (!answer.ok && answer.status !== 400) return false; // 400: the page says what is wrong with its address
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll(PART)) {
    const fresh = page.getElementById(part.id);
    if (!fresh) location.reload(); // the page has taken another shape: the first run, the first metric
    else if (isAsked || !isBusy(part)) {
      document.dispatchEvent(new CustomEvent("studio:fresh", { detail: { part, fresh, isAsked } }));
      put(part, fresh);
    }
  }
  document.dispatchEvent(new CustomEvent("studio:refreshed"));
  return true;
}

let last = Date.now(), isFetching = false, isAsked = false, pause = 1;
async function look() {
  const every = seconds(), isDue = every && !document.hidden && Date.now() - last > every * 1000 * pause;
  if (isFetching || !(isAsked || isDue)) return;
  isFetching = true;
  const asked = isAsked;
  isAsked = false;
  // While the server is away the page asks ever less often, up to every tenth turn.
  const isDone = await refresh(asked).catch(() => false);
  pause = isDone ? 1 : Math.min(10, pause * 2);
  if (!isDone) document.dispatchEvent(new CustomEvent("studio:away"));
  last = Date.now();
  isFetching = false;
  if (isAsked && isDone) look(); // asked again meanwhile
}

if (document.querySelector(PART)) {
  setInterval(look, 500);
  document.addEventListener("htmx:afterRequest", (event) => {
    const isStar = event.target.matches?.("#star-on, #star-off") && event.detail.successful;
    if (isStar) document.dispatchEvent(new CustomEvent("studio:refresh"));
  });
  document.addEventListener("studio:refresh", () => { isAsked = true; pause = 1; look(); });
  // The same page at another address, such as one with a row opened: what differs is put in place.
  document.addEventListener("studio:go", ({ detail }) => {
    history.replaceState(history.state, "", detail);
    isAsked = true;
    look();
  });
  // A change by htmx shows the present state: do not let an older answer overwrite it.
  document.addEventListener("htmx:afterSettle", () => { last = Date.now(); });
}
