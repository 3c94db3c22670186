// Text of spans is data: it becomes text nodes only, and what would not show, or would turn other text around, is spelled.

const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
const UNITS = [[60_000_000, "min"], [1_000_000, "s"], [1_000, "ms"]];

/** Spell control characters by their number, as ⟨0007⟩, and line ends as an arrow. `kept` are left as they are. */
export function shown(text, kept = "") {
  return text.replace(INVISIBLE, (character) => {
    if (kept.includes(character)) return character;
    if (character === "\n") return "\u21b5";
    return `\u27e8${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}\u27e9`;
  });
}

/** The [key, value] pairs of tags, which are places in the model's texts: key, value, key, value. */
export function pairs(model, places = []) {
  const found = [];
  for (let at = 0; at < places.length; at += 2) found.push([model.texts[places[at]], model.texts[places[at + 1]]]);
  return found;
}

/** Make an element; attributes named `on...` are listeners, `class` and others are set, false and null are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Text of a span in a <bdi>: whatever its direction, its neighbours keep theirs. */
export function foreign(text, attributes = {}) {
  return element("bdi", attributes, shown(text));
}

/** Spell microseconds as discovery/duration.py does: three digits that count, and the unit that suits them. */
export function spelled(microseconds) {
  const size = Math.round(microseconds);
  for (const [unit, name] of UNITS) {
    if (size >= unit * 0.9995 && (name !== "min" || size >= 5 * unit)) {
      const number = size / unit;
      return `${number.toFixed(number < 9.995 ? 2 : number < 99.95 ? 1 : 0)} ${name}`;
    }
  }
  return `${size} µs`;
}

/** Spell a moment on an axis whose ticks are `step` apart: with as many digits as tell one tick from the next. */
export function tick(microseconds, step) {
  if (microseconds === 0) return "0";
  const [unit, name] = UNITS.slice(1).find(([size]) => microseconds >= size) ?? [1, "µs"];
  const digits = Math.min(6, Math.max(0, Math.ceil(1 - Math.log10(step / unit))));
  return `${(microseconds / unit).toFixed(digits)} ${name}`;
}

/** `1 span`, `2 spans`. */
export function counted(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
