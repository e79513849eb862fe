"""The schedule over restarts, clock jumps, clock changes and groups that are broken."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.bootstrap import Parts, build
from bot.domain.chat import Post
from bot.domain.group import Channel, Group, GroupSettings
from bot.domain.rounds import RoundState
from bot.domain.schedule import RoundKind, Schedule, instant, next_occurrence
from bot.errors import ChannelGoneError, DeliveryError
from bot.messages.message import Message
from bot.ports import Envelope, Reaction, Sent
from bot.settings import Settings
from bot.store import Store, Tx
from bot.study import compose, jobs
from tests.support.harness import FakeClock, study

GROUPS = 500
BROKEN = 50


def settings_in(folder: Path) -> Settings:
    return Settings.from_env({"DATABASE_URL": f"sqlite:///{folder}/studybot.db"})


async def add_group(
    store: Store, number: int, *, now: datetime, zone: str = "UTC", deck: str = "", at: time
) -> Group:
    async with store.write() as tx:
        group = await tx.groups.create(f"group {number}", deck, "UTC", GroupSettings())
        await tx.groups.add_channel(group.id, "web", f"g{number}", f"g{number}")
        plan = Schedule(group.id, RoundKind.DAILY, zone if zone != "broken" else "UTC", at)
        due = next_occurrence(plan, now)
        assert due is not None
        stored_zone = "Atlantis/Capital" if zone == "broken" else zone
        await tx.groups.save_schedule(replace(plan, zone=stored_zone, next_at=due.at))
    return group


async def work(parts: Parts) -> None:
    services = parts.services
    while open_jobs := await services.store.open_work(services.clock()):
        for job in open_jobs:
            await jobs.handle(services, job)


async def states(store: Store) -> list[str]:
    async with store.read() as tx:
        found = []
        for group in await tx.groups.everyone():
            rounds = await tx.rounds.recent(group.id, limit=5)
            found.append(rounds[0].state.value if rounds else "none")
    return found


async def notices(store: Store) -> list[Post]:
    async with store.read() as tx:
        return [
            post
            for group in await tx.groups.everyone()
            for channel in await tx.groups.channels(group.id)
            for post in await tx.chat.timeline(channel.id)
            if post.organisers
        ]


async def add_maybe_broken(store: Store, n: int, *, now: datetime, deck: str) -> None:
    """A group; every tenth is broken, in one of three ways."""
    kind = (n // 10) % 3 if n % 10 == 0 else None
    zone = "broken" if kind == 0 else "UTC"
    group = await add_group(
        store, n, now=now, zone=zone, deck="lost" if kind == 1 else deck, at=time(9)
    )
    if kind == 2:
        async with store.write() as tx:
            [channel] = await tx.groups.channels(group.id)
            await tx.groups.pause_channel(channel.id, "the channel was deleted")


async def test_fifty_broken_groups_of_five_hundred_stop_no_other(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2026, 6, 1, 8, 0, tzinfo=UTC))
    async with build(settings_in(tmp_path), clock=clock) as parts:
        deck = parts.services.library.decks()[0].id
        for n in range(GROUPS):
            await add_maybe_broken(parts.store, n, now=clock(), deck=deck)
        clock.advance(hours=1)
        await jobs.tick_once(parts.services)
        await work(parts)
        found = await states(parts.store)
        assert found.count("open") == GROUPS - BROKEN
        assert [n for n, state in enumerate(found) if state != "open"] == list(range(0, GROUPS, 10))
        told = {post.channel_id for post in await notices(parts.store)}
        assert len(told) == BROKEN

        clock.advance(hours=7)
        await jobs.tick_once(parts.services)
        await work(parts)
        found = await states(parts.store)
        # The groups whose schedule can be read have their missed round on record.
        assert found.count("missed") == sum((n // 10) % 3 != 0 for n in range(0, GROUPS, 10))


async def test_a_broken_group_that_is_mended_in_time_still_gets_its_question(
    tmp_path: Path,
) -> None:
    clock = FakeClock(datetime(2026, 6, 1, 8, 0, tzinfo=UTC))
    async with build(settings_in(tmp_path), clock=clock) as parts:
        group = await add_group(parts.store, 1, now=clock(), deck="lost", at=time(9))
        clock.advance(hours=1)
        await jobs.tick_once(parts.services)
        await work(parts)
        assert await states(parts.store) == ["none"]
        async with parts.store.write() as tx:
            deck = parts.services.library.decks()[0].id
            await tx.groups.update(replace(group, deck_id=deck))
        clock.advance(minutes=10)
        await work(parts)

        assert await states(parts.store) == ["open"]


async def posts_of(tx: Tx, group: Group) -> tuple[int, int]:
    """How often a group's one question is in the outbox, and how often in its channel."""
    [round_] = await tx.rounds.recent(group.id)
    [channel] = await tx.groups.channels(group.id)
    return len(await tx.outbox.posts(round_.id)), len(await tx.chat.timeline(channel.id))


