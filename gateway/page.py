"""The control page, and what it asks the gateway for: the faults to choose from, and the latest requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fastapi
from fastapi.responses import HTMLResponse

from gateway import offer
from gateway.latest import Latest
from services.kit.settings import Settings

_TEMPLATE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")


def routes(config: Settings, latest: Latest) -> fastapi.APIRouter:
    """The page's own routes, none of them part of the shop; ValueError where the catalogue of faults is none."""
    router = fastapi.APIRouter(include_in_schema=False)
    html = _TEMPLATE.replace("{{trace_url}}", json.dumps(config.trace_url))
    faults = offer.offered(config.catalogue) if config.faults else {}

    @router.get("/")
    async def page() -> HTMLResponse:
        """The control page."""
        return HTMLResponse(html)

    @router.get("/faults")
    async def offered() -> dict[str, offer.Fault]:
        """What may be asked for, by name; nothing where faults are off."""
        return faults

    @router.get("/latest")
    async def requests() -> list[dict[str, Any]]:
        """The latest requests, newest first."""
        return latest.listed()

    return router
