/* Before the first paint: the remembered theme and rail, and word to the styles that scripts run. */
(function () {
  const page = document.documentElement;
  page.dataset.script = "";
  try {
    const theme = localStorage.getItem("studio.theme");
    if (theme === "light" || theme === "dark") page.dataset.theme = theme;
    if (localStorage.getItem("studio.rail") === "narrow") page.dataset.rail = "narrow";
  } catch { /* storage is forbidden: the system's theme it is */ }
})();
