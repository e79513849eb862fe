"""Two members become one: every row that names the one names the other from then on."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from storage.erase import MANY, ONE
from storage.sql import Session
from storage.tables import (
    answers,
    appeals,
    channels,
    grades,
    members,
    metadata,
    outbox,
    posts,
    revisions,
)


async def merge(session: Session, member_id: int, into: int) -> None:
    """Delete a member; what was theirs is another's of the same group. Both are locked."""
    group_id = (
        await session.scalars(sa.select(members.c.group_id).where(members.c.id == member_id))
    )[0]
    for table in metadata.sorted_tables:
        for column in table.c:
            if column.references(members.c.id):
                await session.execute(
                    sa.update(table).where(column == member_id).values({column: into})
                )
    await _rename_in_data(session, group_id, member_id, into)
    await session.execute(
        sa.update(channels)
        .where(channels.c.group_id == group_id)
        .values(version=channels.c.version + 1)
    )
    await session.execute(sa.delete(members).where(members.c.id == member_id))


async def fold(session: Session, answer_id: int, into: int) -> None:
    """Delete an answer; what was written and graded in it comes after another's of its round."""
    last = (
        sa.select(sa.func.coalesce(sa.func.max(revisions.c.number), 0))
        .where(revisions.c.answer_id == into)
        .scalar_subquery()
    )
    number = (await session.scalars(sa.select(last)))[0]
    await session.execute(
        sa.update(revisions)
        .where(revisions.c.answer_id == answer_id)
        .values(answer_id=into, number=revisions.c.number + number)
    )
    for table in (grades, appeals, outbox):
        await session.execute(
            sa.update(table).where(table.c.answer_id == answer_id).values(answer_id=into)
        )
    await session.execute(sa.delete(answers).where(answers.c.id == answer_id))


async def _rename_in_data(session: Session, group_id: int, member_id: int, into: int) -> None:
    """Messages that mention a member by id."""
    here = sa.select(channels.c.id).where(channels.c.group_id == group_id).scalar_subquery()
    for table, name, condition in (
        (outbox, "data", outbox.c.group_id == group_id),
        (posts, "body", sa.and_(posts.c.channel_id.in_(here), posts.c.body.is_not(None))),
    ):
        for row in await session.all(sa.select(table.c.id, table.c[name]).where(condition)):
            before = getattr(row, name)
            after = _renamed(before, member_id, into)
            if after != before:
                await session.execute(
                    sa.update(table).where(table.c.id == row.id).values({name: after})
                )


def _renamed(value: Any, member_id: int, into: int) -> Any:
    if isinstance(value, list):
        return [_renamed(item, member_id, into) for item in value]
    if not isinstance(value, dict):
        return value
    renamed = {key: _renamed(item, member_id, into) for key, item in value.items()}
    for key in ONE:
        if renamed.get(key) == member_id:
            renamed[key] = into
    for key in MANY:
        if isinstance(renamed.get(key), list):
            ids = (into if item == member_id else item for item in renamed[key])
            renamed[key] = [*{_hashable(item): item for item in ids}.values()]
    return renamed


def _hashable(item: Any) -> Any:
    return item if isinstance(item, int | str) else repr(item)
