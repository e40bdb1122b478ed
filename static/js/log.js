/* A log (`data-log`: where its lines are asked for) opens at its end, follows it while the run goes on, and shows
   earlier lines on demand. Lines are put in as text, never as HTML. */
const log = document.querySelector("[data-log]");
const list = log?.querySelector("ol");
const follow = document.querySelector("[data-log-follow]");
const MOST_LINES = 20000;
const NEAR_PX = 24;
let next = Number(log?.dataset.next), isOpen = log?.hasAttribute("data-open"), isActive = log?.hasAttribute("data-active");
let isAsking = false, pause = 1, turn = 0;

function isAtEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
}

function toEnd() {
  log.scrollTop = log.scrollHeight;
}

function line(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes, unit = 0;
  while (value >= 999.5 && unit < 4) { value /= 1000; unit += 1; }
  return `${unit ? value.toFixed(value < 100 ? 1 : 0) : value} ${units[unit]}`;
}

function isSelecting() {
  const chosen = getSelection();
  return chosen && !chosen.isCollapsed && log.contains(chosen.anchorNode);
}

function append(answer) {
  const lines = [...answer.lines];
  if (answer.start === 0 && next > 0) list.replaceChildren(); // the file was replaced
  else if (isOpen && lines.length) {
    const last = list.lastElementChild, text = lines.shift();
    if (last.textContent !== text) last.textContent = text;
  }
  list.append(...lines.map(line));
  if (list.children.length) log.querySelector(".none")?.remove();
  while (list.children.length > MOST_LINES) {
    list.firstElementChild.remove();
    list.start += 1;
  }
  next = answer.next;
  isOpen = answer.is_open || (isOpen && !answer.lines.length);
  isActive = answer.is_active;
  for (const place of document.querySelectorAll("[data-log-size]")) place.textContent = size(answer.size);
}

async function ask() {
  const answer = await fetch(`${log.dataset.log}&from=${next}`);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function look() {
  turn += 1;
  if (!isActive || isAsking || document.hidden || isSelecting() || turn % pause) return;
  isAsking = true;
  try {
    const stays = follow?.checked && isAtEnd();
    let answer = await ask();
    append(answer);
    for (let more = 0; answer.has_more && more < 20; more += 1) {
      answer = await ask();
      append(answer);
    }
    if (stays) toEnd();
    pause = 1;
  } catch {
    pause = Math.min(15, pause * 2);
  }
  isAsking = false;
}

async function earlier(button) {
  const answer = await fetch(`${log.dataset.log}&before=${log.dataset.start}`);
  if (!answer.ok) return;
  const { lines, start } = await answer.json();
  const below = log.scrollHeight - log.scrollTop;
  if (!list.classList.contains("uncounted")) list.start = Math.max(1, list.start - lines.length);
  list.prepend(...lines.map(line));
  log.dataset.start = start;
  if (start === 0) button.remove();
  log.scrollTop = log.scrollHeight - below; // the lines that were in sight stay where they are
}

if (log) {
  toEnd();
  setInterval(look, 1000);
  log.addEventListener("click", (event) => {
    const button = event.target.closest("[data-log-earlier]");
    if (button) earlier(button);
  });
  // Scrolling up stops following, coming back to the end takes it up again.
  log.addEventListener("wheel", () => { if (follow) setTimeout(() => { follow.checked = isAtEnd(); }, 50); }, { passive: true });
  follow?.addEventListener("change", () => { if (follow.checked) toEnd(); });
  document.querySelector("[data-log-wrap]")?.addEventListener("change", (event) => {
    const stays = isAtEnd();
    log.classList.toggle("wrap", event.target.checked);
    if (stays) toEnd();
  });
}
