"""Replies in awkward orders: practice, deletes, edits, sealed groups, feedback moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.chat import Post
from bot.domain.grading import GradingTask, Judgement
from bot.domain.group import AnswerMode, FeedbackMode
from bot.errors import InvalidError
from bot.ports import Reaction
from bot.study import jobs
from bot.study.answering import Outcome, forget_held
from tests.support.harness import FakeClock, Study, study
from tests.support.judging import ScriptedJudge, answer_of, change, delete, edit, points


async def own_posts(session: Study, name: str) -> list[Post]:
    member = await session.member(name)
    return [post for post in await session.posts() if post.author_id == member.id]


async def test_practice_that_is_no_attempt_takes_no_points_away(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "good answer")
        await session.work()
        await session.reply("Ada", "answer: off-topic chatter")
        await session.work()

        assert await points(session) == {"Ada": 100}
        assert "A hint" not in await session.titles()


async def test_practice_leaves_the_verdict_on_the_reply_that_scores(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "good answer")
        await session.work()
        await edit(session, accepted, "bad answer")
        await session.work()
        await session.reply("Ada", "answer: half of it")
        await session.work()
        [first, second] = await own_posts(session, "Ada")

        assert first.reaction == Reaction.CORRECT
        assert second.reaction == Reaction.PARTIAL


async def test_deleting_practice_keeps_the_points_and_deleting_the_reply_takes_them(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "good answer")
        await session.work()
        await session.reply("Ada", "answer: bad practice")
        await session.work()
        [first, second] = await own_posts(session, "Ada")
        async with session.parts.store.read() as tx:
            practice = await tx.answers.by_message(session.channel.id, str(second.id))
            scored = await tx.answers.by_message(session.channel.id, str(first.id))

        assert practice is None
        assert scored is not None


async def test_what_is_said_beside_a_reply_that_waits_for_its_grade_is_no_error(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "good answer")
        for text in ("🎉", "idk", "x" * 9_000):
            talk = await session.reply("Ada", text)
            assert talk.outcome is Outcome.CONVERSATION
        with pytest.raises(InvalidError):
            await session.reply("Ada", "answer: 🎉")
        await session.work()

        assert await points(session) == {"Ada": 100}


async def test_a_held_reply_that_comes_to_count_carries_the_verdict_itself(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "off-topic chatter")
        await session.reply("Ada", "good answer right behind it")
        await session.work()
        [chatter, reply] = await own_posts(session, "Ada")
        async with session.parts.store.read() as tx:
            found = await tx.answers.by_message(session.channel.id, str(reply.id))

        assert found is not None
        assert reply.reaction == Reaction.CORRECT
        assert chatter.reaction == Reaction.RECEIVED


async def test_a_held_reply_that_is_deleted_never_comes_to_count(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "off-topic chatter")
        await session.reply("Ada", "good answer right behind it")
        [chatter, reply] = await own_posts(session, "Ada")
        async with session.parts.store.write() as tx:
            forgotten = [
                await forget_held(tx, session.channel.id, str(post.id))
                for post in (chatter, reply, reply)
            ]
        await session.work()

        assert forgotten == [False, True, False]
        assert await points(session) == {}


async def test_an_edit_event_that_changes_nothing_leaves_a_held_reply_alone(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "off-topic link")
        await session.reply("Ada", "good answer")
        # A platform that adds a link's preview reports an edit without new words.
        await edit(session, accepted, "off-topic link")
        await session.work()

        assert await points(session) == {"Ada": 100}


async def test_an_edit_event_without_new_words_does_not_undo_a_form_s_revision(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await change(session, feedback=FeedbackMode.CLOSE)
        accepted = await session.reply("Ada", "bad answer with a link")
        await session.reply("Ada", "good answer", form=True)
        await edit(session, accepted, "bad answer with a link")
        await session.work()
        await session.command("Ada", "/study close")
        await session.work()

        assert await points(session) == {"Ada": 100}


async def test_in_a_sealed_group_no_prefix_makes_an_open_reply_an_answer(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await change(session, answers=AnswerMode.SEALED)
        talk = await session.reply("Ada", "answer: good but in the open")
        await session.work()
        assert "Answer button" in talk.note
        assert judge.seen == []
        await session.reply("Ada", "good answer", form=True)
        beside = await session.reply("Ada", "and now I wait")

        assert beside.note == ""


async def test_answering_anew_by_the_button_after_a_delete_is_sealed(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        first = await session.reply("Ada", "bad answer in the open")
        await delete(session, first)
        again = await session.reply("Ada", "good answer", form=True)
        answer = await answer_of(session, again)

        assert again.sealed
        assert answer.sealed
        assert answer.message_id is None


async def test_feedback_switched_to_at_once_shows_and_scores_what_was_held_back(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.command("Olga", "/study setup feedback=close")
        accepted = await session.reply("Ada", "good answer")
        await session.work()
        assert await points(session) == {}
        await session.command("Olga", "/study setup feedback=now")
        await session.work()

        assert (await session.grade_of(accepted))["state"] == "graded"
        assert await points(session) == {"Ada": 100}


async def test_grades_held_back_are_released_at_close_whatever_the_mode_is_then(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await change(session, feedback=FeedbackMode.CLOSE)
        accepted = await session.reply("Ada", "good answer")
        await session.work()
        await change(session, feedback=FeedbackMode.NOW)
        # Nothing has shown her the verdict yet, so nothing may: she could still edit.
        assert (await session.grade_of(accepted))["state"] == "pending"
        await session.command("Olga", "/study close")
        await session.work()

        assert await points(session) == {"Ada": 100}


async def test_a_verdict_that_was_shown_stays_shown_when_feedback_moves_to_close(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "good answer")
        await session.work()
        await session.command("Olga", "/study setup feedback=close")

        assert (await session.grade_of(accepted))["state"] == "graded"


class SwitchingJudge(ScriptedJudge):
    """While it judges, an organiser moves feedback to close."""

    session: Study

    async def grade(self, task: GradingTask, *, stand_in: bool = True) -> Judgement:
        await self.session.command("Olga", "/study setup feedback=close")
        return await super().grade(task, stand_in=stand_in)


async def test_feedback_moved_to_close_while_the_judge_is_at_it_shows_nothing_early(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = SwitchingJudge()
    async with study(tmp_path, clock, grader=judge) as session:
        judge.session = session
        accepted = await session.reply("Ada", "good answer")
        await session.work()

        assert await points(session) == {}
        assert (await session.grade_of(accepted))["state"] == "pending"


async def test_a_late_received_sign_never_covers_the_verdict(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "good answer")
        services = session.parts.services
        waiting = await services.store.open_work(clock())
        late = [job for job in waiting if job.kind == "deliver"]
        for job in [job for job in waiting if job.kind != "deliver"]:
            await jobs.handle(services, job)
        newer = [job for job in await services.store.open_work(clock()) if job not in late]
        for job in [*newer, *late]:
            await jobs.handle(services, job)
        [post] = await own_posts(session, "Ada")

        assert post.reaction == Reaction.CORRECT


async def test_a_copied_answer_is_not_blamed_for_the_copy_after_an_edit(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    words = "good answer with quite a lot of words so that a copy of it can be told apart for sure"
    async with study(tmp_path, clock, grader=judge) as session:
        await change(session, feedback=FeedbackMode.CLOSE)
        ada = await session.reply("Ada", words)
        await session.pass_time(minutes=1)
        await session.reply("Bo", words)
        await session.pass_time(minutes=1)
        await edit(session, ada, f"{words} indeed")
        await session.work()
        await session.command("Olga", "/study close")
        await session.work()

        assert await points(session) == {"Ada": 100, "Bo": 0}
