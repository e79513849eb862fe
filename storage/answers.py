"""Answers and their revisions; grades have a file of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.rounds import Answer, GradedAnswer, Revision, RevisionState, RoundState
from storage import work
from storage.grades import SqlGrades, grade_from
from storage.merge import fold
from storage.sql import Session
from storage.tables import answers, channels, grades, members, revisions, rounds


class SqlAnswers(SqlGrades):
    """bot.store.Answers over SQL."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session

    async def get(self, answer_id: int, *, lock: bool = False) -> Answer | None:
        """The answer with that id."""
        return await self._find(answers.c.id == answer_id, lock=lock)

    async def find(self, round_id: int, member_id: int, *, lock: bool = False) -> Answer | None:
        """A member's answer to a round, withdrawn ones too."""
        return await self._find(
            answers.c.round_id == round_id, answers.c.member_id == member_id, lock=lock
        )

    async def by_message(self, channel_id: int, message_id: str) -> Answer | None:
        """The answer whose reply is that message."""
        return await self._find(
            answers.c.channel_id == channel_id, answers.c.message_id == message_id
        )

    async def held(self, channel_id: int, message_id: str) -> Revision | None:
        """The HELD revision that is that message, in a round that is still going on."""
        going_on = (RoundState.POSTING, RoundState.OPEN, RoundState.CLOSING)
        # By way of the group's few open rounds: messages themselves have no index.
        found = await self._held(
            rounds.c.group_id
            == sa.select(channels.c.group_id).where(channels.c.id == channel_id).scalar_subquery(),
            rounds.c.state.in_(going_on),
            revisions.c.channel_id == channel_id,
            revisions.c.message_id == message_id,
        )
        return found[0] if found else None

    async def held_in(self, round_id: int) -> list[Revision]:
        """A round's HELD revisions."""
        return await self._held(rounds.c.id == round_id)

    async def _held(self, *conditions: sa.ColumnElement[bool]) -> list[Revision]:
        statement = (
            sa.select(revisions)
            .join(answers, answers.c.id == revisions.c.answer_id)
            .join(rounds, rounds.c.id == answers.c.round_id)
            .where(*conditions, revisions.c.state == RevisionState.HELD)
            .order_by(revisions.c.id)
        )
        return [revision_from(row) for row in await self._session.all(statement)]

    async def create(self, answer: Answer) -> Answer:
        """Insert; ``id`` is ignored. If (round, member) has one already, that one is returned."""
        row = await self._session.one(
            self._session.insert(answers)
            .values(insertable(answer))
            .on_conflict_do_nothing(index_elements=["round_id", "member_id"])
            .returning(answers)
        )
        if row is not None:
            return answer_from(row)
        there = await self.find(answer.round_id, answer.member_id)
        if there is None:
            raise LookupError(f"the answer to round {answer.round_id} vanished while being read")
        return there

    async def rounds_of(self, member_id: int) -> dict[int, int]:
        """The ids of all of a member's answers, withdrawn ones too, by their rounds' ids."""
        statement = sa.select(answers.c.round_id, answers.c.id).where(
            answers.c.member_id == member_id
        )
        return {row.round_id: row.id for row in await self._session.all(statement)}

    async def fold(self, answer_id: int, into: int) -> None:
        """Delete an answer; its revisions and grades come after those of another of its round."""
        await fold(self._session, answer_id, into)

    async def update(self, answer: Answer) -> None:
        """Store revision_id, scoring_id, channel_id, message_id, sealed, withdrawn_at."""
        await self._session.execute(
            sa.update(answers).where(answers.c.id == answer.id).values(_mutable(answer))
        )

    async def add_revision(
        self,
        answer_id: int,
        text: str,
        state: RevisionState,
        now: datetime,
        *,
        channel_id: int | None = None,
        message_id: str | None = None,
    ) -> Revision:
        """The next revision of an answer."""
        # On PostgreSQL the answer's row is what numbers are given out under.
        await self.get(answer_id, lock=True)
        number = (
            sa.select(sa.func.coalesce(sa.func.max(revisions.c.number), 0) + 1)
            .where(revisions.c.answer_id == answer_id)
            .scalar_subquery()
        )
        statement = (
            sa.insert(revisions)
            .values(
                answer_id=answer_id,
                number=number,
                text=text,
                state=state,
                created_at=now,
                channel_id=channel_id,
                message_id=message_id,
            )
            .returning(revisions)
        )
        return revision_from((await self._session.execute(statement)).one())

    async def revision(self, revision_id: int) -> Revision | None:
        """The revision with that id."""
        row = await self._session.one(sa.select(revisions).where(revisions.c.id == revision_id))
        return revision_from(row) if row else None

    async def revisions(self, answer_id: int) -> list[Revision]:
        """All of an answer's revisions, first to last."""
        statement = (
            sa.select(revisions)
            .where(revisions.c.answer_id == answer_id)
            .order_by(revisions.c.number)
        )
        return [revision_from(row) for row in await self._session.all(statement)]

    async def set_revision_state(
        self, revision_id: int, expected: RevisionState, state: RevisionState
    ) -> bool:
        """UPDATE ... WHERE state = expected; False if it had moved on. Resets attempts and such."""
        return await self._session.changed(
            sa.update(revisions)
            .where(revisions.c.id == revision_id, revisions.c.state == expected)
            .values(state=state, **work.RESET)
        )

    async def claim_revision(
        self, revision_id: int, now: datetime, lease: timedelta
    ) -> Revision | None:
        """Take a pending revision to grade it: as ``Rounds.claim``."""
        states = (RevisionState.PENDING,)
        row = await work.claim(self._session, revisions, revision_id, states, now, lease)
        return revision_from(row) if row else None

    async def postpone_revision(self, revision_id: int, until: datetime, *, failed: bool) -> None:
        """As ``Rounds.postpone``."""
        await work.postpone(self._session, revisions, revision_id, until, failed=failed)

    async def pending(self, round_id: int) -> int:
        """How many of a round's revisions wait for their grade."""
        statement = (
            sa.select(sa.func.count())
            .select_from(revisions.join(answers, answers.c.id == revisions.c.answer_id))
            .where(answers.c.round_id == round_id, revisions.c.state == RevisionState.PENDING)
        )
        return int((await self._session.execute(statement)).scalar_one())

    async def in_round(self, round_id: int) -> list[GradedAnswer]:
        """A round's answers that are not withdrawn, oldest first."""
        statement = (
            _graded()
            .where(answers.c.round_id == round_id, answers.c.withdrawn_at.is_(None))
            .order_by(answers.c.created_at, answers.c.id)
        )
        return [_beside(row) for row in await self._session.all(statement)]

    async def counts(self, round_ids: Sequence[int]) -> dict[int, int]:
        """Answers not withdrawn, by round id."""
        statement = (
            sa.select(answers.c.round_id, sa.func.count().label("number"))
            .where(answers.c.round_id.in_(round_ids), answers.c.withdrawn_at.is_(None))
            .group_by(answers.c.round_id)
        )
        found = {row.round_id: row.number for row in await self._session.all(statement)}
        return {round_id: found.get(round_id, 0) for round_id in round_ids}

    async def of_member(self, member_id: int, limit: int = 50) -> list[GradedAnswer]:
        """A member's answers, newest first, as ``in_round``."""
        statement = (
            _graded()
            .where(answers.c.member_id == member_id, answers.c.withdrawn_at.is_(None))
            .order_by(answers.c.created_at.desc(), answers.c.id.desc())
            .limit(limit)
        )
        return [_beside(row) for row in await self._session.all(statement)]

    async def _find(self, *conditions: sa.ColumnElement[bool], lock: bool = False) -> Answer | None:
        statement = sa.select(answers).where(*conditions).order_by(answers.c.id).limit(1)
        if lock:
            statement = statement.with_for_update()
        row = await self._session.one(statement)
        return answer_from(row) if row else None


