"""Methods of the Web API, and what their functions are given."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.platforms.discord_server.changes import Changes
from tests.platforms.slack_server import payloads, scopes
from tests.platforms.slack_server.deliveries import Deliveries
from tests.platforms.slack_server.events import Events
from tests.platforms.slack_server.files import Files
from tests.platforms.slack_server.interactions import Interactions
from tests.platforms.slack_server.limits import Limits
from tests.platforms.slack_server.messages import Messages
from tests.platforms.slack_server.oauth import OAuth
from tests.platforms.slack_server.places import Places
from tests.platforms.slack_server.refusals import Json, Refused, missing, missing_scope
from tests.platforms.slack_server.sockets import Sockets
from tests.platforms.slack_server.views import Views
from tests.platforms.slack_server.world import PUBLIC, Channel, Install, User, World


@dataclass
class Parts:
    """What this Slack is made of."""

    world: World
    changes: Changes
    deliveries: Deliveries
    sockets: Sockets
    events: Events
    messages: Messages
    places: Places
    views: Views
    files: Files
    interactions: Interactions
    limits: Limits
    oauth: OAuth


@dataclass
class Call:
    """A request: its method, arguments and the install whose token it came with."""

    parts: Parts
    method: str
    args: Json
    found: Install | None = None

    @property
    def install(self) -> Install:
        if self.found is None:
            raise Refused("not_authed")
        return self.found

    @property
    def bot(self) -> User:
        return self.install.bot

    def text(self, name: str) -> str:
        """A required argument."""
        value = self.args.get(name)
        if value in (None, ""):
            raise missing(name)
        return str(value)

    def optional(self, name: str) -> str:
        value = self.args.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        return self.args.get(name) in (True, "true", "True", "1", 1)

    def number(self, name: str, usual: int, most: int) -> int:
        value = self.args.get(name)
        if value in (None, ""):
            return usual
        if not str(value).isdigit() or not int(str(value)) >= 1:
            raise Refused("invalid_limit" if name == "limit" else "invalid_arguments")
        return min(int(str(value)), most)

    def json(self, name: str, error: str) -> Any:
        """An argument that is JSON, or text that holds it, or None."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise Refused(error) from None

    def channel(self, name: str = "channel") -> Channel:
        """A conversation that the bot can see: public, or one it is in."""
        if not self.args.get(name):
            raise Refused("channel_not_found")
        found = self.parts.world.channel(self.args[name])
        if self.install.team not in found.teams:
            raise Refused("channel_not_found")
        if found.kind != PUBLIC and self.bot.id not in found.members:
            raise Refused("channel_not_found")
        return found

    def need(self, scope: str) -> None:
        if scope not in self.install.scopes:
            raise missing_scope(scope, self.install.scopes)

    def readable(self) -> Channel:
        """The channel, with the scope that reading its kind needs."""
        channel = self.channel()
        self.need(scopes.for_channel(self.method, channel.kind))
        return channel

    def shown_channel(self, channel: Channel) -> Json:
        return payloads.channel(channel, self.bot)

    def page(self, name: str, every: list[Any], usual: int, most: int) -> Json:
        """A page of a list, with the cursor that leads to the next."""
        limit = self.number("limit", usual, most)
        start = read_cursor(self.optional("cursor"))
        more = start + limit < len(every)
        cursor = make_cursor(start + limit) if more else ""
        return {name: every[start : start + limit], "response_metadata": {"next_cursor": cursor}}


def make_cursor(start: int) -> str:
    return base64.b64encode(f"next:{start}".encode()).decode()


def read_cursor(cursor: str) -> int:
    """Raises Refused: invalid_cursor."""
    if not cursor:
        return 0
    try:
        kind, _, start = base64.b64decode(cursor.encode(), validate=True).decode().partition(":")
    except ValueError:
        raise Refused("invalid_cursor") from None
    if kind != "next" or not start.isdigit():
        raise Refused("invalid_cursor")
    return int(start)


Handler = Callable[[Call], Json]


@dataclass(frozen=True)
class Route:
    """``public`` methods need no bot token."""

    method: str
    handler: Handler
    public: bool = False


class Routes:
    """The methods by name."""

    def __init__(self) -> None:
        self.every: dict[str, Route] = {}

    def on(self, method: str, *, public: bool = False) -> Callable[[Handler], Handler]:
        """Register the decorated function."""

        def register(handler: Handler) -> Handler:
            self.every[method] = Route(method, handler, public)
            return handler

        return register
