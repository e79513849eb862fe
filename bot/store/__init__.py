"""The Store: where rows are kept. Rows are the truth; everything else can be rebuilt.

``async with store.write() as tx`` is one transaction: all of it or, when the block
raises, none of it; it is durable once the block has been left. Blocks must not nest and
must not wait for anything but ``tx``. ``store.read()`` gives a consistent view.
Instants are aware UTC datetimes, going in and coming out.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from bot.domain.work import Job, JobKind
from bot.store.decks import Decks
from bot.store.intake import Intake
from bot.store.judging import Appeals, ModelUse, Regrades
from bot.store.messages import Chat, Outbox
from bot.store.people import Codes, Groups, Members
from bot.store.study import Answers, Boards, Rounds, Score

__all__ = [
    "Answers",
    "Appeals",
    "Boards",
    "Chat",
    "Codes",
    "Decks",
    "Groups",
    "Intake",
    "Members",
    "ModelUse",
    "Outbox",
    "Regrades",
    "Rounds",
    "Score",
    "Store",
    "Tx",
]


class Tx(Protocol):
    """One transaction."""

    @property
    def groups(self) -> Groups:
        """Groups, channels, schedules."""

    @property
    def members(self) -> Members:
        """Members and accounts."""

    @property
    def codes(self) -> Codes:
        """One-use codes."""

    @property
    def rounds(self) -> Rounds:
        """Rounds."""

    @property
    def answers(self) -> Answers:
        """Answers, revisions, grades."""

    @property
    def appeals(self) -> Appeals:
        """Appeals."""

    @property
    def regrades(self) -> Regrades:
        """Grades to replace, and what humans made of them."""

    @property
    def model_use(self) -> ModelUse:
        """What the language model may be asked and cost."""

    @property
    def intake(self) -> Intake:
        """Many inbound replies at once."""

    @property
    def decks(self) -> Decks:
        """Decks that groups brought themselves."""

    @property
    def boards(self) -> Boards:
        """Scores."""

    @property
    def outbox(self) -> Outbox:
        """Messages to send."""

    @property
    def chat(self) -> Chat:
        """The web platform's messages."""

    async def first_time(self, platform: str, event_id: str, now: datetime) -> bool:
        """True once for each inbound event: False means that it was stored before."""

    async def is_known(self, platform: str, event_id: str) -> bool:
        """Whether an inbound event was stored."""

    async def enqueue(self, kind: JobKind, *row_ids: int) -> None:
        """Hand rows to the workers when this transaction commits (never if it doesn't)."""


class Store(Protocol):
    """The database."""

    def read(self) -> AbstractAsyncContextManager[Tx]:
        """A consistent view; writing through it is an error."""

    def write(self) -> AbstractAsyncContextManager[Tx]:
        """One transaction."""

    async def open_work(self, now: datetime, limit: int = 1000) -> list[Job]:
        """Every open row whose not_before has come: what the sweep enqueues again.

        Rounds in due, posting (daily ones with no pending QUESTION row) and closing; pending
        revisions; pending outbox rows.
        """

    async def requeue(self, jobs: Sequence[Job]) -> None:
        """Enqueue rows; one that is queued already is left alone."""

    async def renew(self, job: Job, attempt: int, until: datetime) -> bool:
        """Put off the end of a lease on a revision or an outbox row.

        ``attempt`` is what ``attempts`` was once claimed. False if the row moved on, or
        somebody else has claimed it since.
        """

    async def release_claims(self) -> None:
        """Forget leases at start, where no other process can hold one (SQLite)."""

    async def prune(self, before: datetime) -> int:
        """Delete inbound-event ids and finished outbox rows older than that; how many."""

    async def counts(self) -> dict[str, int]:
        """Rows by kind, for /metrics.

        Keys: groups, members, answers, graded, pending_grades, provisional_grades,
        open_appeals, outbox_pending.
        """

    async def export(self, group_id: int) -> dict[str, Any]:
        """A group's data, JSON-ready, without secrets."""

    async def ping(self) -> None:
        """Raise if the database can't be reached."""

    async def close(self) -> None:
        """Close every connection."""
