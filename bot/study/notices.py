"""Telling organisers what they need to know, once."""

from __future__ import annotations

from bot.domain.work import NewOut, OutKind
from bot.store import Tx


async def tell_organisers(tx: Tx, group_id: int, key: str, title: str, text: str) -> None:
    """Queue a notice that only organisers see; the same ``key`` is told once.

    It goes to the group's first channel that works, or the first of all if none does.
    """
    channels = await tx.groups.channels(group_id)
    if not channels:
        return
    working = [c for c in channels if c.paused_reason is None]
    await tx.outbox.add(
        [
            NewOut(
                group_id=group_id,
                channel_id=(working or channels)[0].id,
                kind=OutKind.NOTICE,
                dedupe_key=f"notice:{group_id}:{key}",
                data={"title": title, "text": text},
            )
        ]
    )
