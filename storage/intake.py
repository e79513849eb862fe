"""Taking many replies in at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.group import Member, Role
from bot.domain.rounds import Answer, Revision, RevisionState
from bot.domain.work import Out
from bot.store.intake import Author, FirstAnswer, Scene
from storage.answers import answer_from, insertable, revision_from
from storage.groups import channel_from, group_from
from storage.members import SqlMembers, member_from, name_key
from storage.outbox import out_from, posted_as
from storage.rounds import SqlRounds
from storage.sql import Session
from storage.tables import accounts, answers, channels, groups, inbox, members, outbox, revisions

# Two transactions that insert the same keys wait for each other: in one order, never in a ring.


class SqlIntake:
    """bot.store.Intake over SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def first_times(
        self, platform: str, event_ids: Collection[str], now: datetime
    ) -> set[str]:
        """Those of the events that were not stored before."""
        if not event_ids:
            return set()
        rows = await self._session.execute(
            self._session.insert(inbox)
            .on_conflict_do_nothing(index_elements=["platform", "event_id"])
            .returning(inbox.c.event_id),
            [
                {"platform": platform, "event_id": each, "received_at": now}
                for each in sorted(set(event_ids))
            ],
        )
        return set(rows.scalars())

    async def asked(self, platform: str, external_ids: Collection[str]) -> dict[str, Out]:
        """The QUESTION rows that were posted as those messages, in any channel of a platform."""
        rows = await self._session.all(posted_as(platform, external_ids))
        return {row.external_id: out_from(row) for row in rows}

    async def scenes(self, asked: Collection[int]) -> dict[int, Scene]:
        """The scenes of QUESTION rows, by the rows' ids; those that are gone are left out."""
        found = await self._session.all(
            sa.select(outbox.c.id, outbox.c.group_id, outbox.c.channel_id, outbox.c.round_id).where(
                outbox.c.id.in_(asked)
            )
        )
        group_rows = await self._by_id(groups, {row.group_id for row in found})
        channel_rows = await self._by_id(channels, {row.channel_id for row in found})
        asked_in = {row.round_id for row in found if row.round_id is not None}
        rounds = await SqlRounds(self._session).by_id(list(asked_in))
        groups_by_id = {row_id: group_from(row) for row_id, row in group_rows.items()}
        return {
            row.id: Scene(
                groups_by_id[row.group_id],
                channel_from(channel_rows[row.channel_id]),
                rounds[row.round_id],
            )
            for row in found
            if row.round_id in rounds
        }

    async def members(self, platform: str, authors: Collection[Author]) -> dict[Author, Member]:
        """Everybody as a member, made on first use: as ``Members.ensure``."""
        wanted = sorted(set(authors), key=lambda a: (a.group_id, a.external_id))
        known = await self._known(platform, wanted)
        found: dict[Author, Member] = {}
        for author in wanted:
            row = known.get((author.group_id, author.external_id))
            if row is not None and row.account_name == author.name:
                found[author] = member_from(row)
        strangers = [a for a in wanted if (a.group_id, a.external_id) not in known]
        found |= await self._make(platform, strangers)
        for author in wanted:
            if author not in found:
                # Renamed, or made by another process since we looked.
                found[author] = await SqlMembers(self._session).ensure(
                    author.group_id, platform, author.external_id, author.name
                )
        return found

    async def answered(self, by: Collection[tuple[int, int]]) -> dict[tuple[int, int], Answer]:
        """The answers there are by (round id, member id), locked, withdrawn ones too."""
        rows = await self._session.all(
            sa.select(answers)
            .where(
                answers.c.round_id.in_({round_id for round_id, _ in by}),
                answers.c.member_id.in_({member_id for _, member_id in by}),
            )
            .order_by(answers.c.id)
            .with_for_update()
        )
        return {(row.round_id, row.member_id): answer_from(row) for row in rows}

    async def first_answers(self, new: Sequence[FirstAnswer]) -> list[tuple[Answer, Revision]]:
        """Insert answers, each with a pending first revision, which it points to."""
        by_key = {(each.answer.round_id, each.answer.member_id): each for each in new}
        if not by_key:
            return []
        ids = await self._insert_answers([by_key[key].answer for key in sorted(by_key)])
        words = {answer_id: by_key[key] for key, answer_id in ids.items()}
        made = await self._insert_revisions(words)
        await self._point_to_them(made)
        return [
            (replace(first.answer, id=answer_id, revision_id=made[answer_id].id), made[answer_id])
            for answer_id, first in words.items()
        ]

    async def _by_id(self, table: sa.Table, ids: Collection[int]) -> dict[int, sa.Row[Any]]:
        rows = await self._session.all(sa.select(table).where(table.c.id.in_(ids)))
        return {row.id: row for row in rows}

    async def _known(
        self, platform: str, authors: Sequence[Author]
    ) -> dict[tuple[int, str], sa.Row[Any]]:
        rows = await self._session.all(
            sa.select(members, accounts.c.external_id, accounts.c.name.label("account_name"))
            .join(members, members.c.id == accounts.c.member_id)
            .where(
                accounts.c.group_id.in_({author.group_id for author in authors}),
                accounts.c.platform == platform,
                accounts.c.external_id.in_({author.external_id for author in authors}),
            )
        )
        return {(row.group_id, row.external_id): row for row in rows}

    async def _make(self, platform: str, authors: Sequence[Author]) -> dict[Author, Member]:
        """New members for those authors, but for those who have an account by now."""
        if not authors:
            return {}
        rows = await self._session.execute(
            sa.insert(members).returning(members, sort_by_parameter_order=True),
            [
                {
                    "group_id": author.group_id,
                    "name": author.name,
                    "name_key": name_key(author.name),
                    "role": Role.MEMBER,
                }
                for author in authors
            ],
        )
        made = dict(zip(authors, map(member_from, rows.all()), strict=True))
        linked = await self._session.execute(
            self._session.insert(accounts)
            .on_conflict_do_nothing(index_elements=["group_id", "platform", "external_id"])
            .returning(accounts.c.member_id),
            [
                {
                    "group_id": author.group_id,
                    "member_id": member.id,
                    "platform": platform,
                    "external_id": author.external_id,
                    "name": author.name,
                }
                for author, member in made.items()
            ],
        )
        living = set(linked.scalars())
        spare = [member.id for member in made.values() if member.id not in living]
        if spare:
            await self._session.execute(sa.delete(members).where(members.c.id.in_(spare)))
        return {author: member for author, member in made.items() if member.id in living}

    async def _insert_answers(self, new: Sequence[Answer]) -> dict[tuple[int, int], int]:
        rows = await self._session.execute(
            self._session.insert(answers)
            .on_conflict_do_nothing(index_elements=["round_id", "member_id"])
            .returning(answers.c.id, answers.c.round_id, answers.c.member_id),
            [insertable(each) for each in new],
        )
        return {(row.round_id, row.member_id): row.id for row in rows}

    async def _insert_revisions(self, words: dict[int, FirstAnswer]) -> dict[int, Revision]:
        if not words:
            return {}
        rows = await self._session.execute(
            sa.insert(revisions).returning(revisions),
            [
                {
                    "answer_id": answer_id,
                    "number": 1,
                    "text": first.text,
                    "state": RevisionState.PENDING,
                    "created_at": first.answer.created_at,
                    "channel_id": first.answer.channel_id,
                    "message_id": first.answer.message_id,
                }
                for answer_id, first in words.items()
            ],
        )
        return {row.answer_id: revision_from(row) for row in rows}

    async def _point_to_them(self, made: dict[int, Revision]) -> None:
        newest = (
            sa.select(revisions.c.id)
            .where(revisions.c.answer_id == answers.c.id, revisions.c.number == 1)
            .scalar_subquery()
        )
        await self._session.execute(
            sa.update(answers).where(answers.c.id.in_(made)).values(revision_id=newest)
        )
