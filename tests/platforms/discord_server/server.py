"""A Discord of our own on loopback, which the real client is driven against.

Beginning with ``async with DiscordServer() as server``, a test makes people, guilds and channels
(``server.person``, ``server.guild``, ``server.channel``), runs the real client
(``real_client.running``), lets people act (``ada.say``, ``ada.press``, ``ada.slash``) and waits
for what the bot does (``server.sent``, ``server.reacted``, ``await asked.answer()``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from tests.platforms.discord_server import (
    permissions,
    routes_interactions,
    routes_messages,
    routes_places,
)
from tests.platforms.discord_server.admin import Admin
from tests.platforms.discord_server.cdn import Cdn
from tests.platforms.discord_server.changes import Changes
from tests.platforms.discord_server.commands import Commands
from tests.platforms.discord_server.gateway import Gateway
from tests.platforms.discord_server.interactions import Interactions
from tests.platforms.discord_server.journal import Entry, Fault, Faults, Journal
from tests.platforms.discord_server.messages import Messages
from tests.platforms.discord_server.people import Person
from tests.platforms.discord_server.places import Places
from tests.platforms.discord_server.ratelimits import RateLimits
from tests.platforms.discord_server.rest import BASE, Rest
from tests.platforms.discord_server.routing import Parts, Routes
from tests.platforms.discord_server.world import (
    Application,
    Channel,
    Guild,
    Message,
    Overwrite,
    User,
    World,
)

T = TypeVar("T")
TOKEN = "MTA.loopback.token"


class DiscordServer:
    """An async context manager; ``api_base`` and ``gateway_url`` are what the client is given."""

    def __init__(self, *, token: str = TOKEN, bot_name: str = "studybot") -> None:
        self.token = token
        self.world = World(token, bot_name)
        self.changes = Changes()
        self.gateway = Gateway(self.world, self.changes)
        self.messages = Messages(self.world, self.gateway)
        self.cdn = Cdn(self.messages)
        places = Places(self.world, self.gateway, self.messages)
        self.commands = Commands(self.world.ids, self.world.application.id)
        self.interactions = Interactions(self.world, self.gateway, self.changes)
        self._parts = Parts(
            self.world,
            self.changes,
            self.gateway,
            self.messages,
            places,
            self.commands,
            self.interactions,
        )
        self.admin = Admin(self._parts)
        self.rest = Rest(self._parts, _routes())
        self.api_base = ""
        self.gateway_url = ""
        self._places = places
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def start(self, port: int = 0) -> None:
        """Listen on loopback, on a free port unless one is given."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/gateway{tail:(/resume)?/?}", self.gateway.serve)
        app.router.add_get("/attachments/{channel}/{attachment}/{name}", self.cdn.serve)
        app.router.add_route("*", f"{BASE}/{{tail:.*}}", self.rest.serve)
        app.router.add_route("*", "/{tail:.*}", self._serve_nothing)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        host, bound = self._runner.addresses[0][:2]
        self.messages.base_url = f"http://{host}:{bound}"
        self.api_base = f"http://{host}:{bound}{BASE}"
        self.gateway_url = self.gateway.url = f"ws://{host}:{bound}/gateway"

    async def close(self) -> None:
        await self.gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # What there is.

    @property
    def bot(self) -> User:
        return self.world.bot

    @property
    def application(self) -> Application:
        return self.world.application

    @property
    def journal(self) -> Journal:
        return self.rest.journal

    @property
    def faults(self) -> Faults:
        return self.rest.faults

    @property
    def limits(self) -> RateLimits:
        return self.rest.limits

    @property
    def unknown(self) -> list[str]:
        """Requests for routes that Discord, or this much of it, doesn't have."""
        return self.rest.journal.unknown

    @property
    def invalid_requests(self) -> int:
        """How many were answered with 401, 403 or 429; Discord bans at 10,000 in ten minutes."""
        return self.rest.journal.invalid

    # Making more.

    def person(self, name: str, *, bot: bool = False) -> Person:
        """Someone new; ``bot`` for somebody else's bot, which writes like a person here."""
        return Person(self._parts, self.world.add_user(name, bot=bot))

    def guild(
        self,
        name: str,
        owner: Person,
        members: Iterable[Person] = (),
        *,
        everyone: int = permissions.USUAL,
        bot: int | None = permissions.BOT_USUAL,
        guild_id: int | None = None,
    ) -> Guild:
        """A guild. ``bot`` is what the bot is invited with; None leaves it out."""
        guild = self._places.add_guild(name, owner.user, everyone=everyone, guild_id=guild_id)
        for member in members:
            self._places.add_member(guild, member.user)
        if bot is not None:
            self._places.add_bot(guild, bot)
        return guild

    def channel(
        self, guild: Guild, name: str, overwrites: dict[int, Overwrite] | None = None
    ) -> Channel:
        """A text channel; overwrites are by the id of a role or member."""
        return self._places.add_channel(guild, name, overwrites or {})

    # All of Discord is gone.

    @asynccontextmanager
    async def outage(self, *, resumable: bool = True) -> AsyncIterator[None]:
        """While inside, every request's connection is cut and the gateway takes none."""
        fault = Fault("*", drop=True, times=None)
        self.faults.faults.insert(0, fault)
        try:
            async with self.gateway.outage(resumable=resumable):
                yield
        finally:
            self.faults.faults.remove(fault)

    # Waiting.

    async def until(
        self, condition: Callable[[], T | None], within: float = 10, *, what: str = "the condition"
    ) -> T:
        """The condition's first true value, looked at after each change; see Changes."""
        return await self.changes.until(condition, within, what=what)

    async def ready(self, within: float = 10) -> None:
        """Wait until every shard has a session."""
        await self.until(lambda: self.gateway.ready, within, what="the bot's connection")

    async def sent(
        self,
        predicate: Callable[[Message], bool] = lambda _: True,
        *,
        where: Channel | None = None,
        after: Message | None = None,
        within: float = 10,
    ) -> Message:
        """The bot's first message that fits, loading ones aside; it may be there already.

        ``after`` leaves out that message and all before it.
        """
        least = 0 if after is None else after.id

        def found() -> Message | None:
            for message in self.messages.sent:
                fits = message.id > least and not message.loading and not message.deleted
                if fits and where in (None, message.channel) and predicate(message):
                    return message
            return None

        return await self.until(found, within, what="a message from the bot")

    async def reacted(
        self, message: Message, emoji: str | None = None, *, within: float = 10
    ) -> str:
        """The bot's reaction on a message: the one named, or any."""

        def found() -> str | None:
            mine = [name for name, ids in message.reactions.items() if self.bot.id in ids]
            return next((name for name in mine if emoji in (None, name)), None)

        return await self.until(found, within, what=f"the reaction {emoji or ''}".strip())

    async def threaded(self, message: Message, within: float = 10) -> Channel:
        """The thread on a message."""
        return await self.until(lambda: message.thread, within, what="a thread")

    async def asked(self, pattern: str, count: int = 1, within: float = 10) -> list[Entry]:
        """The answered requests like "POST /channels/*/messages", once there are so many."""

        def found() -> list[Entry] | None:
            entries = [entry for entry in self.journal.of(pattern) if entry.answered]
            return entries if len(entries) >= count else None

        return await self.until(found, within, what=f"{count} x {pattern}")

    async def _serve_nothing(self, request: web.Request) -> web.Response:
        self.unknown.append(f"{request.method} {request.path}")
        return web.json_response({"message": "404: Not Found", "code": 0}, status=404)


def _routes() -> Routes:
    routes = Routes()
    for part in (routes_places, routes_messages, routes_interactions):
        routes.include(part.routes)
    return routes
