"""Any order of replies, edits, deletes, grades, rulings and closes keeps what members rely on."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.domain.boards import Window
from bot.domain.grading import GradeState, points_of
from bot.domain.group import FeedbackMode
from bot.domain.rounds import POSTED, Answer, GradedAnswer, Round, RoundState
from bot.domain.work import JobKind
from bot.errors import ConflictError
from bot.store import Tx
from bot.study import answering, jobs
from bot.study.streaks import recount
from bot.study.views import shown
from tests.support.harness import FakeClock, Study, study
from tests.support.judging import ModelJudge, change, come_back, points

NAMES = ("Ada", "Bo")
WORDS = ("good", "half", "bad", "off-topic", "foreign")
Step = Callable[[Study], Coroutine[None, None, None]]

names = st.sampled_from(NAMES)
words = st.sampled_from(WORDS)


def say(name: str, word: str, prefix: str, *, form: bool) -> Step:
    async def step(session: Study) -> None:
        number = len(await session.posts())
        with suppress(ConflictError):
            # Closed by then: the member is told so, and nothing is stored.
            await session.reply(name, f"{prefix}{word} reply {number}", form=form)

    return step


def revise(name: str, word: str) -> Step:
    async def step(session: Study) -> None:
        async with session.parts.store.write() as tx:
            answer = await own(tx, session, name)
            if answer is not None and answer.message_id is not None:
                await answering.edited(tx, answer, f"{word} edit", session.clock())

    return step


def delete(name: str) -> Step:
    async def step(session: Study) -> None:
        async with session.parts.store.write() as tx:
            answer = await own(tx, session, name)
            if answer is not None:
                await answering.withdraw(tx, answer, session.clock())

    return step


def work_on(*kinds: JobKind) -> Step:
    """Some of the open work: what one kind of worker does while the others are behind."""

    async def step(session: Study) -> None:
        services = session.parts.services
        for job in await services.store.open_work(session.clock()):
            if job.kind in kinds:
                await jobs.handle(services, job)

    return step


def command(line: str) -> Step:
    async def step(session: Study) -> None:
        assert "Traceback" not in await session.command("Olga", line)

    return step


def rule(name: str, score: str) -> Step:
    return command(f"/study grade {name} {score}")


def appeal(name: str) -> Step:
    async def step(session: Study) -> None:
        await session.command(name, "/appeal", organiser=False)

    return step


def model(*, is_away: bool) -> Step:
    """The language model goes away, or comes back and grades what was stood in for."""

    async def step(session: Study) -> None:
        judge = session.parts.services.grader
        assert isinstance(judge, ModelJudge)
        judge.away = is_away
        await come_back(session)

    return step


def let_pass(hours: int) -> Step:
    async def step(session: Study) -> None:
        session.clock.advance(hours=hours)
        await jobs.tick_once(session.parts.services)

    return step


async def own(tx: Tx, session: Study, name: str) -> Answer | None:
    """A member's newest answer."""
    member = await tx.members.of_account(session.group.id, "web", name.casefold())
    given_ = await tx.answers.of_member(member.id, limit=1) if member else []
    return given_[0].answer if given_ else None


replies = st.builds(say, names, words, st.sampled_from(["", "answer: "]), form=st.booleans())
others = st.one_of(
    st.builds(revise, names, words),
    st.builds(delete, names),
    st.builds(work_on, st.sampled_from(JobKind), st.sampled_from(JobKind)),
    st.builds(appeal, names),
    st.builds(rule, names, st.sampled_from(["correct", "partial", "uphold", "35"])),
    st.builds(model, is_away=st.booleans()),
    st.sampled_from(
        [
            command("/study close"),
            command("/study setup feedback=now"),
            command("/study setup feedback=close"),
            let_pass(11),
            let_pass(24),
            let_pass(24),
        ]
    ),
)
# Often all work is done after a step, as it is where nothing is slow.
steps = st.lists(
    st.tuples(st.one_of(replies, replies, others), st.sampled_from([True, True, False])),
    min_size=25,
    max_size=50,
)


