"""Messages to send, and the record of those sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.rounds import POSTED, RoundState
from bot.domain.work import (
    JobKind,
    NewOut,
    Out,
    OutKind,
    OutState,
    Place,
    Watched,
    sending_of,
)
from storage import work
from storage.sql import Session
from storage.tables import channels, outbox, rounds
from storage.tables import places as read_places

# Spelling out the index's own condition lets both planners use it.
QUESTION = sa.text("outbox.kind = 'question'")
_THREAD = read_places.alias("thread_places")
PLACES_AT_ONCE = 1000
"""A statement takes some 32,000 values."""

Enqueue = Callable[[JobKind, Sequence[int]], None]


class SqlOutbox:
    """bot.store.Outbox over SQL."""

    def __init__(self, session: Session, enqueue: Enqueue) -> None:
        self._session = session
        self._enqueue = enqueue

    async def add(self, items: Sequence[NewOut]) -> list[int]:
        """Insert those whose dedupe_key is free, and enqueue them; returns the new ids.

        One whose not_before is still to come is left to the sweep.
        """
        if not items:
            return []
        now = self._session.clock()
        rows = await self._session.execute(
            self._session.insert(outbox)
            .on_conflict_do_nothing(index_elements=["dedupe_key"])
            .returning(outbox.c.id, outbox.c.kind, outbox.c.not_before),
            [{**asdict(item), "state": OutState.PENDING, "created_at": now} for item in items],
        )
        made = sorted(rows.all(), key=lambda row: int(row.id))
        for row in made:
            if row.not_before is None or row.not_before <= now:
                self._enqueue(sending_of(OutKind(row.kind)), [row.id])
        return [row.id for row in made]

    async def get(self, out_id: int) -> Out | None:
        """The row with that id."""
        row = await self._session.one(sa.select(outbox).where(outbox.c.id == out_id))
        return out_from(row) if row else None

    async def claim(self, out_id: int, now: datetime, lease: timedelta) -> Out | None:
        """Take a pending row to send it: as ``Rounds.claim``."""
        row = await work.claim(self._session, outbox, out_id, (OutState.PENDING,), now, lease)
        return out_from(row) if row else None

    async def postpone(
        self, out_id: int, until: datetime, *, failed: bool, error: str | None = None
    ) -> None:
        """As ``Rounds.postpone``; ``error`` is kept for organisers."""
        kept = {} if error is None else {"error": error}
        await work.postpone(self._session, outbox, out_id, until, failed=failed, **kept)

    async def finish(
        self,
        out_id: int,
        state: OutState,
        now: datetime,
        *,
        external_id: str | None = None,
        thread_id: str | None = None,
        error: str | None = None,
    ) -> bool:
        """UPDATE ... WHERE state = 'pending'; False if the row had moved on already."""
        return await self._session.changed(
            sa.update(outbox)
            .where(outbox.c.id == out_id, outbox.c.state == OutState.PENDING)
            .values(
                state=state,
                finished_at=now,
                external_id=external_id,
                thread_id=thread_id,
                error=error,
                not_before=None,
            )
        )

    async def unsent(self, round_id: int, member_id: int) -> list[int]:
        """The ids of what is for a member alone, about a round, and was given up."""
        rows = await self._session.all(
            sa.select(outbox.c.id)
            .where(
                outbox.c.round_id == round_id,
                outbox.c.member_id == member_id,
                outbox.c.kind.in_((OutKind.HELP, OutKind.FEEDBACK)),
                outbox.c.state == OutState.FAILED,
            )
            .order_by(outbox.c.id)
        )
        return [row.id for row in rows]

    async def again(self, out_id: int, now: datetime) -> bool:
        """Make a row that was given up a new one; False if it isn't given up any more."""
        return await self._session.changed(
            sa.update(outbox)
            .where(outbox.c.id == out_id, outbox.c.state == OutState.FAILED)
            .values(
                state=OutState.PENDING,
                created_at=now,
                finished_at=None,
                attempts=0,
                failures=0,
                error=None,
                not_before=None,
            )
        )

    async def posts(self, round_id: int) -> list[Out]:
        """A round's QUESTION (or RECAP) rows, one a channel, in any state."""
        return await self._all(
            sa.select(outbox)
            .where(
                outbox.c.round_id == round_id,
                outbox.c.kind.in_((OutKind.QUESTION, OutKind.RECAP)),
            )
            .order_by(outbox.c.id)
        )

    async def round_of(self, channel_id: int, thread_id: str) -> int | None:
        """The round whose question was posted as that thread (or message) in a channel."""
        for column in (outbox.c.thread_id, outbox.c.external_id):
            row = await self._session.one(
                sa.select(outbox.c.round_id)
                .where(
                    outbox.c.channel_id == channel_id,
                    column == thread_id,
                    outbox.c.kind == OutKind.QUESTION,
                )
                .order_by(outbox.c.id.desc())
                .limit(1)
            )
            if row is not None and row.round_id is not None:
                return int(row.round_id)
        return None

    async def asked_as(self, platform: str, external_id: str) -> Out | None:
        """The QUESTION row that was posted as that message, in any channel of a platform."""
        found = await self._all(posted_as(platform, [external_id]))
        return found[-1] if found else None

    async def watched(self, platform: str, now: datetime, since: datetime) -> list[Watched]:
        """Posted questions whose rounds are open, or were when their threads were last read.

        Rounds that closed before ``since`` are left out.
        """
        is_open = sa.or_(rounds.c.closes_at.is_(None), rounds.c.closes_at > now)
        return await self._watched(platform, sa.or_(is_open, _closed_unread(since)))

    async def unsettled(self, platform: str, until: datetime, since: datetime) -> list[Watched]:
        """Posted questions whose rounds closed since then, by ``until``, and were not read then."""
        closed = sa.and_(rounds.c.closes_at <= until, _closed_unread(since))
        return await self._watched(platform, closed)

    async def confirmed(self, platform: str, since: datetime) -> list[Watched]:
        """Questions of open rounds that we learned to be posted after that instant."""
        # The literal state lets both planners begin with the few unfinished rounds.
        return await self._watched(
            platform, sa.and_(sa.text("rounds.state = 'open'"), outbox.c.finished_at > since)
        )

    async def _watched(self, platform: str, wanted: sa.ColumnElement[bool]) -> list[Watched]:
        channel = read_places.alias("channel_places")
        own = sa.func.coalesce(outbox.c.thread_id, outbox.c.external_id)
        rows = await self._session.all(
            sa.select(
                outbox.c.channel_id,
                channels.c.external_id.label("channel"),
                outbox.c.round_id,
                outbox.c.external_id.label("message_id"),
                outbox.c.thread_id,
                rounds.c.closes_at,
                channel.c.last_seen.label("seen"),
                _THREAD.c.last_seen.label("thread_seen"),
                outbox.c.finished_at.label("confirmed_at"),
            )
            .join(channels, channels.c.id == outbox.c.channel_id)
            .join(rounds, rounds.c.id == outbox.c.round_id)
            .outerjoin(_THREAD, _read(_THREAD, own))
            .outerjoin(channel, _read(channel, channels.c.external_id))
            .where(
                QUESTION,
                outbox.c.external_id.is_not(None),
                channels.c.platform == platform,
                rounds.c.state.in_((RoundState.POSTING, *POSTED)),
                wanted,
            )
            .order_by(outbox.c.id)
        )
        return [Watched(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's documented way to a row's names

    async def saw(self, places: Sequence[Place]) -> None:
        """Store how far those places were read."""
        rows = [asdict(place) for place in places]
        for at in range(0, len(rows), PLACES_AT_ONCE):
            part = rows[at : at + PLACES_AT_ONCE]
            statement = self._session.insert(read_places).values(part)
            new = {"last_seen": statement.excluded.last_seen, "read_at": statement.excluded.read_at}
            await self._session.execute(
                statement.on_conflict_do_update(index_elements=["channel_id", "place"], set_=new)
            )

    async def recent(self, group_id: int, kind: OutKind, limit: int = 10) -> list[Out]:
        """A group's rows of a kind, newest first."""
        return await self._all(
            sa.select(outbox)
            .where(outbox.c.group_id == group_id, outbox.c.kind == kind)
            .order_by(outbox.c.id.desc())
            .limit(limit)
        )

    async def _all(self, statement: sa.Select[Any]) -> list[Out]:
        return [out_from(row) for row in await self._session.all(statement)]


def _closed_unread(since: datetime) -> sa.ColumnElement[bool]:
    """Rounds that closed since then, and whose threads were not read after it."""
    unread = sa.or_(_THREAD.c.read_at.is_(None), _THREAD.c.read_at < rounds.c.closes_at)
    return sa.and_(rounds.c.closes_at > since, unread)


def posted_as(platform: str, external_ids: Collection[str]) -> sa.Select[Any]:
    """The QUESTION rows that were posted as those messages, oldest first."""
    return (
        sa.select(outbox)
        .join(channels, channels.c.id == outbox.c.channel_id)
        .where(QUESTION, outbox.c.external_id.in_(external_ids), channels.c.platform == platform)
        .order_by(outbox.c.id)
    )


def _read(place: sa.FromClause, external_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return sa.and_(place.c.channel_id == outbox.c.channel_id, place.c.place == external_id)


def out_from(row: sa.Row[Any]) -> Out:
    """An Out from a row of ``outbox``."""
    value = {name: getattr(row, name) for name in Out.__dataclass_fields__}
    return Out(**{**value, "kind": OutKind(row.kind), "state": OutState(row.state)})
