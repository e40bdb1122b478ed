/* The slider of an image (`data-steps`: where its steps are read): the picture follows the hand at once, the address and the
   rest of the page when it rests. Arrow keys move the first slider from anywhere on the page. */
const read = new Map();

function stepsOf(pane) {
  const url = pane.dataset.steps;
  if (!read.has(url)) read.set(url, fetch(url).then((answer) => answer.json()).catch(() => { read.delete(url); return null; }));
  return read.get(url);
}

async function show(pane, place, isDone) {
  const found = await stepsOf(pane), slider = pane.querySelector("[type=range]");
  if (!found || Number(slider.value) !== place || found.step[place] === undefined) return;
  const picture = pane.querySelector(".stage img"), step = found.step[place];
  if (picture) picture.src = pane.dataset.base + encodeURIComponent(found.file[place]);
  pane.querySelector("output").value = `step ${step}`;
  pane.querySelector("[data-place]").textContent = (place + 1).toLocaleString("en");
  slider.setAttribute("aria-valuetext", `step ${step}, image ${place + 1} of ${found.step.length}`);
  if (!isDone) return;
  const url = new URL(location.href);
  url.searchParams.set(pane.dataset.stepName, step);
  document.dispatchEvent(new CustomEvent("studio:go", { detail: url.href }));
}

let resting = 0;
function moved(slider) {
  const pane = slider.closest("[data-steps]"), place = Number(slider.value);
  clearTimeout(resting);
  show(pane, place, false);
  resting = setTimeout(() => show(pane, Number(slider.value), true), 250);
}

document.addEventListener("input", ({ target }) => {
  if (target.matches?.("[data-steps] [type=range]")) moved(target);
});
document.addEventListener("keydown", (event) => {
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!way || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
  const slider = document.querySelector("[data-steps] [type=range]:not([disabled])");
  if (!slider) return;
  event.preventDefault();
  slider.value = Number(slider.value) + way;
  moved(slider);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-step-go]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("studio:go", { detail: link.href }));
  }
  const button = event.target.closest?.("[data-full-image]");
  if (!button) return;
  if (document.fullscreenElement) document.exitFullscreen();
  else button.closest("[data-steps]").querySelector(".stage").requestFullscreen?.();
});
/* The picture that is looked at stands in the middle of its strip. */
function center() {
  for (const present of document.querySelectorAll(".strip [aria-current]")) {
    const strip = present.parentElement;
    strip.scrollLeft = present.offsetLeft - strip.offsetLeft - (strip.clientWidth - present.clientWidth) / 2;
  }
}
center();

// The server's word counts; new pictures may have come.
document.addEventListener("studio:refreshed", () => {
  for (const slider of document.querySelectorAll("[data-steps] [type=range]")) {
    if (document.activeElement !== slider) slider.value = slider.getAttribute("value");
  }
  read.clear();
  center();
});
