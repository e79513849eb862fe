"""One round from post to close, as members and organisers see it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.group import AnswerMode, FeedbackMode
from bot.domain.rounds import RoundState
from bot.errors import ConflictError
from tests.support.harness import FakeClock, study
from tests.support.judging import ScriptedJudge, change, points


async def test_at_close_the_reference_the_result_and_the_most_missed_point_are_told(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        question = (await session.round()).question
        assert question is not None
        await session.reply("Ada", "good answer")
        await session.reply("Bo", "half an answer")
        await session.work()
        text = await session.command("Ada", "/study close")
        await session.work()

        assert "Closed" in text
        closing = [p for p in await session.posts() if p.body and "closed" in p.body["title"]]
        assert len(closing) == 1
        words = str(closing[0].body)
        assert question.reference.splitlines()[0][:60] in words
        assert "1 correct, 1 partial" in words
        assert question.key_points[0].text in words
        with pytest.raises(ConflictError):
            await session.reply("Cy", "good but late", form=True)


async def test_a_round_closes_by_itself_and_the_next_one_follows(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        first = await session.round()
        await session.reply("Ada", "good answer")
        await session.work()
        await session.pass_time(days=1)
        second = await session.round()

        assert second.id != first.id
        assert second.question != first.question
        assert second.state is RoundState.OPEN
        async with session.parts.store.read() as tx:
            closed = await tx.rounds.get(first.id)
        assert closed is not None
        assert closed.state is RoundState.CLOSED


async def test_feedback_at_close_keeps_grades_and_board_still_until_then(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await change(session, feedback=FeedbackMode.CLOSE)
        accepted = await session.reply("Ada", "bad answer")
        await session.work()
        assert (await session.grade_of(accepted))["state"] == "pending"
        await session.reply("Ada", "answer: good after all")
        await session.work()
        assert await points(session) == {}
        await session.command("Ada", "/study close")
        await session.work()

        assert (await session.grade_of(accepted))["state"] == "graded"
        assert await points(session) == {"Ada": 100}


async def test_results_wait_for_grades_under_way_at_close(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "good answer")
        await session.command("Ada", "/study close")
        await session.work()

        closing = [str(p.body) for p in await session.posts() if p.body]
        assert any("1 correct" in text for text in closing)


async def test_in_a_sealed_group_a_thread_reply_is_no_answer_and_the_button_is(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await change(session, answers=AnswerMode.SEALED)
        talk = await session.reply("Ada", "good answer in the open")
        sealed = await session.reply("Ada", "good answer", form=True)
        await session.work()

        assert "Answer button" in talk.note
        assert sealed.sealed
        assert judge.seen == ["good answer"]


async def test_a_near_copy_keeps_its_grade_but_its_points_wait_for_an_organiser(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    words = "good answer with quite a lot of words so that a copy of it can be told apart for sure"
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", words)
        clock.advance(minutes=1)
        copied = await session.reply("Bo", words)
        await session.work()

        assert (await session.grade_of(copied))["grade"]["score"] == 1.0  # type: ignore[index] # JSON
        assert await points(session) == {"Ada": 100, "Bo": 0}
        assert "Points withheld" in await session.titles()


async def test_streaks_count_posted_rounds_and_a_miss_ends_them(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        for _ in range(3):
            await session.reply("Ada", "good answer")
            await session.work()
            await session.pass_time(days=1)
        assert "3 in a row" in await session.command("Ada", "/me")
        await session.pass_time(days=1)

        assert "0 in a row, best 3" in await session.command("Ada", "/me")


async def test_a_round_that_was_missed_while_studybot_was_off_breaks_no_streak(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await session.reply("Ada", "good answer")
        await session.work()
    clock.advance(days=4)
    async with study(tmp_path, clock, grader=judge) as session:
        await session.pass_time(seconds=1)

        assert "1 in a row" in await session.command("Ada", "/me")
        assert "Missed question" in await session.titles()
        async with session.parts.store.read() as tx:
            rounds = await tx.rounds.recent(session.group.id)
        states = [(r.local_date.day, r.state.value) for r in rounds]
        assert states == [
            (5, "open"),
            (4, "missed"),
            (3, "missed"),
            (2, "missed"),
            (1, "closed"),
        ]
        assert rounds[1].reason == "studybot was not running when it was due"
        asked = [r.question.id for r in rounds if r.question]
        first_two = [q.id for q in session.parts.services.library.decks()[0].questions()][:2]
        assert asked == first_two[::-1]


async def test_study_post_asks_at_most_once_a_day(tmp_path: Path, clock: FakeClock) -> None:
    async with study(tmp_path, clock) as session:
        text = await session.command("Ada", "/study post")
        await session.work()

        assert "already there" in text
        async with session.parts.store.read() as tx:
            assert len(await tx.rounds.recent(session.group.id)) == 1


async def test_study_post_revives_a_round_missed_earlier_that_day(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        await change(session, catch_up_hours=6)
        clock.now = datetime(2026, 6, 2, 20, 0, tzinfo=UTC)
        await session.pass_time(seconds=1)
        assert (await session.round()).local_date.day == 1
        await session.command("Ada", "/study post")
        await session.work()

        assert (await session.round()).local_date.day == 2


async def test_members_cannot_use_organisers_commands(tmp_path: Path, clock: FakeClock) -> None:
    async with study(tmp_path, clock) as session:
        for line in ("/study post", "/study close", "/study setup", "/study pause"):
            text = await session.command("Ada", line, organiser=False)
            assert "Only organisers" in text


async def test_pausing_stops_posts_and_resuming_goes_on_without_missed_rounds(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        await session.command("Ada", "/study pause")
        await session.pass_time(days=3)
        assert (await session.round()).local_date.day == 1
        await session.command("Ada", "/study resume")
        await session.pass_time(days=1)

        assert (await session.round()).local_date.day == 5
        async with session.parts.store.read() as tx:
            rounds = await tx.rounds.recent(session.group.id)
        assert [r.state.value for r in rounds] == ["open", "closed"]


async def test_setup_changes_the_next_post_and_tells_when_it_is(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        text = await session.command(
            "Ada", "/study setup time=18:30 zone=asia/kathmandu days=mon-fri"
        )
        assert "18:30, weekdays, Asia/Kathmandu" in text
        # Today's question is there already.
        assert "2026-06-02 12:45 UTC" in text
        wrong = await session.command("Ada", "/study setup time=25:00")
        assert "HH:MM" in wrong


async def test_the_weekly_recap_names_the_top_the_best_and_the_most_missed(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        for _ in range(6):
            await session.reply("Ada", "good answer, the very best of them")
            await session.reply("Bo", "good answer as well")
            await session.reply("Cy", "half an answer")
            await session.work()
            await session.pass_time(days=1)
        while not any("The week in" in title for title in await session.titles()):
            assert clock.now < datetime(2026, 6, 8, tzinfo=UTC)
            await session.pass_time(hours=1)
        [recap] = [p for p in await session.posts() if p.body and "The week" in p.body["title"]]

        assert clock.now == datetime(2026, 6, 7, 18, tzinfo=UTC)
        words = str(recap.body)
        assert "the very best of them" in words
        assert "Most missed" in words
        assert "6 rounds in a row" in words
        assert recap.body is not None
        rows = next(b for b in recap.body["blocks"] if "ranking" in b)["ranking"]
        assert [(row["rank"], row["member"]["name"]) for row in rows] == [
            (1, "Ada"),
            (1, "Bo"),
            (3, "Cy"),
        ]
