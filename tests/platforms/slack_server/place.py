"""The place that most tests begin with, and the real app in it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import uvicorn
from aiohttp import web
from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.slack_server.people import Person
from tests.platforms.slack_server.refusals import Json
from tests.platforms.slack_server.server import SlackServer
from tests.platforms.slack_server.world import Channel


@dataclass
class Place:
    """A server with a channel where ada, bob and the app are members."""

    server: SlackServer
    channel: Channel
    ada: Person
    bob: Person

    def client(self, token: str = "") -> AsyncWebClient:
        """The real client, with the app's token unless another is given."""
        return AsyncWebClient(token=token or self.server.token, base_url=self.server.api_url)

    def app(self, **more: Any) -> AsyncApp:
        """The real app, which asks for no auth.test on every event."""
        install = self.server.world.installed(self.server.team)
        assert install is not None

        async def authorize() -> AuthorizeResult:
            return AuthorizeResult(
                enterprise_id=None,
                team_id=install.team.id,
                bot_token=install.token,
                bot_id=install.bot.bot_id,
                bot_user_id=install.bot.id,
            )

        given: dict[str, Any] = {
            "signing_secret": self.server.app.signing_secret,
            "client": AsyncWebClient(base_url=self.server.api_url),
            "authorize": authorize,
            **more,
        }
        return AsyncApp(**given)


@asynccontextmanager
async def a_place(**options: Any) -> AsyncIterator[Place]:
    """Fails at the end if the app asked for methods that Slack doesn't have."""
    async with SlackServer(**options) as server:
        ada, bob = server.person("ada", is_admin=True), server.person("bob")
        yield Place(server, server.channel("general", [ada, bob]), ada, bob)
        assert server.unknown == [], "the app used methods that Slack doesn't have"


@asynccontextmanager
async def in_socket_mode(place: Place, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    """The app, connected; one of several connections if it is called again."""
    server = place.server
    before = len(server.sockets.ready)
    handler = AsyncSocketModeHandler(app, server.app.app_token, ping_interval=0.2)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        await server.ready(before + 1)
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def over_http(place: Place, app: AsyncApp) -> AsyncIterator[str]:
    """The app behind a request URL of its own, which Slack is led to."""

    async def take(request: web.Request) -> web.Response:
        answer = await app.async_dispatch(await to_bolt_request(request))
        return await to_aiohttp_response(answer)

    async with served(take) as url:
        place.server.serve_to(url)
        yield url


@asynccontextmanager
async def over_fastapi(place: Place, app: AsyncApp) -> AsyncIterator[str]:
    """The same with bolt's own adapter for FastAPI."""
    site, handler = FastAPI(), AsyncSlackRequestHandler(app)

    async def take(request: Request) -> Response:
        return await handler.handle(request)

    site.add_api_route("/slack/events", take, methods=["POST"])
    config = uvicorn.Config(site, port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve([listening]))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/slack/events"
        place.server.serve_to(url)
        try:
            yield url
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def served(take: Any) -> AsyncIterator[str]:
    """A handler of aiohttp's at a URL."""
    site = web.Application()
    site.router.add_route("*", "/slack/events", take)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}/slack/events"
    finally:
        await runner.cleanup()


async def posted(url: str, body: Json) -> tuple[int, str]:
    """Status and text that a response URL answers."""
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
        return answer.status, await answer.text()


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str, action_id: str, value: str = "") -> Json:
    made: Json = {"type": "button", "text": {"type": "plain_text", "text": label}}
    return made | {"action_id": action_id} | ({"value": value} if value else {})


def actions(*elements: Json) -> Json:
    return {"type": "actions", "block_id": "row", "elements": list(elements)}


def asking(key: str, label: str = "Your answer", **element: Any) -> Json:
    """An input block for text."""
    inside = {"type": "plain_text_input", "action_id": "text", **element}
    shown = {"type": "plain_text", "text": label}
    return {"type": "input", "block_id": key, "label": shown, "element": inside}


def modal(*blocks: Json, title: str = "Answer", **more: Any) -> Json:
    view: Json = {"type": "modal", "callback_id": "answering", "blocks": list(blocks)}
    view["title"] = {"type": "plain_text", "text": title}
    view["submit"] = {"type": "plain_text", "text": "Send"}
    return view | more
