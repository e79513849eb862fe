"""Channels that join a group, leave it, or take the place of one that was deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.codes import CodeKind
from bot.domain.group import Channel, Group, GroupSettings, Member
from bot.domain.rounds import Round, RoundState
from bot.domain.schedule import RoundKind, local_date
from bot.errors import ConflictError, NotFoundError
from bot.store import Tx
from bot.study import closing, codes
from bot.study.groups import make_schedules
from bot.study.rounds import call_off, post_also
from bot.study.services import Services

EVERY_ROUND = 100_000
GROUP_GONE = "This study group isn't there any more."
POSTING = "A question is being posted here right now. Try again in a moment."


@dataclass(frozen=True, slots=True)
class Place:
    """A platform's channel, whether a group posts there or not; ``name`` is what people call it."""

    platform: str
    external_id: str
    name: str
    server_id: str | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What a group has to lose: rounds that were answered, and how many answers."""

    rounds: int
    answers: int


@dataclass(frozen=True, slots=True)
class Joined:
    """A channel that posts for a group now; ``asked`` is the open round that is posted there too.

    With ``asks`` nothing was done yet: the channel's own group, ``before``, has that past, and
    ``way_back`` is a code for it, unless it has other channels.
    """

    group: Group
    asked: Round | None = None
    before: Group | None = None
    asks: Past | None = None
    way_back: str = ""


async def invite(services: Services, group: Group, member: Member) -> str:
    """A code by which one more channel joins the group."""
    now = services.clock()
    async with services.store.write() as tx:
        return await codes.make(tx, CodeKind.INVITE, group.id, member.id, now)


async def join(
    services: Services, place: Place, text: str, who: str, member: Member | None = None
) -> Joined:
    """Use an invitation in a channel; whoever types it organises there.

    ``who`` names the person, for counting; ``member`` is who they are in the channel's own
    group, if it has one. Raises NotFoundError for a code that does nothing, ConflictError.
    """
    now = services.clock()
    await codes.count_try(services.store, who, now)
    async with services.store.write() as tx:
        code = await codes.use(tx, CodeKind.INVITE, text, now)
        group = await _group(tx, code.group_id)
        found = await tx.groups.by_channel(place.platform, place.external_id)
        if found is None:
            channel = await _add(tx, group, place)
            return Joined(group, await post_also(tx, group, channel, now))
        before, channel = found
        if before.id == group.id:
            raise ConflictError(f"“{group.name}” posts in this channel already.")
        past = await _past(tx, before)
        if past.answers == 0:
            return await _move(tx, channel, before, group, now)
        if member is None or member.group_id != before.id:
            raise ConflictError("Another study group posts in this channel.")
        ids = (channel.id, group.id, member.id)
        await codes.ask(tx, CodeKind.JOIN_ANYWAY, code, *ids, now=now)
        back = ""
        if not await _others(tx, before, channel):
            back = await codes.make(tx, CodeKind.INVITE, before.id, member.id, now)
        return Joined(group, before=before, asks=past, way_back=back)


async def join_anyway(
    services: Services, channel: Channel, member: Member, group_id: int
) -> Joined:
    """A yes to leaving the channel's own group for the one of the code that was used."""
    now = services.clock()
    async with services.store.write() as tx:
        ids = (channel.id, group_id, member.id)
        await codes.answered(tx, CodeKind.JOIN_ANYWAY, *ids, now=now)
        current = await tx.groups.channel(channel.id)
        if current is None or current.group_id != member.group_id:
            raise ConflictError(codes.OUTDATED)
        before = await _group(tx, current.group_id)
        return await _move(tx, current, before, await _group(tx, group_id), now)


