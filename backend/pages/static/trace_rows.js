// The waterfall's rows. Only those near the window are in the document, however long the trace is.

import { element, foreign, shown, spelled } from "./trace_text.js";

const BEYOND = 8; // rows kept above and below what is seen
const MOST_MARKS = 24; // events drawn on one bar
const INDENT = 14; // pixels a level, where there is room

export class Rows {
  #model;
  #tree;
  #made = new Map();
  #frame = 0;
  #leaving = new AbortController();

  /** `look` tells the state: {from, to, active, selected, matches (a Set)}. */
  constructor(model, tree, look) {
    this.#model = model;
    this.#tree = tree;
    this.look = look;
    this.deepest = model.spans.reduce((most, span) => Math.max(most, span.depth), 0);
    this.body = element("div", { class: "rows", role: "presentation" });
    const later = () => {
      if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#place());
    };
    const { signal } = this.#leaving;
    addEventListener("scroll", later, { passive: true, signal });
    addEventListener("resize", () => this.redraw(), { signal });
  }

  close() {
    this.#leaving.abort();
  }

  /** Draw anew what is seen: the tree, the times or the state changed. */
  redraw() {
    for (const row of this.#made.values()) row.remove();
    this.#made.clear();
    this.#place();
  }

  /** Scroll until a span's row is seen below what sticks to the window's top. */
  show(index, top) {
    const place = this.#tree.rowOf(index);
    const height = this.#height();
    const y = this.body.getBoundingClientRect().top + place * height;
    const bottom = this.bottom();
    if (y < top) scrollBy(0, y - top - height);
    else if (y + height > bottom) scrollBy(0, y + 2 * height - bottom);
    this.#place();
  }

  /** Where the window ends for rows; the drawer may cover its lower part. */
  bottom() {
    const sheet = document.querySelector(".drawer");
    const covers = sheet && getComputedStyle(sheet).position === "fixed";
    return covers ? sheet.getBoundingClientRect().top : innerHeight;
  }

  #height() {
    return parseFloat(getComputedStyle(this.body).getPropertyValue("--row"));
  }

  #place() {
    this.#frame = 0;
    const rows = this.#tree.rows;
    const height = this.#height();
    this.body.style.height = `${rows.length * height}px`;
    const top = -this.body.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(top / height) - BEYOND);
    const last = Math.min(rows.length, Math.ceil((top + innerHeight) / height) + BEYOND);
    const wanted = new Set(rows.slice(first, last));
    if (this.look.active >= 0) wanted.add(rows[this.#tree.rowOf(this.look.active)]);
    for (const [index, row] of this.#made) {
      if (wanted.has(index)) continue;
      row.remove();
      this.#made.delete(index);
    }
    const fresh = document.createDocumentFragment();
    for (const index of wanted) {
      if (this.#made.has(index)) continue;
      const row = this.#row(index);
      row.style.transform = `translateY(${this.#tree.place.get(index) * height}px)`;
      this.#made.set(index, row);
      fresh.append(row);
    }
    this.body.append(fresh);
  }

  #row(index) {
    const span = this.#model.spans[index];
    const service = this.#model.services[span.service];
    const closed = this.#tree.collapsed.has(index);
    const states = [
      span.error && "failed",
      this.look.matches.has(index) && "match",
      index === this.look.active && "active",
      index === this.look.selected && "selected",
    ];
    return element(
      "div",
      {
        role: "row",
        id: `row-${index}`,
        class: ["row", `service-${service.colour}`, ...states].filter(Boolean).join(" "),
        "data-index": index,
        "aria-level": span.depth + 1,
        "aria-rowindex": this.#tree.place.get(index) + 2,
        "aria-expanded": this.#tree.isParent(index) ? String(!closed) : null,
        "aria-selected": String(index === this.look.selected),
      },
      this.#name(index, span, service, closed),
      element("div", { role: "gridcell", class: "time" }, spelled(span.duration)),
      element("div", { role: "gridcell", class: "self" }, spelled(span.self)),
      this.#track(span),
    );
  }

  #name(index, span, service, closed) {
    const indent = element("span", { class: "indent" });
    indent.style.setProperty("--depth", span.depth);
    const sign = element("span", { class: "toggle", "aria-hidden": "true" });
    if (this.#tree.isParent(index)) sign.dataset.open = String(!closed);
    const label = `${service.name || "(unnamed)"} ${span.name || "(no name)"}`;
    const link = element(
      "a",
      { href: `?span=${encodeURIComponent(span.id)}`, tabindex: -1, title: shown(label.slice(0, 300)) },
      foreign(service.name || "(unnamed)", { class: "named" }),
      " ",
      foreign(span.name || "(no name)"),
    );
    const cell = element("div", { role: "gridcell", class: "name" }, indent, sign);
    if (span.error) cell.append(element("span", { class: "cross", role: "img", "aria-label": "error" }, "✗"));
    if (span.warnings) cell.append(element("span", { class: "doubt", role: "img", "aria-label": "warning", title: span.warnings.join(" ") }, "!"));
    cell.append(link);
    if (closed) {
      const { spans, errors } = this.#tree.below(index);
      cell.append(element("span", { class: "hidden-count" }, `+${spans}`));
      if (errors) cell.append(element("span", { class: "hidden-count failed-count" }, `✗ ${errors}`));
    }
    return cell;
  }

  #track(span) {
    const { from, to } = this.look;
    const share = (time) => (100 * (time - from)) / (to - from);
    const extent = (part, start, end) => {
      const left = Math.max(-1, share(start));
      part.style.left = `min(${left}%, 100% - 3px)`; // the shortest bar is seen at the very end, too
      part.style.width = `${Math.max(0, Math.min(101, share(end)) - left)}%`;
      return part;
    };
    const track = element("div", { role: "gridcell", class: "track" });
    const end = span.at + span.duration;
    const seen = end >= from && span.at <= to;
    const say = [`from ${spelled(span.at)} to ${spelled(end)}`];
    if (seen) {
      track.append(extent(element("i", { class: "bar" }), span.at, end));
      for (const [start, stop] of span.path ?? []) {
        if (stop >= from && start <= to) track.append(extent(element("i", { class: "critical" }), start, stop));
      }
      for (const event of (span.events ?? []).slice(0, MOST_MARKS)) {
        if (event.at < from || event.at > to) continue;
        const mark = element("i", { class: "event", title: `${shown(event.name)} at ${spelled(event.at)}` });
        mark.style.left = `${share(event.at)}%`;
        track.append(mark);
      }
      if (span.error && span.notes?.length) track.append(this.#reason(span, share(span.at), share(end)));
    } else {
      track.append(element("span", { class: end < from ? "before" : "after" }, end < from ? "‹ before" : "after ›"));
    }
    if (span.path) say.push("on the critical path");
    track.append(element("span", { class: "only-heard" }, say.join(", ")));
    return track;
  }

  /** Why a span failed, beside its bar where there is more room. */
  #reason(span, start, end) {
    const reason = element("span", { class: "reason", title: shown(span.notes.join("\n")).slice(0, 1000) }, foreign(span.notes[0].slice(0, 300)));
    if (100 - end >= start) reason.style.left = `calc(${Math.max(0, end)}% + .5rem)`;
    else reason.style.right = `calc(${100 - Math.min(100, start)}% + .5rem)`;
    return reason;
  }

  /** Choose the indent so that the deepest level still leaves room for names. */
  fitIndent(width) {
    const step = Math.min(INDENT, (width * 0.45) / Math.max(1, this.deepest));
    this.body.style.setProperty("--indent", `${step}px`);
    this.body.classList.toggle("lined", step >= 6);
  }
}
