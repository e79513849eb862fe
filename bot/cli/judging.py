"""Many answers judged one after another, or side by side where the judge waits for a server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

from bot.cli.context import open_grader
from bot.cli.output import CommandError
from bot.domain.grading import GradingTask, JudgeInfo, Judgement
from bot.errors import JudgeUnavailableError
from bot.ports import Grader
from bot.settings import Settings

JUDGES = ("offline", "llm")
TRIES = 3
# Seconds waited for a judge that is away: what it asks for, or else long enough in all for a
# circuit breaker to let a call through again.
FIRST_WAIT, LONGEST_WAIT = 4.0, 60.0
# So many answers in a row without a grade, and there's no use in going on.
GIVING_UP = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement and how long it took, in milliseconds, without waits for an absent judge."""

    judgement: Judgement
    ms: float


def configured_grader(
    settings: Settings, name: str | None = None
) -> AbstractAsyncContextManager[Grader]:
    """The judge of that name (offline or llm), or the configured one.

    Raises CommandError for an unknown name, or where no language model is configured.
    """
    if name is not None and name not in JUDGES:
        raise CommandError(f"There is no judge “{name}”: --judge takes {' or '.join(JUDGES)}.", 2)
    chosen = replace(settings, judge=name) if name else settings
    if name == "llm" and not chosen.uses_llm:
        raise CommandError(
            "No language model is configured: set OPENAI_API_KEY, or OPENAI_BASE_URL for a server"
            " that asks for no key.",
            2,
        )
    return open_grader(chosen)


def slots_of(settings: Settings, info: JudgeInfo) -> int:
    """How many answers to judge at once: the offline judge keeps the machine busy by itself."""
    return 1 if info.kind == "offline" else settings.llm_concurrency


async def judge_all(
    grader: Grader,
    tasks: Sequence[GradingTask],
    slots: int,
    done: Callable[[int, Judged], None],
) -> list[Judged]:
    """Judge the tasks, at most ``slots`` at once, and tell ``done`` of each as it comes.

    An answer that the judge could not grade is left ungraded. Raises CommandError when ten in a
    row were, or all of them; what was done till then has been told.
    """
    run = _Run(grader, iter(enumerate(tasks)), done, min(GIVING_UP, len(tasks)))
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, min(slots, len(tasks)))):
                group.create_task(run.work())
    except* CommandError as stopped:
        raise stopped.exceptions[0] from stopped
    return [run.found[number] for number in range(len(tasks))]


@dataclass(slots=True)
class _Run:
    """What the workers share; they all run on one thread."""

    grader: Grader
    left: Iterator[tuple[int, GradingTask]]
    done: Callable[[int, Judged], None]
    patience: int
    found: dict[int, Judged] = field(default_factory=dict)
    failed_in_a_row: int = 0

    async def work(self) -> None:
        for number, task in self.left:
            judged = await self._judged(task)
            self.found[number] = judged
            self.done(number, judged)

    async def _judged(self, task: GradingTask) -> Judged:
        for attempt in range(1, TRIES + 1):
            began = time.perf_counter()
            try:
                judgement = await self.grader.grade(task, stand_in=False)
            except JudgeUnavailableError as error:
                failure = error
                if attempt < TRIES and self.failed_in_a_row < self.patience:
                    wait = error.retry_after or FIRST_WAIT * attempt
                    await asyncio.sleep(min(LONGEST_WAIT, wait))
            else:
                self.failed_in_a_row = 0
                return Judged(judgement, (time.perf_counter() - began) * 1000)
        return Judged(self._ungraded(failure), 0.0)

    def _ungraded(self, error: JudgeUnavailableError) -> Judgement:
        self.failed_in_a_row += 1
        if self.failed_in_a_row >= self.patience:
            raise CommandError(f"{self.patience} answers in a row could not be judged. {error}")
        return Judgement(None, (), str(error), self.grader.info, reason=str(error))
