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
    """What a judgement cost. ``latency_ms`` is wall time; ``cost_usd`` is 0 for offline."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    latency_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class GradingTask:
    """What a judge gets: the question with its rubric, the reply, and the deck's language."""

    question: Question
    reply: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge returns.

    ``score`` is 0..1, or None when this judge can't judge the reply at all (``reason``
    says why; the grade is then ungraded). ``attempt`` is False for a reply that doesn't
    try to answer: it does not use up the member's turn. ``flags`` name anything an
    organiser may want to see, such as ``restated-question`` or ``keyword-soup``.
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
