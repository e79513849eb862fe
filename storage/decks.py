"""Groups' own decks, and imports that wait for a yes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from bot.domain.stored import DeckVersion, NewDraft, StoredDeck, StoredDraft
from storage.sql import Session
from storage.tables import deck_drafts, decks


class SqlDecks:
    """bot.store.Decks over SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def put(
        self, deck_id: str, group_id: int, source: str, text: str, member_id: int, now: datetime
    ) -> StoredDeck | None:
        """Store a group's deck, or its next version. None if the id is another group's deck's."""
        changes = {"source": source, "text": text, "updated_at": now, "updated_by": member_id}
        statement = (
            self._session.insert(decks)
            .values(deck_id=deck_id, group_id=group_id, version=1, **changes)
            .on_conflict_do_update(
                index_elements=["deck_id"],
                set_={"version": decks.c.version + 1, **changes},
                where=decks.c.group_id == group_id,
            )
            .returning(decks)
        )
        row = await self._session.one(statement)
        return StoredDeck(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's documented way to a row's names

    async def get(self, deck_id: str) -> StoredDeck | None:
        """The deck with that id."""
        row = await self._session.one(sa.select(decks).where(decks.c.deck_id == deck_id))
        return StoredDeck(**row._mapping) if row else None  # noqa: SLF001 - as above

    async def of_group(self, group_id: int) -> list[StoredDeck]:
        """A group's decks by id."""
        statement = sa.select(decks).where(decks.c.group_id == group_id).order_by(decks.c.deck_id)
        return [StoredDeck(**row._mapping) for row in await self._session.all(statement)]  # noqa: SLF001 - as above

    async def versions(self, since: datetime | None = None) -> dict[str, DeckVersion]:
        """Every deck's version by its id; only of those updated at ``since`` or later."""
        columns = (decks.c.deck_id, decks.c.version, decks.c.updated_at, decks.c.group_id)
        statement = sa.select(*columns)
        if since is not None:
            statement = statement.where(decks.c.updated_at >= since)
        rows = await self._session.all(statement.order_by(decks.c.deck_id))
        return {row.deck_id: DeckVersion(row.version, row.updated_at, row.group_id) for row in rows}

    async def add_draft(self, draft: NewDraft, now: datetime) -> int:
        """Keep an import until it is decided; its id."""
        statement = sa.insert(deck_drafts).values(created_at=now, **asdict(draft))
        [draft_id] = await self._session.scalars(statement.returning(deck_drafts.c.id))
        return int(draft_id)

    async def draft(self, draft_id: int) -> StoredDraft | None:
        """The draft with that id."""
        row = await self._session.one(sa.select(deck_drafts).where(deck_drafts.c.id == draft_id))
        return StoredDraft(**row._mapping) if row else None  # noqa: SLF001 - as above

    async def waiting(self, draft_ids: Collection[int]) -> set[int]:
        """Which of these drafts are still there."""
        if not draft_ids:
            return set()
        statement = sa.select(deck_drafts.c.id).where(deck_drafts.c.id.in_(draft_ids))
        return set(await self._session.scalars(statement))

    async def delete_draft(self, draft_id: int) -> bool:
        """Delete a draft; True for whom it was still there."""
        return await self._session.changed(
            sa.delete(deck_drafts).where(deck_drafts.c.id == draft_id)
        )

    async def prune_drafts(self, before: datetime) -> int:
        """Delete drafts made before that; how many."""
        statement = sa.delete(deck_drafts).where(deck_drafts.c.created_at < before)
        return (await self._session.execute(statement)).rowcount