async def test_two_processes_that_tick_at_once_make_one_round(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2026, 6, 1, 8, 0, tzinfo=UTC))
    settings = settings_in(tmp_path)
    async with build(settings, clock=clock) as one, build(settings, clock=clock) as two:
        deck = one.services.library.decks()[0].id
        for n in range(20):
            await add_group(one.store, n, now=clock(), deck=deck, at=time(9))
        clock.advance(hours=1)
        await asyncio.gather(*(jobs.tick_once(p.services) for p in (one, two, one, two)))
        await asyncio.gather(work(one), work(two))
        async with one.store.read() as tx:
            groups = await tx.groups.everyone()
            posts = [await posts_of(tx, group) for group in groups]
        assert posts == [(1, 1)] * 20


@pytest.mark.parametrize(
    ("zone", "at", "day", "wall"),
    [
        ("America/New_York", time(2, 30), date(2026, 3, 8), "03:30"),
        ("America/New_York", time(1, 30), date(2026, 11, 1), "01:30"),
        ("Europe/London", time(1, 30), date(2026, 3, 29), "02:30"),
        ("Australia/Lord_Howe", time(2, 15), date(2026, 10, 4), "02:45"),
        ("Asia/Kathmandu", time(9), date(2026, 6, 1), "09:00"),
        ("Pacific/Pago_Pago", time(23, 45), date(2026, 6, 1), "23:45"),
    ],
)
async def test_a_group_gets_one_question_at_its_wall_clock_time_on_a_day_of_clock_change(
    tmp_path: Path, zone: str, at: time, day: date, wall: str
) -> None:
    start = instant(day, time(0), zone) - timedelta(minutes=1)
    clock = FakeClock(start)
    async with build(settings_in(tmp_path), clock=clock) as parts:
        deck = parts.services.library.decks()[0].id
        group = await add_group(parts.store, 1, now=start, zone=zone, deck=deck, at=at)
        async with parts.store.write() as tx:
            await tx.groups.update(replace(group, zone=zone))
        while clock.now < instant(day + timedelta(days=1), time(0), zone):
            await jobs.tick_once(parts.services)
            await work(parts)
            clock.advance(minutes=15)
        async with parts.store.read() as tx:
            [round_] = await tx.rounds.recent(group.id)

        assert round_.local_date == day
        assert round_.opens_at is not None
        expected = instant(day, at, zone)
        assert timedelta() <= round_.opens_at - expected < timedelta(minutes=15)
        assert round_.due_at == expected
        shown = expected.astimezone(ZoneInfo(zone))
        assert f"{shown:%H:%M}" == wall


async def test_a_clock_set_back_posts_nothing_twice(tmp_path: Path) -> None:
    clock = FakeClock()
    async with study(tmp_path, clock) as session:
        await session.pass_time(days=1)
        clock.advance(hours=-5)
        await session.pass_time(seconds=1)
        await session.pass_time(hours=6)
        async with session.parts.store.read() as tx:
            rounds = await tx.rounds.recent(session.group.id)

        assert [r.local_date.day for r in rounds] == [2, 1]


async def test_downtime_inside_the_catch_up_window_posts_late_and_past_it_records_a_miss(
    tmp_path: Path,
) -> None:
    clock = FakeClock(datetime(2026, 6, 1, 8, 0, tzinfo=UTC))
    settings = settings_in(tmp_path)
    async with build(settings, clock=clock) as parts:
        deck = parts.services.library.decks()[0].id
        group = await add_group(parts.store, 1, now=clock(), deck=deck, at=time(9))
    clock.now = datetime(2026, 6, 1, 14, 59, tzinfo=UTC)
    async with build(settings, clock=clock) as parts:
        await jobs.tick_once(parts.services)
        await work(parts)
        assert await states(parts.store) == ["open"]
    clock.now = datetime(2026, 6, 2, 15, 1, tzinfo=UTC)
    async with build(settings, clock=clock) as parts:
        await jobs.tick_once(parts.services)
        await work(parts)
        async with parts.store.read() as tx:
            newest = (await tx.rounds.recent(group.id))[0]
        assert (newest.local_date.day, newest.state) == (2, RoundState.MISSED)
        assert newest.reason == "studybot was not running when it was due"
        assert len(await notices(parts.store)) == 1