class Watch:
    """The first verdict shown of each answer, which were deleted after it, which are final."""

    def __init__(self) -> None:
        self.first: dict[int, int] = {}
        self.deleted: set[int] = set()
        self.final: set[int] = set()

    async def look(self, session: Study) -> None:
        """Check what must hold after every step."""
        async with session.parts.store.read() as tx:
            group = await tx.groups.get(session.group.id)
            assert group is not None
            mode = group.settings.feedback
            for round_ in await tx.rounds.recent(session.group.id):
                if round_.state in POSTED:
                    await self._round(tx, session, round_, mode)

    async def _round(self, tx: Tx, session: Study, round_: Round, mode: FeedbackMode) -> None:
        for member in await tx.members.in_group(session.group.id):
            answer = await tx.answers.find(round_.id, member.id)
            score = await tx.boards.score(round_.id, member.id)
            if answer is None or answer.scoring_id is None or answer.withdrawn_at is not None:
                assert score is None, "points without a verdict that stands"
            if answer is None:
                continue
            if answer.scoring_id is not None:
                first = self.first.setdefault(answer.id, answer.scoring_id)
                assert first == answer.scoring_id, "the first verdict shown keeps scoring"
                if answer.withdrawn_at is not None:
                    self.deleted.add(answer.id)
            grade = await tx.answers.grade(answer.scoring_id or answer.revision_id or 0)
            if grade is not None and grade.state is GradeState.FINAL:
                self.final.add(grade.revision_id)
            if grade is not None and grade.revision_id in self.final:
                assert grade.judge.kind == "human", "no judge overwrites a human's word"
            if score is not None:
                assert grade is not None
                assert score.points == points_of(grade.score)
            await self._hidden(tx, round_, answer, mode)

    async def _hidden(self, tx: Tx, round_: Round, answer: Answer, mode: FeedbackMode) -> None:
        """With feedback at close nothing tells a member their verdict before."""
        if mode is FeedbackMode.NOW or round_.state is RoundState.CLOSED or answer.scoring_id:
            return
        assert (await shown(tx, answer)).grade is None
        told = [
            post
            for thread in await tx.outbox.posts(round_.id)
            for post in await tx.chat.timeline(
                thread.channel_id, thread_id=int(thread.thread_id or 0)
            )
            if post.only_member_id == answer.member_id and post.body
        ]
        titles = {str(post.body["title"]) for post in told if post.body}
        # That a judge can't read a reply is no verdict; it may be from before a change of mode.
        assert titles <= {"A hint", "Not graded yet"}


async def finish(session: Study, watch: Watch) -> None:
    """Close everything, then hold the boards and streaks against the answers themselves."""
    await session.work()
    await session.command("Olga", "/study pause")
    await session.pass_time(days=2)
    await watch.look(session)
    async with session.parts.store.read() as tx:
        rounds = await tx.rounds.recent(session.group.id)
        given_ = [each for r in rounds for each in await tx.answers.in_round(r.id)]
        stepped = await tx.members.streaks(session.group.id)
        members = await tx.members.in_group(session.group.id)
    assert {r.state for r in rounds} <= {RoundState.CLOSED, RoundState.MISSED}
    expected: Counter[str] = Counter()
    for each in given_:
        assert each.grade is not None, "an answer that nobody ever graded"
        if scores(each) and each.answer.id not in watch.deleted:
            expected[each.member_name] += points_of(each.grade.score)
    board = await points(session, Window.ALL)
    assert {name: total for name, total in board.items() if total} == +expected
    async with session.parts.store.write() as tx:
        for member in members:
            await recount(tx, session.group.id, member.id)
    async with session.parts.store.read() as tx:
        assert await tx.members.streaks(session.group.id) == stepped


def scores(given_: GradedAnswer) -> bool:
    return given_.grade is not None and given_.grade.attempt and given_.grade.score is not None


async def live(folder: Path, mode: FeedbackMode, taken: list[tuple[Step, bool]]) -> None:
    async with study(folder, FakeClock(), grader=ModelJudge()) as session:
        await change(session, feedback=mode)
        watch = Watch()
        for step, worked in taken:
            await step(session)
            await watch.look(session)
            if worked:
                await session.work()
                await watch.look(session)
        await finish(session, watch)


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    # Shrinking takes minutes here; the steps that failed are told as they are.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(mode=st.sampled_from(FeedbackMode), taken=steps)
def test_any_order_of_events_keeps_points_verdicts_and_streaks_true(
    mode: FeedbackMode, taken: list[tuple[Step, bool]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(Path(folder), mode, taken))
