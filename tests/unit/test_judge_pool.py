"""Many answers judged at once: how many, in which order, and what if the judge is away."""

from __future__ import annotations

import asyncio

import pytest

from bot.cli.judging import Judged, configured_grader, judge_all, slots_of
from bot.cli.output import CommandError
from bot.domain.deck import Question
from bot.domain.grading import GradingTask, JudgeInfo, Judgement, Usage
from bot.errors import JudgeUnavailableError
from bot.settings import Settings

INFO = JudgeInfo("llm", "scripted", "1")
TASKS = [GradingTask(Question("q", "?", "!", ()), f"reply {n}") for n in range(12)]


class Scripted:
    """A judge that holds its replies till told, and is away for those it is told of."""

    info = INFO

    def __init__(self, away: frozenset[str] = frozenset(), *, hold: bool = False) -> None:
        self.away = away
        self.free = asyncio.Event()
        self.full = asyncio.Event()
        self.now = self.most = self.calls = 0
        if not hold:
            self.free.set()

    async def grade(self, task: GradingTask, *, stand_in: bool = True) -> Judgement:
        assert not stand_in
        self.calls += 1
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now == 3:
            self.full.set()
        await self.free.wait()
        self.now -= 1
        if task.reply in self.away:
            raise JudgeUnavailableError("The server is busy.", retry_after=0.001)
        return Judgement(0.5, (), "Fine.", INFO)

    def spare(self) -> int:
        return 1

    def estimate(self, task: GradingTask) -> Usage:
        del task
        return Usage()


async def test_no_more_answers_are_judged_at_once_than_there_are_slots() -> None:
    grader = Scripted(hold=True)
    running = asyncio.create_task(judge_all(grader, TASKS, 3, lambda *_: None))
    await grader.full.wait()
    grader.free.set()
    assert len(await running) == len(TASKS)
    assert grader.most == 3


async def test_each_judgement_is_told_once_with_its_place() -> None:
    told: list[int] = []

    def note(number: int, judged: Judged) -> None:
        assert judged.judgement.score == 0.5
        told.append(number)

    await judge_all(Scripted(), TASKS, 4, note)
    assert sorted(told) == list(range(len(TASKS)))


async def test_an_answer_that_can_t_be_judged_is_tried_again_and_then_left_ungraded() -> None:
    grader = Scripted(frozenset({"reply 3"}))
    found = await judge_all(grader, TASKS, 1, lambda *_: None)
    assert [n for n, each in enumerate(found) if each.judgement.score is None] == [3]
    assert found[3].judgement.reason == "The server is busy."
    assert grader.calls == len(TASKS) + 2


@pytest.mark.parametrize("count", [2, 12])
async def test_a_judge_that_stays_away_ends_the_run_with_its_reason(count: int) -> None:
    grader = Scripted(frozenset(task.reply for task in TASKS))
    with pytest.raises(CommandError, match=r"answers in a row could not be judged\. The server"):
        await judge_all(grader, TASKS[:count], 2, lambda *_: None)


async def test_the_offline_judge_takes_one_answer_at_a_time() -> None:
    settings = Settings(judge="auto", llm_concurrency=6)
    async with configured_grader(settings) as grader:
        assert grader.info.kind == "offline"
        assert slots_of(settings, grader.info) == 1
    assert slots_of(settings, INFO) == 6
