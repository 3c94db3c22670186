// The live tail: a line a trace, the newest first, which grows as its spans come.

import { local } from "./frame.js";

const MOST_LINES = 200;
const MOST_KNOWN = 20_000; // ids; a trace that grows still after so many others counts again
const RATE_OVER = 10; // seconds
const SAY_EVERY = 15_000; // a screen reader hears a sum now and then, not every line
const SVG = "http://www.w3.org/2000/svg";

const byId = (id) => document.getElementById(id);
const list = byId("lines");
const lines = new Map(); // trace id -> { row, trace }, the oldest first
const held = new Map(); // trace id -> trace, while paused
const arrivals = []; // when traces were first seen, in seconds
const counts = { seen: 0, failed: 0, untold: 0, said: 0 };
const known = new Set(); // ids that were counted
const failed = new Set();
let paused = false;

function make(name, className, text = "") {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

function row() {
  const line = make("li");
  const request = make("a", "request");
  request.append(make("b"), " ", make("span"));
  const bar = document.createElementNS(SVG, "svg");
  bar.setAttribute("class", "bar");
  bar.setAttribute("aria-hidden", "true");
  bar.append(document.createElementNS(SVG, "rect"));
  bar.firstChild.setAttribute("height", "100%");
  line.append(request, make("span", "duration number"), bar, make("p", "parts"), make("time"));
  return line;
}

function many(number, word) {
  return `${number} ${number === 1 ? word : `${word}s`}`;
}

function fill(line, trace) {
  const request = line.querySelector(".request");
  request.href = `/trace/${encodeURIComponent(trace.trace_id)}`;
  request.querySelector("b").className = `service service-${trace.colour}`;
  request.querySelector("b").textContent = trace.service;
  request.querySelector("span").textContent = trace.operation;
  line.querySelector(".duration").textContent = trace.lasted;
  const parts = [make("span", "", many(trace.spans, "span"))];
  if (trace.errors) parts.push(make("span", "error", many(trace.errors, "error")));
  parts.push(...trace.services.map((part) => make("span", `service service-${part.colour}`, `${part.service} ${part.spans}`)));
  line.querySelector(".parts").replaceChildren(...parts);
  const time = line.querySelector("time");
  const start = new Date(trace.start / 1000);
  if (Number.isNaN(start.getTime())) return; // a sender's nonsense; there is no such date
  time.dateTime = start.toISOString();
  time.textContent = local(start);
}

function show(trace) {
  const there = lines.get(trace.trace_id);
  const line = there?.row ?? row();
  fill(line, trace);
  line.classList.remove("grown");
  void line.offsetWidth; // lets the animation begin anew
  line.classList.add("grown");
  if (!there) list.prepend(line);
  lines.set(trace.trace_id, { row: line, trace });
  if (lines.size > MOST_LINES) {
    const [oldest, { row: last }] = lines.entries().next().value;
    last.remove();
    lines.delete(oldest);
  }
}

function compareLengths() {
  const longest = Math.max(1, ...[...lines.values()].map(({ trace }) => trace.duration));
  for (const { row: line, trace } of lines.values()) line.querySelector("rect").setAttribute("width", `${(100 * trace.duration) / longest}%`);
}

/** Whether a trace is new to a set, which forgets the oldest where it holds many. */
function counted(ids, id) {
  if (ids.has(id)) return false;
  ids.add(id);
  if (ids.size > MOST_KNOWN) ids.delete(ids.values().next().value);
  return true;
}

/** Keep a trace for the end of the pause; no more of them than there are lines. */
function hold(trace) {
  held.delete(trace.trace_id); // it moves behind the others, as the latest
  held.set(trace.trace_id, trace);
  if (held.size > MOST_LINES) held.delete(held.keys().next().value);
}

function take({ traces = [], more = 0 }) {
  counts.untold += more;
  for (const trace of traces) {
    if (counted(known, trace.trace_id)) {
      counts.seen += 1;
      arrivals.push(performance.now() / 1000);
    }
    if (trace.errors && counted(failed, trace.trace_id)) counts.failed += 1;
    if (paused) hold(trace);
    else show(trace);
  }
  if (!paused) compareLengths();
  tell();
}

function tell() {
  const now = performance.now() / 1000;
  while (arrivals.length && arrivals[0] < now - RATE_OVER) arrivals.shift();
  byId("seen").textContent = counts.seen;
  byId("failed").textContent = counts.failed;
  byId("failed").classList.toggle("error", counts.failed > 0);
  byId("rate").textContent = (arrivals.length / Math.min(RATE_OVER, Math.max(now, 1))).toFixed(1);
  for (const [id, number] of [["untold", counts.untold], ["held", held.size]]) {
    byId(id).hidden = number === 0;
    byId(id).querySelector("b").textContent = number;
  }
  byId("waiting").hidden = counts.seen > 0;
}

function listen() {
  const source = new EventSource(byId("tail").dataset.events);
  source.addEventListener("message", (event) => {
    byId("state").textContent = "Connected";
    take(JSON.parse(event.data));
  });
  source.addEventListener("error", () => {
    byId("state").textContent = "The backend does not answer; trying again …";
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000); // the browser gives up on some answers
  });
}

byId("pause").addEventListener("click", ({ target }) => {
  paused = !paused;
  target.setAttribute("aria-pressed", paused);
  target.textContent = paused ? "Go on" : "Pause";
  if (!paused) take({ traces: [...held.values()] });
  held.clear();
  tell();
});
byId("clear").addEventListener("click", () => {
  for (const store of [lines, held, known, failed]) store.clear();
  Object.assign(counts, { seen: 0, failed: 0, untold: 0, said: 0 });
  arrivals.length = 0;
  list.replaceChildren();
  tell();
});
setInterval(tell, 1000);
setInterval(() => {
  if (counts.seen > counts.said) byId("said").textContent = `${many(counts.seen - counts.said, "new trace")}, ${many(counts.failed, "trace")} with errors so far`;
  counts.said = counts.seen;
}, SAY_EVERY);
listen();
