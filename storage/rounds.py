"""Rounds, with the questions they asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.deck import Question, question_from_dict
from bot.domain.rounds import POSTED, NewRound, Round, RoundState
from bot.domain.schedule import RoundKind
from storage import work
from storage.sql import Session
from storage.tables import questions, rounds

KEPT = 256
_parsed: dict[str, Question] = {}


class SqlRounds:
    """bot.store.Rounds over SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def insert(self, new: Sequence[NewRound]) -> list[Round]:
        """Insert those whose (group, local date, kind) is free; returns the inserted ones."""
        if not new:
            return []
        rows = await self._session.all(
            self._session.insert(rounds)
            .values([asdict(each) for each in new])
            .on_conflict_do_nothing(index_elements=["group_id", "local_date", "kind"])
            .returning(rounds)
        )
        return [_round(row, None) for row in sorted(rows, key=lambda row: int(row.id))]

    async def get(self, round_id: int, *, lock: bool = False) -> Round | None:
        """The round with that id; ``lock`` holds its row until the transaction ends."""
        statement = _select().where(rounds.c.id == round_id)
        if lock:
            # Rows that point to the round may still be written: a reply must not wait for it.
            statement = statement.with_for_update(of=rounds, key_share=True)
        return _maybe(await self._session.one(statement))

    async def by_id(self, round_ids: Sequence[int]) -> dict[int, Round]:
        """Rounds by their ids."""
        rows = await self._session.all(_select().where(rounds.c.id.in_(round_ids)))
        return {row.id: _round(row, row.question) for row in rows}

    async def on_date(self, group_id: int, day: date, kind: RoundKind) -> Round | None:
        """The round of (group, local date, kind)."""
        statement = _select().where(
            rounds.c.group_id == group_id, rounds.c.local_date == day, rounds.c.kind == kind
        )
        return _maybe(await self._session.one(statement))

    async def current(self, group_id: int) -> Round | None:
        """The newest daily round that was posted; an open one wins over a closed one."""
        statement = (
            _daily(group_id, POSTED)
            .order_by(
                sa.case((rounds.c.state == RoundState.OPEN, 0), else_=1),
                rounds.c.local_date.desc(),
            )
            .limit(1)
        )
        return _maybe(await self._session.one(statement))

    async def recent(self, group_id: int, limit: int = 30) -> list[Round]:
        """Daily rounds that were posted or missed, newest local date first."""
        statement = (
            _daily(group_id, (*POSTED, RoundState.MISSED))
            .order_by(rounds.c.local_date.desc())
            .limit(limit)
        )
        return [_round(row, row.question) for row in await self._session.all(statement)]

    async def closed(self, group_id: int) -> list[int]:
        """Ids of daily rounds that closed, oldest local date first."""
        statement = _narrow(sa.select(rounds.c.id), group_id, (RoundState.CLOSED,))
        return await self._session.scalars(statement.order_by(rounds.c.local_date))

    async def asked(self, group_id: int, deck_id: str) -> list[str]:
        """Ids of questions in daily rounds that are posting or posted, oldest first."""
        statement = _narrow(
            sa.select(rounds.c.question_id), group_id, (RoundState.POSTING, *POSTED)
        ).where(rounds.c.deck_id == deck_id, rounds.c.question_id.is_not(None))
        return await self._session.scalars(statement.order_by(rounds.c.local_date))

    async def to_close(self, now: datetime, limit: int = 500) -> list[int]:
        """Ids of open rounds whose closes_at has come."""
        # The literal states let both planners use the index of unfinished rounds.
        statement = (
            sa.select(rounds.c.id)
            .where(sa.text("rounds.state = 'open'"), rounds.c.closes_at <= now)
            .order_by(rounds.c.closes_at, rounds.c.id)
            .limit(limit)
        )
        return await self._session.scalars(statement)

    async def ask(self, round_id: int, deck_id: str, question: Question) -> None:
        """Set what a round asks, keeping a snapshot of the question."""
        data = question.to_dict()
        text = json.dumps(data, sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        await self._session.execute(
            self._session.insert(questions)
            .values(hash=digest, data=data)
            .on_conflict_do_nothing(index_elements=["hash"])
        )
        await self._session.execute(
            sa.update(rounds)
            .where(rounds.c.id == round_id)
            .values(deck_id=deck_id, question_id=question.id, question_hash=digest)
        )

    async def move(
        self,
        round_id: int,
        expected: Sequence[RoundState],
        state: RoundState,
        *,
        opens_at: datetime | None = None,
        closes_at: datetime | None = None,
        reason: str | None = None,
    ) -> bool:
        """UPDATE ... WHERE state IN expected; False if the row had moved on already."""
        given = {"opens_at": opens_at, "closes_at": closes_at, "reason": reason}
        values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        if state is RoundState.MISSED:
            values |= {"deck_id": None, "question_id": None, "question_hash": None}
        return await self._session.changed(
            sa.update(rounds)
            .where(rounds.c.id == round_id, rounds.c.state.in_(expected))
            .values(state=state, **values, **work.RESET)
        )

    async def revive(self, round_id: int, post_until: datetime) -> bool:
        """Make a MISSED round DUE again until then; False if it is in another state."""
        return await self._session.changed(
            sa.update(rounds)
            .where(rounds.c.id == round_id, rounds.c.state == RoundState.MISSED)
            .values(state=RoundState.DUE, post_until=post_until, reason=None, **work.RESET)
        )

    async def claim(
        self, round_id: int, states: Sequence[RoundState], now: datetime, lease: timedelta
    ) -> Round | None:
        """Take a round to work on: counts an attempt, hides it from others for ``lease``."""
        if await work.claim(self._session, rounds, round_id, states, now, lease):
            return await self.get(round_id)
        return None

    async def postpone(
        self, round_id: int, until: datetime, *, failed: bool, reason: str | None = None
    ) -> None:
        """After a handled stop: not_before=until, attempts=0; failures grows by one if failed."""
        kept = {} if reason is None else {"reason": reason}
        await work.postpone(self._session, rounds, round_id, until, failed=failed, **kept)


def _select() -> sa.Select[Any]:
    return sa.select(rounds, questions.c.data.label("question")).select_from(
        rounds.outerjoin(questions, questions.c.hash == rounds.c.question_hash)
    )


def _daily(group_id: int, states: Sequence[RoundState]) -> sa.Select[Any]:
    return _narrow(_select(), group_id, states)


def _narrow(
    statement: sa.Select[Any], group_id: int, states: Sequence[RoundState]
) -> sa.Select[Any]:
    return statement.where(
        rounds.c.group_id == group_id,
        rounds.c.kind == RoundKind.DAILY,
        rounds.c.state.in_(states),
    )


def _maybe(row: sa.Row[Any] | None) -> Round | None:
    return _round(row, row.question) if row else None


def _round(row: sa.Row[Any], question: dict[str, Any] | None) -> Round:
    return Round(
        id=row.id,
        group_id=row.group_id,
        local_date=row.local_date,
        kind=RoundKind(row.kind),
        state=RoundState(row.state),
        due_at=row.due_at,
        post_until=row.post_until,
        deck_id=row.deck_id,
        question=_question(row.question_hash, question) if question else None,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        reason=row.reason,
        attempts=row.attempts,
        failures=row.failures,
    )


def _question(digest: str, data: dict[str, Any]) -> Question:
    """A snapshot; those asked lately are kept, since many groups share them."""
    known = _parsed.get(digest)
    if known is None:
        known = _parsed[digest] = question_from_dict(data)
        if len(_parsed) > KEPT:
            del _parsed[next(iter(_parsed))]
    return known
