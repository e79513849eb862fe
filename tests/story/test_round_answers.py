"""Replies to a round, as members see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.rounds import RoundState
from bot.errors import InvalidError, JudgeUnavailableError
from bot.messages.message import Action
from bot.messages.plain import plain
from bot.study import answering
from bot.study.views import answer_view
from tests.support.harness import FakeClock, study
from tests.support.judging import ScriptedJudge, delete, graded, points, pressed


async def test_on_first_start_todays_question_is_there_at_once(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        round_ = await session.round()

        assert round_.state is RoundState.OPEN
        assert round_.question is not None
        assert await session.titles() == [round_.question.prompt]


async def test_a_good_reply_is_graded_and_moves_the_leaderboard(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        question = (await session.round()).question
        assert question is not None
        reply = ". ".join(p.text.rstrip(".") for p in question.key_points) + "."
        accepted = await session.reply("Ada", f"Well, as I understand it: {reply}")
        await session.work()

        view = await session.grade_of(accepted)
        assert view["state"] == "graded"
        assert view["grade"]["verdict"] == "correct"  # type: ignore[index] # JSON
        assert (await points(session))["Ada"] >= 80
        assert any(t.startswith("Correct") for t in await session.titles())


async def test_what_else_a_member_writes_is_conversation(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "good answer")
        await session.work()
        talk = await session.reply("Ada", "bad joke about attention")
        await session.work()

        assert talk.outcome is answering.Outcome.CONVERSATION
        assert judge.seen == ["good answer"]


async def test_an_edit_before_the_verdict_replaces_the_reply(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "bad first try")
        revised = await session.reply("Ada", "Answer: good second try")
        await session.work()

        assert revised.outcome is answering.Outcome.REVISION
        assert judge.seen == ["good second try"]
        assert await points(session) == {"Ada": 100}


async def test_a_revision_after_the_verdict_is_practice_and_says_so(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "half an answer")
        await session.work()
        practice = await session.reply("Ada", "good now", form=True)
        await session.work()

        assert practice.outcome is answering.Outcome.PRACTICE
        assert "practice" in practice.note
        assert await points(session) == {"Ada": 50}
        feedback = [str(post.body) for post in await session.posts() if post.body]
        assert any("Graded as practice" in text for text in feedback)


async def test_a_reply_that_is_no_attempt_does_not_use_up_the_turn(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "off-topic chatter")
        await session.work()
        assert await points(session) == {}
        await session.reply("Ada", "good answer")
        await session.work()

        assert await points(session) == {"Ada": 100}


async def test_what_is_no_attempt_is_shown_no_key_points_to_answer_with(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "off-topic chatter")
        shown = plain(await pressed(session, "Ada", Action.MY_GRADE, answer.round_id))
        async with session.parts.store.read() as tx:
            round_ = await tx.rounds.get(answer.round_id)
            told = await answer_view(tx, answer)
        assert round_ is not None
        assert round_.question is not None
        points_of_it = [point.text for point in round_.question.key_points]
        assert not [each for each in points_of_it if each in shown]
        assert told["grade"]["points"] == []

        await graded(session, "Ada", "half an answer")
        shown = plain(await pressed(session, "Ada", Action.MY_GRADE, answer.round_id))
        assert [each for each in points_of_it if each in shown] == points_of_it


async def test_a_second_reply_counts_if_the_first_turns_out_to_be_no_attempt(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "off-topic chatter")
        await session.reply("Ada", "good answer right behind it")
        await session.work()

        assert await points(session) == {"Ada": 100}


async def test_a_second_reply_stays_conversation_if_the_first_was_an_attempt(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "half an answer")
        await session.reply("Ada", "good afterthought")
        await session.work()

        assert judge.seen == ["half an answer"]


@pytest.mark.parametrize(
    "text", ["", "   ", "🎉🎉", "...", "idk", "x" * 8_001, "a\x00b", "\x1b[2J"]
)
@pytest.mark.parametrize("form", [True, False])
async def test_what_cannot_be_an_answer_is_refused_and_nothing_is_stored(
    tmp_path: Path, clock: FakeClock, text: str, *, form: bool
) -> None:
    async with study(tmp_path, clock) as session:
        before = await session.parts.store.counts()
        with pytest.raises(InvalidError):
            await session.reply("Ada", text, form=form)
        after = await session.parts.store.counts()

        assert after["answers"] == before["answers"] == 0


async def test_a_deleted_reply_takes_its_points_off_the_board(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "good answer")
        await session.work()
        await delete(session, accepted)

        assert await points(session) == {}


async def test_writing_again_after_a_seen_verdict_and_a_delete_scores_nothing_more(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "bad answer")
        await session.work()
        await delete(session, accepted)
        again = await session.reply("Ada", "good answer after seeing the feedback")
        await session.work()

        assert again.outcome is answering.Outcome.PRACTICE
        assert (await points(session)).get("Ada", 0) == 0


async def test_a_judge_that_is_down_leaves_the_reply_waiting_and_grades_it_later(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        judge.down = JudgeUnavailableError("503", retry_after=30)
        accepted = await session.reply("Ada", "good answer")
        await session.work()
        assert (await session.grade_of(accepted))["state"] == "pending"
        judge.down = None
        await session.pass_time(seconds=31)

        assert (await session.grade_of(accepted))["state"] == "graded"
        assert await points(session) == {"Ada": 100}


async def test_a_reply_the_judge_cannot_read_is_ungraded_and_may_be_revised(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "foreign words")
        await session.work()
        view = await session.grade_of(accepted)
        assert view["state"] == "ungraded"
        assert view["grade"]["score"] is None  # type: ignore[index] # JSON
        await session.reply("Ada", "answer: good in English")
        await session.work()

        assert await points(session) == {"Ada": 100}
