"""What every page is made with: its frame, its headers, and text that stays text."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from backend.pages import times
from discovery import duration, palette

# Nothing of a page comes from elsewhere, and no script stands in a page itself, whatever a span's text holds.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_TEMPLATES = Environment(
    loader=PackageLoader("backend.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {"colour": palette.number, "iso": times.iso, "spelled": duration.spelled}


def page(template: str, status: int = 200, **context: object) -> HTMLResponse:
    """Fill a template of `templates/`."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(context), status, HEADERS)
