"""Grades: what a judge says of one Answer revision, and the arithmetic done in code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.domain.deck import KeyPoint, Question

CORRECT_FROM = 0.8
PARTIAL_FROM = 0.4


class PointStatus(StrEnum):
    """What became of one key point in a reply."""

    COVERED = "covered"
    PARTIAL = "partial"
    MISSING = "missing"
    CONTRADICTED = "contradicted"


class Verdict(StrEnum):
    """The grade in one word."""

    CORRECT = "correct"
    PARTIAL = "partial"
    INCORRECT = "incorrect"
    UNGRADED = "ungraded"


class GradeState(StrEnum):
    """How far a grade can be relied on."""

    PENDING = "pending"
    PROVISIONAL = "provisional"
    GRADED = "graded"
    APPEALED = "appealed"
    FINAL = "final"
    UNGRADED = "ungraded"


@dataclass(frozen=True, slots=True)
class PointGrade:
    """One key point's status; ``evidence`` is the exact words of the reply that earned it."""

    id: str
    text: str
    status: PointStatus
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class JudgeInfo:
    """Who judged: ``kind`` is llm, offline or human."""

    kind: str
    model: str
    version: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What a judgement cost. ``latency_ms`` is wall time; ``cost_usd`` is 0 for offline.

    ``prompt_tokens`` include the ``cached_tokens`` that the server had seen before.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    latency_ms: float = 0.0
    cached_tokens: int = 0
    calls: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Both together; latencies add up too."""
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cost_usd + other.cost_usd,
            self.latency_ms + other.latency_ms,
            self.cached_tokens + other.cached_tokens,
            self.calls + other.calls,
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """How strictly a group's organisers grade: their score is offset + slope * judge's."""

    offset: float = 0.0
    slope: float = 1.0

    def apply(self, score: float) -> float:
        """The score 0..1 that this group's organisers would likely give."""
        return min(1.0, max(0.0, self.offset + self.slope * score))


@dataclass(frozen=True, slots=True)
class GradingTask:
    """What a judge gets: the question with its rubric, the reply, and the deck's language.

    ``calibration`` is what the offline judge learned from the group's organisers.
    ``group_id`` says on whose account a paid call goes, None for nobody's.
    """

    question: Question
    reply: str
    language: str = "en"
    calibration: Calibration | None = None
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class Hitch:
    """Why the configured judge could not grade. ``words`` tell an organiser what to do.

    ``kind`` is one of rate, server, network, timeout, output, refusal, key, model, request, budget.
    """

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge returns.

    ``score`` is 0..1, or None when this judge can't judge the reply at all (``reason``
    says why; the grade is then ungraded). ``attempt`` is False for a reply that doesn't
    try to answer: it does not use up the member's turn. ``flags`` name anything an
    organiser may want to see, such as ``restated-question`` or ``keyword-soup``.
    ``provisional`` says that another judge stood in, because of ``hitch``. ``raw_score`` is
    the score before calibration. ``cache_key`` is the same for what would be judged the same.
    """

    score: float | None
    points: tuple[PointGrade, ...]
    feedback: str
    judge: JudgeInfo
    attempt: bool = True
    reason: str = ""
    flags: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    provisional: bool = False
    hitch: Hitch | None = None
    raw_score: float | None = None
    cache_key: str | None = None


def verdict_of(score: float | None) -> Verdict:
    """The verdict of a score of 0..1; None is ungraded."""
    if score is None:
        return Verdict.UNGRADED
    if score >= CORRECT_FROM:
        return Verdict.CORRECT
    return Verdict.PARTIAL if score >= PARTIAL_FROM else Verdict.INCORRECT


def points_of(score: float | None) -> int:
    """A round's points, 0..100, from a score of 0..1 (half up)."""
    return 0 if score is None else int(score * 100 + 0.5)


def weighted_sum(key_points: Sequence[KeyPoint], points: Sequence[PointGrade]) -> float:
    """The share 0..1 of the rubric's weight that was earned: covered 1, partial 1/2, else 0."""
    earned = {PointStatus.COVERED: 1.0, PointStatus.PARTIAL: 0.5}
    status = {point.id: point.status for point in points}
    total = sum(point.weight for point in key_points)
    if total <= 0:
        return 0.0
    got = sum(p.weight * earned.get(status.get(p.id, PointStatus.MISSING), 0.0) for p in key_points)
    return got / total


def grade_json(
    *,
    score: float | None,
    state: GradeState,
    points: Sequence[PointGrade],
    feedback: str,
    judge: JudgeInfo,
) -> dict[str, Any]:
    """A grade as JSON, the one shape used everywhere (API, CLI, export)."""
    return {
        "score": None if score is None else round(score, 4),
        "verdict": verdict_of(score).value,
        "state": state.value,
        "points": [
            {"id": p.id, "text": p.text, "status": p.status.value, "evidence": p.evidence}
            for p in points
        ],
        "feedback": feedback,
        "judge": {"kind": judge.kind, "model": judge.model, "version": judge.version},
    }
