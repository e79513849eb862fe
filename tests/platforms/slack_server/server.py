"""A Slack of our own on loopback, which the real slack-bolt is driven against.

Beginning with ``async with SlackServer() as server``, a test makes people and channels
(``server.person``, ``server.channel``), gives the real app ``server.api_url`` and its tokens, in
Socket Mode or with ``server.serve_to(url)``, lets people act (``ada.say``, ``ada.press``,
``ada.slash``) and waits for what the app does (``server.sent``, ``await asked.modal()``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from tests.platforms.discord_server.changes import Changes
from tests.platforms.slack_server import (
    manifest,
    routes_apps,
    routes_chat,
    routes_conversations,
)
from tests.platforms.slack_server.acks import Acks
from tests.platforms.slack_server.api import Api
from tests.platforms.slack_server.clock import Clock
from tests.platforms.slack_server.deliveries import Deliveries, Delivery
from tests.platforms.slack_server.events import Events
from tests.platforms.slack_server.files import Files
from tests.platforms.slack_server.interactions import Interactions
from tests.platforms.slack_server.journal import Entry, Fault, Faults, Journal
from tests.platforms.slack_server.limits import Limits
from tests.platforms.slack_server.messages import Messages
from tests.platforms.slack_server.oauth import OAuth
from tests.platforms.slack_server.payloads import Payloads
from tests.platforms.slack_server.people import Person
from tests.platforms.slack_server.places import Places
from tests.platforms.slack_server.posts import Posts
from tests.platforms.slack_server.refusals import Json
from tests.platforms.slack_server.routing import Parts
from tests.platforms.slack_server.sockets import Sockets
from tests.platforms.slack_server.views import Views
from tests.platforms.slack_server.world import (
    PUBLIC,
    App,
    Channel,
    Install,
    Message,
    Team,
    User,
    World,
)

T = TypeVar("T")


class SlackServer:
    """An async context manager. The app is installed in ``team``, unless ``installed`` is off."""

    def __init__(
        self, *, app_manifest: Json | None = None, installed: bool = True, flowing: bool = True
    ) -> None:
        self.app = App(
            "A0STUDYBOT",
            "111.222",
            "client-secret",
            "signing-secret",
            "xapp-1-loopback",
            "studybot",
        )
        if app_manifest is None:
            manifest.everything(self.app)
        else:
            manifest.apply(self.app, app_manifest)
        self.clock = Clock(flowing=flowing)
        self.changes = Changes()
        self.world = World(self.clock, self.app)
        self.deliveries = Deliveries(self.clock, self.changes)
        self.sockets = Sockets(self.app.id, self.deliveries, self.changes)
        self.posts = Posts(self.app.signing_secret, self.deliveries)
        self.limits = Limits(self.clock)
        self.files = Files(self.world)
        self._parts = self._assemble()
        self.api = Api(
            self._parts, [routes_apps.routes, routes_chat.routes, routes_conversations.routes]
        )
        self.deliveries.send = self.sockets.send if self.app.socket_mode else self.posts.send
        self.team = self.world.add_team("Study group")
        if installed:
            self.install(self.team)
        self.api_url = ""
        self._runner: web.AppRunner | None = None

    def _assemble(self) -> Parts:
        self.events = Events(self.world, self.deliveries)
        payloads = Payloads(self.app.id, self.app.name)
        self.messages = Messages(self.world, self.events, payloads, self.changes)
        self.views = Views(self.world, self.changes)
        self.interactions = Interactions(self.world, self.deliveries, self.messages, self.changes)
        Acks(self.world, self.interactions, self.views)
        return Parts(
            self.world,
            self.changes,
            self.deliveries,
            self.sockets,
            self.events,
            self.messages,
            Places(self.world, self.events, self.messages, self.changes),
            self.views,
            self.files,
            self.interactions,
            self.limits,
            OAuth(self.world, self.events),
        )

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
        app.router.add_get("/link", self.sockets.serve)
        app.router.add_route("*", "/api/{method}", self.api.serve)
        app.router.add_post("/commands/{team}/{secret}", self.api.respond)
        app.router.add_post("/upload/v1/{file}", self.api.upload)
        app.router.add_get("/files-pri/{key}/{tail:.*}", self.api.download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        host, bound = self._runner.addresses[0][:2]
        base = f"http://{host}:{bound}"
        self.api_url = f"{base}/api/"
        self.sockets.url = f"ws://{host}:{bound}/link"
        self.files.base_url = self.interactions.base_url = base
        self.messages.payloads.base_url = base

    async def close(self) -> None:
        self.clock.close()
        await self.posts.close()
        await self.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # What there is.

    @property
    def bot(self) -> User:
        """The app's bot user in ``team``."""
        return self._installed.bot

    @property
    def token(self) -> str:
        return self._installed.token

    @property
    def _installed(self) -> Install:
        found = self.world.installed(self.team)
        assert found is not None, "the app isn't installed"
        return found

    @property
    def journal(self) -> Journal:
        return self.api.journal

    @property
    def faults(self) -> Faults:
        return self.api.faults

    @property
    def unknown(self) -> list[str]:
        """Methods asked for that Slack, or this much of it, doesn't have."""
        return self.journal.unknown

    # Making more.

    def workspace(self, name: str) -> Team:
        """Another workspace, without the app."""
        return self.world.add_team(name)

    def install(self, team: Team, scopes: Iterable[str] | None = None) -> Install:
        """The app in a workspace, with what it asks for unless told."""
        given = self.app.scopes if scopes is None else frozenset(scopes)
        return self.world.install(team, given, None)

    def person(self, name: str, *, team: Team | None = None, **more: Any) -> Person:
        """Someone new; see User for what may be said of them."""
        return Person(self._parts, self.world.add_user(team or self.team, name, **more))

    def channel(
        self,
        name: str,
        members: Iterable[Person] = (),
        *,
        kind: str = PUBLIC,
        bot: bool = True,
        shared_with: Iterable[Team] = (),
        team: Team | None = None,
    ) -> Channel:
        """A channel with its members and, unless ``bot`` is off, the app's bot."""
        home = team or self.team
        people = [each.user for each in members]
        creator = people[0] if people else None
        channel = self.world.add_channel(name, kind, [home, *shared_with], creator)
        channel.members.update({each.id: each for each in people})
        install = self.world.installed(home)
        if bot and install is not None:
            channel.members[install.bot.id] = install.bot
        return channel

    def serve_to(self, url: str) -> None:
        """Deliver to a request URL instead of over sockets."""
        self.app.socket_mode = False
        self.posts.url = url
        self.deliveries.send = self.posts.send

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """While inside, requests' connections are cut, and so are the sockets."""
        fault = Fault("*", drop=True, times=None)
        self.faults.faults.insert(0, fault)
        await self.sockets.drop()
        try:
            yield
        finally:
            self.faults.faults.remove(fault)

    # Waiting.

    async def until(
        self, condition: Callable[[], T | None], within: float = 10, *, what: str = "the condition"
    ) -> T:
        """The condition's first true value, looked at after each change."""
        return await self.changes.until(condition, within, what=what)

    async def ready(self, connections: int = 1, within: float = 10) -> None:
        """Wait until the app has so many connections."""
        await self.until(
            lambda: len(self.sockets.ready) >= connections, within, what="the app's connection"
        )

    async def sent(
        self,
        predicate: Callable[[Message], bool] = lambda _: True,
        *,
        where: Channel | None = None,
        after: Message | None = None,
        within: float = 10,
    ) -> Message:
        """The app's first message that everybody sees and that fits; it may be there already.

        ``after`` leaves out that message and all before it.
        """
        return await self._posted("", predicate, where, after, within)

    async def ephemeral(
        self,
        person: Person,
        predicate: Callable[[Message], bool] = lambda _: True,
        *,
        after: Message | None = None,
        within: float = 10,
    ) -> Message:
        """The same of messages that only one person sees."""
        return await self._posted(person.id, predicate, None, after, within)

    async def _posted(
        self,
        seen_by: str,
        predicate: Callable[[Message], bool],
        where: Channel | None,
        after: Message | None,
        within: float,
    ) -> Message:
        least = "" if after is None else after.ts

        def found() -> Message | None:
            for each in self.messages.sent:
                fits = each.ts > least and not each.deleted and each.seen_by == seen_by
                if fits and where in (None, each.channel) and predicate(each):
                    return each
            return None

        return await self.until(found, within, what="a message from the app")

    async def reacted(
        self, message: Message, name: str | None = None, *, within: float = 10
    ) -> str:
        """The app's reaction on a message: the one named, or any."""

        def found() -> str | None:
            bots = {install.bot.id for install in self.world.installs}
            mine = [name for name, ids in message.reactions.items() if bots.intersection(ids)]
            return next((each for each in mine if name in (None, each)), None)

        return await self.until(found, within, what=f"the reaction {name or ''}".strip())

    async def handled(self, message: Message, within: float = 10) -> list[Delivery]:
        """Wait until the app has acked all that it was told of a message so far."""
        about = [each for each in self.deliveries.log if each.concerns(message.ts)]
        what = f"acks of {message.ts}"
        await self.until(lambda: all(each.acked for each in about), within, what=what)
        return about

    async def settled(self, within: float = 10) -> None:
        """Wait until the app has acked everything, or Slack has given it up."""
        log = self.deliveries.log
        await self.until(lambda: all(each.done for each in log), within, what="every ack")

    async def asked(self, pattern: str, count: int = 1, within: float = 10) -> list[Entry]:
        """The answered requests for methods like "chat.*", once there are so many."""

        def found() -> list[Entry] | None:
            entries = [entry for entry in self.journal.of(pattern) if entry.answered]
            return entries if len(entries) >= count else None

        return await self.until(found, within, what=f"{count} x {pattern}")
