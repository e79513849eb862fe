"""Appeals and rulings in awkward orders: points, dates, streaks and copies stay what they are."""

from __future__ import annotations

from pathlib import Path

from bot.commands.core import Call, Form
from bot.commands.run import run_text
from bot.domain.boards import Window
from bot.domain.rounds import RoundState
from bot.domain.work import Job, JobKind
from bot.errors import JudgeUnavailableError
from bot.messages.message import Action
from bot.study import answering, jobs
from bot.study.answering import Accepted, Reply
from tests.support.harness import FakeClock, Study, study
from tests.support.judging import (
    ScriptedJudge,
    delete,
    graded,
    points,
    pressed,
    told,
)


async def state_of(session: Study, accepted: Accepted) -> object:
    return (await session.grade_of(accepted))["state"]


async def open_jobs(session: Study, kind: JobKind) -> list[Job]:
    found = await session.parts.store.open_work(session.clock())
    return [job for job in found if job.kind is kind]


async def test_whoever_appealed_is_told_that_the_grade_stays_and_why(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "half right")
        await pressed(session, "Ada", Action.APPEAL, answer.round_id)
        before = len(await told(session, "Ada"))
        await session.command("Olga", f"/study grade {answer.id} uphold The margin is missing")
        await session.work()
        messages = await told(session, "Ada")

        assert len(messages) == before + 1
        assert "50 points stay" in messages[-1]
        assert "The margin is missing" in messages[-1]


async def test_of_two_grades_before_anything_was_sent_only_the_second_is_told(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "half right")
        for job in await open_jobs(session, JobKind.GRADE):
            await jobs.handle(session.parts.services, job)
        await session.command("Olga", "/study grade Ada 90")
        await session.work()
        [message] = await told(session, "Ada")

        assert "90 points" in message


async def test_a_ruling_on_an_answer_given_anew_after_a_delete_brings_no_points_back(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "half right")
        await session.work()
        await pressed(session, "Ada", Action.APPEAL, (await session.round()).id)
        await delete(session, accepted)
        await session.reply("Ada", "answer: good now", form=True)
        await session.work()
        assert await state_of(session, accepted) == "graded"
        await session.command("Olga", "/study grade Ada 100")
        await session.work()

        assert await points(session) == {}


async def test_a_ruling_on_a_late_day_counts_for_the_round_s_own_date(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "half right")
        await session.pass_time(days=1)
        await session.command("Olga", f"/study grade #{answer.id} correct")

        assert await points(session, Window.TODAY) == {}
        assert await points(session, Window.WEEK) == {"Ada": 100}


async def test_a_ruling_after_close_counts_for_the_streak(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "off-topic to the judge")
        await session.command("Olga", "/study close")
        await session.work()
        assert "0 in a row" in await session.command("Ada", "/me")
        await pressed(session, "Ada", Action.APPEAL, answer.round_id)
        await session.command("Olga", f"/study grade {answer.id} partial")

        assert "1 in a row" in await session.command("Ada", "/me")
        assert await points(session) == {"Ada": 60}


async def test_a_ruling_on_the_last_pending_answer_lets_the_round_close(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    judge.down = JudgeUnavailableError("out of order", 3_600)
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "good answer")
        await session.work()
        await session.command("Olga", "/study close")
        for job in await open_jobs(session, JobKind.CLOSE_ROUND):
            await jobs.handle(session.parts.services, job)
        assert (await session.round()).state is RoundState.CLOSING
        await session.command("Olga", "/study grade Ada 70")
        await session.work()
        assert (await session.round()).state is RoundState.CLOSED
        judge.down = None
        await session.pass_time(hours=2)

        assert await points(session) == {"Ada": 70}
        assert judge.seen == ["good answer"]


async def test_a_ruling_lets_the_points_of_a_copy_count(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    words = "half of it with quite a lot of words so that a copy of it can be told for sure"
    async with study(tmp_path, clock, grader=judge) as session:
        await graded(session, "Ada", words)
        await session.pass_time(minutes=1)
        answer = await graded(session, "Bo", words)
        assert await points(session) == {"Ada": 50, "Bo": 0}
        line = f"/study grade {answer.id} uphold"
        assert line in await session.command("Olga", "/study status")
        await session.command("Olga", line)

        assert await points(session) == {"Ada": 50, "Bo": 50}


async def test_a_reason_goes_to_the_appeal_that_lacks_one(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        monday = await graded(session, "Ada", "half right")
        await pressed(session, "Ada", Action.APPEAL, monday.round_id)
        await session.pass_time(days=1)
        tuesday = await graded(session, "Ada", "bad answer")
        await session.command("Ada", "/appeal It is all there", organiser=False)
        await session.command("Ada", "/appeal This one too", organiser=False)
        async with session.parts.store.read() as tx:
            queue = await tx.appeals.queue(session.group.id)

        reasons = {case.answer.id: case.appeal.reason for case in queue}
        assert reasons == {monday.id: "It is all there", tuesday.id: "This one too"}


async def test_an_appeal_without_a_button_means_the_newest_answer_that_has_a_grade(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        monday = await graded(session, "Ada", "half right")
        await session.pass_time(days=1)
        await session.reply("Ada", "good answer that waits")
        await session.command("Ada", "/appeal", organiser=False)
        async with session.parts.store.read() as tx:
            [case] = await tx.appeals.queue(session.group.id)

        assert case.answer.id == monday.id


async def test_members_of_one_name_are_told_apart_by_their_answers_numbers(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        first = await graded(session, "Ada", "half right")
        round_ = await session.round()
        async with session.parts.store.write() as tx:
            other = await tx.members.ensure(session.group.id, "web", "another ada", "ADA")
            reply = Reply("bad answer", clock(), form=True)
            second = await answering.accept(tx, session.group, round_, other, reply, clock())
        refused = await session.command("Olga", "/study grade ada 100")

        assert f"#{first.id} and #{second.answer_id}" in refused


async def test_the_form_begins_with_the_answer_that_waits_longest(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async def form(session: Study) -> Form:
        member = await session.member("Olga")
        call = Call(session.group, session.channel, member, organiser=True)
        [response] = await run_text(session.parts.services, call, "/study grade")
        assert response.form is not None
        return response.form

    async with study(tmp_path, clock, grader=judge) as session:
        answer = await graded(session, "Ada", "half right")
        empty = await form(session)
        await pressed(session, "Ada", Action.APPEAL, answer.round_id)
        filled = await form(session)

        assert [field.value for field in empty.fields] == ["", "", ""]
        assert filled.fields[0].value == str(answer.id)
        assert [field.option.required for field in filled.fields] == [True, True, False]


async def test_a_note_that_is_too_long_is_refused_rather_than_cut(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await graded(session, "Ada", "half right")
        said = await session.command("Olga", f"/study grade Ada 80 {'x' * 501}")

        assert "500 characters" in said
        assert await points(session) == {"Ada": 50}
