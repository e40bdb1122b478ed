/* A chart of one run that goes on: only the points that came since are asked for, and put behind those that are there. */
const MOST_HELD = 4;

/* What to add to the chart's address to get the new points alone; nothing where all has to be read anew. */
export function growth({ answer, zoom }) {
  const isPlain = answer?.kind === "line" && !zoom && !answer.empty && !answer.bounds && answer.lines.every((line) => line.total > 0);
  // When many have come, all are read and thinned again.
  if (!isPlain || answer.across === "metric" || answer.points > MOST_HELD * 500 * answer.lines.length) return "";
  return `&after=${answer.lines.map((line) => line.total).join(",")}&held=${answer.points}`;
}

/* Put the new points in place. False where all was read anew. */
export function grow(state, fresh) {
  const { answer } = state;
  if (fresh.lines?.length !== answer.lines.length || !fresh.lines.every((line) => line.since)) return false;
  const grown = fresh.lines.map((line, n) => grownLine(answer.lines[n], line, answer));
  if (grown.some((line) => !line)) {
    state.tag = state.url = ""; // what belongs between old points, or behind a gap: the next refresh reads everything
    return true;
  }
  const points = grown.reduce((sum, line) => sum + line.x.length, 0);
  state.answer = { ...answer, lines: grown, points, count: fresh.count, said: fresh.said, silences: fresh.silences };
  return true;
}

function grownLine(old, fresh, { smooth: weight, pause }) {
  const shift = old.origin === null || !fresh.x.length ? 0 : (fresh.origin - old.origin) / 1000;
  const x = shift ? fresh.x.map((value) => value + shift) : fresh.x;
  if (old.metric !== fresh.metric || (x.length && old.x.length && x[0] < old.x.at(-1))) return null;
  if (pause && x.length && x[0] - old.x.at(-1) > pause) return null; // a gap is drawn by reading all anew
  const line = { ...old, x: [...old.x, ...x], y: [...old.y, ...fresh.y], count: fresh.count, total: fresh.total, gaps: fresh.gaps };
  if (old.low) Object.assign(line, { low: [...old.low, ...fresh.y], high: [...old.high, ...fresh.y] });
  if (old.smooth) {
    const more = smoothed(old, fresh.y, weight);
    if (!more) return null;
    line.smooth = [...old.smooth, ...more];
  }
  return line;
}

/* The running mean goes on from its last value, as the server would have it: see smoothed() in runs/query/lines.py. */
function smoothed(old, values, weight) {
  const last = old.smooth.at(-1);
  if (typeof last !== "number") return null;
  let count = old.count - old.gaps, sum = last * (1 - weight ** count);
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    count += 1;
    return sum / (1 - weight ** count);
  });
}