async def leave(services: Services, group: Group, channel: Channel) -> list[Channel]:
    """Take a channel out of its group; it gets one of its own, paused. The channels that stay.

    Raises ConflictError if no other channel works.
    """
    now = services.clock()
    async with services.store.write() as tx:
        # Under a lock, so that of two channels that leave at once one stays.
        current = await tx.groups.get(group.id, lock=True)
        here = await tx.groups.channel(channel.id)
        if current is None or here is None or here.group_id != group.id:
            raise NotFoundError(GROUP_GONE)
        others = [c for c in await _others(tx, current, here) if c.paused_reason is None]
        if not others:
            raise ConflictError(
                f"“{current.name}” posts in no other channel. /study pause stops its questions."
            )
        own = await _own_group(tx, services, current, now)
        await tx.groups.move_channel(here.id, own.id)
        return others


async def stranded(tx: Tx, platform: str, server_id: str) -> list[Group]:
    """Groups in a server that can't be posted to in any channel any more."""
    found: dict[int, Group] = {}
    for channel in await tx.groups.in_server(platform, server_id):
        everywhere = await tx.groups.channels(channel.group_id)
        group = await tx.groups.get(channel.group_id)
        if group is not None and all(c.paused_reason is not None for c in everywhere):
            found[group.id] = group
    return list(found.values())


async def move_here(services: Services, place: Place, group_id: int) -> Joined:
    """Let a group whose channels are gone go on in another channel of the same server."""
    now = services.clock()
    async with services.store.write() as tx:
        group = await tx.groups.get(group_id, lock=True)
        there = await stranded(tx, place.platform, place.server_id or "")
        if group is None or group.id not in {each.id for each in there}:
            raise ConflictError("That study group posts somewhere again, or isn't there any more.")
        channel = await _add(tx, group, place)
        return Joined(group, await post_also(tx, group, channel, now))


async def _group(tx: Tx, group_id: int) -> Group:
    group = await tx.groups.get(group_id)
    if group is None:
        raise NotFoundError(GROUP_GONE)
    return group


async def _add(tx: Tx, group: Group, place: Place) -> Channel:
    return await tx.groups.add_channel(
        group.id, place.platform, place.external_id, place.name, place.server_id
    )


async def _past(tx: Tx, group: Group) -> Past:
    rounds = await tx.rounds.recent(group.id, limit=EVERY_ROUND)
    counts = await tx.answers.counts([round_.id for round_ in rounds])
    given = [count for count in counts.values() if count]
    return Past(len(given), sum(given))


async def _others(tx: Tx, group: Group, channel: Channel) -> list[Channel]:
    return [each for each in await tx.groups.channels(group.id) if each.id != channel.id]


async def _move(tx: Tx, channel: Channel, before: Group, group: Group, now: datetime) -> Joined:
    """Hand a channel over; a group that keeps none ends its open round and rests."""
    last = not await _others(tx, before, channel)
    if last:
        await _end_round(tx, before, now)
    for group_id in sorted((before.id, group.id)):
        await tx.groups.get(group_id, lock=True)
    if last:
        resting = replace(before, paused=True)
        await tx.groups.update(resting)
        await call_off(tx, resting, now)
    await tx.groups.move_channel(channel.id, group.id)
    moved = replace(channel, group_id=group.id, paused_reason=None)
    return Joined(group, await post_also(tx, group, moved, now), before=before)


async def _end_round(tx: Tx, group: Group, now: datetime) -> None:
    """Close the round that is open. Raises ConflictError while one is being posted."""
    today = await tx.rounds.on_date(group.id, local_date(now, group.zone), RoundKind.DAILY)
    if today is not None and today.state is RoundState.POSTING:
        raise ConflictError(POSTING)
    current = await tx.rounds.current(group.id)
    if current is not None and current.state is RoundState.OPEN:
        await closing.begin(tx, current.id, now)


async def _own_group(tx: Tx, services: Services, group: Group, now: datetime) -> Group:
    """A group for a channel that leaves one: set up alike, but at rest and without a past."""
    decks = services.library.decks()
    ids = {deck.id for deck in decks}
    deck_id = group.deck_id if group.deck_id in ids or not decks else decks[0].id
    settings: GroupSettings = group.settings
    made = await tx.groups.create(group.name, deck_id, group.zone, settings)
    await make_schedules(tx, made, now)
    resting = replace(made, paused=True)
    await tx.groups.update(resting)
    return resting
