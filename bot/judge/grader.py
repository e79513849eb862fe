"""The offline judge behind the Grader port."""

from __future__ import annotations

import asyncio

from bot.domain.grading import GradingTask, JudgeInfo, Judgement, Usage
from bot.judge.offline import INFO, OfflineJudge


class OfflineGrader:
    """Judges off the event loop, so that a long reply holds nobody up."""

    def __init__(self) -> None:
        self._judge = OfflineJudge()

    @property
    def info(self) -> JudgeInfo:
        """The offline judge."""
        return INFO

    async def grade(self, task: GradingTask, *, stand_in: bool = True) -> Judgement:
        """Judge one reply; the offline judge is never unavailable, so nobody stands in."""
        del stand_in
        return await asyncio.to_thread(self._judge.judge, task)

    def spare(self) -> int:
        """0: nobody ever stands in for it."""
        return 0

    def estimate(self, task: GradingTask) -> Usage:
        """Nothing."""
        del task
        return Usage()
