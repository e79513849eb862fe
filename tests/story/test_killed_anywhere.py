"""kill -9 at any instant: nothing is lost and nothing is done twice."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import random
from collections import Counter
from dataclasses import replace
from datetime import time, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from bot.bootstrap import build, utc_now
from bot.domain.group import GroupSettings
from bot.domain.rounds import RoundState
from bot.domain.schedule import EVERY_DAY, RoundKind, Schedule
from bot.settings import Settings
from bot.store import Store
from tests.support.killable import live
from tests.support.remote_platform import RemotePlatform

GROUPS_A_LIFE = 2
MOST_EFFECTS_A_LIFE = 24
# Children are forked from a server that has imported everything: a start takes no seconds.
FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["tests.support.killable"])


def start(url: str, port: int) -> BaseProcess:
    """A process of its own that works on the database and the platform."""
    here, there = FORKSERVER.Pipe(duplex=False)
    process = FORKSERVER.Process(target=live, args=(url, port, there), daemon=True)
    process.start()
    assert here.poll(60), "the process was not ready within a minute"
    assert here.recv() == "ready"
    return process


def kill(process: BaseProcess) -> None:
    """kill -9."""
    process.kill()
    process.join()


async def add_due_groups(store: Store, deck_id: str, first: int) -> None:
    """Groups whose question and recap are due now."""
    now = utc_now()
    async with store.write() as tx:
        for number in range(first, first + GROUPS_A_LIFE):
            group = await tx.groups.create(f"group {number}", deck_id, "UTC", GroupSettings())
            await tx.groups.add_channel(group.id, "remote", f"g{number}", f"g{number}")
            for kind in RoundKind:
                # The minute that has begun, by the wall clock.
                due = now.replace(second=0, microsecond=0)
                at = time(due.hour, due.minute)
                schedule = Schedule(group.id, kind, "UTC", at, EVERY_DAY)
                await tx.groups.save_schedule(replace(schedule, next_at=due))


def finished(platform: RemotePlatform, groups: int) -> bool:
    sent = platform.sent()
    # A question, three feedbacks, results and a recap; and the question marked closed.
    enough = len(sent) == groups and all(len(titles) >= 6 for titles in sent.values())
    return enough and len({edit["channel"] for edit in platform.edits}) == groups


async def wait_until_finished(platform: RemotePlatform, groups: int) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(90):
            while not finished(platform, groups):
                platform.changed.clear()
                await platform.changed.wait()
            # Anything doubled would follow at once: let the outbox run dry.
            await asyncio.sleep(1.5)


@pytest.fixture(params=["sqlite", "postgresql"])
def studies(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, int]:
    """Databases, with how many kills each has to survive."""
    if request.param == "postgresql":
        # Leases run out there, which takes longer than a start; so it is killed less often.
        return {request.getfixturevalue("postgres_url"): 10}
    # Two side by side, which takes half the time.
    return {f"sqlite:///{tmp_path}/{name}.db": 16 for name in ("one", "two")}


async def test_a_process_killed_at_random_instants_loses_nothing_and_doubles_nothing(
    studies: dict[str, int],
) -> None:
    chances = [random.Random(number) for number in range(len(studies))]
    each = zip(studies.items(), chances, strict=True)
    await asyncio.gather(*(live_and_die(url, lives, chance) for (url, lives), chance in each))


async def live_and_die(url: str, lives: int, chance: random.Random) -> None:
    remote = RemotePlatform()
    port = await remote.start()
    for life in range(lives):
        async with build(Settings.from_env({"DATABASE_URL": url})) as parts:
            deck = parts.services.library.decks()[0]
            await add_due_groups(parts.store, deck.id, life * GROUPS_A_LIFE)
        process = await asyncio.to_thread(start, url, port)
        # A random instant counted in what has been done, so that a slow machine dies as late
        # as a quick one; a life with nothing left to do ends after a second.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await remote.more_effects(chance.randrange(MOST_EFFECTS_A_LIFE))
        # The instant of the kill is what is being varied: this sleep is the test.
        await asyncio.sleep(chance.uniform(0.0, 0.02))
        await asyncio.to_thread(kill, process)
    process = await asyncio.to_thread(start, url, port)
    groups = lives * GROUPS_A_LIFE
    await wait_until_finished(remote, groups)
    await asyncio.to_thread(kill, process)

    check_platform(remote, groups)
    async with build(Settings.from_env({"DATABASE_URL": url})) as parts:
        await check_books(parts.store, remote)
    await remote.stop()
    print(f"{lives} kills, {len(remote.messages)} messages, {len(remote.inbound)} events")  # noqa: T201 - shown with -s


def check_platform(remote: RemotePlatform, groups: int) -> None:
    markers = Counter((m["channel"], m["marker"]) for m in remote.messages)
    assert [marker for marker, count in markers.items() if count > 1] == []
    wrong = {}
    for channel, titles in remote.sent().items():
        kinds = Counter(kind_of(remote, channel, title) for title in titles)
        if kinds != {"question": 1, "feedback": 3, "closed": 1, "recap": 1}:
            wrong[channel] = kinds
    assert wrong == {}
    assert len(remote.sent()) == groups
    assert remote.acknowledged == set(remote.inbound)
    verdicts = [remote.reactions.get(f"m:{e}") for e in remote.inbound if ":reply" in e]
    assert set(verdicts) <= {"correct", "partial", "incorrect"}


def kind_of(remote: RemotePlatform, channel: str, title: str) -> str:
    message = next(m for m in remote.messages if (m["channel"], m["title"]) == (channel, title))
    if message["only"] is not None:
        return "feedback"
    if message["round_id"] is not None:
        return "question"
    if "closed" in title:
        return "closed"
    return "recap" if "The week in" in title else f"unexpected: {title}"


async def check_books(store: Store, remote: RemotePlatform) -> None:
    async with store.read() as tx:
        for group in await tx.groups.everyone():
            [round_] = await tx.rounds.recent(group.id)
            assert round_.state is RoundState.CLOSED
            answers = await tx.answers.in_round(round_.id)
            assert len(answers) == remote.replies_per_round
            for answer in answers:
                assert answer.grade is not None
                assert len(await tx.answers.revisions(answer.answer.id)) == 1
                score = await tx.boards.score(round_.id, answer.answer.member_id)
                assert score is not None
            streaks = await tx.members.streaks(group.id)
            assert {s.current for s in streaks.values()} == {1}
    assert await store.open_work(utc_now() + timedelta(days=1)) == []
