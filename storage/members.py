"""Members and their accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bot.domain.group import Account, Member, Role
from bot.domain.streaks import Streak
from storage.erase import erase
from storage.export import export_member
from storage.merge import merge
from storage.sql import Session
from storage.tables import accounts, members


class SqlMembers:
    """bot.store.Members over SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def ensure(self, group_id: int, platform: str, external_id: str, name: str) -> Member:
        """The member behind an account; made on first use. A changed account name is taken over."""
        found = await self._account(group_id, platform, external_id)
        if found is None:
            made = await self._make(group_id, platform, external_id, name)
            if made is not None:
                return made
            # Another transaction made the account in between.
            found = await self._account(group_id, platform, external_id)
        if found is None:
            raise LookupError(f"account {external_id} vanished while it was being made")
        if found.name != name:
            await self._rename(found.id, found.member_id, name)
        member = await self.get(found.member_id)
        if member is None:
            raise LookupError(f"member {found.member_id} vanished while it was being read")
        return member

    async def get(self, member_id: int) -> Member | None:
        """The member with that id."""
        row = await self._session.one(sa.select(members).where(members.c.id == member_id))
        return member_from(row) if row else None

    async def of_account(self, group_id: int, platform: str, external_id: str) -> Member | None:
        """The member behind an account, if there is one yet."""
        found = await self._account(group_id, platform, external_id)
        return await self.get(found.member_id) if found else None

    async def in_group(self, group_id: int) -> list[Member]:
        """A group's members by name (casefolded)."""
        rows = await self._session.all(sa.select(members).where(members.c.group_id == group_id))
        # Sorted here, since each database has an order of letters of its own.
        return [member_from(row) for row in sorted(rows, key=lambda row: (row.name_key, row.id))]

    async def named(self, name: str) -> list[Member]:
        """Members of any group whose name is this, ignoring case."""
        statement = (
            sa.select(members).where(members.c.name_key == name_key(name)).order_by(members.c.id)
        )
        return [member_from(row) for row in await self._session.all(statement)]

    async def account(self, member_id: int, platform: str) -> Account | None:
        """A member's account on a platform."""
        row = await self._session.one(
            sa.select(accounts)
            .where(accounts.c.member_id == member_id, accounts.c.platform == platform)
            .order_by(accounts.c.id)
            .limit(1)
        )
        return (
            Account(row.id, row.member_id, row.platform, row.external_id, row.name) if row else None
        )

    async def accounts(self, member_id: int) -> list[Account]:
        """All of a member's accounts, oldest first."""
        statement = (
            sa.select(accounts).where(accounts.c.member_id == member_id).order_by(accounts.c.id)
        )
        return [
            Account(row.id, row.member_id, row.platform, row.external_id, row.name)
            for row in await self._session.all(statement)
        ]

    async def set_role(self, member_id: int, role: Role) -> None:
        """Make a member an organiser, or not."""
        await self._set(member_id, role=role)

    async def set_hidden(self, member_id: int, *, hidden: bool) -> None:
        """Hide a member from boards, or show them."""
        await self._set(member_id, hidden=hidden)

    async def streaks(self, group_id: int) -> dict[int, Streak]:
        """Streaks through the last closed round, by member id; absent means none."""
        statement = sa.select(
            members.c.id,
            members.c.streak_current,
            members.c.streak_best,
            members.c.streak_freezes,
        ).where(members.c.group_id == group_id, members.c.streak_best > 0)
        rows = await self._session.all(statement)
        return {
            row.id: Streak(row.streak_current, row.streak_best, row.streak_freezes) for row in rows
        }

    async def save_streaks(self, group_id: int, streaks: Mapping[int, Streak]) -> None:
        """Store these members' streaks."""
        if not streaks:
            return
        statement = (
            sa.update(members)
            .where(members.c.id == sa.bindparam("of"), members.c.group_id == group_id)
            .values(
                streak_current=sa.bindparam("current"),
                streak_best=sa.bindparam("best"),
                streak_freezes=sa.bindparam("freezes"),
            )
        )
        # In the order of ids, so that two transactions can't lock each other out.
        rows = [
            {"of": of, "current": s.current, "best": s.best, "freezes": s.freezes}
            for of, s in sorted(streaks.items())
        ]
        await self._session.execute(statement, rows)

    async def lock(self, member_ids: Sequence[int]) -> list[Member]:
        """Those that are there, by id. Until this transaction ends nothing new can name them."""
        rows = await self._session.all(
            sa.select(members)
            .where(members.c.id.in_(member_ids))
            .order_by(members.c.id)
            .with_for_update()
        )
        return [member_from(row) for row in rows]

    async def merge(self, member_id: int, into: int) -> None:
        """Delete a member; every row of theirs is another's from now on."""
        await merge(self._session, member_id, into)

    async def export(self, member_id: int) -> dict[str, Any]:
        """A member's data, JSON-ready; {} if there is no such member."""
        return await export_member(self._session, member_id)

    async def erase(self, member_id: int) -> None:
        """Delete a member and all that is theirs."""
        await erase(self._session, member_id)

    async def _account(self, group_id: int, platform: str, external_id: str) -> sa.Row[Any] | None:
        return await self._session.one(
            sa.select(accounts).where(
                accounts.c.group_id == group_id,
                accounts.c.platform == platform,
                accounts.c.external_id == external_id,
            )
        )

    async def _make(
        self, group_id: int, platform: str, external_id: str, name: str
    ) -> Member | None:
        values = {
            "group_id": group_id,
            "name": name,
            "name_key": name_key(name),
            "role": Role.MEMBER,
        }
        made = await self._session.execute(sa.insert(members).values(values).returning(members))
        member = member_from(made.one())
        account = await self._session.one(
            self._session.insert(accounts)
            .values(
                group_id=group_id,
                member_id=member.id,
                platform=platform,
                external_id=external_id,
                name=name,
            )
            .on_conflict_do_nothing(index_elements=["group_id", "platform", "external_id"])
            .returning(accounts.c.id)
        )
        if account is not None:
            return member
        await self._session.execute(sa.delete(members).where(members.c.id == member.id))
        return None

    async def _rename(self, account_id: int, member_id: int, name: str) -> None:
        await self._session.execute(
            sa.update(accounts).where(accounts.c.id == account_id).values(name=name)
        )
        await self._set(member_id, name=name, name_key=name_key(name))

    async def _set(self, member_id: int, **values: Any) -> None:
        await self._session.execute(
            sa.update(members).where(members.c.id == member_id).values(values)
        )


def name_key(name: str) -> str:
    """What a name is looked up by."""
    return name.strip().casefold()


def member_from(row: sa.Row[Any]) -> Member:
    """A Member from a row of ``members``."""
    return Member(row.id, row.group_id, row.name, Role(row.role), row.hidden)
