"""Channels that can't be posted in any more: paused, and organisers told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.domain.group import Channel
from bot.store import Tx
from bot.study.notices import tell_organisers

DELETED = "the channel was deleted."
"""Why a channel is paused for good, unlike one that lacks permissions."""


async def take_names(tx: Tx, platform: str, names: Mapping[str, str]) -> None:
    """Call channels as people do now; ``names`` are by the platform's ids of them."""
    for channel in await tx.groups.everywhere(platform):
        name = names.get(channel.external_id, channel.name)
        if name != channel.name:
            await tx.groups.rename_channel(channel.id, name)


async def take_group_name(tx: Tx, channels: Sequence[Channel], before: str, after: str) -> None:
    """Their server was renamed; a group that was called after it goes along."""
    for group_id in {channel.group_id for channel in channels}:
        group = await tx.groups.get(group_id, lock=True)
        if group is not None and group.name == before:
            await tx.groups.update(replace(group, name=after))


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
    helps = await _what_helps(tx, channel, reason)
    text = f"I can't post in {channel.name} any more: {reason} {helps}"
    key = f"gone:{channel.id}:{key}"
    await tell_organisers(tx, channel.group_id, key, "Channel paused", text)


async def _what_helps(tx: Tx, channel: Channel, reason: str) -> str:
    """How the group goes on."""
    if reason != DELETED:
        return "The schedule stands; use /study resume there once it is mended."
    others = [c for c in await tx.groups.channels(channel.group_id) if c.paused_reason is None]
    if others:
        return f"The group goes on in {', '.join(each.name for each in others)}."
    return (
        "The group, its points and streaks stand. To go on, type /study setup in another "
        "channel of the same server and move the group there."
    )
