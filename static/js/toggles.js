/* Buttons that remember: `form[data-preferences]` chooses theme or density, here and on the server; `data-toggle-theme`
   goes round system, light, dark where nobody is signed in; `data-toggle-rail` folds the rail. */
const page = document.documentElement;
const THEMES = ["system", "light", "dark"];
const ICONS = { system: "#i-system", light: "#i-sun", dark: "#i-moon" };

function remember(key, value) {
  try { localStorage.setItem(key, value); } catch { /* lasts as long as the page */ }
}

function show() {
  const theme = page.dataset.theme ?? "system", density = page.dataset.density ?? "comfortable";
  for (const button of document.querySelectorAll("[data-toggle-theme], [data-shows-theme]")) {
    if (button.matches("[data-toggle-theme]")) button.setAttribute("aria-label", `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
    button.querySelector("use").setAttribute("href", ICONS[theme]);
  }
  for (const button of document.querySelectorAll("[data-preferences] button")) {
    button.setAttribute("aria-pressed", String(button.value === (button.name === "theme" ? theme : density)));
  }
}

function put(name, value) {
  if (value === "system") delete page.dataset[name];
  else page.dataset[name] = value;
  remember(`studio.${name}`, value);
  show();
  document.dispatchEvent(new CustomEvent(`studio:${name}`));
}

// Chooses and remembers; used by the palette too, through the event `studio:prefer`.
async function prefer(name, value) {
  const form = document.querySelector("form[data-preferences]");
  put(name, value);
  if (!form) return;
  const sent = new FormData(form);
  sent.set(name, value);
  const headers = { "X-Requested-With": "fetch" };
  await fetch(form.action, { method: "POST", body: sent, headers }).catch(() => { /* it stays in this browser */ });
}

document.addEventListener("submit", (event) => {
  const { submitter, target } = event;
  if (!target.matches("[data-preferences]") || !submitter?.name) return;
  event.preventDefault();
  prefer(submitter.name, submitter.value);
});
document.addEventListener("studio:prefer", ({ detail }) => prefer(detail.name, detail.value));
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-toggle-theme]")) {
    put("theme", THEMES[(THEMES.indexOf(page.dataset.theme ?? "system") + 1) % THEMES.length]);
  }
  if (event.target.closest("[data-toggle-rail]")) {
    const isNarrow = page.dataset.rail !== "narrow";
    if (isNarrow) page.dataset.rail = "narrow";
    else delete page.dataset.rail;
    remember("studio.rail", isNarrow ? "narrow" : "wide");
  }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  document.dispatchEvent(new CustomEvent("studio:theme"));
});
show();
