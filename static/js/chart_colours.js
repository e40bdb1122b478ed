/* Which name, colour, dash and mark a run, a group or a metric has: the same on every chart of the page, as long as it is open. */
import { axis, colour, plain, short } from "./chart_base.js";

const places = new Map();
const counts = new Map();
const DASHES = ["solid", "dash", "dot", "dashdot"];
const MARKS = ["circle", "square", "diamond", "triangle-up", "x", "cross"];
const PATTERNS = { run: ".", ok: "", bad: "/", off: "x", wait: "-", lost: "+" };
const SHAPES = {
  Running: "run", Starting: "run", Finalizing: "run", Completed: "ok", Failed: "bad", Canceled: "off", NotResponding: "lost",
};
const INKS = { run: "--running", ok: "--completed", bad: "--failed", off: "--canceled", wait: "--queued", lost: "--queued" };

/* The place of this one among its like, in the order in which they were first seen. */
export function place(kind, name) {
  const key = `${kind}\n${name}`;
  if (!places.has(key)) {
    places.set(key, counts.get(kind) ?? 0);
    counts.set(kind, places.get(key) + 1);
  }
  return places.get(key);
}

export function ink(at) {
  return colour(`--run-${(at % 6) + 1}`);
}

/* Past six the colours come again, with another dash or mark: colour is never alone for long. */
export function dash(at) {
  return DASHES[at % DASHES.length];
}

export function turn(at) {
  return Math.floor(at / 6);
}

export function mark(at) {
  return MARKS[(at + turn(at)) % MARKS.length];
}

export function statusLook(status) {
  const shape = SHAPES[status] ?? "wait";
  return { colour: colour(INKS[shape]), pattern: PATTERNS[shape] };
}

export function scale() {
  return [[0, colour("--run-5")], [0.5, colour("--run-3")], [1, colour("--run-1")]];
}

/* The colour of a number between two others, on the scale. */
export function between(share) {
  const stops = scale(), at = Math.min(1, Math.max(0, share)) * 2, low = stops[Math.min(1, Math.floor(at))][1];
  const high = stops[Math.min(1, Math.floor(at)) + 1][1], part = at - Math.min(1, Math.floor(at));
  const [a, b] = [low, high].map((text) => text.match(/[\d.]+/g).slice(0, 3).map(Number));
  return `rgb(${a.map((value, n) => Math.round(value + (b[n] - value) * part)).join(",")})`;
}

// The same words as above a list that is grouped: a tag may be nothing but its key.
export function nameOf(answer, group) {
  return group === null ? `no ${answer.by.label}` : group === "" ? `${answer.by.label}, no value` : group;
}

/* Whether the runs are coloured by how large a number is, not by which group they are of. */
export function isScaled(answer) {
  const groups = answer.by ? answer.runs.map((run) => run.group).filter((group) => group !== null) : [];
  return groups.length > 0 && groups.every((group) => group !== "" && Number.isFinite(Number(group)));
}

/* A number or a time by its colour. */
export function colourBar(by, numbers) {
  const known = numbers.filter((value) => value !== null), low = Math.min(...known), high = Math.max(...known);
  const ends = by.is_time ? { tickvals: [low, high], ticktext: [low, high].map((time) => new Date(time).toLocaleDateString()) } : {};
  return { title: { text: plain(short(by.label, 30)), side: "right" }, thickness: 10, outlinewidth: 0, tickfont: axis().tickfont, ...ends };
}
