/* Where a log is looked at: it opens at the line of the address or at its end; a click on a line's number puts the line
   into the address; Wrap folds long lines in place. */
const log = document.querySelector("[data-log]");
const list = log?.querySelector("ol");
const follow = document.querySelector("[data-log-follow]");

function mark(item) {
  for (const other of list.querySelectorAll(".target")) other.classList.remove("target");
  item.classList.add("target");
  if (follow) follow.checked = false;
}

// The log alone scrolls, the page stays where it is.
function show(item) {
  const inside = item.getBoundingClientRect().top - log.getBoundingClientRect().top;
  log.scrollTop += inside - log.clientHeight / 3;
}

function go() {
  const asked = new URLSearchParams(location.search), number = location.hash.match(/^#L([1-9]\d{0,14})$/)?.[1];
  const item = (number && document.getElementById(`L${number}`)) || list.querySelector(".target");
  if (number && item?.id !== `L${number}` && Number(number) <= Number(log.dataset.total) && asked.get("line") !== number) {
    location.replace(`${log.dataset.lineUrl}${number}#L${number}`); // the server opens the window with the line
  } else if (item) {
    mark(item);
    show(item);
  } else if (!asked.has("from")) {
    log.scrollTop = log.scrollHeight;
  }
}

if (log) {
  go();
  addEventListener("hashchange", go);
  log.addEventListener("click", (event) => {
    const number = event.target.closest("li > a");
    if (!number || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault(); // the line is here: only the address changes, ready to be copied
    history.replaceState(history.state, "", number.href);
    mark(number.parentElement);
  });
}
document.querySelector("[data-log-wrap]")?.addEventListener("click", (event) => {
  event.preventDefault();
  const button = event.currentTarget, isOn = button.getAttribute("aria-pressed") !== "true";
  const stays = log && log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  button.setAttribute("aria-pressed", String(isOn));
  for (const each of document.querySelectorAll(".log")) each.classList.toggle("wrap", isOn);
  const address = new URL(location.href);
  if (isOn) address.searchParams.set("wrap", "1");
  else address.searchParams.delete("wrap");
  history.replaceState(history.state, "", address);
  if (stays) log.scrollTop = log.scrollHeight;
});
