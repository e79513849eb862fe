"""The Web API over HTTP: faults, tokens, scopes, limits, then the method itself."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from aiohttp import web

from tests.platforms.slack_server import scopes
from tests.platforms.slack_server.journal import Entry, Fault, Faults, Journal
from tests.platforms.slack_server.refusals import Json, Refused, missing_scope
from tests.platforms.slack_server.routing import Call, Parts, Route, Routes
from tests.platforms.slack_server.world import Install

RESPONSE_URL = "response_url"
Act = Callable[[], Awaitable[web.Response]]


class Dropped(Exception):  # noqa: N818  (not an error of this server)
    """The connection is cut without an answer."""


class Api:
    """``latency`` is seconds that every answer takes."""

    def __init__(self, parts: Parts, routes: list[Routes]) -> None:
        self.journal = Journal()
        self.faults = Faults()
        self.latency = 0.0
        self._parts = parts
        self._routes = {name: each for found in routes for name, each in found.every.items()}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """A method."""
        entry = Entry(_now(), request.match_info["method"])
        route = self._routes.get(entry.method)
        if route is None:
            self.journal.unknown.append(entry.method)
        entry.args = await _read(request)

        async def act() -> web.Response:
            return self._called(entry, route)

        return await self._handle(request, entry, act)

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """A post to a response URL, which needs no token."""
        entry = Entry(_now(), RESPONSE_URL, team=request.match_info["team"])
        entry.args = await _read(request)

        async def act() -> web.Response:
            return self._responded(entry, request.match_info["secret"])

        return await self._handle(request, entry, act)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        return await self._transfer(request, "files.upload", self._parts.files.take)

    async def download(self, request: web.Request) -> web.StreamResponse:
        return await self._transfer(request, "files.download", self._parts.files.give)

    async def _transfer(
        self,
        request: web.Request,
        name: str,
        handler: Callable[[web.Request], Awaitable[web.Response]],
    ) -> web.StreamResponse:
        """A file's content, as an entry of the journal that faults may meet like any other."""
        entry = Entry(_now(), name, {"path": request.path})
        return await self._handle(request, entry, lambda: handler(request))

    async def _handle(self, request: web.Request, entry: Entry, act: Act) -> web.StreamResponse:
        self.journal.entries.append(entry)
        if self.latency:
            await asyncio.sleep(self.latency)
        try:
            response = await self._with_faults(entry, act)
        except Dropped:
            if request.transport is not None:
                request.transport.abort()
            response = web.Response(status=500)
        else:
            entry.status = response.status
        entry.took = _now() - entry.at
        entry.answered = True
        self._parts.changes.notify()
        return response

    async def _with_faults(self, entry: Entry, act: Act) -> web.Response:
        fault = self.faults.take(entry)
        if fault is None:
            return await act()
        response = await act() if fault.committed else None
        self._parts.changes.notify()
        if fault.hang:
            await asyncio.Event().wait()
        await asyncio.sleep(fault.delay)
        if fault.fails:
            return self._fail(entry, fault)
        return await act() if response is None else response

    def _called(self, entry: Entry, route: Route | None) -> web.Response:
        try:
            data = self._answer(entry, route)
        except Refused as refused:
            entry.error = refused.error
            return _reply(refused.body)
        return data if isinstance(data, web.Response) else _reply({"ok": True, **data})

    def _answer(self, entry: Entry, route: Route | None) -> Json | web.Response:
        if route is None:
            raise Refused("unknown_method", req_method=entry.method)
        install = None if route.public else self._install(str(entry.args.get("token", "")))
        if install is not None:
            entry.team = install.team.id
        wait = self._parts.limits.take(entry.method, entry.team, entry.channel)
        if wait is not None:
            return self._limited(entry, wait)
        needed = scopes.METHODS.get(entry.method)
        if install is not None and needed and needed not in install.scopes:
            raise missing_scope(needed, install.scopes)
        return route.handler(Call(self._parts, entry.method, entry.args, install))

    def _install(self, token: str) -> Install:
        """Whose token it is; the latest first, since all of them stay good."""
        if not token:
            raise Refused("not_authed")
        for install in self._parts.world.installs:
            if install.token != token:
                continue
            if install.inactive:
                raise Refused("account_inactive")
            if install.revoked:
                raise Refused("token_revoked")
            return install
        if token.startswith("xapp-"):
            raise Refused("not_allowed_token_type")
        raise Refused("invalid_auth")

    def _responded(self, entry: Entry, secret: str) -> web.Response:
        try:
            self._parts.interactions.respond(secret, entry.args)
        except Refused as refused:
            entry.error = refused.error
            status = 404 if refused.error.endswith("_url") else 400
            return web.json_response(refused.body, status=status)
        return web.Response(text="ok")

    def _limited(self, entry: Entry, wait: int) -> web.Response:
        entry.error = "ratelimited"
        headers = {"Retry-After": str(wait)}
        body = {"ok": False, "error": "ratelimited"}
        return web.json_response(body, status=429, headers=headers)

    def _fail(self, entry: Entry, fault: Fault) -> web.Response:
        if fault.drop:
            raise Dropped
        if fault.status == 429:
            return self._limited(entry, fault.retry_after)
        if fault.status is not None:
            return web.Response(status=fault.status, text="upstream connect error")
        entry.error = fault.error
        return _reply({"ok": False, "error": fault.error})


def _now() -> float:
    return asyncio.get_running_loop().time()


def _reply(data: Json) -> web.Response:
    body = json.dumps(data, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return web.Response(body=body, headers=headers)


async def _read(request: web.Request) -> Json:
    """The arguments: of the query, a form or JSON; the token and client from the headers."""
    args: Json = dict(request.query)
    body = await request.text()
    if request.content_type == "application/json":
        try:
            loaded = json.loads(body) if body else {}
        except ValueError:
            loaded = {}
        args |= loaded if isinstance(loaded, dict) else {}
    else:
        args |= dict(parse_qsl(body, keep_blank_values=True))
    authorization = request.headers.get("Authorization", "")
    if authorization.startswith("Bearer "):
        args["token"] = authorization.removeprefix("Bearer ")
    elif authorization.startswith("Basic "):
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        args["client_id"], _, args["client_secret"] = given.partition(":")
    return args
