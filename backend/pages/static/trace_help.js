// The keys, in words.

import { element } from "./trace_text.js";

const KEYS = [
  [["↑", "↓", "k", "j"], "move from span to span"],
  [["Home", "End"], "the first, the last span"],
  [["Enter"], "open or close the span's drawer"],
  [["←", "→"], "collapse and expand, or go to the parent and the first child"],
  [["-", "+"], "collapse and expand one level"],
  [["n", "p"], "the next and the previous error"],
  [["/"], "find; Enter and Shift Enter go through what is found"],
  [["z"], "zoom to the span"],
  [["0"], "see all of the time again"],
  [["Esc"], "close the drawer, then clear the search"],
  [["?"], "this help"],
];

/** Make the dialog, still closed. */
export function help() {
  const list = element("dl", { class: "keys" });
  for (const [keys, means] of KEYS) {
    list.append(element("dt", {}, ...keys.flatMap((key) => [element("kbd", {}, key), " "])), element("dd", {}, means));
  }
  return element(
    "dialog",
    { class: "help", "aria-label": "Keys" },
    element("h2", {}, "Keys"),
    list,
    element("form", { method: "dialog" }, element("button", { class: "main-action", autofocus: true }, "Close")),
  );
}
