/* The legend under a chart: a button for each line, group or status, which hides and shows it. */
export function drawLegend(card, entries, state, redraw) {
  const box = card.querySelector(".legend");
  const wanted = [...entries];
  const signature = JSON.stringify(wanted.map(([key, entry]) => [key, entry, state.hidden.has(key)]));
  if (box.signature === signature) return;
  box.signature = signature;
  box.replaceChildren(...wanted.map(([key, entry]) => item(key, entry, state, () => {
    if (state.hidden.has(key)) state.hidden.delete(key);
    else state.hidden.add(key);
    const at = wanted.findIndex(([other]) => other === key);
    redraw(card).then(() => box.children[at]?.focus());
  })));
}

function item(key, entry, state, toggle) {
  const button = Object.assign(document.createElement("button"), { type: "button", title: entry.label });
  button.setAttribute("aria-pressed", String(!state.hidden.has(key)));
  const sample = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  sample.setAttribute("viewBox", "0 0 18 8");
  sample.setAttribute("aria-hidden", "true");
  const drawn = document.createElementNS(sample.namespaceURI, entry.mark ? "rect" : "line");
  const shape = entry.mark ? { x: 5, y: 0, width: 8, height: 8, rx: 2, fill: entry.colour } : {
    x1: 0, y1: 4, x2: 18, y2: 4, stroke: entry.colour, "stroke-width": 2,
    "stroke-dasharray": { dash: "5 3", dot: "2 3", dashdot: "5 2 2 2" }[entry.dash] ?? "none",
  };
  for (const [name, value] of Object.entries(shape)) drawn.setAttribute(name, value);
  sample.append(drawn);
  button.append(sample, Object.assign(document.createElement("span"), { textContent: entry.label || "–" }));
  button.addEventListener("click", toggle);
  return button;
}