def insertable(answer: Answer) -> dict[str, Any]:
    """All of an answer but its id, as columns."""
    return {
        "round_id": answer.round_id,
        "group_id": answer.group_id,
        "member_id": answer.member_id,
        "created_at": answer.created_at,
        **_mutable(answer),
    }


def _mutable(answer: Answer) -> dict[str, Any]:
    return {
        "revision_id": answer.revision_id,
        "scoring_id": answer.scoring_id,
        "channel_id": answer.channel_id,
        "message_id": answer.message_id,
        "sealed": answer.sealed,
        "withdrawn_at": answer.withdrawn_at,
    }


def labelled(table: sa.Table, prefix: str) -> list[sa.Label[Any]]:
    """A table's columns, named with a prefix."""
    return [column.label(prefix + column.name) for column in table.c]


def _graded() -> sa.Select[Any]:
    shown = sa.func.coalesce(answers.c.scoring_id, answers.c.revision_id)
    return sa.select(
        answers,
        members.c.name.label("member_name"),
        *labelled(revisions, "r_"),
        *labelled(grades, "g_"),
    ).select_from(
        answers.join(members, members.c.id == answers.c.member_id)
        .outerjoin(revisions, revisions.c.id == shown)
        .outerjoin(grades, sa.and_(grades.c.revision_id == revisions.c.id, grades.c.current))
    )


def _beside(row: sa.Row[Any]) -> GradedAnswer:
    return GradedAnswer(
        answer=answer_from(row),
        member_name=row.member_name,
        revision=None if row.r_id is None else revision_from(row, "r_"),
        grade=None if row.g_id is None else grade_from(row, "g_"),
    )


def answer_from(row: sa.Row[Any], prefix: str = "") -> Answer:
    """An Answer from a row of ``answers`` whose columns are named with that prefix."""
    return Answer(**{name: getattr(row, prefix + name) for name in Answer.__dataclass_fields__})


def revision_from(row: sa.Row[Any], prefix: str = "") -> Revision:
    """A Revision from a row of ``revisions`` whose columns are named with that prefix."""
    value = {name: getattr(row, prefix + name) for name in Revision.__dataclass_fields__}
    return Revision(**{**value, "state": RevisionState(value["state"])})
