"""A whole studybot on the Discord of our own: real database, core and client, our clock.

    async with a_place() as place, a_studybot(tmp_path, place) as bot:
        asked = await bot.ask()
        thread = await place.server.threaded(asked)
        place.bob.say(thread, "…")
        await bot.settled()
        await bot.work()

Leaving the inner block stops studybot; entering it again with the same folder starts it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from adapters.discord.adapter import PARTS
from adapters.discord.client import Attach, Shards, StudyClient
from adapters.discord.connection import Connection
from adapters.discord.desk import PLATFORM, Desk
from bot.bootstrap import Parts, build
from bot.domain.group import Channel, Group, Member, Role
from bot.domain.rounds import Round
from bot.errors import NotFoundError
from bot.ports import Grader
from bot.settings import Settings
from bot.study import jobs
from bot.study.groups import found_group
from bot.study.rounds import post_now
from bot.study.services import Services
from tests.platforms.discord_server.people import Person
from tests.platforms.discord_server.place import Place
from tests.platforms.discord_server.world import Message
from tests.support.harness import FakeClock


@dataclass
class Studybot:
    """A running studybot whose study group posts in the place's channel."""

    place: Place
    parts: Parts
    clock: FakeClock
    connection: Connection
    desk: Desk
    heard: asyncio.Event

    @property
    def services(self) -> Services:
        return self.parts.services

    @property
    def client(self) -> StudyClient:
        return self.connection.client

    async def room(self) -> tuple[Group, Channel]:
        """The study group of the place's channel, as it is now."""
        async with self.parts.store.read() as tx:
            found = await tx.groups.by_channel(PLATFORM, str(self.place.channel.id))
        assert found is not None, "no group was founded in the channel"
        return found

    async def work(self) -> None:
        """Do all open work that is due, until none is left."""
        while open_jobs := await self.services.store.open_work(self.clock()):
            for job in open_jobs:
                await jobs.handle(self.services, job)

    async def pass_time(self, **by: float) -> None:
        """Let studybot's time pass, then do what is due."""
        self.clock.advance(**by)
        await jobs.tick_once(self.services)
        await self.work()

    async def close_round(self) -> None:
        """Let time pass until the round ends, whatever the time of day is now."""
        round_ = await self.round()
        assert round_.closes_at is not None
        await self.pass_time(seconds=(round_.closes_at - self.clock()).total_seconds() + 1)

    async def caught_up(self, within: float = 10) -> None:
        """Wait until the client has read all that it was told."""
        async with asyncio.timeout(within):
            while self._behind():
                self.heard.clear()
                await self.heard.wait()

    async def settled(self, within: float = 10) -> None:
        """Wait until the client has read all that it was told, and no handler is at work."""
        await self.caught_up(within)
        async with asyncio.timeout(within):
            await self.client.settled()

    async def ask(self) -> Message:
        """Post today's question in the channel; the message, its thread opened."""
        before = max(self.place.channel.messages, default=0)
        group, _ = await self.room()
        await post_now(self.services, group)
        await self.work()
        fresh = [m for m in self.place.channel.messages.values() if m.id > before and m.buttons]
        assert fresh, "no question was posted"
        return fresh[-1]

    async def round(self) -> Round:
        """The newest round that was posted."""
        group, _ = await self.room()
        async with self.parts.store.read() as tx:
            round_ = await tx.rounds.current(group.id)
        if round_ is None:
            raise NotFoundError("no round was posted")
        return round_

    async def member(self, person: Person, *, organiser: bool = False) -> Member:
        """A person as a member of the group."""
        group, _ = await self.room()
        async with self.parts.store.write() as tx:
            made = await tx.members.ensure(group.id, PLATFORM, str(person.id), person.user.name)
            if organiser:
                await tx.members.set_role(made.id, Role.ORGANISER)
        return made

    def _behind(self) -> bool:
        """Whether a session of the server was told more than its shard has read."""
        for session in self.place.server.gateway.sessions.values():
            socket = self.client._get_websocket(shard_id=session.shard[0])
            read = socket.sequence if socket.session_id == session.id else 0
            if (read or 0) < session.sequence:
                return True
        return False


@asynccontextmanager
async def a_studybot(
    folder: Path,
    place: Place,
    *,
    attach: Sequence[Attach] = PARTS,
    clock: FakeClock | None = None,
    grader: Grader | None = None,
    founded: bool = True,
    shards: Shards | None = None,
) -> AsyncIterator[Studybot]:
    """studybot, ready, with those parts of the adapter attached: all of them if none are given.

    ``founded`` False leaves the channel without a group. Its clock begins at the real time, since
    Discord's ids tell that; it stands still unless the test moves it.
    """
    server = place.server
    clock = clock or FakeClock(datetime.now(UTC).replace(microsecond=0))
    settings = Settings.from_env(
        {
            "DATABASE_URL": f"sqlite:///{folder}/studybot.db",
            "DISCORD_TOKEN": server.token,
            "DISCORD_API_BASE": server.api_base,
            "DISCORD_GATEWAY_URL": server.gateway_url,
        }
    )
    async with build(settings, clock=clock, grader=grader) as parts:
        if founded:
            channel = place.channel
            await found_group(
                parts.services, PLATFORM, str(channel.id), channel.name, place.guild.name
            )
        adapter = parts.discord
        assert adapter is not None
        connection = adapter.connection
        connection.options = replace(
            connection.options, shards=shards or Shards(), ready_timeout=0.05
        )
        heard = asyncio.Event()

        async def hear(_: str) -> None:
            heard.set()

        def attach_ear(client: StudyClient) -> None:
            client.listen("socket_event_type", hear)

        async with adapter.running(parts.services, parts=(*attach, attach_ear)) as desk:
            async with asyncio.timeout(10):
                await connection.ready()
            yield Studybot(place, parts, clock, connection, desk, heard)
