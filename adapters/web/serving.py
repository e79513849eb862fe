"""Serving the web adapter on a socket that is bound already."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from adapters.web.app import create_app, stop_pages
from adapters.web.context import WebOptions
from bot.study.services import Services

LAST_REQUESTS_SECONDS = 3


class _Server(uvicorn.Server):
    """Uvicorn, but signals are left to the process: they stop every role in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(
    services: Services,
    options: WebOptions,
    listener: socket.socket,
    ended: Callable[[], None],
) -> AsyncIterator[None]:
    """Serve while the block runs; requests under way get a few seconds. ``ended``: it died."""
    app = create_app(services, options=options)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=LAST_REQUESTS_SECONDS,
        server_header=False,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    task.add_done_callback(lambda _: ended())
    try:
        yield
    finally:
        stop_pages(app)
        server.should_exit = True
        await task
