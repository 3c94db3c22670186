// Which key does what; trace_help.js tells it in words.

const LETTERS = {
  j: (keys) => keys.down(),
  k: (keys) => keys.up(),
  n: (keys) => keys.error(1),
  p: (keys) => keys.error(-1),
  z: (keys) => keys.zoom(),
  0: (keys) => keys.unzoom(),
  "/": (keys) => keys.find(),
  "?": (keys) => keys.help(),
  "-": (keys) => keys.fold("collapseLevel"),
  "+": (keys) => keys.fold("expandLevel"),
};

// Only where no control has the focus that uses them itself.
const MOVES = {
  ArrowDown: (keys) => keys.down(),
  ArrowUp: (keys) => keys.up(),
  ArrowLeft: (keys) => keys.left(),
  ArrowRight: (keys) => keys.right(),
  PageDown: (keys) => keys.page(1),
  PageUp: (keys) => keys.page(-1),
  Home: (keys) => keys.first(),
  End: (keys) => keys.last(),
  Enter: (keys) => keys.drawer(),
  " ": (keys) => keys.drawer(),
};

/** The action of a key, if it has one; `free` tells that no control has the focus that uses keys itself. */
export function action(key, free) {
  return LETTERS[key] ?? (free ? MOVES[key] : undefined);
}
