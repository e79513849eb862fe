"""Two processes on one PostgreSQL that act on the same rows in the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from bot.bootstrap import build
from bot.domain.group import FeedbackMode
from bot.domain.rounds import Answer
from bot.domain.work import JobKind
from bot.errors import ConflictError
from bot.messages.message import Action
from bot.settings import Settings
from bot.study import answering, jobs
from bot.study.answering import Accepted, Outcome, Reply
from bot.study.groups import PLAYGROUND, playground
from tests.support.harness import FakeClock, Study
from tests.support.judging import ScriptedJudge, change, graded, points, pressed


@asynccontextmanager
async def two_processes(
    url: str, clock: FakeClock, judge: ScriptedJudge
) -> AsyncIterator[tuple[Study, Study]]:
    """One studybot run twice on a database; its first question is posted."""
    settings = Settings.from_env({"DATABASE_URL": url})
    async with (
        build(settings, clock=clock, grader=judge) as one,
        build(settings, clock=clock, grader=judge) as other,
    ):
        group = await playground(one.services, "UTC")
        async with one.store.read() as tx:
            found = await tx.groups.by_channel(*PLAYGROUND)
        assert found is not None
        first = Study(one, clock, group, found[1])
        await first.work()
        yield first, Study(other, clock, group, found[1])


async def until_blocked(url: str, task: asyncio.Task[object]) -> None:
    """Wait until a transaction waits for another one's rows, or ``task`` has ended."""
    watch = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(20):
            while not task.done() and not await watch.fetchval(
                "SELECT count(*) FROM pg_locks WHERE NOT granted"
            ):
                # Each look is a round trip in which the task goes on.
                continue
    finally:
        await watch.close()


async def first_reply(session: Study, text: str) -> Accepted:
    """A reply by somebody who is known already, as a gateway takes it in."""
    member, round_, now = await session.member("Ada"), await session.round(), session.clock()
    async with session.parts.store.write() as tx:
        reply = Reply(text, now)
        return await answering.accept(tx, session.group, round_, member, reply, now)


async def answer_of(session: Study, accepted: Accepted) -> Answer:
    async with session.parts.store.read() as tx:
        answer = await tx.answers.get(accepted.answer_id or 0)
    assert answer is not None
    return answer


async def grade_jobs(session: Study) -> None:
    services = session.parts.services
    for job in await services.store.open_work(session.clock()):
        if job.kind is JobKind.GRADE:
            await jobs.handle(services, job)


async def test_of_two_first_replies_taken_in_at_once_one_is_the_answer(
    postgres_url: str, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with two_processes(postgres_url, clock, judge) as (one, other):
        member, round_ = await one.member("Ada"), await one.round()
        async with one.parts.store.write() as tx:
            reply = Reply("half an answer", clock())
            await answering.accept(tx, one.group, round_, member, reply, clock())
            later = asyncio.create_task(first_reply(other, "good, but second"))
            await until_blocked(postgres_url, later)
        second = await later
        await one.work()

        assert second.outcome is Outcome.CONVERSATION
        assert await points(one) == {"Ada": 50}


async def test_an_edit_in_the_moment_of_the_verdict_is_practice(
    postgres_url: str, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with two_processes(postgres_url, clock, judge) as (one, other):
        accepted = await first_reply(one, "half an answer")
        stale = await answer_of(one, accepted)
        await grade_jobs(other)
        async with one.parts.store.write() as tx:
            revised = await answering.edited(tx, stale, "good on second thought", clock())
        await one.work()

        assert revised.outcome is Outcome.PRACTICE
        assert await points(one) == {"Ada": 50}


async def test_an_edit_and_a_grade_at_once_never_block_each_other(
    postgres_url: str, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with two_processes(postgres_url, clock, judge) as (one, other):
        accepted = await first_reply(one, "half an answer")
        member, round_ = await one.member("Ada"), await one.round()
        async with one.parts.store.write() as tx:
            # The reply's first row is locked; its revisions follow below.
            await tx.answers.find(round_.id, member.id, lock=True)
            grading = asyncio.create_task(grade_jobs(other))
            await until_blocked(postgres_url, grading)
            reply = Reply("answer: good on second thought", clock())
            await answering.accept(tx, one.group, round_, member, reply, clock())
        await grading
        await one.work()

        assert (await answer_of(one, accepted)).scoring_id is not None
        assert await points(one) == {"Ada": 100}


async def test_a_reply_deleted_while_its_round_closes_gets_no_points(
    postgres_url: str, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with two_processes(postgres_url, clock, judge) as (one, other):
        await change(one, feedback=FeedbackMode.CLOSE)
        accepted = await first_reply(one, "good answer")
        await grade_jobs(one)
        answer = await answer_of(one, accepted)
        await one.command("Olga", "/study close")
        async with one.parts.store.write() as tx:
            await answering.withdraw(tx, answer, clock())
            closing = asyncio.create_task(other.work())
            await until_blocked(postgres_url, closing)
        await closing
        await one.work()

        assert await points(one) == {}
        assert (await answer_of(one, accepted)).withdrawn_at is not None


async def test_of_two_organisers_in_two_processes_one_decides(
    postgres_url: str, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with two_processes(postgres_url, clock, judge) as (one, other):
        answer = await graded(one, "Ada", "half an answer")
        await pressed(one, "Ada", Action.APPEAL, answer.round_id)
        await one.member("Olga")
        async with one.parts.store.read() as tx:
            [case] = await tx.appeals.queue(one.group.id)
        async with one.parts.store.write() as tx:
            # Both get as far as the answer's row, and no further.
            await tx.answers.get(answer.id, lock=True)
            rulings = [
                asyncio.create_task(pressed(session, "Olga", action, case.appeal.id))
                for session, action in ((one, Action.RULE_CORRECT), (other, Action.RULE_INCORRECT))
            ]
            await until_blocked(postgres_url, rulings[1])
        results = await asyncio.gather(*rulings, return_exceptions=True)
        await one.work()

        assert len([each for each in results if isinstance(each, ConflictError)]) == 1
        [told_points] = (await points(one)).values()
        assert told_points == (0 if isinstance(results[0], ConflictError) else 100)


async def test_a_ruling_and_a_grade_at_once_leave_the_ruling(
    postgres_url: str, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with two_processes(postgres_url, clock, judge) as (one, other):
        await first_reply(one, "half an answer")
        await one.member("Olga")
        for _ in range(2):
            await asyncio.gather(one.command("Olga", "/study grade Ada 70"), grade_jobs(other))
        await one.work()

        assert await points(one) == {"Ada": 70}
