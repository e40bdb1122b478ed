/* `data-complete="<address>"`: a field that offers what may come next, in a list below it (ARIA combobox).
   Down and Up choose, Enter or Tab takes, Escape closes; nothing is chosen until the person does. */
const PAUSE_MS = 120;

function start(input) {
  const list = document.createElement("ul");
  Object.assign(list, { id: `${input.id}-options`, hidden: true, className: "completions" });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "What may come next");
  input.parentElement.append(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  let from = 0, chosen = -1, timer = 0, asked = 0;

  function close() {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
  function choose(place) {
    chosen = (place + list.children.length) % list.children.length;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    input.setAttribute("aria-activedescendant", list.children[chosen].id);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  }
  function take(place) {
    const text = list.children[place].dataset.option, end = input.selectionEnd;
    const gap = /[.(]$/.test(text) ? "" : " ";
    input.setRangeText(text + gap, from, end, "end");
    close();
    look();
  }
  function draw({ start: begin, options }) {
    from = begin;
    list.replaceChildren(...options.map((option, at) => {
      const line = document.createElement("li"), note = document.createElement("span");
      line.id = `${list.id}-${at}`;
      line.dataset.option = option.text;
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", "false");
      note.className = "dim";
      note.textContent = option.note;
      line.append(option.text, note);
      return line;
    }));
    list.hidden = options.length === 0 || document.activeElement !== input;
    chosen = -1;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
  }
  function look() {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const turn = ++asked, text = input.value.slice(0, input.selectionEnd);
      const answer = await fetch(`${input.dataset.complete}?text=${encodeURIComponent(text)}`).catch(() => null);
      if (answer?.ok && turn === asked) draw(await answer.json());
    }, PAUSE_MS);
  }

  input.addEventListener("input", look);
  input.addEventListener("focus", look);
  input.addEventListener("blur", () => { asked += 1; setTimeout(close, 150); });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Escape") close();
    else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) take(chosen);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[data-option]");
    event.preventDefault();
    if (option) take([...list.children].indexOf(option));
  });
}

for (const input of document.querySelectorAll("[data-complete]")) start(input);
