// One trace on a page: head, minimap, waterfall, drawer, and what ties them together.

import * as address from "./trace_address.js";
import { drawer } from "./trace_drawer.js";
import { Finder } from "./trace_find.js";
import { head } from "./trace_head.js";
import { help } from "./trace_help.js";
import { action } from "./trace_keys.js";
import { Minimap } from "./trace_map.js";
import { Rows } from "./trace_rows.js";
import { Tree } from "./trace_tree.js";
import { element, tick } from "./trace_text.js";

const TICKS = 4;
const NAMES = 0.36; // of a row's width belongs to names, where the window is wide

export class TracePage {
  #model;
  #tree;
  #rows;
  #map;
  #finder;
  #found = [];
  #drawer = null;
  #help = help();
  #leaving = new AbortController();
  #sizes;
  /** `from` and `to` are the range of time shown, `active` the row that keys act on, `selected` the open span or -1. */
  #look;

  constructor(host, model, source) {
    this.#model = model;
    this.#tree = new Tree(model.spans);
    this.#finder = new Finder(model);
    const whole = Math.max(1, model.duration);
    this.#look = { from: 0, to: whole, active: -1, selected: -1, matches: new Set() };
    this.#rows = new Rows(model, this.#tree, this.#look);
    this.#map = new Minimap(model, (from, to) => this.zoom(from, to));
    this.axis = element("div", { class: "ticks", "aria-hidden": "true" });
    this.tools = element("div", { class: "sticky" }, this.#toolbar(), this.#map.body);
    this.heads = this.#heads();
    this.grid = element(
      "div",
      {
        class: "grid", role: "treegrid", tabindex: 0, "aria-label": "Spans", "aria-colcount": 4,
        onclick: (event) => this.#clicked(event),
        onfocus: () => this.#look.active < 0 && this.grid.matches(":focus-visible") && this.#move(0), // by keyboard only
      },
      this.heads,
      this.#rows.body,
    );
    // The heads stick below the tools, which may need a line or two.
    this.#sizes = new ResizeObserver(() => this.grid.style.setProperty("--tools", `${this.tools.offsetHeight}px`));
    this.#sizes.observe(this.tools);
    this.pane = element("div", { class: "pane" });
    host.replaceChildren(
      head(model, source, copy),
      element("div", { class: "board" }, element("div", { class: "left" }, this.tools, this.grid), this.pane),
      element("p", { class: "hint foot" }, "Click a span for all it says. ", element("button", { type: "button", class: "small", onclick: () => this.#help.showModal() }, "Keys (?)")),
      this.#help,
    );
    const { signal } = this.#leaving;
    addEventListener("popstate", () => this.#restore(), { signal });
    addEventListener("keydown", (event) => this.#pressed(event), { signal });
    this.#fit();
    addEventListener("resize", () => this.#fit(), { signal });
    this.#restore();
    this.#map.draw();
  }

  /** Stop listening, before another trace takes this one's place. */
  close() {
    this.#leaving.abort();
    this.#sizes.disconnect();
    this.#rows.close();
    this.#map.close();
  }

  /** Show a range of time, or all of it where the range is no part of it. */
  zoom(from, to) {
    this.#range(from, to);
    this.#keep({ step: true });
    this.#redraw();
  }

  /** Open a span's drawer and bring its row into view; -1 closes. */
  open(index, { step = true, focus = false } = {}) {
    this.#look.selected = index;
    if (index >= 0) this.#look.active = index;
    this.#showDrawer();
    this.#keep({ step });
    if (index >= 0) this.#tree.reveal(index);
    this.#fit();
    this.#redraw();
    if (index >= 0) this.#show(index);
    if (focus) this.#drawer?.focus({ preventScroll: true });
    else if (index < 0) this.grid.focus({ preventScroll: true });
  }

  #toolbar() {
    const button = (text, title, act) => element("button", { type: "button", title, "aria-label": title, onclick: act }, text);
    const group = (name, ...buttons) => element("span", { class: "group" }, element("span", { class: "group-name", "aria-hidden": "true" }, name), ...buttons);
    this.query = element("input", {
      type: "search", placeholder: "Find: name, service, key=value", "aria-label": "Find in the trace", "aria-keyshortcuts": "/", maxlength: 500,
      oninput: () => this.#find(this.query.value),
      onkeydown: (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        this.#nextFound(event.shiftKey ? -1 : 1);
      },
    });
    this.count = element("span", { class: "count", role: "status" });
    this.finds = element("span", { class: "group" }, button("↑", "Previous found (Shift Enter)", () => this.#nextFound(-1)), button("↓", "Next found (Enter)", () => this.#nextFound(1)));
    this.unzoom = button("Reset zoom", "See all of the time again (0)", () => this.zoom(0, this.#model.duration));
    const errors = this.#model.errors
      ? group("Error", button("↑", "Previous error (p)", () => this.#nextError(-1)), button("↓", "Next error (n)", () => this.#nextError(1)))
      : null;
    const level = group("Level", button("−", "Collapse one level (-)", () => this.#fold("collapseLevel")), button("+", "Expand one level (+)", () => this.#fold("expandLevel")));
    const all = group("All", button("−", "Collapse all", () => this.#fold("collapseAll")), button("+", "Expand all", () => this.#fold("expandAll")));
    return element("div", { class: "tools", role: "toolbar", "aria-label": "Waterfall" }, element("span", { class: "find" }, this.query, this.count, this.finds), errors, level, all, this.unzoom);
  }

  #heads() {
    const name = (text, kind) => element("div", { role: "columnheader", class: kind }, text);
    const track = element("div", { role: "columnheader", class: "track" }, element("span", { class: "only-heard" }, "Time"), this.axis);
    return element("div", { class: "row heads", role: "row", "aria-rowindex": 1 }, name("Service and operation", "name"), name("Duration", "time"), name("Self", "self"), track);
  }

  #restore() {
    const state = address.read();
    this.#range(state.from ?? 0, state.to ?? this.#model.duration);
    this.query.value = state.find;
    this.#find(state.find, { keep: false });
    const index = state.span === null ? -1 : this.#model.spans.findIndex((span) => span.id === state.span);
    this.#look.selected = index;
    if (index >= 0) {
      this.#look.active = index;
      this.#tree.reveal(index);
    }
    this.#showDrawer();
    this.#fit();
    this.#redraw();
    if (index >= 0) this.#show(index);
  }

  #keep({ step }) {
    const { from, to, selected } = this.#look;
    const all = from === 0 && to === this.#map.whole;
    const span = selected < 0 ? null : this.#model.spans[selected].id;
    address.write({ span, from: all ? null : from, to: all ? null : to, find: this.query.value }, { step });
  }

  #range(from, to) {
    const { whole } = this.#map;
    const start = Math.max(0, Math.min(from, whole - 1));
    const end = Math.min(whole, Math.max(to, start + 1));
    this.#look.from = end > start ? start : 0;
    this.#look.to = end;
    this.unzoom.hidden = start === 0 && end === whole;
  }

  #redraw() {
    const { from, to, active } = this.#look;
    this.#map.show(from, to);
    const step = (to - from) / TICKS;
    const ticks = Array.from({ length: TICKS + 1 }, (_, number) => {
      const label = element("span", {}, tick(from + number * step, step));
      label.style.left = `${(100 * number) / TICKS}%`;
      return label;
    });
    this.axis.replaceChildren(...ticks);
    this.grid.setAttribute("aria-rowcount", this.#tree.rows.length + 1);
    if (active >= 0) this.grid.setAttribute("aria-activedescendant", `row-${this.#tree.rows[this.#tree.rowOf(active)]}`);
    this.#rows.redraw();
  }

  #fit() {
    this.#rows.fitIndent(this.heads.offsetWidth * NAMES);
  }

  #show(index) {
    this.#rows.show(index, this.tools.offsetHeight + this.heads.offsetHeight);
  }

  #showDrawer() {
    const { selected } = this.#look;
    this.#drawer = selected < 0 ? null : drawer(this.#model, selected, {
      close: () => this.open(-1),
      go: (index) => this.open(index, { focus: true }),
      zoom: (from, to) => this.zoom(from, to),
      copy,
    });
    this.pane.replaceChildren(...(this.#drawer ? [this.#drawer] : []));
    this.pane.parentElement?.classList.toggle("with-drawer", selected >= 0);
  }

  #fold(how) {
    this.#tree[how]();
    this.#redraw();
  }

  /** Make a span the one that keys act on; an open drawer follows. */
  #move(index) {
    if (this.#look.selected >= 0) return this.open(index, { step: false });
    this.#look.active = index;
    this.#tree.reveal(index);
    this.#redraw();
    this.#show(index);
  }

  #find(text, { keep = true } = {}) {
    this.#found = this.#finder.matches(text);
    this.#look.matches = new Set(this.#found);
    this.#count();
    this.finds.hidden = this.#found.length === 0;
    if (!keep) return;
    this.#keep({ step: false });
    this.#redraw();
  }

  #count() {
    const place = this.#found.indexOf(this.#look.active) + 1;
    const total = this.#found.length;
    this.count.textContent = !this.query.value.trim() ? "" : place ? `${place} of ${total}` : `${total} found`;
  }

  #nextFound(way) {
    const next = following(this.#found, this.#look.active, way);
    if (next === undefined) return;
    this.#move(next);
    this.#count();
  }

  #nextError(way) {
    const errors = this.#model.spans.flatMap((span, index) => (span.error ? [index] : []));
    const next = following(errors, this.#look.active, way);
    if (next !== undefined) this.#move(next);
  }

  #clicked(event) {
    const row = event.target.closest(".rows .row");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const index = Number(row.dataset.index);
    if (event.target.closest(".toggle") && this.#tree.isParent(index)) {
      this.#look.active = index;
      this.#tree.toggle(index);
      this.#redraw();
    } else {
      this.open(index === this.#look.selected ? -1 : index);
    }
    this.grid.focus({ preventScroll: true });
  }

  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.#help.open) return;
    if (event.key === "Escape") return this.#escape(event);
    const { target } = event;
    if (target.closest("input, select, textarea")) return;
    const free = target === document.body || target === this.grid || target.closest(".drawer") === target || target.id === "main";
    const act = action(event.key, free);
    if (!act) return;
    event.preventDefault();
    act(this.#keys());
  }

  #escape(event) {
    if (event.target === this.query && this.query.value) {
      this.query.value = "";
      this.#find("");
    } else if (this.#look.selected >= 0) this.open(-1);
    else if (this.query.value) {
      this.query.value = "";
      this.#find("");
    } else return;
    event.preventDefault();
  }

  /** What keys can do, for the tables of trace_keys.js. */
  #keys() {
    const { active, selected } = this.#look;
    const rows = this.#tree.rows;
    const place = active < 0 ? -1 : this.#tree.rowOf(active);
    const at = rows[Math.max(0, place)];
    const row = (number) => this.#move(rows[Math.min(rows.length - 1, Math.max(0, number))]);
    const close = (closed) => {
      this.#tree.toggle(at, closed);
      this.#redraw();
    };
    const open = this.#tree.isParent(at) && !this.#tree.collapsed.has(at);
    const { parent } = this.#model.spans[at];
    return {
      down: () => row(place + 1),
      up: () => row(place - 1),
      page: (way) => row(place + way * 20),
      first: () => row(0),
      last: () => row(rows.length - 1),
      left: () => (open ? close(true) : parent === undefined ? null : this.#move(parent)),
      right: () => (this.#tree.collapsed.has(at) ? close(false) : open ? row(place + 1) : null),
      drawer: () => this.open(selected >= 0 ? -1 : at),
      fold: (how) => this.#fold(how),
      error: (way) => this.#nextError(way),
      find: () => this.query.focus(),
      zoom: () => this.zoom(this.#model.spans[at].at, this.#model.spans[at].at + this.#model.spans[at].duration),
      unzoom: () => this.zoom(0, this.#model.duration),
      help: () => this.#help.showModal(),
    };
  }
}

/** The next of sorted places after one, or the one before it; around the end. */
function following(places, place, way) {
  if (way > 0) return places.find((each) => each > place) ?? places[0];
  return places.findLast((each) => each < place) ?? places.at(-1);
}

/** Copy a text and say so on the button; where the browser forbids it, say that. */
async function copy(button, text) {
  const before = button.textContent;
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  button.textContent = done ? "Copied" : "Not allowed";
  setTimeout(() => (button.textContent = before), 1500);
}
