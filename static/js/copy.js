/* `data-copy`: copies the text of the `pre` beside the button, or the attribute's own text. */
async function write(text, near) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea"); // on plain http beyond loopback there is no clipboard
  area.value = text;
  near.after(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = button.dataset.copy || button.parentElement.querySelector("pre").textContent;
  await write(text, button);
  const icon = button.querySelector("use"), label = button.getAttribute("aria-label");
  if (label === "Copied") return;
  icon.setAttribute("href", "#i-check");
  button.setAttribute("aria-label", "Copied");
  setTimeout(() => {
    icon.setAttribute("href", "#i-copy");
    if (label === null) button.removeAttribute("aria-label");
    else button.setAttribute("aria-label", label);
  }, 1500);
});
