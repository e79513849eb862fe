"""Rounds and the Answers given to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bot.domain.deck import Question
from bot.domain.grading import GradeState, JudgeInfo, PointGrade, Usage
from bot.domain.schedule import RoundKind


class RoundState(StrEnum):
    """due -> posting -> open -> closing -> closed; or due/posting -> missed."""

    DUE = "due"
    POSTING = "posting"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    MISSED = "missed"


POSTED = (RoundState.OPEN, RoundState.CLOSING, RoundState.CLOSED)


@dataclass(frozen=True, slots=True)
class Round:
    """One Question asked to one Group on one local date (or that date's recap).

    ``question`` is the snapshot asked, None until one is chosen and again when missed.
    ``post_until`` ends its catch-up window. ``reason`` says why it was missed.
    """

    id: int
    group_id: int
    local_date: date
    kind: RoundKind
    state: RoundState
    due_at: datetime
    post_until: datetime
    deck_id: str | None = None
    question: Question | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    reason: str | None = None
    attempts: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class NewRound:
    """A round to insert; a round with the same group, date and kind wins over it."""

    group_id: int
    local_date: date
    kind: RoundKind
    state: RoundState
    due_at: datetime
    post_until: datetime
    reason: str | None = None


class RevisionState(StrEnum):
    """pending -> done; held waits to see if an earlier reply was no attempt; dropped is void."""

    PENDING = "pending"
    DONE = "done"
    HELD = "held"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Revision:
    """One wording of an Answer. ``number`` counts from 1.

    ``message_id`` is the message it was written in, None when it came through a form.
    """

    id: int
    answer_id: int
    number: int
    text: str
    state: RevisionState
    created_at: datetime
    attempts: int = 0
    failures: int = 0
    channel_id: int | None = None
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A Member's reply to a Round.

    ``revision_id`` is the newest revision that counts as the reply; ``scoring_id`` the one
    that scores, None until a verdict is shown. ``message_id`` is the reply on its
    platform, None when it came through a form; practice has messages of its own.
    ``sealed`` hides it until close.
    """

    id: int
    round_id: int
    group_id: int
    member_id: int
    created_at: datetime
    revision_id: int | None = None
    scoring_id: int | None = None
    channel_id: int | None = None
    message_id: str | None = None
    sealed: bool = False
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """A judgement of one Answer revision, as stored. ``attempt`` False: not an attempt at all.

    ``raw_score`` is the judge's score before calibration.
    """

    id: int
    answer_id: int
    revision_id: int
    state: GradeState
    score: float | None
    points: tuple[PointGrade, ...]
    feedback: str
    judge: JudgeInfo
    rubric_hash: str
    created_at: datetime
    attempt: bool = True
    reason: str = ""
    flags: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    raw_score: float | None = None


@dataclass(frozen=True, slots=True)
class GradedAnswer:
    """An Answer beside its current revision and that revision's current grade."""

    answer: Answer
    member_name: str
    revision: Revision | None
    grade: Grade | None
