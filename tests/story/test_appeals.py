"""Appeals and a human's word: filed with one click, decided once, never overwritten."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.commands.core import Call
from bot.commands.press import press
from bot.domain.grading import GradeState, GradingTask, Judgement
from bot.domain.group import FeedbackMode
from bot.domain.rounds import Answer
from bot.errors import ConflictError, ForbiddenError, NotFoundError, StudyError
from bot.messages.message import Action, Button, Message
from bot.messages.plain import plain
from bot.ports import Reaction
from bot.study import jobs
from bot.study.regrading import plan, regrade
from tests.support.harness import FakeClock, Study, study
from tests.support.judging import (
    ModelJudge,
    ScriptedJudge,
    answer_of,
    change,
    delete,
    graded,
    points,
    pressed,
)


def button(message: Message, action: Action) -> Button:
    return next(each for each in message.buttons if each.action is action)


async def state_of(session: Study, answer: Answer) -> str:
    async with session.parts.store.read() as tx:
        grade = await tx.answers.grade(answer.scoring_id or answer.revision_id or 0)
    assert grade is not None
    return grade.state.value


async def test_one_click_appeals_and_organisers_are_told_once_with_the_reason_given_later(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "half right")
        message = await pressed(session, "Ada", Action.APPEAL, answer.round_id)
        assert message.title == "Appealed"
        assert "/appeal" in plain(message)
        assert await state_of(session, answer) == "appealed"
        again = await session.command("Ada", "/appeal I named both parts", organiser=False)
        await session.work()

        assert "I named both parts" in again
        assert (await session.titles()).count("An appeal") == 1
        queue = await session.command("Olga", "/study appeals")
        assert "half right" in queue
        assert "I named both parts" in queue
        assert "50 points" in queue


async def test_an_organiser_clears_the_queue_click_by_click(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        for name in ("Ada", "Bob", "Cleo"):
            answer = await graded(session, name, f"half it is, says {name}")
            await pressed(session, name, Action.APPEAL, answer.round_id)
        member = await session.member("Olga")
        call = Call(session.group, session.channel, member, organiser=True)
        async with session.parts.store.read() as tx:
            [first, *_] = await tx.appeals.queue(session.group.id)
        message = await pressed(session, "Olga", Action.RULE_CORRECT, first.appeal.id)
        assert "Ada has 100 points" in plain(message)
        assert "half it is, says Bob" in plain(message)
        second = button(message, Action.UPHOLD)
        message = await pressed(session, "Olga", Action.UPHOLD, second.target)
        assert "Bob keeps 50 points" in plain(message)
        third = button(message, Action.RULE_INCORRECT)
        message = await pressed(session, "Olga", Action.RULE_INCORRECT, third.target)
        assert "No appeal is waiting" in plain(message)
        await session.work()

        assert await points(session) == {"Ada": 100, "Bob": 50, "Cleo": 0}
        with pytest.raises(ConflictError, match="decided already"):
            await press(session.parts.services, call, Action.UPHOLD, first.appeal.id)


async def test_the_author_is_told_and_the_sign_on_the_reply_changes(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "half right")
        await session.command("Olga", f"/study grade #{answer.id} 85 The KL term is there.")
        await session.work()
        ada = await session.member("Ada")
        posts = await session.posts()
        [reply] = [post for post in posts if post.author_id == ada.id]
        told = [str(post.body) for post in posts if post.only_member_id == ada.id and post.body]

        assert reply.reaction == Reaction.CORRECT
        assert "50 → 85 points" in told[-1]
        assert "The KL term is there." in told[-1]
        assert "This is final" in told[-1]
        assert "'appeal'" not in told[-1]
        assert await points(session) == {"Ada": 85}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/study grade Ada correct", 100),
        ("/study grade Ada partial", 60),
        ("/study grade ada incorrect", 0),
        ("/study grade ada 0", 0),
        ('/study grade answer="Ada" score=33', 33),
        ("/study grade @Ada 100%", 100),
    ],
)
async def test_grades_can_be_typed_in_many_ways(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge, line: str, expected: int
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await graded(session, "Ada", "half right")
        assert "Graded" in await session.command("Olga", line)
        await session.work()
        assert await points(session) == {"Ada": expected}


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("/study grade Ada splendid", "0 to 100"),
        ("/study grade Ada 101", "0 to 100"),
        ("/study grade Ada -5", "0 to 100"),
        ("/study grade Ada", "needs the score"),
        ("/study grade 9999 50", "no answer #9999"),
        ("/study grade Nobody 50", "no answer or member"),
        ("/study grade Olga 50", "no answer to the current"),
    ],
)
async def test_what_is_typed_wrong_changes_nothing_and_says_what_would_do(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge, line: str, hint: str
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await graded(session, "Ada", "half right")
        assert hint in await session.command("Olga", line)
        assert await points(session) == {"Ada": 50}


async def test_members_can_neither_rule_nor_see_the_queue(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "half right")
        await pressed(session, "Ada", Action.APPEAL, answer.round_id)
        async with session.parts.store.read() as tx:
            [case] = await tx.appeals.queue(session.group.id)
        with pytest.raises(ForbiddenError):
            await pressed(session, "Ada", Action.RULE_CORRECT, case.appeal.id)
        for line in ("/study appeals", "/study grade Ada 100"):
            assert "Only organisers" in await session.command("Ada", line, organiser=False)
        assert await points(session) == {"Ada": 50}


async def test_without_a_grade_there_is_nothing_to_appeal(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        round_ = await session.round()
        with pytest.raises(NotFoundError, match="no answer"):
            await pressed(session, "Ada", Action.APPEAL, round_.id)
        accepted = await session.reply("Ada", "half right")
        with pytest.raises(ConflictError, match="isn't graded yet"):
            await pressed(session, "Ada", Action.APPEAL, round_.id)
        await session.work()
        await delete(session, accepted)
        with pytest.raises(NotFoundError):
            await pressed(session, "Ada", Action.APPEAL, round_.id)
        long = await session.command("Ada", f"/appeal {'x' * 501}", organiser=False)
        assert "500 characters" in long


async def test_a_final_grade_is_not_appealed_and_no_judge_overwrites_it(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = ModelJudge()
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "half right")
        await session.command("Olga", "/study grade Ada 90")
        with pytest.raises(ConflictError, match="final"):
            await pressed(session, "Ada", Action.APPEAL, answer.round_id)
        assert (await plan(session.parts.services)).revision_ids == ()
        await regrade(session.parts.services, answer.scoring_id or 0, mended=True)

        assert await points(session) == {"Ada": 90}
        assert await state_of(session, answer) == "final"


async def test_a_word_on_a_reply_that_is_being_graded_stands_when_the_judge_comes_back(
    tmp_path: Path, clock: FakeClock
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    class SlowJudge(ScriptedJudge):
        async def grade(self, task: GradingTask, *, stand_in: bool = True) -> Judgement:
            begun.set()
            await go_on.wait()
            return await super().grade(task, stand_in=stand_in)

    async with study(tmp_path, clock, grader=SlowJudge()) as session:
        await session.reply("Ada", "bad answer")
        [job] = [
            each
            for each in await session.parts.store.open_work(clock())
            if each.kind.value == "grade"
        ]
        grading = asyncio.create_task(jobs.handle(session.parts.services, job))
        await begun.wait()
        assert "75 points" in await session.command("Olga", "/study grade Ada 75")
        go_on.set()
        await grading
        await session.work()
        assert await points(session) == {"Ada": 75}


async def test_an_ungraded_answer_gets_its_points_from_a_human(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "foreign words")
        assert await points(session) == {}
        await pressed(session, "Ada", Action.APPEAL, answer.round_id)
        queue = await session.command("Olga", "/study appeals")
        assert "ungraded" in queue
        assert "nothing to uphold" in await session.command("Olga", "/study grade Ada uphold")
        await session.command("Olga", "/study grade Ada 70")
        await session.work()
        assert await points(session) == {"Ada": 70}


async def test_where_verdicts_come_at_close_a_ruling_shows_at_close_too(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await change(session, feedback=FeedbackMode.CLOSE)
        await graded(session, "Ada", "bad answer")
        await session.command("Olga", "/study grade Ada 80")
        await session.work()
        assert await points(session) == {}
        await session.command("Olga", "/study close")
        await session.work()
        assert await points(session) == {"Ada": 80}


async def test_of_two_organisers_one_decides_and_the_other_is_told(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "half right")
        await pressed(session, "Ada", Action.APPEAL, answer.round_id)
        async with session.parts.store.read() as tx:
            [case] = await tx.appeals.queue(session.group.id)
        results = await asyncio.gather(
            pressed(session, "Olga", Action.RULE_CORRECT, case.appeal.id),
            pressed(session, "Olga", Action.RULE_INCORRECT, case.appeal.id),
            return_exceptions=True,
        )
        refused = [each for each in results if isinstance(each, StudyError)]
        assert len(refused) == 1
        assert "decided already" in str(refused[0])
        assert (await points(session))["Ada"] in (0, 100)


async def test_an_answer_that_was_deleted_leaves_the_queue(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "half right")
        await session.work()
        answer = await answer_of(session, accepted)
        await pressed(session, "Ada", Action.APPEAL, answer.round_id)
        await delete(session, accepted)
        assert "No appeal is waiting" in await session.command("Olga", "/study appeals")
        assert "deleted" in await session.command("Olga", f"/study grade {answer.id} 100")
        assert await points(session) == {}


async def test_twenty_corrections_teach_the_offline_judge_how_strict_a_group_is(
    tmp_path: Path, clock: FakeClock
) -> None:
    text = "It uses self-attention instead of recurrence, with several heads side by side."
    async with study(tmp_path, clock) as session:
        await graded(session, "Zoe", text)
        before = (await points(session))["Zoe"]
        for number in range(21):
            await graded(session, f"Member {number}", f"{text} And {number} more words here.")
            await session.command("Olga", f'/study grade answer="Member {number}" score=5')
        clock.advance(minutes=2)
        await graded(session, "Yan", f"{text} Quite so.")
        board = await points(session)
        assert board["Zoe"] == before
        assert board["Yan"] < before / 2


async def test_every_grade_is_kept_and_says_who_gave_it(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await graded(session, "Ada", "half right")
        await session.command("Olga", "/study grade Ada 90")
        data = await session.parts.store.export(session.group.id)
        [answer] = data["answers"]
        [revision] = answer["revisions"]
        kinds = [(g["judge"]["kind"], g["state"], g["score"]) for g in revision["grades"]]
        assert kinds == [("offline", GradeState.GRADED, 0.5), ("human", GradeState.FINAL, 0.9)]
