"""The offline judge behind the Grader port."""

from __future__ import annotations

import asyncio

from bot.domain.grading import GradingTask, Judgement
from bot.judge.offline import OfflineJudge


class OfflineGrader:
    """Judges off the event loop, so that a long reply holds nobody up."""

    def __init__(self) -> None:
        self._judge = OfflineJudge()

    async def grade(self, task: GradingTask) -> Judgement:
        """Judge one reply; the offline judge is never unavailable."""
        return await asyncio.to_thread(self._judge.judge, task)
