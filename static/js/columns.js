/* The dialog of columns: the shown ones are moved by dragging, by their buttons or by Alt and the arrow keys; "Hide
   constant" unticks those that say the same of all runs. Without this the buttons ask the server. */
function move(item, step) {
  const list = item.parentElement, other = step < 0 ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return false;
  // The other one changes places: what is taken out of the page loses the focus, and the pointer that holds it.
  list.insertBefore(other, step < 0 ? item.nextSibling : item);
  return true;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-columns] button[name=move]");
  if (button) {
    event.preventDefault();
    move(button.closest("li"), button.value.startsWith("up ") ? -1 : 1);
    button.focus();
  }
  if (event.target.closest?.("button[name=hide]")) {
    event.preventDefault();
    for (const box of document.querySelectorAll("[data-columns] [data-constant]")) box.checked = box.checked && box.value === "name";
  }
});
document.addEventListener("keydown", (event) => {
  const item = event.altKey && event.target.closest?.("[data-columns] li");
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!item || !step) return;
  event.preventDefault();
  move(item, step);
  event.target.focus();
});
document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest?.("[data-drag]");
  if (!handle) return;
  event.preventDefault();
  const item = handle.closest("li");
  handle.setPointerCapture(event.pointerId);
  item.classList.add("held");
  const side = (y) => {
    const { top, height } = item.getBoundingClientRect();
    return y < top ? -1 : Number(y > top + height);
  };
  // A quick hand passes several at once.
  const drag = ({ clientY }) => {
    const step = side(clientY);
    while (step && side(clientY) === step && move(item, step));
  };
  handle.addEventListener("pointermove", drag);
  handle.addEventListener("lostpointercapture", () => {
    handle.removeEventListener("pointermove", drag);
    item.classList.remove("held");
  }, { once: true });
});
