// The minimap: the whole trace in little. Dragging over it picks the range of time that the rows show.

import { element, spelled } from "./trace_text.js";

const LEAST_DRAG = 4; // pixels; less is a click
const STEP = 0.02; // of the whole, by an arrow key on a handle

export class Minimap {
  #model;
  #canvas = element("canvas", { "aria-hidden": "true" });
  #before = element("div", { class: "shade" });
  #after = element("div", { class: "shade" });
  #handles;
  #range;
  #leaving = new AbortController();

  /** `picked(from, to)` is called with microseconds since the trace's start when a range was chosen. */
  constructor(model, picked) {
    this.#model = model;
    this.whole = Math.max(1, model.duration);
    this.picked = picked;
    this.#range = [0, this.whole];
    this.#handles = ["Start", "End"].map((name, side) => this.#handle(name, side));
    this.body = element(
      "div",
      { class: "minimap", role: "group", "aria-label": "Overview: drag to zoom into a range of time" },
      this.#canvas, this.#before, this.#after, ...this.#handles,
    );
    this.body.addEventListener("pointerdown", (event) => this.#drag(event));
    this.body.addEventListener("dblclick", () => this.picked(0, this.whole));
    const { signal } = this.#leaving;
    addEventListener("resize", () => this.draw(), { signal });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw(), { signal });
  }

  close() {
    this.#leaving.abort();
  }

  /** Mark a range as the one that is shown. */
  show(from, to) {
    this.#range = [from, to];
    this.#mark(from, to);
    this.#handles.forEach((handle, side) => {
      handle.setAttribute("aria-valuenow", Math.round(this.#range[side]));
      handle.setAttribute("aria-valuetext", spelled(this.#range[side]));
    });
  }

  draw() {
    const { width, height } = this.#canvas.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    this.#canvas.width = Math.max(1, Math.round(width * ratio));
    this.#canvas.height = Math.max(1, Math.round(height * ratio));
    const style = getComputedStyle(this.body);
    const colours = [0, 1, 2, 3, 4, 5].map((number) => style.getPropertyValue(`--service-${number}`));
    const red = style.getPropertyValue("--red");
    const brush = this.#canvas.getContext("2d");
    const { spans, services } = this.#model;
    const line = this.#canvas.height / spans.length;
    const thick = Math.max(ratio, Math.min(line * 0.75, 4 * ratio));
    const scale = this.#canvas.width / this.whole;
    const paint = (span, index) => brush.fillRect(span.at * scale, index * line, Math.max(ratio, span.duration * scale), thick);
    spans.forEach((span, index) => {
      brush.fillStyle = colours[services[span.service].colour];
      paint(span, index);
    });
    // Errors last, so that none is painted over; where lines lie upon one another only their ends, for the same reason.
    brush.fillStyle = red;
    const crowded = line < ratio;
    spans.forEach((span, index) => {
      if (span.error && crowded) brush.fillRect((span.at + span.duration) * scale - 2 * ratio, index * line - ratio, 2 * ratio, 3 * ratio);
      else if (span.error) paint(span, index);
    });
  }

  #mark(from, to) {
    const [left, right] = [from, to].map((time) => (100 * time) / this.whole);
    this.#before.style.width = `${left}%`;
    this.#after.style.left = `${right}%`;
    this.#after.style.width = `${100 - right}%`;
    this.#handles[0].style.left = `${left}%`;
    this.#handles[1].style.left = `${right}%`;
  }

  #handle(name, side) {
    const handle = element("div", {
      class: "handle", role: "slider", tabindex: 0, "aria-label": `${name} of the range`, "aria-valuemin": 0, "aria-valuemax": this.whole,
    });
    handle.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!way) return;
      event.preventDefault();
      event.stopPropagation();
      this.#pick(side, this.#range[side] + way * STEP * this.whole);
    });
    return handle;
  }

  /** Move one side of the range, not beyond the other. */
  #pick(side, time) {
    const range = [...this.#range];
    range[side] = side === 0 ? Math.min(time, range[1] - 1) : Math.max(time, range[0] + 1);
    this.picked(...range);
  }

  #drag(event) {
    if (event.button !== 0) return;
    const box = this.body.getBoundingClientRect();
    const at = (x) => Math.min(1, Math.max(0, (x - box.left) / box.width)) * this.whole;
    const side = this.#handles.indexOf(event.target);
    const begun = side < 0 ? at(event.clientX) : this.#range[1 - side];
    const range = (x) => [Math.min(begun, at(x)), Math.max(begun, at(x))];
    this.body.setPointerCapture(event.pointerId);
    const move = (moved) => this.#mark(...range(moved.clientX));
    const end = (ended) => {
      this.body.removeEventListener("pointermove", move);
      const far = Math.abs(ended.clientX - event.clientX) >= LEAST_DRAG;
      if (ended.type === "pointerup" && far) this.picked(...range(ended.clientX));
      else this.#mark(...this.#range);
    };
    this.body.addEventListener("pointermove", move);
    this.body.addEventListener("pointerup", end, { once: true });
    this.body.addEventListener("pointercancel", end, { once: true });
  }
}
