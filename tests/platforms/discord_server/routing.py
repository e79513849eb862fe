"""Routes of the REST interface, and what their functions are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.platforms.discord_server.changes import Changes
from tests.platforms.discord_server.commands import Commands
from tests.platforms.discord_server.drafts import Upload
from tests.platforms.discord_server.gateway import Gateway
from tests.platforms.discord_server.interactions import Interactions
from tests.platforms.discord_server.messages import Messages
from tests.platforms.discord_server.places import Places
from tests.platforms.discord_server.refusals import Json, Refused, invalid
from tests.platforms.discord_server.world import Channel, Guild, Message, User, World


@dataclass
class Parts:
    """What this Discord is made of."""

    world: World
    changes: Changes
    gateway: Gateway
    messages: Messages
    places: Places
    commands: Commands
    interactions: Interactions


@dataclass
class Call:
    """A request: its path's parameters, query, body (JSON, or a form's payload_json) and files."""

    parts: Parts
    args: dict[str, str]
    query: Mapping[str, str]
    body: Any = None
    files: list[Upload] = field(default_factory=list)

    @property
    def bot(self) -> User:
        return self.parts.world.bot

    def id(self, name: str) -> int:
        """A parameter of the path that is a snowflake."""
        return _snowflake(name, self.args[name])

    def channel(self) -> Channel:
        return self.parts.world.channel(self.id("channel"))

    def guild(self) -> Guild:
        return self.parts.world.guild(self.id("guild"))

    def message(self) -> Message:
        return self.parts.messages.find_shown(self.channel(), self.id("message"))

    def object(self) -> Json:
        """The body, which must be an object."""
        if not isinstance(self.body, dict):
            raise Refused(400, 50109, "The request body contains invalid JSON.")
        return self.body

    def query_id(self, name: str) -> int | None:
        value = self.query.get(name)
        return None if value is None else _snowflake(name, value)

    def query_number(self, name: str, usual: int, least: int, most: int) -> int:
        """A number of the query; raises Refused if it isn't within its bounds."""
        value = self.query.get(name, str(usual))
        if not value.isdigit():
            raise invalid(name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        if not least <= int(value) <= most:
            message = f"int value should be between {least} and {most}."
            raise invalid(name, "NUMBER_TYPE_MAX", message)
        return int(value)

    def check_application(self) -> None:
        """The application that a path names must be the bot's own."""
        if self.id("application") != self.parts.world.application.id:
            raise Refused(403, 20012, "You are not authorized to perform this action")


def _snowflake(name: str, value: str) -> int:
    if not value.isdigit():
        raise invalid(name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
    return int(value)


Handler = Callable[[Call], Any]


@dataclass(frozen=True)
class Route:
    """``public`` routes need no token of the bot. Handlers answer JSON, or None for a 204."""

    method: str
    template: str
    handler: Handler
    public: bool = False


class Routes:
    """Finds the route of a path; literal steps go before parameters."""

    def __init__(self) -> None:
        self._tree: Json = {}

    def on(
        self, method: str, template: str, *, public: bool = False
    ) -> Callable[[Handler], Handler]:
        """Register the decorated function."""

        def register(handler: Handler) -> Handler:
            self._add(Route(method, template, handler, public))
            return handler

        return register

    def include(self, other: Routes) -> None:
        for route in other.every():
            self._add(route)

    def every(self) -> list[Route]:
        found: list[Route] = []
        nodes = [self._tree]
        while nodes:
            node = nodes.pop()
            found += [value for value in node.values() if isinstance(value, Route)]
            nodes += [value for value in node.values() if isinstance(value, dict)]
        return found

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route with the values of its parameters."""
        steps = path.strip("/").split("/")
        found = _descend(self._tree, steps, [])
        if found is None or method not in found[0]:
            return None
        route: Route = found[0][method]
        names = [part[1:-1] for part in route.template.split("/") if part.startswith("{")]
        return route, dict(zip(names, found[1], strict=True))

    def _add(self, route: Route) -> None:
        node = self._tree
        for step in route.template.strip("/").split("/"):
            node = node.setdefault("/{}" if step.startswith("{") else f"/{step}", {})
        node[route.method] = route


def _descend(node: Json, steps: list[str], values: list[str]) -> tuple[Json, list[str]] | None:
    if not steps:
        return node, values
    first, rest = steps[0], steps[1:]
    if (literal := node.get(f"/{first}")) is not None and (
        found := _descend(literal, rest, values)
    ):
        return found
    if (parameter := node.get("/{}")) is not None:
        return _descend(parameter, rest, [*values, first])
    return None
