// The drawer: all that one span says.

import { counted, element, foreign, pairs, shown, spelled } from "./trace_text.js";

/** Make the drawer of a span. `act` has close(), go(index), zoom(from, to) and copy(button, text). */
export function drawer(model, index, act) {
  const span = model.spans[index];
  const service = model.services[span.service];
  const children = model.spans.flatMap((each, place) => (each.parent === index ? [place] : []));
  return element(
    "aside",
    { class: `drawer service-${service.colour}`, "aria-label": "Span", tabindex: -1 },
    element(
      "div",
      { class: "drawer-head" },
      element("h2", {}, foreign(service.name || "(unnamed)", { class: "named" }), " ", foreign(span.name || "(no name)")),
      element("button", { type: "button", class: "close", "aria-label": "Close", title: "Close (Esc)", onclick: act.close }, "✕"),
    ),
    ...(span.error ? (span.notes.length ? span.notes : ["It failed, and does not say why."]).map(failure) : []),
    ...(span.warnings ?? []).map((warning) => element("p", { class: "remark" }, shown(warning))),
    ...(span.asides ?? []).map((aside) => element("p", { class: "hint" }, shown(aside))),
    facts(model, span, act),
    element(
      "p",
      { class: "drawer-actions" },
      element("button", { type: "button", onclick: () => act.zoom(span.at, span.at + span.duration), title: "Zoom to this span (z)" }, "Zoom to it"),
      span.parent === undefined ? null : element("button", { type: "button", onclick: () => act.go(span.parent) }, "Go to parent"),
      children.length ? element("button", { type: "button", onclick: () => act.go(children[0]) }, `First of ${counted(children.length, "child").replace("childs", "children")}`) : null,
    ),
    section("Tags", table(model, span.tags)),
    events(model, span),
    links(model, span, act),
    section("Resource", table(model, model.resources[span.resource])),
    section("Address", table(model, span.address)),
    section("Other side", table(model, span.remote_address)),
  );
}

function failure(note) {
  return element("p", { class: "failure" }, element("b", {}, "✗ "), foreign(note));
}

function facts(model, span, act) {
  const copy = element("button", { type: "button", class: "small", onclick: () => act.copy(copy, span.id), "aria-label": "Copy the span id" }, "Copy");
  const said = [
    ["Starts at", spelled(span.at)],
    ["Duration", spelled(span.duration)],
    ["Self time", spelled(span.self)],
    ["On critical path", spelled((span.path ?? []).reduce((sum, [from, to]) => sum + to - from, 0))],
    ["Kind", span.kind ?? "internal"],
    ["Status", span.error ? "error" : span.ok ? "ok" : null],
    ["Calls", span.remote && foreign(span.remote)],
    ["Scope", span.scope && foreign(span.scope)],
    ["Span id", element("span", {}, element("code", {}, shown(span.id)), " ", copy)],
  ];
  const list = element("dl", { class: "span-facts" });
  for (const [name, value] of said) if (value) list.append(element("dt", {}, name), element("dd", {}, value));
  return list;
}

function events(model, span) {
  const made = (span.events ?? []).map((event) =>
    element(
      "div",
      { class: "event-said" },
      element("p", {}, element("span", { class: "number" }, spelled(event.at - span.at)), " ", foreign(event.name || "(no name)")),
      table(model, event.fields),
    ),
  );
  return section(made.length > 1 ? `Events and logs (${made.length})` : "Events and logs", made.length ? element("div", {}, element("p", { class: "hint" }, "Times are from the span's start."), ...made) : null);
}

function links(model, span, act) {
  if (!span.links?.length) return null;
  const items = span.links.map((link) => {
    const inside = link.trace === model.id ? model.spans.findIndex((each) => each.id === link.span) : -1;
    const query = `?span=${encodeURIComponent(link.span)}`;
    const href = inside < 0 ? `/trace/${encodeURIComponent(link.trace)}${query}` : query;
    const text = inside < 0 ? `span ${link.span} of trace ${link.trace}` : model.spans[inside].name || link.span;
    const anchor = element("a", { href }, foreign(text));
    if (inside >= 0) {
      anchor.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        act.go(inside);
      });
    }
    return element("li", {}, anchor, table(model, link.tags));
  });
  return section("Links", element("ul", { class: "links" }, ...items));
}

function section(title, content) {
  return content && element("section", {}, element("h3", {}, title), content);
}

/** Keys in the order of the alphabet; lines and tabs in values stay, so that stack traces can be read. */
function table(model, tags) {
  const sorted = pairs(model, tags).sort(([one], [other]) => (one < other ? -1 : 1));
  if (sorted.length === 0) return null;
  const rows = sorted.map(([key, value]) =>
    element("tr", {}, element("th", { scope: "row" }, breakable(key)), element("td", {}, element("bdi", {}, shown(value, "\n\t")))),
  );
  return element("table", { class: "pairs" }, element("tbody", {}, ...rows));
}

/** A key that may go on in the next line after each of its dots, rather than in the middle of a word. */
function breakable(key) {
  const parts = shown(key).split(/(?<=\.)/);
  return element("bdi", {}, ...parts.flatMap((part, place) => (place ? [element("wbr"), part] : [part])));
}
