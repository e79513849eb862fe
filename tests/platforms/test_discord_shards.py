"""Several processes on one PostgreSQL, each with its shards of the Discord of our own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.discord.desk import PLATFORM
from bot.bootstrap import Parts, build
from bot.settings import Settings
from bot.study.groups import found_group
from bot.study.rounds import post_now
from storage.migrate import upgrade
from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_server.world import Channel, Guild, Message, Thread
from tests.support.postgres import Server, started
from tests.support.processes import Run

WORDS = "Fine-tuning only small low-rank matrices beside the frozen weights"
READING = "GET /channels/{channel}/messages"
REPLIES = 10


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with started() as running:
        yield running


@dataclass
class Rooms:
    """A place with a guild on each of two shards, a group in each, and a shared database."""

    place: Place
    guilds: list[Guild]
    channels: list[Channel]
    url: str
    folder: Path

    def environment(self, shards: str = "") -> dict[str, str]:
        server = self.place.server
        mine = {"DISCORD_SHARD_IDS": shards, "DISCORD_SHARD_COUNT": "2"} if shards else {}
        return {
            "DATABASE_URL": self.url,
            "DISCORD_TOKEN": server.token,
            "DISCORD_API_BASE": server.api_base,
            "DISCORD_GATEWAY_URL": server.gateway_url,
            "STUDYBOT_LOG": "json",
            **mine,
        }

    def run(self, shards: str, roles: str) -> Run:
        return Run(self.folder, "run", "--roles", roles, **self.environment(shards))

    def parts(self) -> Settings:
        return Settings.from_env(self.environment())

    async def ask(self, parts: Parts) -> None:
        """Have today's question posted in each group."""
        for channel in self.channels:
            async with parts.store.read() as tx:
                found = await tx.groups.by_channel(PLATFORM, str(channel.id))
            assert found is not None
            await post_now(parts.services, found[0])

    async def threads(self) -> list[Thread]:
        """The threads of the questions, in both guilds."""
        found = []
        for channel in self.channels:
            question = await self.place.server.sent(_asks, where=channel, within=90)
            thread = await self.place.server.threaded(question, within=60)
            assert isinstance(thread, Thread)
            found.append(thread)
        return found

    async def stop(self, *runs: Run) -> None:
        for run in runs:
            run.send(signal.SIGTERM)
        for run in runs:
            assert await asyncio.to_thread(run.ended, 30) == 0, run.said


def _asks(message: Message) -> bool:
    return "Answer" in message.buttons.values()


@pytest.fixture
async def rooms(postgres: Server, tmp_path: Path) -> AsyncIterator[Rooms]:
    url = postgres.url(await postgres.create())
    await upgrade(url)
    async with a_place() as place:
        server = place.server
        server.gateway.settings.shards = 2
        guilds = [_on_shard(place, number) for number in range(2)]
        channels = [server.channel(guild, guild.name) for guild in guilds]
        rooms = Rooms(place, guilds, channels, url, tmp_path)
        async with build(rooms.parts()) as parts:
            for channel in channels:
                name = channel.name
                await found_group(parts.services, PLATFORM, str(channel.id), name, name)
            await rooms.ask(parts)
        yield rooms


def _on_shard(place: Place, number: int) -> Guild:
    """A guild that is served by that shard of two."""
    guild_id = place.server.world.ids.next()
    guild_id += (number - (guild_id >> 22)) % 2 << 22
    members = [place.bob]
    return place.server.guild(f"shard-{number}", place.ada, members, guild_id=guild_id)


async def answered(parts: Parts) -> int:
    """How many answers are stored."""
    return (await parts.store.counts())["answers"]


def replies(rooms: Rooms, threads: list[Thread], prefix: str) -> list[Message]:
    """People write an answer each in every thread."""
    said = []
    for number in range(REPLIES):
        person = rooms.place.server.person(f"{prefix} {number}")
        for guild, thread in zip(rooms.guilds, threads, strict=True):
            person.join(guild)
            said.append(person.say(thread, WORDS))
    return said


async def signed(rooms: Rooms, said: list[Message]) -> None:
    """Wait until each has our sign."""
    await rooms.place.server.until(
        lambda: all(each.reactions for each in said), 90, what="a sign on every reply"
    )


async def test_shards_in_processes_of_their_own_take_each_reply_once(rooms: Rooms) -> None:
    server = rooms.place.server
    with ExitStack() as stack:
        runs = [
            stack.enter_context(rooms.run("0", "gateway,worker,scheduler")),
            stack.enter_context(rooms.run("1", "gateway")),
        ]
        threads = await rooms.threads()
        await server.until(lambda: len(server.gateway.sessions) == 2, 60, what="both shards")
        assert sorted(each["shard"] for each in server.gateway.log.identifies) == [[0, 2], [1, 2]]
        async with build(rooms.parts()) as parts:
            said = replies(rooms, threads, "early")
            await signed(rooms, said)
            assert await answered(parts) == len(said)
            await rooms.stop(runs[1])
            missed = replies(rooms, threads, "late")
            server.journal.clear()
            runs[1] = stack.enter_context(rooms.run("1", "gateway"))
            await signed(rooms, missed)
            assert await answered(parts) == len(said) + len(missed)
            read = {entry.path.split("/")[2] for entry in server.journal.of(READING)}
            own = {str(each.id) for each in (threads[1], rooms.channels[1])}
            assert read <= own, "it read other shards' guilds"
            assert str(threads[1].id) in read
        await rooms.stop(*runs)
    assert all("Traceback" not in run.said for run in runs)


async def test_a_worker_without_the_gateway_posts_for_every_shard(rooms: Rooms) -> None:
    with rooms.run("", "worker") as run:
        assert len(await rooms.threads()) == 2
        assert not rooms.place.server.gateway.log.identifies
        await rooms.stop(run)
    for channel in rooms.channels:
        assert len([m for m in channel.messages.values() if _asks(m)]) == 1
