// The head of the page: which trace it is, its facts, what is odd about it, and its forms to take away.

import { local } from "./frame.js";
import { counted, element, foreign, shown, spelled } from "./trace_text.js";

const FORMS = [["zipkin", "Zipkin"], ["jaeger", "Jaeger"], ["otlp", "OTLP"]];

/** `source` is {stored, from, others}; `copy(button, text)` copies. */
export function head(model, source, copy) {
  const root = model.spans[model.root];
  const service = model.services[root.service].name || "(unnamed)";
  const name = root.name || "(no name)";
  const copyId = element("button", { type: "button", class: "small", onclick: () => copy(copyId, model.id), "aria-label": "Copy the trace id" }, "Copy");
  return element(
    "section",
    { class: "trace-head", "aria-label": "Trace" },
    element("h1", { title: shown(`${service} ${name}`.slice(0, 1000)) }, foreign(service, { class: `named service-${model.services[root.service].colour}` }), " ", foreign(name)),
    element(
      "div",
      { class: "facts" },
      element("b", { class: "whole" }, spelled(model.duration)),
      element("span", {}, element("b", {}, counted(model.spans.length, "span"))),
      element("span", {}, element("b", {}, counted(model.services.length, "service"))),
      element("b", { class: model.errors ? "error" : "" }, model.errors ? `✗ ${counted(model.errors, "error")}` : "0 errors"),
      began(model.start),
      element("span", { class: "id" }, element("code", {}, shown(model.id)), " ", copyId),
      source.stored ? element("a", { href: `/compare?a=${encodeURIComponent(model.id)}` }, "Compare") : null,
      source.stored ? forms(model) : element("span", {}, `from ${source.from}, not stored · `, element("a", { href: "/upload" }, "another file")),
      source.others ? element("button", { type: "button", class: "small", onclick: source.others }, "Other traces of this file") : null,
    ),
    ...model.remarks.map((remark) => element("p", { class: "remark" }, shown(remark))),
    legend(model),
  );
}

/** Senders' clocks may say anything; what is no date is not spelled as one. */
function began(start) {
  const moment = new Date(start / 1000);
  if (start === 0 || Number.isNaN(moment.getTime())) return element("span", {}, start === 0 ? "no time given" : "at an impossible time");
  return element("time", { datetime: moment.toISOString(), title: moment.toISOString() }, local(moment.getTime()));
}

function forms(model) {
  const base = `/trace/${encodeURIComponent(model.id)}`;
  const items = FORMS.map(([form, name]) =>
    element(
      "li",
      {},
      element("span", {}, name),
      element("a", { href: `${base}/${form}.json`, "aria-label": `See ${name} JSON` }, "see"),
      element("a", { href: `${base}/${form}.json`, download: `${model.id}.${form}.json`, "aria-label": `Download ${name} JSON` }, "download"),
    ),
  );
  items.push(element("li", {}, element("span", {}, "Text"), element("a", { href: `${base}/text`, "aria-label": "See as text" }, "see"), element("a", { href: `${base}/text`, download: `${model.id}.txt`, "aria-label": "Download text" }, "download")));
  const left = (event) => event.currentTarget.contains(event.relatedTarget) || (event.currentTarget.open = false);
  return element("details", { class: "forms", onfocusout: left }, element("summary", {}, "JSON and download"), element("ul", {}, ...items));
}

function legend(model) {
  const list = element("ul", { class: "legend", "aria-label": "Services" });
  for (const { name, colour, spans } of model.services) {
    list.append(element("li", { class: `service-${colour}` }, element("i", { class: "swatch" }), foreign(name || "(unnamed)"), element("span", { class: "hint" }, ` ${spans}`)));
  }
  list.append(element("li", { class: "hint" }, element("i", { class: "critical-swatch" }), "critical path: the trace's end waited for it"));
  return list;
}
