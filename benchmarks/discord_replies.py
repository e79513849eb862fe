# ruff: noqa: INP001, T201, S101, ASYNC110  (a script that prints; it waits by looking now and then)
"""How many replies a second studybot stores durably, beside what a bare client merely hears.

    python benchmarks/discord_replies.py [--replies 2000] [--threads 10] [--rounds 3]

Our Discord runs in this process, each contender in a process of its own. It is told of all
replies at once, each of another member; what counts is the time from the first event to the
last: heard by the bare client's handler, committed as an answer by studybot (SQLite). "gateway"
takes replies in and nothing else; "with worker" also grades them and reacts.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import multiprocessing
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import discord  # noqa: E402  (found by the line above)

from adapters.discord.client import _intents  # noqa: E402  (the bare client gets the same)
from bot.bootstrap import Parts, build  # noqa: E402  (the same)
from bot.settings import Settings  # noqa: E402  (the same)
from bot.study import jobs  # noqa: E402  (the same)
from bot.study.groups import found_group  # noqa: E402  (the same)
from bot.study.rounds import post_now  # noqa: E402  (the same)
from tests.platforms.discord_server.real_client import led_to  # noqa: E402  (the same)
from tests.platforms.discord_server.server import TOKEN, DiscordServer  # noqa: E402  (the same)

TEXT = (
    "Self-attention compares every position with every other one by queries and keys, scales the "
    "dot products, takes a softmax and sums the values with those weights (reply {})."
)
PATIENCE = 120.0
BARE, GATEWAY, WORKING = "bare handler", "studybot, gateway", "studybot, with worker"


@dataclass(frozen=True)
class Where:
    """How a contender finds our Discord, and the channels that questions are posted in."""

    api_base: str
    gateway_url: str
    token: str
    channels: tuple[int, ...]


class _Heard:
    """Counts messages; ``first`` is when the first was heard."""

    def __init__(self, expected: int) -> None:
        self.count = 0
        self.first = 0.0
        self.all = asyncio.Event()
        self._expected = expected

    async def on(self, message: discord.Message) -> None:
        if message.author.bot:
            return
        self.first = self.first or time.perf_counter()
        self.count += 1
        if self.count >= self._expected:
            self.all.set()


async def _bare(where: Where, replies: int, pipe: Connection) -> None:
    client = discord.AutoShardedClient(
        intents=_intents(content=True),
        chunk_guilds_at_startup=False,
        member_cache_flags=discord.MemberCacheFlags.none(),
        max_messages=None,
        guild_ready_timeout=0.05,
    )
    heard = _Heard(replies)
    client.event(_named("on_message", heard.on))
    with led_to(where):  # type: ignore[arg-type] # it has the two addresses
        running = asyncio.create_task(client.start(where.token))
        while not client.is_ready():
            await asyncio.sleep(0.05)
        pipe.send("ready")
        async with asyncio.timeout(PATIENCE):
            await heard.all.wait()
        pipe.send(time.perf_counter() - heard.first)
        await client.close()
        await running


def _named(name: str, handler: Any) -> Any:
    @functools.wraps(handler)
    async def named(message: discord.Message) -> None:
        await handler(message)

    named.__name__ = name
    return named


async def _studybot(where: Where, replies: int, pipe: Connection, *, working: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env(
            {
                "DATABASE_URL": f"sqlite:///{folder}/studybot.db",
                "DISCORD_TOKEN": where.token,
                "DISCORD_API_BASE": where.api_base,
                "DISCORD_GATEWAY_URL": where.gateway_url,
            }
        )
        async with AsyncExitStack() as stack:
            parts = await stack.enter_async_context(build(settings))
            assert parts.discord is not None
            heard = _Heard(replies)
            await stack.enter_async_context(parts.discord.running(parts.services))
            await parts.discord.connection.ready()
            parts.discord.connection.client.listen("message", heard.on)
            await _ask(parts, where)
            worker = parts.store.worker()
            task = None
            if working:
                task = asyncio.create_task(
                    worker.run(functools.partial(jobs.handle, parts.services))
                )
            pipe.send("ready")
            async with asyncio.timeout(PATIENCE):
                await heard.all.wait()
                while (await parts.store.counts())["answers"] < replies:
                    await asyncio.sleep(0.02)
            pipe.send(time.perf_counter() - heard.first)
            if task is not None:
                worker.stop()
                await task


async def _ask(parts: Parts, where: Where) -> None:
    for number, channel in enumerate(where.channels):
        group, _ = await found_group(parts.services, "discord", str(channel), f"c{number}", "G")
        await post_now(parts.services, group)
    while work := await parts.store.open_work(parts.services.clock()):
        for job in work:
            await jobs.handle(parts.services, job)


def _contend(kind: str, where: Where, replies: int, pipe: Connection) -> None:
    if kind == BARE:
        asyncio.run(_bare(where, replies, pipe))
    else:
        asyncio.run(_studybot(where, replies, pipe, working=kind == WORKING))


async def measure(kind: str, replies: int, threads: int) -> float:
    """Replies a second that one contender takes."""
    async with DiscordServer() as server:
        owner = server.person("owner")
        people = [server.person(f"member{n}") for n in range(replies)]
        guild = server.guild("Study", owner=owner, members=people)
        channels = [server.channel(guild, f"c{n}") for n in range(threads)]
        ids = tuple(channel.id for channel in channels)
        where = Where(server.api_base, server.gateway_url, TOKEN, ids)
        spawn = multiprocessing.get_context("spawn")
        here, there = spawn.Pipe()
        process = spawn.Process(target=_contend, args=(kind, where, replies, there))
        process.start()
        there.close()
        await asyncio.to_thread(here.recv)
        for number, person in enumerate(people):
            channel = channels[number % threads]
            thread = next((m.thread for m in channel.messages.values() if m.thread), None)
            person.say(thread or channel, TEXT.format(number))
            if number % 50 == 49:
                await asyncio.sleep(0)
        took = float(await asyncio.to_thread(here.recv))
        process.join(30)
        return replies / took


async def main() -> None:
    """Measure every contender in turn, and print the median of its rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replies", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    rates: dict[str, list[float]] = {BARE: [], GATEWAY: [], WORKING: []}
    for _ in range(chosen.rounds):
        for kind, measured in rates.items():
            measured.append(await measure(kind, chosen.replies, chosen.threads))
    bare = sorted(rates[BARE])[chosen.rounds // 2]
    print(f"{'':24}{'replies/s':>10}{'of bare':>10}   all rounds")
    for kind, measured in rates.items():
        rate = sorted(measured)[chosen.rounds // 2]
        each = ", ".join(f"{value:,.0f}" for value in measured)
        print(f"{kind:24}{rate:10,.0f}{rate / bare:10.2f}   {each}")


if __name__ == "__main__":
    asyncio.run(main())
