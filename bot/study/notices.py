"""Telling organisers and members what they need to know, once."""

from __future__ import annotations

import hashlib

from bot.domain.rounds import Round
from bot.domain.work import NewOut, OutKind
from bot.store import Tx

PAGE = "web"


async def tell_organisers(tx: Tx, group_id: int, key: str, title: str, text: str) -> None:
    """Queue a notice that only organisers see; the same ``key`` is told once.

    It goes to the group's first channel that works, or the first of all if none does. Those of
    a chat platform come before the page, which tells nobody who doesn't look at it.
    """
    channels = await tx.groups.channels(group_id)
    if not channels:
        return
    channels.sort(key=lambda each: (each.paused_reason is not None, each.platform == PAGE))
    await tx.outbox.add(
        [
            NewOut(
                group_id=group_id,
                channel_id=channels[0].id,
                kind=OutKind.NOTICE,
                dedupe_key=f"notice:{group_id}:{key}",
                data={"title": title, "text": text},
            )
        ]
    )


async def tell_member(tx: Tx, round_: Round, channel_id: int, member_id: int, text: str) -> None:
    """Queue words for one member alone; the same words about a round are told them once."""
    await tx.outbox.add([to_member(round_, channel_id, member_id, text)])


def to_member(round_: Round, channel_id: int, member_id: int, text: str) -> NewOut:
    """Words for one member alone, to be queued; see ``tell_member``."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return NewOut(
        group_id=round_.group_id,
        channel_id=channel_id,
        kind=OutKind.HELP,
        dedupe_key=f"help:{round_.id}:{member_id}:{digest}",
        round_id=round_.id,
        member_id=member_id,
        data={"text": text},
    )


async def lead_to_button(tx: Tx, round_: Round, channel_id: int) -> None:
    """Queue a hint in a round's thread, once: replies can't be read there, the button works."""
    await tx.outbox.add(
        [
            NewOut(
                group_id=round_.group_id,
                channel_id=channel_id,
                kind=OutKind.USE_BUTTON,
                dedupe_key=f"use_button:{round_.id}:{channel_id}",
                round_id=round_.id,
            )
        ]
    )
