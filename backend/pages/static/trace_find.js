// Finding spans by what is in them: service, name, kind, id, message, tags (also as key=value), events, resource.

import { pairs } from "./trace_text.js";

export class Finder {
  #model;
  #texts = null;

  constructor(model) {
    this.#model = model;
  }

  /** The places of the spans that hold every word of the query, upper and lower case alike. */
  matches(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return [];
    this.#texts ??= this.#gather();
    const found = [];
    this.#texts.forEach((text, index) => {
      if (words.every((word) => text.includes(word))) found.push(index);
    });
    return found;
  }

  /** Put together what is looked through, at the first search: a large trace should not wait for it before. */
  #gather() {
    const resources = this.#model.resources.map((resource) => this.#spelled(resource));
    return this.#model.spans.map((span) => {
      const parts = [this.#model.services[span.service].name, span.name, span.id, span.kind ?? "internal", ...(span.notes ?? [])];
      parts.push(...this.#spelled(span.tags), ...(resources[span.resource] ?? []), span.remote ?? "", span.scope ?? "");
      for (const event of span.events ?? []) parts.push(event.name, ...this.#spelled(event.fields));
      return parts.join("\n").toLowerCase();
    });
  }

  #spelled(tags) {
    return pairs(this.#model, tags).map(([key, value]) => `${key}=${value}`);
  }
}
