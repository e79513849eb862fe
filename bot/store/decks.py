"""Where the decks are kept that groups bring themselves."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from bot.domain.stored import DeckVersion, NewDraft, StoredDeck, StoredDraft


class Decks(Protocol):
    """Groups' own decks, and imports that wait for a yes."""

    async def put(
        self, deck_id: str, group_id: int, source: str, text: str, member_id: int, now: datetime
    ) -> StoredDeck | None:
        """Store a group's deck, or its next version. None if the id is another group's deck's."""

    async def get(self, deck_id: str) -> StoredDeck | None:
        """The deck with that id."""

    async def of_group(self, group_id: int) -> list[StoredDeck]:
        """A group's decks by id."""

    async def versions(self, since: datetime | None = None) -> dict[str, DeckVersion]:
        """Every deck's version by its id; only of those updated at ``since`` or later."""

    async def add_draft(self, draft: NewDraft, now: datetime) -> int:
        """Keep an import until it is decided; its id."""

    async def draft(self, draft_id: int) -> StoredDraft | None:
        """The draft with that id."""

    async def waiting(self, draft_ids: Collection[int]) -> set[int]:
        """Which of these drafts are still there."""

    async def delete_draft(self, draft_id: int) -> bool:
        """Delete a draft; True for whom it was still there."""

    async def prune_drafts(self, before: datetime) -> int:
        """Delete drafts made before that; how many."""
