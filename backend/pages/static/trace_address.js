// What is worth sharing of the page's state stands in its address: the open span, the range of time, what is sought.

/** Read {span, from, to, find}; what is absent or makes no sense is null or empty. */
export function read() {
  const query = new URLSearchParams(location.search);
  const [from, to] = (query.get("zoom") ?? "").split("~").map(Number);
  const zoomed = Number.isFinite(from) && Number.isFinite(to) && from < to;
  return { span: query.get("span"), from: zoomed ? from : null, to: zoomed ? to : null, find: query.get("find") ?? "" };
}

/** Write the state; as a step that Back undoes, or in place of the last. */
export function write({ span, from, to, find }, { step }) {
  const query = new URLSearchParams(location.search);
  const set = (name, value) => (value ? query.set(name, value) : query.delete(name));
  set("span", span);
  set("zoom", from === null ? "" : `${Math.round(from)}~${Math.round(to)}`);
  set("find", find);
  const text = query.toString().replaceAll("%7E", "~");
  const href = text ? `?${text}` : location.pathname;
  if (href === (location.search || location.pathname)) return;
  history[step ? "pushState" : "replaceState"](null, "", href);
}
