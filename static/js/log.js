/* A log (`data-log`: where its lines are asked for) follows its end while the run goes on, and reads on by windows in
   both directions. Lines are put in as text, never as HTML. It says when the server is away, and comes back. */
import { draw, more, told } from "./log_lines.js";

const log = document.querySelector("[data-log]");
const list = log?.querySelector("ol");
const follow = document.querySelector("[data-log-follow]");
const state = document.querySelector("[data-log-state]");
const MOST_LINES = 6000, NEAR_PX = 24, ANSWER_MS = 30_000, LONGEST_PAUSE_S = 15;
let { size, total, version } = log?.dataset ?? {};
let isActive = log?.hasAttribute("data-active"), isOpen = log?.hasAttribute("data-open");
let holding = null, failures = 0;

const first = () => Number(list.firstElementChild?.id.slice(1) ?? 1);
const last = () => Number(list.lastElementChild?.id.slice(1) ?? 0);
const isWhole = () => !log.querySelector("[data-log-later]");
const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

function toEnd() {
  log.scrollTop = log.scrollHeight;
}

function say(text, isAway = false) {
  if (!state || state.textContent === text) return;
  state.textContent = text;
  state.classList.toggle("away", isAway);
}

async function ask(query, signal) {
  const answer = await fetch(`${log.dataset.log}&${query}`, { signal });
  if (answer.redirected || answer.status === 401) throw new Error("signed out");
  if ([400, 403, 404].includes(answer.status)) throw new Error("gone");
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

function items(lines) {
  return lines.map((line) => draw(line, log.dataset.lineUrl));
}

// Lines in sight stay where they are, whatever is added or taken away above them.
function keeping(line, change) {
  const before = line?.getBoundingClientRect().top;
  change();
  if (line?.isConnected) log.scrollTop += line.getBoundingClientRect().top - before;
}

function links() {
  const address = log.dataset.lineUrl.replace(/&line=$/, "");
  more(list, "earlier", first() > 1 && `${address}&to=${first() - 1}`);
  more(list, "later", last() < Number(total) && `${address}&from=${last() + 1}`);
  told(list, first(), last(), total, size);
}

function isSelecting() {
  const chosen = getSelection();
  return chosen && !chosen.isCollapsed && log.contains(chosen.anchorNode);
}

function take(answer) {
  if (answer.version !== version) location.reload(); // the file was replaced by another
  ({ size, total } = answer);
  isOpen = answer.is_open;
  isActive = answer.is_active;
}

function append(answer) {
  const stays = follow?.checked && !isSelecting();
  take(answer);
  const lines = items(answer.lines);
  if (lines.length) {
    log.querySelector(".none")?.remove();
    if (list.lastElementChild?.id === lines[0].id) list.lastElementChild.remove();
    list.append(...lines);
  }
  // Whoever follows loses the oldest lines; whoever reads elsewhere keeps them, and finds the newest by scrolling on.
  while (list.children.length > MOST_LINES) list[stays ? "firstElementChild" : "lastElementChild"].remove();
  links();
  if (stays) toEnd();
}

async function follows() {
  while (isActive) {
    if (document.hidden || !isWhole()) { await pause(500); continue; }
    holding = new AbortController();
    const late = setTimeout(() => holding.abort(), ANSWER_MS);
    try {
      const wait = failures ? "" : "&wait=1"; // after a failure it is to be known at once whether the server is back
      const answer = await ask(`from=${isOpen ? last() : last() + 1}&size=${size}${wait}`, holding.signal);
      append(answer);
      say(failures ? "Connected again" : answer.retry_ms ? "Live, every 2 seconds: many are watching" : "Live");
      failures = 0;
      await pause(answer.retry_ms);
    } catch (error) {
      if (error.message === "signed out") { say("You are signed out. Sign in and reload the page.", true); return; }
      if (error.message === "gone") { say("This file can no longer be read here. Reload the page.", true); return; }
      if (!document.hidden) await lost();
    } finally {
      clearTimeout(late);
    }
  }
  say("Complete");
}

async function lost() {
  failures += 1;
  const seconds = Math.min(LONGEST_PAUSE_S, 2 ** (failures - 1));
  say(`Connection lost. Trying again every ${seconds} s`, true);
  await Promise.race([pause(seconds * 1000), new Promise((done) => { addEventListener("online", done, { once: true }); })]);
}

let isReading = false;
async function read(kind) {
  if (isReading) return;
  isReading = true;
  const isEarlier = kind === "earlier";
  try {
    const answer = await ask(isEarlier ? `to=${first() - 1}` : `from=${last() + 1}`);
    take(answer);
    keeping(isEarlier ? list.firstElementChild : list.lastElementChild, () => {
      list[isEarlier ? "prepend" : "append"](...items(answer.lines));
      while (list.children.length > MOST_LINES) list[isEarlier ? "lastElementChild" : "firstElementChild"].remove();
      links();
    });
  } catch {
    say("These lines could not be read. Scroll or press again.", true);
  }
  isReading = false;
}

function scrolled() {
  if (follow) follow.checked = isAtEnd() && isWhole(); // scrolling up stops following, the end takes it up again
  if (log.scrollTop < 200 && log.querySelector("[data-log-earlier]")) read("earlier");
  else if (log.scrollHeight - log.scrollTop - log.clientHeight < 200 && log.querySelector("[data-log-later]")) read("later");
}

if (log) {
  log.addEventListener("click", (event) => {
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
    const kind = plain && ["earlier", "later"].find((name) => event.target.closest(`[data-log-${name}]`));
    if (!kind) return;
    event.preventDefault();
    read(kind);
  });
  follow?.addEventListener("change", () => { if (follow.checked) toEnd(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) holding?.abort(); });
  log.addEventListener("scroll", scrolled, { passive: true });
  follows();
}
