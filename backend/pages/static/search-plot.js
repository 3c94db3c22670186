// The scatter plot: a dot a trace, its duration over the time it began. A dot is a link; the plot is one stop of the
// tabulator key, and the arrow keys go from dot to dot.

import { moments, scale, spelled, ticks } from "./search-axis.js";
import { local } from "./frame.js";

const SVG = "http://www.w3.org/2000/svg";
const [LEFT, RIGHT, TOP, BOTTOM] = [58, 14, 12, 24];
const LEAST_BRUSH = 8; // pixels; less was a click

function make(name, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

/** Draw the traces into a figure; `narrow(since, until)` gets the range, in milliseconds, that was drawn over. */
export function draw(figure, traces, log, narrow) {
  figure.querySelector("svg")?.remove();
  const svg = make("svg", { role: "group", "aria-label": `Duration over time: ${traces.length} traces. The arrow keys go from one to the next.` });
  figure.append(svg);
  const { width, height } = svg.getBoundingClientRect();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const axes = { ...places(traces, width, height, log), width, height };
  grid(svg, axes);
  const dots = traces.toSorted((one, other) => one.start - other.start).map((trace) => dot(trace, axes, Math.min(1, 15 / Math.sqrt(traces.length))));
  svg.append(...dots);
  steer(svg, dots);
  explain(figure);
  brush(svg, axes, narrow);
}

function places(traces, width, height, log) {
  const [starts, durations] = [traces.map((trace) => trace.start / 1000), traces.map((trace) => Math.max(trace.duration, 1))];
  let [first, last] = [Math.min(...starts), Math.max(...starts)];
  const room = (last - first) * 0.02 || 500;
  const [least, most] = [Math.min(...durations), Math.max(...durations)];
  const [low, high] = log ? [least / 1.3, most * 1.3] : [0, most * 1.08];
  [first, last] = [first - room, last + room];
  return {
    x: scale(first, last, LEFT, width - RIGHT), y: scale(low, high, height - BOTTOM, TOP, log),
    hours: moments(first, last, Math.max(2, Math.floor(width / 130))), heights: ticks(low, high, 6, log),
  };
}

function grid(svg, { x, y, hours, heights, width, height }) {
  for (const value of heights) {
    const at = y.place(value);
    svg.append(make("line", { x1: LEFT, x2: width - RIGHT, y1: at, y2: at }));
    svg.append(make("text", { x: LEFT - 8, y: at + 4, "text-anchor": "end" }, spelled(value)));
  }
  for (const [moment, words] of hours) {
    const at = x.place(moment);
    const anchor = at > width - 50 ? "end" : at < LEFT + 30 ? "start" : "middle";
    svg.append(make("line", { x1: at, x2: at, y1: TOP, y2: height - BOTTOM }));
    svg.append(make("text", { x: at, y: height - 6, "text-anchor": anchor }, words));
  }
}

function dot(trace, { x, y }, size) {
  const words = [`${trace.service} ${trace.operation}`, `${trace.lasted}, ${trace.spans} ${trace.spans === 1 ? "span" : "spans"}`];
  if (trace.errors) words.push(`${trace.errors} ${trace.errors === 1 ? "error" : "errors"}`);
  words.push(local(trace.start / 1000));
  const link = make("a", { href: trace.href, tabindex: -1, "aria-label": words.join(", "), class: trace.errors ? "failed" : "" });
  const radius = size * Math.min(3.5 + Math.sqrt(trace.spans) * 0.7, 16); // its area grows with the spans
  link.append(make("circle", { class: "dot", cx: x.place(trace.start / 1000), cy: y.place(Math.max(trace.duration, 1)), r: radius }));
  return link;
}

function steer(svg, dots) {
  const go = (number) => {
    for (const each of dots) each.setAttribute("tabindex", -1);
    dots[number].setAttribute("tabindex", 0);
    return dots[number];
  };
  go(0);
  svg.addEventListener("keydown", (event) => {
    const at = dots.indexOf(event.target);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: dots.length - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    go(Math.min(Math.max(next, 0), dots.length - 1)).focus();
  });
}

/** Show a dot's words beside it. The figure listens, once: in Chromium an SVG that listens for focus takes it itself. */
function explain(figure) {
  if (figure.querySelector("[role=tooltip]")) return;
  const tip = document.createElement("div");
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  figure.append(tip);
  const show = (event) => {
    const link = event.target.closest("svg a");
    tip.hidden = !link;
    if (!link) return;
    tip.textContent = link.getAttribute("aria-label");
    const [at, frame] = [link.getBoundingClientRect(), figure.getBoundingClientRect()];
    tip.style.left = `${Math.max(0, Math.min(at.right - frame.left + 8, frame.width - tip.offsetWidth))}px`;
    tip.style.top = `${at.top - frame.top - tip.offsetHeight - 6}px`;
  };
  const hide = () => { tip.hidden = true; };
  figure.addEventListener("pointerover", show);
  figure.addEventListener("focusin", show);
  figure.addEventListener("pointerleave", hide);
  figure.addEventListener("focusout", hide);
}

function brush(svg, { x, width, height }, narrow) {
  const inside = (event) => Math.min(Math.max(event.clientX - svg.getBoundingClientRect().left, LEFT), width - RIGHT);
  let from = null;
  let drawn = null;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && !event.target.closest("a")) from = inside(event);
  });
  svg.addEventListener("pointermove", (event) => {
    if (from === null || Math.abs(inside(event) - from) < LEAST_BRUSH) return;
    if (!drawn) {
      drawn = svg.appendChild(make("rect", { class: "brush", y: TOP, height: height - TOP - BOTTOM }));
      svg.setPointerCapture(event.pointerId);
    }
    drawn.setAttribute("x", Math.min(from, inside(event)));
    drawn.setAttribute("width", Math.abs(inside(event) - from));
  });
  svg.addEventListener("pointerup", (event) => {
    const ends = drawn && [from, inside(event)].sort((one, other) => one - other);
    drawn?.remove();
    [from, drawn] = [null, null];
    if (ends) narrow(...ends.map((at) => x.value(at)));
  });
  svg.addEventListener("pointercancel", () => {
    drawn?.remove();
    [from, drawn] = [null, null];
  });
}
