"""From what a model wrote to a judgement: shape checked, quotes checked, votes counted, summed.

The sum is taken here, never by the model, and a point without the reply's own words is missing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Any

from bot.domain.grading import (
    CORRECT_FROM,
    PointGrade,
    PointStatus,
    weighted_sum,
)
from bot.judge.llm.prompt import Rubric
from bot.judge.llm.quotes import Quotable
from bot.ports import ModelError

MAX_FEEDBACK = 600
JUST_BELOW_CORRECT = 0.79
# From worst to best, for the median.
_ORDER = (
    PointStatus.CONTRADICTED,
    PointStatus.MISSING,
    PointStatus.PARTIAL,
    PointStatus.COVERED,
)
_UNSAID = (PointStatus.MISSING, PointStatus.CONTRADICTED)
# A full stop ends one before a space; those of scripts without spaces do anyway.
_SENTENCE_END = re.compile(r"(?:(?<=[.!?\u0964])\s+|(?<=[\u3002\uff01\uff1f]))")
_JOINERS = "\u200c\u200d"
"""Format characters that words and signs are spelt with, in Persian or Hindi for instance."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One answer of the model, checked. ``dropped``: a status fell for want of a true quote."""

    points: tuple[PointGrade, ...]
    attempt: bool
    aimed: bool
    feedback: str
    dropped: bool


def read_vote(
    data: Mapping[str, Any], rubric: Rubric, reply: Quotable, trusted: Callable[[str], bool]
) -> Vote:
    """Check one answer of the model against the rubric and the reply.

    ``trusted`` may refuse a quote that is there: it then counts as if it weren't. Raises
    ModelError of kind output for any other shape than the schema's.
    """
    said = _statuses(data, rubric)
    points, dropped = [], False
    for number, point in enumerate(rubric.points, 1):
        status, quote = said[f"p{number}"]
        evidence = None if status is PointStatus.MISSING else reply.find(quote)
        if evidence is None or not trusted(evidence):
            dropped = dropped or status is not PointStatus.MISSING
            status, evidence = PointStatus.MISSING, None
        points.append(PointGrade(point.id, point.text, status, evidence))
    feedback = data.get("feedback")
    return Vote(
        points=tuple(points),
        attempt=data.get("attempt") is not False,
        aimed=data.get("aimed") is True,
        feedback=tidy_feedback(feedback) if isinstance(feedback, str) else "",
        dropped=dropped,
    )


def _statuses(data: Mapping[str, Any], rubric: Rubric) -> dict[str, tuple[PointStatus, str]]:
    """Status and quote by the point's number: each point once, and no other."""
    entries = data.get("points")
    said: dict[str, tuple[PointStatus, str]] = {}
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case {"id": str(name), "status": str(status)} if status in set(PointStatus):
                quote = entry.get("quote")
                if name in said:
                    raise _unusable(f"key point {name[:20]} came twice")
                said[name] = (PointStatus(status), quote if isinstance(quote, str) else "")
            case _:
                raise _unusable("a key point had no id or no status")
    wanted = {f"p{number}" for number in range(1, len(rubric.points) + 1)}
    if said.keys() != wanted:
        raise _unusable(f"{len(said.keys() & wanted)} of {len(wanted)} key points were judged")
    return said


def _unusable(what: str) -> ModelError:
    return ModelError(
        "output",
        f"The model's answer could not be used: {what}. If this goes on, choose a larger model "
        "with STUDYBOT_MODEL.",
    )


def combined(votes: Sequence[Vote]) -> Vote:
    """The median of each point; what else it says comes from the vote nearest to that."""
    if len(votes) == 1:
        return votes[0]
    points = []
    for candidates in zip(*(vote.points for vote in votes), strict=True):
        middle = median_low([_ORDER.index(point.status) for point in candidates])
        points.append(next(p for p in candidates if p.status is _ORDER[middle]))
    statuses = [point.status for point in points]
    nearest = min(votes, key=lambda vote: _distance(vote, statuses))
    return Vote(
        points=tuple(points),
        attempt=sum(vote.attempt for vote in votes) * 2 > len(votes),
        aimed=any(vote.aimed for vote in votes),
        feedback=nearest.feedback,
        dropped=nearest.dropped or _distance(nearest, statuses) > 0,
    )


def _distance(vote: Vote, statuses: Sequence[PointStatus]) -> int:
    return sum(
        abs(_ORDER.index(point.status) - _ORDER.index(status))
        for point, status in zip(vote.points, statuses, strict=True)
    )


def score_of(rubric: Rubric, points: Sequence[PointGrade]) -> float:
    """The weighted share 0..1, to the hundredth; below correct while an essential point is out.

    Where the prompt asks for some of the drafted points, that many earn everything.
    """
    share = weighted_sum(rubric.points, points) * len(rubric.points) / max(1, rubric.wanted)
    score = min(1.0, share)
    status = {point.id: point.status for point in points}
    lacks = any(p.essential and status[p.id] in _UNSAID for p in rubric.points)
    if lacks and score >= CORRECT_FROM:
        score = JUST_BELOW_CORRECT
    return round(score, 2)


def tidy_feedback(text: str) -> str:
    """At most 600 characters on one line, cut after a sentence where it can be."""
    kept = "".join(
        " " if unicodedata.category(c).startswith("C") and c not in _JOINERS else c for c in text
    )
    flat = " ".join(kept.split())
    if len(flat) <= MAX_FEEDBACK:
        return flat
    whole = ""
    for sentence in _SENTENCE_END.split(flat):
        longer = f"{whole} {sentence}".strip()
        if len(longer) > MAX_FEEDBACK:
            break
        whole = longer
    return whole or flat[: MAX_FEEDBACK - 1].rsplit(" ", 1)[0] + "\u2026"
