// The tree of a trace: which rows are to be seen while some spans are collapsed. Spans stand parents first, depth first.

export class Tree {
  constructor(spans) {
    this.spans = spans;
    this.collapsed = new Set();
    this.ends = subtreeEnds(spans);
    this.errorsBefore = [0];
    for (const span of spans) this.errorsBefore.push(this.errorsBefore.at(-1) + (span.error ? 1 : 0));
    this.rows = [];
    this.place = new Map();
    this.refresh();
  }

  /** Whether a span has children. */
  isParent(index) {
    return this.ends[index] > index + 1;
  }

  /** How many spans, and how many errors, are below a span. */
  below(index) {
    const end = this.ends[index];
    return { spans: end - index - 1, errors: this.errorsBefore[end] - this.errorsBefore[index + 1] };
  }

  toggle(index, closed = !this.collapsed.has(index)) {
    if (!this.isParent(index)) return;
    if (closed) this.collapsed.add(index);
    else this.collapsed.delete(index);
    this.refresh();
  }

  /** Open every span above one, so that its row can be seen. */
  reveal(index) {
    let opened = false;
    for (let above = this.spans[index].parent; above !== undefined; above = this.spans[above].parent) {
      opened = this.collapsed.delete(above) || opened;
    }
    if (opened) this.refresh();
  }

  collapseAll() {
    this.spans.forEach((_, index) => this.isParent(index) && this.collapsed.add(index));
    this.refresh();
  }

  expandAll() {
    this.collapsed.clear();
    this.refresh();
  }

  /** Close the deepest level that is open. */
  collapseLevel() {
    const open = this.rows.filter((index) => this.isParent(index) && !this.collapsed.has(index));
    this.#level(open, Math.max, (index) => this.collapsed.add(index));
  }

  /** Open the highest level that is closed. */
  expandLevel() {
    this.#level(this.rows.filter((index) => this.collapsed.has(index)), Math.min, (index) => this.collapsed.delete(index));
  }

  /** The row of a span, or of what hides it. */
  rowOf(index) {
    for (let at = index; at !== undefined; at = this.spans[at].parent) {
      if (this.place.has(at)) return this.place.get(at);
    }
    return 0;
  }

  refresh() {
    this.rows = [];
    this.place.clear();
    for (let index = 0; index < this.spans.length; index = this.collapsed.has(index) ? this.ends[index] : index + 1) {
      this.place.set(index, this.rows.length);
      this.rows.push(index);
    }
  }

  #level(indices, pick, change) {
    if (indices.length === 0) return;
    const depth = indices.map((index) => this.spans[index].depth).reduce((one, other) => pick(one, other));
    indices.filter((index) => this.spans[index].depth === depth).forEach(change);
    this.refresh();
  }
}

/** For each span the place after its last descendant. */
function subtreeEnds(spans) {
  const ends = new Array(spans.length);
  const open = [];
  spans.forEach((span, index) => {
    while (open.length && spans[open.at(-1)].depth >= span.depth) ends[open.pop()] = index;
    open.push(index);
  });
  for (const index of open) ends[index] = spans.length;
  return ends;
}
