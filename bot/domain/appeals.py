"""Appeals, and how a human's word compares with the judge's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.grading import JudgeInfo
from bot.domain.rounds import Answer, Grade, Revision, Round


class AppealState(StrEnum):
    """open -> resolved by an organiser, or dropped when its answer went."""

    OPEN = "open"
    RESOLVED = "resolved"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Appeal:
    """A Member's request that a human look at the grade of one Answer revision."""

    id: int
    group_id: int
    answer_id: int
    revision_id: int
    reason: str
    state: AppealState
    created_at: datetime
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AppealCase:
    """An Appeal with all that an organiser needs to decide it."""

    appeal: Appeal
    member_name: str
    round: Round
    answer: Answer
    revision: Revision
    grade: Grade


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a judge and then a human said of the same revision; scores are 0..1.

    ``judged`` is the score before calibration, for an offline judge. ``appealed`` tells an
    appeal from a spot check.
    """

    judge: JudgeInfo
    judged: float
    human: float
    appealed: bool
