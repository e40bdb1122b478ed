/* Draws lines of a log from plain values (`n` number, `p` parts as [classes, text], `e` stderr, `t` time, `cut`), and what
   stands around them: links to earlier and later lines, which lines are shown, how large the file is. */
function element(name, text, classes) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  if (text) made.textContent = text;
  return made;
}

function note(line) {
  const cut = element("em", ` … ${line.cut}. `, "cut"), link = element("a", "Download this line");
  link.href = line.url;
  link.download = "";
  cut.append(link);
  return cut;
}

export function draw(line, lineUrl) {
  const item = element("li", "", line.e ? "err" : ""), number = element("a", String(line.n)), text = element("span");
  item.id = `L${line.n}`;
  number.href = `${lineUrl}${line.n}#L${line.n}`;
  item.append(number);
  if (line.t) {
    const time = element("time", line.t[1]);
    time.dateTime = line.t[0];
    time.dataset.exact = "";
    item.append(time);
  }
  if (line.e) {
    item.title = "stderr";
    text.append(element("b", "stderr: ", "unseen"));
  }
  text.append(...line.p.map(([classes, words]) => (classes ? element("i", words, classes) : document.createTextNode(words))));
  if (line.cut) text.append(note(line));
  else if (!line.p.length) text.append(element("i", "\u200b", "blank"));
  item.append(text);
  return item;
}

export function more(list, kind, address) {
  const known = list.parentElement.querySelector(`[data-log-${kind}]`);
  if (!address) known?.remove();
  else if (known) known.href = address;
  else {
    const link = element("a", kind === "earlier" ? "Earlier lines" : "Later lines", "more");
    link.setAttribute(`data-log-${kind}`, "");
    link.href = address;
    list[kind === "earlier" ? "before" : "after"](link);
  }
}

function sizeOf(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes, unit = 0;
  while (value >= 999.5 && unit < 4) { value /= 1000; unit += 1; }
  return `${unit ? value.toFixed(value < 100 ? 1 : 0) : value} ${units[unit]}`;
}

export function told(list, first, last, total, size) {
  const range = document.querySelector("[data-log-range]"), grouped = (number) => Number(number).toLocaleString("en-US");
  if (list.children.length) range.textContent = `Lines ${grouped(first)} to ${grouped(last)} of ${grouped(total)}`;
  for (const place of document.querySelectorAll("[data-log-size]")) place.textContent = sizeOf(Number(size));
}
