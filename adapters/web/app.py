"""The web adapter as one FastAPI app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from adapters.web import api, forms, guides, health, pages
from adapters.web.context import Web, WebOptions
from adapters.web.errors import add_handlers
from adapters.web.events import Hub
from adapters.web.metrics import Metrics, Timed
from adapters.web.render import STATIC, static_version
from adapters.web.security import Guard, allowed_names
from adapters.web.session import Sessions, Throttle
from bot import __version__
from bot.study.services import Services

DESCRIPTION = """The JSON API behind studybot's own pages. Errors are always
`{"detail": "..."}` with a sentence that says what to do. Without a password (loopback only)
`member` is free to choose; with one, log in or use HTTP Basic with the member's name as
the user name, and act as that member alone."""


def create_app(services: Services, *, options: WebOptions) -> FastAPI:
    """The playground, the JSON API and the health pages over those services.

    Give ``options.hub`` the WebMessenger's hub, so that pages show its posts at once. Call
    ``stop_pages(app)`` when the server is asked to stop: open pages keep their streams.
    """
    web = Web(
        services=services,
        options=options,
        hub=options.hub or Hub(services.store),
        metrics=Metrics(),
        sessions=Sessions(options.secret, options.password) if options.password else None,
        throttle=Throttle(services.clock),
    )
    app = FastAPI(
        title="studybot",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        separate_input_output_schemas=False,
    )
    app.state.web = web
    add_handlers(app)
    for part in (health, api, pages, guides, forms):
        app.include_router(part.router)
    app.mount("/static", _Static(directory=STATIC), name="static")
    app.add_api_route("/favicon.ico", _favicon, include_in_schema=False)
    app.add_middleware(
        Guard,
        names=allowed_names(options.host, options.hosts),
        exempt=options.exempt,
        uploads={guides.UPLOAD: guides.LARGEST_UPLOAD},
    )
    app.add_middleware(Timed, metrics=web.metrics)
    return app


def stop_pages(app: FastAPI) -> None:
    """End the live streams of open pages, so that the server stops promptly."""
    web: Web = app.state.web
    web.hub.close()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    stop_pages(app)
    web: Web = app.state.web
    await web.hub.closed()


async def _favicon() -> Response:
    return FileResponse(STATIC / "favicon.svg", media_type="image/svg+xml")


class _Static(StaticFiles):
    """Static files under a digest of them all: browsers keep them until it changes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be kept for good if it was asked for by today's digest."""
        digest, _, name = path.partition("/")
        response = await super().get_response(name or path, scope)
        current = bool(name) and digest == static_version()
        keep = "public, max-age=31536000, immutable" if current else "no-cache"
        response.headers["cache-control"] = keep
        return response
