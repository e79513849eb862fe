"""Whether the process is alive and ready, and its metrics."""

from __future__ import annotations

import logging

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from adapters.web.context import Asking, Web, WebParts
from adapters.web.schemas import AliveOut, ReadyOut
from bot.errors import StoreUnavailableError

log = logging.getLogger(__name__)
router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Alive?")
async def healthz() -> AliveOut:
    """The process answers."""
    return AliveOut(alive=True)


@router.get(
    "/readyz",
    summary="Ready?",
    response_model=ReadyOut,
    responses={503: {"model": ReadyOut, "description": "Names what isn't ready"}},
)
async def readyz(web: WebParts) -> Response:
    """The database can be reached and every adapter is connected."""
    waiting = await _waiting_for(web)
    content = {"ready": not waiting, "waiting_for": waiting}
    return JSONResponse(content, 503 if waiting else 200)


async def _waiting_for(web: Web) -> list[str]:
    waiting = list(web.options.ready())
    try:
        await web.services.store.ping()
    except StoreUnavailableError:
        waiting.insert(0, "database")
    except Exception:
        # Whatever the driver raises means the same here, and belongs in the log.
        log.exception("the database can't be reached")
        waiting.insert(0, "database")
    return waiting


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(web: WebParts, _asking: Asking) -> Response:
    """Rows by kind, pages, requests, what models cost. Takes the password where one is set."""
    text = await web.metrics.text(web.services.store, web.hub)
    return Response(text, media_type="text/plain; version=0.0.4")