class FailingMessenger:
    """A platform that fails in a way of our choosing."""

    platform = "web"

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.sent: list[str] = []

    async def send(self, envelope: Envelope, message: Message) -> Sent:
        if self.error is not None and not envelope.organisers:
            raise self.error
        self.sent.append(message.title)
        return Sent(f"{len(self.sent)}", f"{len(self.sent)}")

    async def find(self, envelope: Envelope) -> Sent | None:
        assert envelope.marker
        return None

    async def edit(self, channel: Channel, message_id: str, message: Message) -> None:
        raise NotImplementedError

    async def react(
        self, channel: Channel, message_id: str, reaction: Reaction, thread_id: str | None = None
    ) -> None:
        raise NotImplementedError


async def test_a_platform_that_is_down_gets_the_question_when_it_is_back(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2026, 6, 1, 8, 0, tzinfo=UTC))
    async with build(settings_in(tmp_path), clock=clock) as built:
        messenger = FailingMessenger()
        services = replace(built.services, messengers={"web": messenger})
        parts = replace(built, services=services)
        deck = services.library.decks()[0].id
        await add_group(parts.store, 1, now=clock(), deck=deck, at=time(9))
        messenger.error = DeliveryError("503 from the platform", retry_after=60)
        clock.advance(hours=1)
        await jobs.tick_once(services)
        await work(parts)
        assert messenger.sent == []
        messenger.error = None
        clock.advance(seconds=61)
        await work(parts)

        assert len(messenger.sent) == 1
        assert await states(parts.store) == ["open"]


async def test_a_channel_that_is_gone_is_paused_and_the_question_is_not_burned(
    tmp_path: Path,
) -> None:
    clock = FakeClock(datetime(2026, 6, 1, 8, 0, tzinfo=UTC))
    async with build(settings_in(tmp_path), clock=clock) as built:
        messenger = FailingMessenger()
        services = replace(built.services, messengers={"web": messenger})
        parts = replace(built, services=services)
        deck = services.library.decks()[0]
        group = await add_group(parts.store, 1, now=clock(), deck=deck.id, at=time(9))
        messenger.error = ChannelGoneError("the channel was deleted")
        clock.advance(hours=1)
        await jobs.tick_once(services)
        await work(parts)
        async with parts.store.read() as tx:
            [channel] = await tx.groups.channels(group.id)
            [round_] = await tx.rounds.recent(group.id)
            schedule = await tx.groups.schedule(group.id, RoundKind.DAILY)
            asked = await tx.rounds.asked(group.id, deck.id)

        assert channel.paused_reason == "the channel was deleted"
        assert round_.state is RoundState.MISSED
        assert round_.question is None
        assert asked == []
        assert schedule is not None
        assert schedule.next_at == datetime(2026, 6, 2, 9, 0, tzinfo=UTC)
        assert {"Channel paused", "Missed question"} <= set(messenger.sent)


async def test_a_question_that_was_sent_before_five_crashes_is_found_not_given_up(
    tmp_path: Path,
) -> None:
    clock = FakeClock(datetime(2026, 6, 1, 8, 0, tzinfo=UTC))
    async with build(settings_in(tmp_path), clock=clock) as parts:
        deck = parts.services.library.decks()[0].id
        await add_group(parts.store, 1, now=clock(), deck=deck, at=time(9))
        clock.advance(hours=1)
        await jobs.tick_once(parts.services)
        [opening] = await parts.store.open_work(clock())
        await jobs.handle(parts.services, opening)
        [sending] = await parts.store.open_work(clock())
        await send_and_die(parts, sending.row_id)
        for _ in range(parts.services.most_crashes):
            async with parts.store.write() as tx:
                assert await tx.outbox.claim(sending.row_id, clock(), timedelta(seconds=1))
            clock.advance(seconds=2)
        await work(parts)

        assert await states(parts.store) == ["open"]
        assert await notices(parts.store) == []


async def send_and_die(parts: Parts, out_id: int) -> None:
    """The platform has the message; the row doesn't know."""
    async with parts.store.read() as tx:
        out = await tx.outbox.get(out_id)
        assert out is not None
        channel = await tx.groups.channel(out.channel_id)
        assert channel is not None
        sent = await compose.draft(tx, parts.services, out, channel)
    assert isinstance(sent, compose.Post)
    await parts.services.messengers["web"].send(sent.envelope, sent.message)
