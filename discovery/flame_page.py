"""Flame graphs and their table as one HTML file that needs nothing else, not even a script."""

from __future__ import annotations

from html import escape

from discovery import duration, palette
from discovery.flame import svg
from discovery.paths import PERCENTILES, Profile, Row

_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #14171f; --quiet: #555e6e; --line: #d8dde6;
  --c0: #e6b45c; --c1: #8cc9ee; --c2: #5cc0a0; --c3: #d8cf62; --c4: #7fb2e8; --c5: #dca6c4; }
@media (prefers-color-scheme: dark) { :root { --ground: #10131a; --ink: #e9ecf3; --quiet: #a0a9bb; --line: #2e3645;
  --c0: #8f5b00; --c1: #1b6697; --c2: #00694c; --c3: #6d6500; --c4: #1c4f8c; --c5: #87406a; } }
body { margin: 1.5rem; background: var(--ground); color: var(--ink); font: 16px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-bottom: .3rem; } p { max-width: 60rem; color: var(--quiet); }
.scroll { overflow-x: auto; } svg.flame { display: block; min-width: 60rem; width: 100%; height: auto; }
.frame text { font: 12px ui-monospace, "DejaVu Sans Mono", monospace; fill: var(--ink); pointer-events: none; }
.frame:hover rect, .frame:focus rect { stroke: var(--ink); stroke-width: 2; } .frame:focus { outline: none; }
table { border-collapse: collapse; } th, td { padding: .25rem .8rem; border-bottom: 1px solid var(--line); }
th { text-align: left; } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
""" + "".join(f".service-{number} rect {{ fill: var(--c{number}); }}\n" for number in range(palette.COLOURS))


def page(found: Profile) -> str:
    """Write the page: a flame for each percentile, and the table."""
    flames = "".join(
        f"<h2>p{flame.percentile}: {duration.spelled(flame.duration)}</h2>"
        f'<p>The mean of the {flame.traces} traces that are nearest in rank.</p><div class="scroll">'
        f"{svg(flame, found.tree)}</div>"
        for flame in found.flames
    )
    heads = "".join(f'<th scope="col" class="number">p{percentile}</th>' for percentile in PERCENTILES)
    rows = "".join(map(_row, found.rows))
    title = f"Critical paths of {found.traces} traces"
    heading = "".join(f'<th scope="col">{name}</th>' for name in ("Service", "Operation"))
    heading += "".join(f'<th scope="col" class="number">{name}</th>' for name in ("Traces", "Share"))
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{title}</title><style>{_STYLE}</style></head>",
            f"<body><h1>{title}</h1>",
            "<p>From the top down: who called whom. A frame is as wide as the time that traces waited for",
            "it and for what is below; at the same depth the longest comes first.</p>",
            flames,
            f'<h2>Operations</h2><div class="scroll"><table><thead><tr>{heading}{heads}</tr></thead>',
            f"<tbody>{rows}</tbody></table></div></body></html>",
        ]
    )


def _row(row: Row) -> str:
    times = "".join(f'<td class="number">{duration.spelled(row.at[each])}</td>' for each in PERCENTILES)
    return (
        f'<tr><td>{escape(row.service)}</td><td>{escape(row.operation)}</td><td class="number">{row.traces}</td>'
        f'<td class="number">{row.share:.1%}</td>{times}</tr>'
    )
