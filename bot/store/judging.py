"""Where appeals, a human's word, and what the language model may cost are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.domain.appeals import Agreement, Appeal, AppealCase
from bot.domain.grading import JudgeInfo, Judgement, Usage
from bot.domain.rounds import Grade, Revision


class Appeals(Protocol):
    """Appeals; at most one is open for an answer."""

    async def add(
        self, group_id: int, answer_id: int, revision_id: int, reason: str, now: datetime
    ) -> tuple[Appeal, bool]:
        """A new appeal and True; or the answer's open one, its reason replaced unless "", False."""

    async def get(self, appeal_id: int) -> Appeal | None:
        """The appeal with that id."""

    async def open_for(self, answer_id: int) -> Appeal | None:
        """The answer's open appeal."""

    async def queue(self, group_id: int, limit: int = 20) -> list[AppealCase]:
        """Open appeals of answers that are not withdrawn, oldest first."""

    async def count(self, group_id: int) -> int:
        """How many are open, as ``queue`` counts them."""

    async def resolve(self, appeal_id: int, by_member: int | None, now: datetime) -> bool:
        """Close an open appeal, dropped if by nobody; False if it was closed before."""


@dataclass(frozen=True, slots=True)
class GradedRevision:
    """A revision with its current grade, for whoever decides whether that is stale."""

    revision: Revision
    grade: Grade
    round_id: int
    group_id: int


class Regrades(Protocol):
    """Grades that another judgement should replace."""

    async def cached(self, keys: Sequence[str]) -> dict[str, Judgement]:
        """The newest judgement stored with each cache key, its usage zeroed; none for some."""

    async def awaiting(self, now: datetime, limit: int) -> list[int]:
        """Ids of revisions whose current grade is provisional or ungraded, oldest first.

        Left out: withdrawn answers, revisions not DONE, those whose not_before has not come or
        that failed more than ``MOST_FAILURES`` times.
        """

    async def claim(self, revision_id: int, now: datetime, lease: timedelta) -> Revision | None:
        """Take a DONE revision to grade it again: as ``Answers.claim_revision``."""

    async def release(self, revision_id: int) -> None:
        """Forget attempts, failures and lease of a claimed DONE revision."""

    async def stale(
        self,
        *,
        answer_id: int | None = None,
        group_id: int | None = None,
        deck_id: str | None = None,
        question_id: str | None = None,
    ) -> list[GradedRevision]:
        """Scoring or standing revisions with a grade that is not final, of answers not withdrawn.

        Narrowed to what is given; whether a grade is stale is for the caller to decide.
        """

    async def corrections(self, group_id: int, judge: JudgeInfo) -> list[tuple[float, float]]:
        """(raw score by that judge, final human score) of the group, newest first, at most 500."""

    async def agreement(self, group_id: int | None) -> list[Agreement]:
        """For each revision with a human's final word, the last judge's score before it."""


MOST_FAILURES = 8
"""Failed tries after which a regrade is left to an organiser."""


@dataclass(frozen=True, slots=True)
class Spend:
    """What calls to models came to."""

    calls: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """One finished call, to be written down. ``reserved_usd`` is given back to the budget."""

    day: date
    group_id: int | None
    model: str
    usage: Usage
    failed: bool
    reserved_usd: float = 0.0


class ModelUse(Protocol):
    """Slots, rate and money that all processes share."""

    async def hold(
        self,
        process: str,
        *,
        wants: int,
        busy: int,
        limit: int,
        now: datetime,
        until: datetime,
    ) -> int:
        """How many slots are this process's from now until then; call again before that.

        Never more than ``wants``, and over all living processes never more than ``limit``.
        Processes that want more than there is get even shares: a share can be smaller than
        ``busy``, the calls under way, which still count until they have ended. ``wants`` 0
        leaves.
        """

    async def draw(self, calls: int, interval: timedelta, burst: int, now: datetime) -> timedelta:
        """Take the rate's permission for that many calls at once; how long to wait first.

        The generic cell rate algorithm over one shared row: one call every ``interval``, with
        ``burst`` of them at once after a quiet time.
        """

    async def reserve(self, day: date, cost_usd: float, budget_usd: float) -> bool:
        """Set money aside if spent plus reserved stays within the day's budget."""

    async def record(self, calls: Sequence[Call]) -> None:
        """Write finished calls down, many in one go."""

    async def spent(
        self, since: date, *, group_id: int | None = None, until: date | None = None
    ) -> Spend:
        """The sum from that UTC day on (to ``until``, included), of one group if named."""

    async def totals(self) -> dict[str, Spend]:
        """The sum of all time by model, for /metrics."""
