/* Looking closer at lines fetches more of their points; lines over the same axis show their values together. */
/* The plots, but this one, that show the same place as the pointer does. `shown`: of each plot its state. */
export function beside(plot, shown) {
  const across = shown.get(plot)?.answer.across;
  const isLike = ({ answer }) => answer?.kind === "line" && answer.across === across && answer.lines.length <= 8;
  return [...shown].filter(([other, state]) => other !== plot && other.data && isLike(state)).map(([other]) => other);
}

/* Whether a change of the axes asks for other points; the state then says from where to where. */
export function zoomed(card, state, change) {
  if (state.answer.kind !== "line") return false;
  const range = change["xaxis.range"] ?? [change["xaxis.range[0]"], change["xaxis.range[1]"]];
  if (change["xaxis.autorange"]) {
    if (!state.zoom) return false;
    state.zoom = null;
  } else if (range[0] !== undefined && (state.zoom || state.answer.points < state.answer.count)) {
    state.zoom = range.map((end) => placed(end, state.answer));
    state.zoomed = new URL(card.dataset.content, location.href).searchParams.get("x");
  } else return false;
  return true;
}

function placed(end, answer) {
  if (answer.across === "time") return new Date(String(end).replace(" ", "T")).getTime();
  return answer.log.includes("x") ? 10 ** end : end;
}
