"""Regrades in awkward orders: nothing is paid twice, nothing newer is overwritten."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from bot.domain.grading import GradingTask, Judgement
from bot.domain.group import FeedbackMode
from bot.errors import JudgeUnavailableError
from bot.messages.message import Action
from bot.study.regrading import Regraded, regrade
from bot.study.scoring import release
from tests.support.harness import FakeClock, Study, study
from tests.support.judging import (
    MODEL,
    ModelJudge,
    answer_of,
    change,
    come_back,
    edit,
    graded,
    points,
    pressed,
    told,
)


async def awaiting(session: Study) -> list[int]:
    async with session.parts.store.read() as tx:
        return await tx.regrades.awaiting(session.clock(), 100)


def away() -> ModelJudge:
    judge = ModelJudge()
    judge.away = True
    return judge


async def test_a_practice_grade_by_the_stand_in_promises_no_other(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = ModelJudge()
    async with study(tmp_path, clock, grader=judge) as session:
        await graded(session, "Ada", "half right")
        judge.away = True
        await graded(session, "Ada", "answer: good the second time")

        assert "stood in" in (await told(session, "Ada"))[-1]
        assert "graded again" not in (await told(session, "Ada"))[-1]


async def test_what_no_longer_counts_is_never_sent_to_the_model_again(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = ModelJudge()
    async with study(tmp_path, clock, grader=judge) as session:
        await graded(session, "Ada", "half right")
        judge.away = True
        await graded(session, "Ada", "answer: good practice")
        foreign = await session.reply("Bob", "foreign words")
        await session.work()
        await edit(session, foreign, "good words after all")
        await session.work()
        assert len(await awaiting(session)) == 3
        judge.away = False
        judge.seen.clear()
        for _ in range(3):
            await come_back(session)

        assert judge.seen == ["good words after all"]
        assert await awaiting(session) == []
        assert await points(session) == {"Ada": 50, "Bob": 100}


async def test_a_judge_that_can_never_grade_a_reply_is_not_asked_for_ever(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = away()
    async with study(tmp_path, clock, grader=judge) as session:
        await graded(session, "Ada", "foreign words")
        judge.away = False
        judge.seen.clear()
        for _ in range(5):
            await come_back(session)
        assert len(judge.seen) == 2
        for _ in range(20):
            clock.advance(hours=2)
            await come_back(session)

        assert len(judge.seen) <= 12
        assert await awaiting(session) == []


async def test_a_reply_that_kills_its_judges_is_left_to_organisers(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = away()
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "good answer")
        judge.away = False
        judge.seen.clear()
        services = session.parts.services
        for _ in range(services.most_crashes):
            # Claimed by a process that is killed then.
            async with services.store.write() as tx:
                assert await tx.regrades.claim(answer.scoring_id or 0, clock(), services.lease)
            clock.advance(minutes=1)
        await come_back(session)

        assert judge.seen == []
        assert await awaiting(session) == []
        assert "An answer waits" in await session.titles()
        assert await points(session) == {"Ada": 50}


async def test_only_as_many_come_back_at_once_as_the_model_can_take(
    tmp_path: Path, clock: FakeClock
) -> None:
    class Narrow(ModelJudge):
        def spare(self) -> int:
            return min(1, super().spare())

    judge = Narrow()
    judge.away = True
    async with study(tmp_path, clock, grader=judge) as session:
        for name in ("Ada", "Bob", "Cleo"):
            await graded(session, name, f"good answer by {name}")
        judge.away = False
        await come_back(session)
        assert await points(session) == {"Ada": 100, "Bob": 50, "Cleo": 50}
        await come_back(session)

        assert await points(session) == {"Ada": 100, "Bob": 100, "Cleo": 50}


class Gate(ModelJudge):
    """A model that is asked once, and answers when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.away = True
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def grade(self, task: GradingTask, *, stand_in: bool = True) -> Judgement:
        if not stand_in:
            self.begun.set()
            await self.may_end.wait()
        return await super().grade(task, stand_in=stand_in)


async def test_two_workers_on_the_same_regrade_ask_the_model_once(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = Gate()
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "good answer")
        judge.away = False
        judge.seen.clear()
        services, revision_id = session.parts.services, answer.scoring_id or 0
        first = asyncio.create_task(regrade(services, revision_id))
        await judge.begun.wait()
        assert await regrade(services, revision_id) is Regraded.LATER
        judge.may_end.set()

        assert await first is Regraded.CHANGED
        assert judge.seen == ["good answer"]


async def test_a_human_s_word_given_while_the_model_thinks_stands(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = Gate()
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "good answer")
        judge.away = False
        under_way = asyncio.create_task(regrade(session.parts.services, answer.scoring_id or 0))
        await judge.begun.wait()
        await session.command("Olga", "/study grade Ada 20")
        judge.may_end.set()

        assert await under_way is Regraded.SKIPPED
        await session.work()
        assert await points(session) == {"Ada": 20}


async def test_an_edit_while_the_model_thinks_makes_its_grade_of_the_old_words_void(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = Gate()
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "foreign words")
        await session.work()
        answer = await answer_of(session, accepted)
        judge.away = False
        under_way = asyncio.create_task(regrade(session.parts.services, answer.revision_id or 0))
        await judge.begun.wait()
        await edit(session, accepted, "half of it in English")
        judge.may_end.set()

        assert await under_way is Regraded.SKIPPED
        await session.work()
        assert await points(session) == {"Ada": 50}


