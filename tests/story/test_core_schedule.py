"""Schedules that people change at awkward moments, and rounds that could not be posted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from bot.domain.group import Channel
from bot.domain.rounds import Round, RoundState
from bot.domain.schedule import RoundKind
from bot.domain.work import OutKind
from bot.errors import ChannelGoneError
from bot.messages.message import Message
from bot.ports import Envelope, Reaction, Sent
from bot.study import jobs
from bot.study.groups import Setup, set_paused, set_up
from bot.study.services import Services
from tests.support.harness import FakeClock, Study, study
from tests.support.judging import ScriptedJudge, points


async def rounds_of(session: Study) -> list[tuple[int, str]]:
    async with session.parts.store.read() as tx:
        rounds = await tx.rounds.recent(session.group.id)
    return [(round_.local_date.day, round_.state.value) for round_ in rounds]


async def next_at(session: Study) -> datetime | None:
    async with session.parts.store.read() as tx:
        schedule = await tx.groups.schedule(session.group.id, RoundKind.DAILY)
    assert schedule is not None
    return schedule.next_at


async def on(session: Study, day: date) -> Round:
    async with session.parts.store.read() as tx:
        round_ = await tx.rounds.on_date(session.group.id, day, RoundKind.DAILY)
    assert round_ is not None
    return round_


async def streaks(session: Study) -> dict[str, int]:
    async with session.parts.store.read() as tx:
        stored = await tx.members.streaks(session.group.id)
        members = await tx.members.in_group(session.group.id)
    return {m.name: stored[m.id].current for m in members if m.id in stored}


async def test_a_later_time_on_a_day_that_has_its_question_announces_tomorrow(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        text = await session.command("Olga", "/study setup time=18:30")
        assert "2026-06-02 18:30 UTC" in text
        await session.pass_time(hours=10)
        assert await rounds_of(session) == [(1, "open")]
        await session.pass_time(days=1)

        assert await rounds_of(session) == [(2, "open"), (1, "closed")]
        assert "Missed question" not in await session.titles()


async def test_posting_early_by_hand_moves_the_next_question_to_tomorrow(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        clock.now = datetime(2026, 6, 2, 8, 0, tzinfo=UTC)
        await session.command("Olga", "/study post")
        await session.work()

        assert "2026-06-03 09:00 UTC" in await session.command("Olga", "/study status")
        await session.pass_time(hours=1)
        assert [day for day, _ in await rounds_of(session)] == [2, 1]


async def test_a_question_that_came_due_a_moment_ago_survives_a_change_of_the_schedule(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        clock.now = datetime(2026, 6, 2, 9, 0, 0, 500_000, tzinfo=UTC)
        await session.command("Olga", "/study setup time=08:00")
        await session.pass_time(seconds=1)

        assert (await rounds_of(session))[0] == (2, "open")
        assert await next_at(session) == datetime(2026, 6, 3, 8, 0, tzinfo=UTC)


async def test_two_organisers_who_change_things_at_once_both_get_their_way(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        # Both commands began with the group as it was before either.
        await set_paused(session.parts.services, session.group, paused=True)
        await set_up(session.parts.services, session.group, Setup(zone="Europe/Berlin"))
        async with session.parts.store.read() as tx:
            group = await tx.groups.get(session.group.id)
        assert group is not None
        assert group.paused
        await set_paused(session.parts.services, session.group, paused=False)
        async with session.parts.store.read() as tx:
            group = await tx.groups.get(session.group.id)

        assert group is not None
        assert (group.paused, group.zone) == (False, "Europe/Berlin")


async def gone(session: Study, reason: str | None) -> None:
    async with session.parts.store.write() as tx:
        await tx.groups.pause_channel(session.channel.id, reason)


async def test_a_question_held_back_is_not_posted_once_the_group_is_paused(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        await gone(session, "the channel was deleted")
        await session.pass_time(days=1)
        assert (await on(session, date(2026, 6, 2))).state is RoundState.DUE
        await session.command("Olga", "/study pause")
        await gone(session, None)
        await session.pass_time(minutes=10)

        assert (await on(session, date(2026, 6, 2))).state is RoundState.MISSED


async def test_a_question_held_back_is_posted_at_an_organiser_s_word_once_mended(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        await gone(session, "the channel was deleted")
        await session.pass_time(days=1)
        await gone(session, None)
        text = await session.command("Olga", "/study post")
        await session.work()

        assert "on its way" in text
        assert (await on(session, date(2026, 6, 2))).state is RoundState.OPEN


class Refusing:
    """A platform whose channel is gone."""

    platform = "web"

    async def send(self, envelope: Envelope, message: Message) -> Sent:
        if envelope.organisers:
            return Sent(message.title)
        raise ChannelGoneError("the channel was deleted")

    async def find(self, envelope: Envelope) -> Sent | None:
        assert envelope.marker
        return None

    async def edit(self, channel: Channel, message_id: str, message: Message) -> None:
        raise ChannelGoneError(f"{channel.name} is gone with {message_id}, {message.title}")

    async def react(
        self, channel: Channel, message_id: str, reaction: Reaction, thread_id: str | None = None
    ) -> None:
        raise NotImplementedError


def in_vain(session: Study) -> Services:
    return replace(session.parts.services, messengers={"web": Refusing()})


async def work_in_vain(session: Study) -> None:
    """Do all open work on a platform that refuses the question."""
    services = in_vain(session)
    while open_jobs := await services.store.open_work(session.clock()):
        for job in open_jobs:
            await jobs.handle(services, job)


async def test_a_question_that_was_refused_can_be_posted_once_the_channel_is_back(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        clock.now = datetime(2026, 6, 2, 9, 0, tzinfo=UTC)
        await jobs.tick_once(session.parts.services)
        for _ in range(2):
            await work_in_vain(session)
            assert (await on(session, date(2026, 6, 2))).state is RoundState.MISSED
            await session.command("Olga", "/study resume")
            assert "on its way" in await session.command("Olga", "/study post")
        await session.work()
        assert (await on(session, date(2026, 6, 2))).state is RoundState.OPEN
        await session.reply("Ada", "good answer")
        await session.work()

        assert await points(session) == {"Ada": 100}
        # Results find the thread of the post that was sent.
        await session.command("Olga", "/study close")
        await session.work()
        assert "This round is closed" in await session.titles()


async def test_rounds_closed_out_of_order_leave_the_streak_that_the_dates_give(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        clock.now = datetime(2026, 6, 2, 9, 0, tzinfo=UTC)
        await session.command("Olga", "/study pause")
        await session.pass_time(seconds=1)
        clock.now = datetime(2026, 6, 2, 23, 59, tzinfo=UTC)
        await session.command("Olga", "/study post")
        await session.work()
        await session.command("Olga", "/study resume")
        # The second question is still open when the third comes, and outlives it.
        await session.pass_time(hours=9, minutes=2)
        await session.reply("Ada", "good answer")
        await session.work()
        await session.command("Olga", "/study close")
        await session.work()
        await session.pass_time(hours=4)
        assert await rounds_of(session) == [(3, "closed"), (2, "closed"), (1, "closed")]

        assert await streaks(session) == {"Ada": 1}


async def test_a_late_grade_that_finds_no_attempt_takes_the_streak_back(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "off-topic chatter")
        services = session.parts.services
        await session.command("Olga", "/study close")
        clock.advance(minutes=11)
        for job in await services.store.open_work(clock()):
            if job.kind != "grade":
                await jobs.handle(services, job)
        assert await streaks(session) == {"Ada": 1}
        await session.work()

        assert (await streaks(session)).get("Ada", 0) == 0


async def test_a_channel_that_is_gone_is_told_of_once_however_much_was_waiting_there(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        for name in ("Ada", "Bo", "Cy"):
            await session.reply(name, "good answer", form=True)
        refusing = replace(session.parts, services=in_vain(session))
        await replace(session, parts=refusing).work()
        await session.work()

        assert (await session.titles()).count("Channel paused") == 0
        async with session.parts.store.read() as tx:
            notices = await tx.outbox.recent(session.group.id, OutKind.NOTICE)
        assert [notice.data["title"] for notice in notices] == ["Channel paused"]


async def test_the_recap_counts_attempts_and_not_chatter(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "good answer")
        await session.reply("Bo", "off-topic chatter")
        await session.work()
        for _ in range(6):
            await session.pass_time(days=1)
        await session.pass_time(hours=9)
        [recap] = [p for p in await session.posts() if p.body and "The week" in p.body["title"]]

        words = str(recap.body)
        assert "1 answer from 1 member" in words
        assert "Most missed" not in words
