"""REST: journal, faults, authorization and rate limits, around the routes' functions."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

from aiohttp import BodyPartReader, web

from tests.platforms.discord_server.drafts import Upload
from tests.platforms.discord_server.journal import Entry, Fault, Faults, Journal
from tests.platforms.discord_server.ratelimits import RateLimits, Refusal
from tests.platforms.discord_server.refusals import Json, Refused, unauthorized
from tests.platforms.discord_server.routing import Call, Parts, Route, Routes

BASE = "/api/v10"
INVALID = (401, 403, 429)
# discord.py takes a 429 without this header for a ban by Discord's front.
VIA = {"Via": "1.1 loopback"}


class Dropped(Exception):  # noqa: N818  (a fault that a test asked for)
    """The connection is cut before an answer."""


class Rest:
    """Answers under /api/v10. ``banned_after`` invalid requests, all are refused by the front.

    ``latency`` is the seconds of a way there and back, half of them before a request counts;
    ways differ by a fifth.
    """

    def __init__(self, parts: Parts, routes: Routes) -> None:
        self.journal = Journal()
        self.faults = Faults()
        self.limits = RateLimits(lambda: asyncio.get_running_loop().time())
        self.banned_after = 10_000
        self.latency = 0.0
        self._parts = parts
        self._routes = routes

    async def serve(self, request: web.Request) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        await self._travel()
        path = request.rel_url.path.removeprefix(BASE)
        entry = Entry(loop.time(), request.method, path, query=dict(request.query))
        entry.reason = request.headers.get("X-Audit-Log-Reason")
        token = f"Bot {self._parts.world.token}"
        entry.authorized = request.headers.get("Authorization") == token
        self.journal.entries.append(entry)
        response = None
        try:
            response = await self._answer(request, entry)
        except Dropped:
            if request.transport is not None:
                request.transport.abort()
            response = web.Response(status=500)
        else:
            entry.status = response.status
        entry.took = loop.time() - entry.at
        entry.answered = True
        self._parts.changes.notify()
        await self._travel()
        return response

    async def _travel(self) -> None:
        if self.latency:
            await asyncio.sleep(self.latency / 2 * random.uniform(0.9, 1.1))

    async def _answer(self, request: web.Request, entry: Entry) -> web.Response:
        found = self._routes.find(entry.method, entry.path)
        if found is not None:
            entry.route = found[0].template
        entry.body, files = await _read(request)
        fault = self.faults.take(entry)
        if fault is None:
            return self._routed(entry, found, files)
        response = self._routed(entry, found, files) if fault.committed else None
        if response is not None:
            self._parts.changes.notify()
        await asyncio.sleep(fault.delay)
        if fault.status is not None or fault.drop:
            return self._fail(entry, fault)
        return self._routed(entry, found, files) if response is None else response

    def _routed(
        self, entry: Entry, found: tuple[Route, dict[str, str]] | None, files: list[Upload]
    ) -> web.Response:
        if self.journal.invalid >= self.banned_after:
            return web.Response(
                status=429, text="error code: 1015", headers={"Retry-After": "3600"}
            )
        if found is None:
            self.journal.unknown.append(entry.line)
            return self._reply(404, {"message": "404: Not Found", "code": 0}, {})
        route, args = found
        headers, refusal = self.limits.take(f"{route.method} {route.template}", entry.path, args)
        if refusal is not None:
            return self._limited(refusal, headers)
        try:
            if not (route.public or entry.authorized):
                raise unauthorized()
            data = route.handler(Call(self._parts, args, entry.query, entry.body, files))
        except Refused as refused:
            entry.code = refused.code
            return self._reply(refused.status, refused.body, headers)
        return self._reply(204 if data is None else 200, data, headers)

    def _limited(self, refusal: Refusal, headers: dict[str, str]) -> web.Response:
        return self._reply(429, refusal.body, headers | refusal.headers)

    def _fail(self, entry: Entry, fault: Fault) -> web.Response:
        if fault.drop or fault.status is None:
            raise Dropped
        entry.code = fault.code
        if fault.status == 429:
            return self._limited(Refusal(fault.retry_after, fault.scope), {})
        return self._reply(fault.status, fault.body, {})

    def _reply(self, status: int, data: Any, headers: dict[str, str]) -> web.Response:
        if status in INVALID and headers.get("X-RateLimit-Scope") != "shared":
            self.journal.invalid += 1
        if status == 204:
            return web.Response(status=status, headers=headers)
        # discord.py compares the whole header, so it must not name a charset.
        headers = headers | VIA | {"Content-Type": "application/json"}
        body = json.dumps(data, separators=(",", ":")).encode()
        return web.Response(status=status, body=body, headers=headers)


async def _read(request: web.Request) -> tuple[Any, list[Upload]]:
    """The body and the files; a body that is no JSON is None."""
    if not request.can_read_body:
        return None, []
    if request.content_type.startswith("multipart/"):
        return await _read_form(request)
    return _parsed(await request.read()), []


async def _read_form(request: web.Request) -> tuple[Any, list[Upload]]:
    body: Json | None = None
    files = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        content = bytes(await part.read())
        if part.name == "payload_json":
            body = _parsed(content)
        else:
            files.append(Upload(part.name or "", part.filename or "unnamed", content))
    return body, files


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None
