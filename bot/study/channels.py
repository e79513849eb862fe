"""Channels that can't be posted in any more: paused, and organisers told of it."""

from __future__ import annotations

from bot.domain.group import Channel
from bot.store import Tx
from bot.study.notices import tell_organisers


async def stop_posting(tx: Tx, channel: Channel, reason: str, key: str) -> None:
    """Pause a channel until organisers resume it. One that is paused already is left alone.

    ``reason`` is a sentence's end, such as "the channel was deleted."; ``key`` tells this
    time from others.
    """
    # Under a lock, so that of many messages that fail at once only one tells of it.
    await tx.groups.get(channel.group_id, lock=True)
    current = await tx.groups.channel(channel.id)
    if current is None or current.paused_reason is not None:
        return
    await tx.groups.pause_channel(channel.id, reason)
    text = (
        f"I can't post in {channel.name} any more: {reason} "
        "The schedule stands; use `/study resume` there once it is mended."
    )
    key = f"gone:{channel.id}:{key}"
    await tell_organisers(tx, channel.group_id, key, "Channel paused", text)
