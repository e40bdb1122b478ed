/* `data-pictures="<address>"` on a textarea: images that are pasted, dropped or picked are sent there, and the text
   that shows them takes the place of a mark. What is refused is told below in words; the text is never lost. */
const MOST_BYTES = 10 * 1024 * 1024;
const KINDS = ["image/png", "image/jpeg", "image/gif", "image/webp"];
let number = 0;

function say(area, words) {
  const place = area.form.querySelector("[data-pictures-said]");
  if (place) place.textContent = words;
}

function replace(area, mark, text) {
  const place = area.value.indexOf(mark);
  if (place < 0) return;
  area.setRangeText(text, place, place + mark.length, "preserve");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function put(area, text) {
  const before = area.value.slice(0, area.selectionStart);
  const gap = before && !before.endsWith("\n") ? "\n" : "";
  area.setRangeText(`${gap}${text}\n`, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

async function send(area, file) {
  if (!KINDS.includes(file.type)) return say(area, `${file.name} is no PNG, JPEG, GIF or WebP image.`);
  if (file.size > MOST_BYTES) return say(area, `${file.name} is larger than 10 MB.`);
  number += 1;
  const mark = `![Sending image ${number}…]()`;
  put(area, mark);
  say(area, "Sending the image…");
  const form = new FormData();
  form.append("csrfmiddlewaretoken", area.form.elements.csrfmiddlewaretoken.value);
  form.append("picture", file, file.name || "image.png");
  const answer = await fetch(area.dataset.pictures, { method: "POST", body: form }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  const isKept = Boolean(answer?.ok && told?.markdown);
  replace(area, isKept ? mark : `${mark}\n`, isKept ? told.markdown : "");
  say(area, isKept ? "" : told?.error ?? "The image could not be sent. Try again.");
  return isKept;
}

async function sendAll(area, files) {
  area.dataset.sending = "true";
  for (const file of files) await send(area, file);
  delete area.dataset.sending;
}

function images(transfer) {
  return [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));
}

document.addEventListener("paste", (event) => {
  const area = event.target.closest?.("[data-pictures]");
  const found = area ? images(event.clipboardData) : [];
  if (!found.length) return;
  event.preventDefault();
  sendAll(area, found);
});
document.addEventListener("dragover", (event) => {
  if (event.target.closest?.("[data-pictures]") && event.dataTransfer.types.includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const area = event.target.closest?.("[data-pictures]");
  if (!area || !event.dataTransfer.files.length) return;
  event.preventDefault();
  sendAll(area, [...event.dataTransfer.files]);
});
document.addEventListener("change", (event) => {
  const area = event.target.matches("input[type=file][name=picture]") && event.target.form.querySelector("[data-pictures]");
  if (!area) return;
  const files = [...event.target.files];
  event.target.value = "";
  sendAll(area, files);
});
// A text that is saved while an image is on its way would lose it.
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.target.matches?.("form.writing") ? event.target : null;
  const area = form?.querySelector("[data-sending]");
  if (!area) return;
  event.preventDefault();
  say(area, "An image is still being sent; save again in a moment.");
});
