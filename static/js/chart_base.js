/* What all charts share: plotly's bundle (fetched once, when first needed), colours of the theme, words, the usual layout. */
let bundle = null;

export function plotly() {
  bundle ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.querySelector("[data-plotly]").dataset.plotly;
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = () => { bundle = null; script.remove(); reject(new Error("The charts could not be loaded.")); };
    document.head.append(script);
  });
  return bundle;
}

// Custom properties hold light-dark(); a drawn element says which colour that is now.
const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);
export function colour(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

export function faded(rgb, share) {
  const parts = rgb.match(/[\d.]+/g) ?? [0, 0, 0];
  return `rgba(${parts.slice(0, 3).join(",")},${share})`;
}

// plotly reads a little HTML in words; ours are words only.
export function plain(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export function short(text, most = 40) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

export function axis(title = "", more = {}) {
  const line = colour("--line"), ink = colour("--ink-3");
  return {
    gridcolor: line, zerolinecolor: line, linecolor: line, tickfont: { color: ink, size: 11 }, automargin: true,
    title: { text: plain(title), font: { color: ink, size: 11 }, standoff: 6 }, ...more,
  };
}

export function layout(uirevision, more = {}) {
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, uirevision, separators: ". ",
    font: { family: getComputedStyle(document.body).fontFamily, color: colour("--ink-2"), size: 12 },
    margin: { l: 44, r: 8, t: 8, b: 36 },
    hoverlabel: { bgcolor: colour("--raised"), bordercolor: colour("--line-strong"), font: { color: colour("--ink"), size: 12 } },
    ...more,
  };
}

export const CONFIG = {
  displaylogo: false,
  displayModeBar: matchMedia("(hover: none)").matches ? false : "hover", // under a finger it would stay, over the picture
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d", "toImage"],
};
