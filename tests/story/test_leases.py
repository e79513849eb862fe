"""Work that outlasts its lease stays with its process; what was cut off is taken over."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.grading import GradingTask, Judgement
from bot.domain.work import Job
from bot.study import jobs
from bot.study.services import Services
from tests.support.harness import FakeClock, Study, study
from tests.support.judging import ScriptedJudge, points

# By the test's clock; renewals come every tenth of a real second.
LEASE = timedelta(seconds=0.3)


class SlowJudge(ScriptedJudge):
    """Judges once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def grade(self, task: GradingTask, *, stand_in: bool = True) -> Judgement:
        self.begun.set()
        await self.may_end.wait()
        return await super().grade(task, stand_in=stand_in)


async def begun(session: Study, judge: SlowJudge, services: Services) -> asyncio.Task[None]:
    """A grading that is under way."""
    await session.reply("Ada", "good answer")
    [job] = [j for j in await open_at(session, timedelta()) if j.kind == "grade"]
    task = asyncio.create_task(jobs.handle(services, job))
    await judge.begun.wait()
    assert await open_at(session, timedelta()) == []
    return task


async def open_at(session: Study, later: timedelta) -> list[Job]:
    """The gradings that are open that long from now."""
    found = await session.parts.store.open_work(session.clock() + later)
    return [job for job in found if job.kind == "grade"]


async def test_a_lease_is_renewed_while_the_judge_thinks(tmp_path: Path, clock: FakeClock) -> None:
    judge = SlowJudge()
    async with study(tmp_path, clock, grader=judge) as session:
        task = await begun(session, judge, replace(session.parts.services, lease=LEASE))
        assert len(await open_at(session, LEASE)) == 1
        clock.advance(seconds=LEASE.total_seconds() / 2)
        async with asyncio.timeout(30):
            while await open_at(session, LEASE / 2):  # noqa: ASYNC110 - a commit rings no bell here
                await asyncio.sleep(0.01)
        judge.may_end.set()
        await task
        await session.work()
        assert judge.seen == ["good answer"]


async def test_a_grading_that_was_cut_off_is_open_again_at_once_and_is_no_crash(
    tmp_path: Path, clock: FakeClock
) -> None:
    judge = SlowJudge()
    async with study(tmp_path, clock, grader=judge) as session:
        services = session.parts.services
        await session.reply("Ada", "good answer")
        for _ in range(services.most_crashes + 1):
            [job] = await open_at(session, timedelta())
            judge.begun.clear()
            task = asyncio.create_task(jobs.handle(services, job))
            await judge.begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        judge.may_end.set()
        await session.work()
        assert judge.seen == ["good answer"]
        assert await points(session) == {"Ada": 100}