async def test_a_judge_that_is_away_is_asked_again_after_longer_and_longer_pauses(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = away()
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "good answer")
        services, revision_id = session.parts.services, answer.scoring_id or 0
        for pause in (10, 20, 40):
            assert await regrade(services, revision_id) is Regraded.LATER
            clock.advance(seconds=pause - 1)
            assert await awaiting(session) == []
            clock.advance(seconds=1)
            assert await awaiting(session) == [revision_id]


async def test_a_judge_that_names_a_time_is_asked_again_then(
    tmp_path: Path, clock: FakeClock
) -> None:
    class Busy(ModelJudge):
        async def grade(self, task: GradingTask, *, stand_in: bool = True) -> Judgement:
            if not stand_in:
                raise JudgeUnavailableError("The model is busy.", 90)
            return await super().grade(task)

    judge = Busy()
    judge.away = True
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "good answer")
        await regrade(session.parts.services, answer.scoring_id or 0)
        clock.advance(seconds=89)
        assert await awaiting(session) == []
        clock.advance(seconds=1)
        assert await awaiting(session) == [answer.scoring_id]


class Sober(ModelJudge):
    """A model that sees no attempt where the stand-in saw half of one."""

    async def grade(self, task: GradingTask, *, stand_in: bool = True) -> Judgement:
        judgement = await super().grade(task, stand_in=stand_in)
        if judgement.judge == MODEL:
            return replace(judgement, score=0.0, attempt=False)
        return judgement


async def test_a_verdict_that_was_shown_used_up_the_turn_whatever_the_model_says_then(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = Sober()
    judge.away = True
    async with study(tmp_path, clock, grader=judge) as session:
        await graded(session, "Ada", "good answer")
        judge.away = False
        await come_back(session)
        await session.command("Olga", "/study close")
        await session.work()

        assert await points(session) == {"Ada": 0}
        assert "A hint" not in await session.titles()
        assert "1 in a row" in await session.command("Ada", "/me")


async def test_grades_held_until_close_are_given_again_without_a_word(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = away()
    async with study(tmp_path, clock, grader=judge) as session:
        await session.command("Olga", "/study setup feedback=close")
        await graded(session, "Ada", "good answer")
        judge.away = False
        await come_back(session)
        assert await told(session, "Ada") == []
        assert await points(session) == {}
        await session.command("Olga", "/study close")
        await session.work()
        [message] = await told(session, "Ada")

        assert "100 points" in message
        assert "Graded again" not in message
        assert await points(session) == {"Ada": 100}


async def test_the_status_says_what_waits_for_whom(tmp_path: Path, clock: FakeClock) -> None:
    async with study(tmp_path, clock, grader=away()) as session:
        await graded(session, "Ada", "good answer by Ada")
        assert "open, 1 answer, 0 being graded" in await session.command("Olga", "/study status")
        for name, words in (("Bob", "half"), ("Cleo", "foreign")):
            await graded(session, name, f"{words} answer by {name}")
        quiet = await session.command("Olga", "/study status")
        await pressed(session, "Ada", Action.APPEAL, (await session.round()).id)
        status = await session.command("Olga", "/study status")

        assert "2 provisional, 1 ungraded" in quiet
        assert "open, 3 answers, 0 being graded" in quiet
        assert "Appeals" not in quiet
        assert "2 provisional, 1 ungraded" in status
        assert "Appeals: 1 waiting" in status


async def test_what_is_shown_at_close_is_the_grade_as_it_is_then(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = away()
    async with study(tmp_path, clock, grader=judge) as session:
        await change(session, feedback=FeedbackMode.CLOSE)
        await graded(session, "Ada", "good answer")
        round_ = await session.round()
        async with session.parts.store.read() as tx:
            read_before = await tx.answers.in_round(round_.id)
            group = await tx.groups.get(session.group.id)
        assert group is not None
        judge.away = False
        await come_back(session)
        async with session.parts.store.write() as tx:
            await release(tx, group, round_, read_before)

        assert await points(session) == {"Ada": 100}


class Probing(ModelJudge):
    """A model behind a breaker: while it is away, one reply at a time tries whether it is back."""

    def spare(self) -> int:
        """One if the breaker has let enough time pass; none just after a try that failed."""
        tried, self.tried = self.tried, False
        return super().spare() or int(not tried)

    tried = False

    async def grade(self, task: GradingTask, *, stand_in: bool = True) -> Judgement:
        self.tried = True
        return await super().grade(task, stand_in=stand_in)


async def test_an_outage_of_days_gives_no_reply_up(tmp_path: Path, clock: FakeClock) -> None:
    judge = Probing()
    judge.away = True
    async with study(tmp_path, clock, grader=judge) as session:
        for name in ("Ada", "Bob", "Cleo"):
            await graded(session, name, f"good answer by {name}")
        for _ in range(100):
            clock.advance(minutes=30)
            await come_back(session)
        judge.away = False
        for _ in range(2):
            clock.advance(seconds=90)
            await come_back(session)

        assert await points(session) == {"Ada": 100, "Bob": 100, "Cleo": 100}


async def test_organisers_are_told_once_of_a_reply_that_the_judge_gives_up(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = away()
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "foreign words")
        judge.away = False
        for _ in range(20):
            clock.advance(hours=2)
            await come_back(session)

        notices = [p.body for p in await session.posts() if p.body]
        waiting = [str(b) for b in notices if b["title"] == "An answer waits"]
        assert len(waiting) == 1
        assert f"/study grade {answer.id}" in waiting[0]
