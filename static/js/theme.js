/* Before the first paint: the remembered look and rail, and word to the styles that scripts run. What the server
   remembers of a person stands in the page already (`data-remembered`) and counts; it is kept here for the pages
   that are shown to nobody, such as signing in. */
(function () {
  const page = document.documentElement, isKnown = "remembered" in page.dataset;
  page.dataset.script = "";
  try {
    for (const name of ["theme", "density"]) {
      if (isKnown) localStorage.setItem(`studio.${name}`, page.dataset[name] ?? "system");
      else if (/^(light|dark|compact)$/.test(localStorage.getItem(`studio.${name}`))) page.dataset[name] = localStorage.getItem(`studio.${name}`);
    }
    if (localStorage.getItem("studio.rail") === "narrow") page.dataset.rail = "narrow";
  } catch { /* storage is forbidden: what the server says, else the system's theme */ }
})();
