"""One-use codes, by their hashes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.codes import Code, CodeKind
from storage.sql import Session
from storage.tables import codes


class SqlCodes:
    """bot.store.Codes over SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, code: Code) -> None:
        """Keep a code; one with the same hash is replaced."""
        values: dict[str, Any] = {
            "kind": code.kind,
            "group_id": code.group_id,
            "member_id": code.member_id,
            "expires_at": code.expires_at,
        }
        await self._session.execute(
            self._session.insert(codes)
            .values(hash=code.hash, **values)
            .on_conflict_do_update(index_elements=["hash"], set_=values)
        )

    async def take(self, code_hash: str, now: datetime) -> Code | None:
        """The code with that hash, used up; None if it was used before, ran out or never was."""
        row = await self._session.one(
            sa.delete(codes)
            .where(codes.c.hash == code_hash, codes.c.expires_at > now)
            .returning(codes)
        )
        if row is None:
            return None
        return Code(row.hash, CodeKind(row.kind), row.group_id, row.member_id, row.expires_at)

    async def drop(self, member_id: int, kind: CodeKind) -> None:
        """Void a member's codes of a kind."""
        await self._session.execute(
            sa.delete(codes).where(codes.c.member_id == member_id, codes.c.kind == kind)
        )
