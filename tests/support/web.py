"""A whole playground behind HTTP: real SQLite, core, judge and worker."""

from __future__ import annotations

import asyncio
import functools
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from fastapi import FastAPI

from adapters.web.app import create_app
from adapters.web.context import WebOptions
from adapters.web.events import Listener
from bot.bootstrap import Parts, build, utc_now
from bot.ports import Clock, Grader
from bot.settings import Settings
from bot.study import groups, jobs

Result = TypeVar("Result")
ADDRESS = "http://127.0.0.1:8080"


@dataclass
class Site:
    """A running playground; ``http`` talks to it as a script would."""

    parts: Parts
    app: FastAPI
    http: httpx.AsyncClient

    async def round_id(self) -> int:
        """The open round's id, once its question is posted."""
        round_ = await self.until("/api/rounds/current", lambda body: body.get("state") == "open")
        return int(round_["id"])

    async def until(self, path: str, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask again whenever the channel changes, until the answer satisfies."""
        async with self.parts.store.read() as tx:
            found = await tx.groups.by_channel(*groups.PLAYGROUND)
        assert found is not None
        with self.parts.hub.listen(found[1].id) as changes:
            return await asyncio.wait_for(self._asked(path, done, changes), 20)

    async def _asked(
        self, path: str, done: Callable[[dict[str, Any]], bool], changes: Listener
    ) -> dict[str, Any]:
        while True:
            body: dict[str, Any] = (await self.http.get(path)).json()
            if done(body):
                return body
            # A round's own state can change without the channel: look again soon.
            with suppress(TimeoutError):
                await asyncio.wait_for(changes.get(), 0.05)

    async def answer(self, member: str, text: str) -> dict[str, Any]:
        """Answer the open round and wait for the grade."""
        path = f"/api/rounds/{await self.round_id()}/answers"
        sent = await self.http.post(path, json={"member": member, "text": text})
        assert sent.status_code == 202, sent.text
        answer_id = sent.json()["answer_id"]
        return await self.until(f"/api/answers/{answer_id}", lambda b: b["state"] != "pending")

    async def page(self, path: str = "/", member: str | None = None) -> str:
        """A page's HTML, as a member sees it."""
        cookies = {"studybot_member": member} if member else {}
        headers = {
            "accept": "text/html",
            "cookie": "; ".join(f"{k}={v}" for k, v in cookies.items()),
        }
        response = await self.http.get(path, headers=headers)
        assert response.status_code == 200, response.text
        return response.text


@asynccontextmanager
async def site(
    folder: Path,
    *,
    password: str | None = None,
    grader: Grader | None = None,
    clock: Clock = utc_now,
    options: WebOptions | None = None,
) -> AsyncIterator[Site]:
    """A playground without a socket: requests go straight into the app."""
    async with _working(folder, grader, clock) as parts:
        chosen = options or WebOptions(password=password, hub=parts.hub)
        app = create_app(parts.services, options=chosen)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
            yield Site(parts, app, http)


@asynccontextmanager
async def _working(folder: Path, grader: Grader | None, clock: Clock) -> AsyncIterator[Parts]:
    settings = Settings.from_env({"DATABASE_URL": f"sqlite:///{folder}/studybot.db"})
    async with build(settings, clock=clock, grader=grader) as parts:
        await groups.playground(parts.services, "UTC")
        # Today's question is there from the first request on.
        while open_jobs := await parts.store.open_work(clock()):
            for job in open_jobs:
                await jobs.handle(parts.services, job)
        worker = parts.store.worker()
        task = asyncio.create_task(worker.run(functools.partial(jobs.handle, parts.services)))
        try:
            yield parts
        finally:
            parts.hub.close()
            await parts.hub.closed()
            worker.stop()
            await task


@dataclass
class Served:
    """A playground served on loopback from a thread of its own."""

    url: str
    parts: Parts
    app: FastAPI
    loop: asyncio.AbstractEventLoop = field(repr=False)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine where the server runs, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Post JSON and give the answer's JSON."""
        response = httpx.post(self.url + path, json=body, timeout=20)
        response.raise_for_status()
        data: dict[str, Any] = response.json()
        return data

    def get(self, path: str) -> dict[str, Any]:
        """An address's JSON."""
        data: dict[str, Any] = httpx.get(self.url + path, timeout=20).json()
        return data

    def graded(self, answer_id: int) -> dict[str, Any]:
        """Wait for an answer's grade; it as the API gives it."""
        return self.run(self._graded(f"/api/answers/{answer_id}"))

    async def _graded(self, path: str) -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=self.url) as http:
            site = Site(self.parts, self.app, http)
            return await site.until(path, lambda body: body["state"] != "pending")


class _Telling(uvicorn.Server):
    """Uvicorn that tells when it takes requests."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


@contextmanager
def served(
    folder: Path, *, password: str | None = None, grader: Grader | None = None
) -> Iterator[Served]:
    """Serve a playground on a free port of this machine for as long as the block runs."""
    listener = socket.create_server(("127.0.0.1", 0))
    ready: threading.Event = threading.Event()
    running: list[Served] = []
    stops: list[uvicorn.Server] = []

    async def main() -> None:
        async with _working(folder, grader, utc_now) as parts:
            port = listener.getsockname()[1]
            options = WebOptions(port=port, password=password, hub=parts.hub)
            app = create_app(parts.services, options=options)
            server = _Telling(uvicorn.Config(app, log_config=None, lifespan="on"), ready)
            loop = asyncio.get_running_loop()
            running.append(Served(f"http://127.0.0.1:{port}", parts, app, loop))
            stops.append(server)
            await server.serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(30), "the server did not start"
    try:
        yield running[0]
    finally:
        running[0].loop.call_soon_threadsafe(running[0].parts.hub.close)
        stops[0].should_exit = True
        thread.join(20)
        listener.close()
