"""One round from post to close, as members and organisers see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.boards import Window
from bot.domain.grading import GradingTask, JudgeInfo, Judgement, PointGrade, PointStatus
from bot.domain.group import AnswerMode, FeedbackMode
from bot.domain.rounds import RoundState
from bot.errors import ConflictError, InvalidError, JudgeUnavailableError
from bot.study import answering
from bot.study.views import leaderboard
from tests.support.harness import FakeClock, Study, study

GOOD = 1.0
JUDGE = JudgeInfo("offline", "scripted", "1")


class ScriptedJudge:
    """Grades by what the reply says: good, half, bad, off-topic, foreign; or is out of order."""

    def __init__(self) -> None:
        self.down: JudgeUnavailableError | None = None
        self.seen: list[str] = []

    async def grade(self, task: GradingTask) -> Judgement:
        self.seen.append(task.reply)
        if self.down is not None:
            raise self.down
        word = task.reply.split()[0]
        score = {"good": 1.0, "half": 0.5, "foreign": None}.get(word, 0.0)
        status = PointStatus.COVERED if score == 1.0 else PointStatus.MISSING
        points = tuple(PointGrade(p.id, p.text, status) for p in task.question.key_points)
        return Judgement(score, points, f"feedback on {word}", JUDGE, attempt=word != "off-topic")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def judge() -> ScriptedJudge:
    return ScriptedJudge()


async def points(session: Study, window: Window = Window.WEEK) -> dict[str, int]:
    board = await leaderboard(session.parts.services, session.group, window)
    return {s.member: s.points for s in board.standings}


async def change(session: Study, **settings: object) -> None:
    async with session.parts.store.write() as tx:
        group = await tx.groups.get(session.group.id)
        assert group is not None
        changed = replace(group.settings, **settings)  # type: ignore[arg-type] # settings by name
        await tx.groups.update(replace(group, settings=changed))


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
        async with session.parts.store.write() as tx:
            answer = await tx.answers.get(accepted.answer_id or 0)
            assert answer is not None
            await answering.withdraw(tx, answer, clock())

        assert await points(session) == {}


async def test_writing_again_after_a_seen_verdict_and_a_delete_scores_nothing_more(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        accepted = await session.reply("Ada", "bad answer")
        await session.work()
        async with session.parts.store.write() as tx:
            answer = await tx.answers.get(accepted.answer_id or 0)
            assert answer is not None
            await answering.withdraw(tx, answer, clock())
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
        assert "2026-06-01 12:45 UTC" in text
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
        rows = next(b for b in recap.body["blocks"] if "rows" in b)["rows"]  # type: ignore[index] # JSON
        assert [(row["rank"], row["member"]["name"]) for row in rows] == [
            (1, "Ada"),
            (1, "Bo"),
            (3, "Cy"),
        ]
