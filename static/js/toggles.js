/* Buttons that remember: `data-toggle-theme` goes round system, light, dark; `data-toggle-rail` folds the rail. */
const page = document.documentElement;
const THEMES = ["system", "light", "dark"];
const ICONS = { system: "#i-system", light: "#i-sun", dark: "#i-moon" };

function remember(key, value) {
  try { localStorage.setItem(key, value); } catch { /* lasts as long as the page */ }
}

function showTheme() {
  const theme = page.dataset.theme ?? "system";
  for (const button of document.querySelectorAll("[data-toggle-theme]")) {
    button.setAttribute("aria-label", `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
    button.querySelector("use").setAttribute("href", ICONS[theme]);
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-toggle-theme]")) {
    const next = THEMES[(THEMES.indexOf(page.dataset.theme ?? "system") + 1) % THEMES.length];
    if (next === "system") delete page.dataset.theme;
    else page.dataset.theme = next;
    remember("studio.theme", next);
    showTheme();
    document.dispatchEvent(new CustomEvent("studio:theme"));
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
showTheme();
