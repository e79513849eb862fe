"""`studybot run` as a process of its own on the Discord of our own: started, stopped, killed."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from adapters.discord.desk import PLATFORM
from bot.bootstrap import build
from bot.cli.failures import WRONG_USE
from bot.settings import Settings
from bot.study.groups import found_group
from bot.study.rounds import post_now
from tests.platforms.discord_server.place import Place, a_place
from tests.support.processes import Run

SENDING = "POST /channels/{channel}/messages"


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


def environment(place: Place, folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{folder}/studybot.db",
        "DISCORD_TOKEN": place.server.token,
        "DISCORD_API_BASE": place.server.api_base,
        "DISCORD_GATEWAY_URL": place.server.gateway_url,
        "STUDYBOT_LOG": "json",
    }


async def a_question_is_due(place: Place, folder: Path) -> None:
    """A group in the channel, whose question is to be posted by whoever runs next."""
    async with build(Settings.from_env(environment(place, folder))) as parts:
        external = str(place.channel.id)
        group, _ = await found_group(parts.services, PLATFORM, external, "general", "Study")
        await post_now(parts.services, group)


def started(place: Place, folder: Path, *arguments: str) -> Run:
    return Run(folder, "run", "--port", "0", *arguments, **environment(place, folder))


async def told(client: httpx.AsyncClient, waiting_for: list[str]) -> None:
    """Wait until /readyz says so; nobody is told when that changes."""
    async with asyncio.timeout(30):
        while True:
            page = (await client.get("/readyz")).json()
            if page["waiting_for"] == waiting_for:
                return
            await asyncio.sleep(0.05)


async def test_it_posts_what_is_due_is_ready_and_stops_when_told(
    place: Place, tmp_path: Path
) -> None:
    await a_question_is_due(place, tmp_path)
    with started(place, tmp_path) as run:
        asked = await place.server.sent(where=place.channel, within=60)
        assert list(asked.buttons.values()) == ["Answer", "My grade", "Appeal"]
        await place.server.threaded(asked)
        await place.server.ready(60)
        address = await asyncio.to_thread(run.address)
        async with httpx.AsyncClient(base_url=address) as client:
            await told(client, [])
            async with place.server.gateway.outage():
                await told(client, ["discord: shard 0 is not connected"])
        run.send(signal.SIGTERM)
        assert await asyncio.to_thread(run.ended, 10) == 0
    assert "Traceback" not in run.said
    assert place.server.token not in run.said


async def test_killed_between_sending_and_writing_down_it_posts_once(
    place: Place, tmp_path: Path
) -> None:
    await a_question_is_due(place, tmp_path)
    fault = place.server.faults.add(SENDING, committed=True, delay=60)
    with started(place, tmp_path) as run:
        first = await place.server.sent(where=place.channel, within=60)
        run.send(signal.SIGKILL)
        await asyncio.to_thread(run.ended)
    assert (fault.hits, first.thread) == (1, None)
    # So long ago that Discord has forgotten the nonce.
    first.nonce = None
    with started(place, tmp_path) as run:
        await place.server.threaded(first, within=60)
        run.send(signal.SIGTERM)
        assert await asyncio.to_thread(run.ended) == 0
    assert [m.id for m in place.channel.messages.values() if m.buttons] == [first.id]


async def test_told_to_stop_while_the_database_is_busy_it_ends_and_loses_nothing(
    place: Place, tmp_path: Path
) -> None:
    await a_question_is_due(place, tmp_path)
    with started(place, tmp_path) as run:
        asked = await place.server.sent(where=place.channel, within=60)
        thread = await place.server.threaded(asked)
        await place.server.ready(60)
        address = await asyncio.to_thread(run.address)
        async with httpx.AsyncClient(base_url=address) as client:
            await told(client, [])
        with closing(sqlite3.connect(tmp_path / "studybot.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            said = place.bob.say(thread, "Fine-tuning only small low-rank matrices")
            await place.server.gateway.drained()
            run.send(signal.SIGTERM)
            gateway = place.server.gateway
            await place.server.until(lambda: not gateway.connections, what="the line's end")
            other.execute("ROLLBACK")
        assert await asyncio.to_thread(run.ended, 10) == 0
    assert not said.reactions
    assert "Traceback" not in run.said
    assert run.said.count("logging in") == 1
    with started(place, tmp_path) as run:
        await place.server.reacted(said, within=60)
        run.send(signal.SIGTERM)
        assert await asyncio.to_thread(run.ended, 10) == 0
    async with build(Settings.from_env(environment(place, tmp_path))) as parts:
        assert (await parts.store.counts())["answers"] == 1


async def test_a_bad_token_ends_the_process_with_words(place: Place, tmp_path: Path) -> None:
    env = environment(place, tmp_path) | {"DISCORD_TOKEN": "made-up-and-wrong"}
    with Run(tmp_path, "run", "--port", "0", **env) as run:
        code = await asyncio.to_thread(run.ended)
    assert code == WRONG_USE
    assert "DISCORD_TOKEN: Discord doesn't take it." in run.said
    assert "Traceback" not in run.said
    assert "made-up-and-wrong" not in run.said + "\n".join(run.out)
