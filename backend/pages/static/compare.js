// The keys of the compare page; the rest are links.

const links = [...document.querySelectorAll(".merged .leads")];
const STEPS = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input")) return;
  const row = event.target.closest(".merged tr");
  if (!row && event.key.startsWith("Arrow")) return; // outside of the rows, arrows scroll
  const place = links.indexOf(row?.querySelector(".leads")) + (row ? step : 1);
  const link = links[Math.min(links.length - 1, Math.max(0, place))];
  if (!link) return;
  event.preventDefault();
  link.focus();
});
