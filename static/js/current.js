/* `data-current-in-view`: a row of tabs that is wider than the window is scrolled to where the present one is seen. */
for (const row of document.querySelectorAll("[data-current-in-view]")) {
  const present = row.querySelector("[aria-current]")?.getBoundingClientRect(), all = row.getBoundingClientRect();
  if (present) row.scrollLeft += present.left - all.left - (all.width - present.width) / 2;
}
