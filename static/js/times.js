/* Times stay true while the page is open: "2 min ago" moves on, running durations count, the hover is local time. */
const UNITS = [[86400, 44 * 3600, "days"], [3600, 22 * 3600, "h"], [60, 3600, "min"]];

function ago(seconds) {
  if (seconds < 45) return "just now";
  if (seconds < UNITS[2][1]) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < UNITS[1][1]) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < UNITS[0][1]) return "yesterday";
  return seconds < 30 * 86400 ? `${Math.round(seconds / 86400)} days ago` : null;
}

function duration(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  if (days) return `${days}d ${two(hours % 24)}h`;
  if (hours) return `${hours}h ${two(minutes % 60)}m`;
  return minutes ? `${minutes}m ${two(seconds % 60)}s` : `${seconds}s`;
}

function put(element, text) {
  if (text !== null && element.textContent !== text) element.textContent = text;
}

function tick() {
  if (document.hidden) return;
  for (const element of document.querySelectorAll("[data-since]")) {
    put(element, duration(Math.max(1, Math.round((Date.now() - Number(element.dataset.since)) / 1000))));
  }
}

function renew() {
  if (document.hidden) return;
  for (const element of document.querySelectorAll("time[datetime]:not([data-exact])")) {
    put(element, ago((Date.now() - Date.parse(element.dateTime)) / 1000));
  }
}

document.addEventListener("mouseover", (event) => {
  const element = event.target.closest?.("time[datetime]");
  const timeZone = document.documentElement.dataset.timeZone; // the person's choice; without one, the browser's
  if (element) element.title = new Date(element.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium", timeZone });
});
document.addEventListener("visibilitychange", () => { tick(); renew(); });
setInterval(tick, 1000);
setInterval(renew, 15000);
