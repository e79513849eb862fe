"""Durable work: rows that must be acted on, and the messages waiting to be sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class JobKind(StrEnum):
    """What a handler does; the row's id says to what.

    Both ``DELIVER`` and ``RESPOND`` send an outbox row; see ``sending_of``.
    """

    OPEN_ROUND = "open_round"
    CLOSE_ROUND = "close_round"
    GRADE = "grade"
    REGRADE = "regrade"
    DELIVER = "deliver"
    RESPOND = "respond"


@dataclass(frozen=True, slots=True)
class Job:
    """A pointer to an open row. Only the row's state decides what is done."""

    kind: JobKind
    row_id: int


class OutKind(StrEnum):
    """What an outbox row says."""

    QUESTION = "question"
    CLOSED = "closed"
    MARK_CLOSED = "mark_closed"
    REACTION = "reaction"
    FEEDBACK = "feedback"
    RECAP = "recap"
    NOTICE = "notice"
    HELP = "help"
    USE_BUTTON = "use_button"
    NUDGE = "nudge"


_RESPONSES = frozenset(
    {OutKind.REACTION, OutKind.FEEDBACK, OutKind.HELP, OutKind.USE_BUTTON, OutKind.NUDGE}
)


def sending_of(kind: OutKind) -> JobKind:
    """The job that sends a message: a response does not wait behind thousands of posts."""
    return JobKind.RESPOND if kind in _RESPONSES else JobKind.DELIVER


class OutState(StrEnum):
    """pending -> sent, or failed (given up) or dropped (no longer wanted)."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class NewOut:
    """A message to send. A row with the same ``dedupe_key`` wins over it.

    ``data`` is small JSON with what the message needs beyond the rows it points to.
    """

    group_id: int
    channel_id: int
    kind: OutKind
    dedupe_key: str
    round_id: int | None = None
    answer_id: int | None = None
    member_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Out:
    """An outbox row. ``external_id``/``thread_id`` name the sent message on its platform."""

    id: int
    group_id: int
    channel_id: int
    kind: OutKind
    dedupe_key: str
    state: OutState
    created_at: datetime
    round_id: int | None = None
    answer_id: int | None = None
    member_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
    external_id: str | None = None
    thread_id: str | None = None
    attempts: int = 0
    failures: int = 0
    error: str | None = None

    @property
    def marker(self) -> str:
        """What makes the sent message findable again; at most 25 characters."""
        return f"sb-{self.id}"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a channel, or a thread of it, was read. ``place`` is the platform's id of it.

    Every message up to ``last_seen`` was dealt with by the time of ``read_at``.
    """

    channel_id: int
    place: str
    last_seen: str | None
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Watched:
    """A posted question that may have replies nobody has seen yet.

    ``channel`` is the platform's id of the channel, ``message_id`` that of the question there
    and ``thread_id`` that of its thread. ``seen`` and ``thread_seen`` are the ids of the last
    messages dealt with in the channel and in the thread. ``confirmed_at`` is when we knew that the
    question stands there: later than it was posted, where that was found out after a crash.
    """

    channel_id: int
    channel: str
    round_id: int
    message_id: str
    thread_id: str | None
    closes_at: datetime | None
    seen: str | None
    thread_seen: str | None
    confirmed_at: datetime | None = None


def backoff(failures: int, *, first: float = 2.0, most: float = 300.0) -> float:
    """Seconds to wait after that many handled failures: doubling from ``first`` to ``most``."""
    return float(min(most, first * 2 ** min(max(failures - 1, 0), 20)))
