"""Nothing is lost: what was said while nobody listened is found in the channels' history.

A resumed session gets every event that it missed; a new one does not. So after each new
session, and whenever a message could not be stored, the places that take replies are read again
from the last message dealt with. Replies are told apart by their ids, so that each counts once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import discord

from adapters.discord.client import StudyClient
from adapters.discord.desk import PLATFORM
from adapters.discord.inbound import Inbound
from adapters.discord.pace import background
from adapters.discord.reread import Reader, Spot, spots_of
from adapters.discord.seen import Seen
from bot.domain.work import Place, Watched, backoff

log = logging.getLogger(__name__)

LOOKS_BACK = timedelta(days=7)
SETTLES_AFTER = timedelta(minutes=5)
"""By then a connection that had died at a round's end would have shown that it had."""
FLUSH_SECONDS = 30
SHORTEST_SECONDS = 1
READ_AT_ONCE = 8
FOUND_AFTER = timedelta(seconds=5)
"""A question that we know of later than this after it was posted was found again."""
OVERLAP = timedelta(seconds=10)
"""Transactions may end in another order than they began."""
MOST_TRIES = 8


@dataclass(slots=True)
class _Wanted:
    """What is to be read again: whole shards, guilds, or single places; all by Discord's ids."""

    shards: set[int] = field(default_factory=set)
    guilds: set[int] = field(default_factory=set)
    places: set[int] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.shards or self.guilds or self.places)

    def add(self, other: _Wanted) -> None:
        self.shards |= other.shards
        self.guilds |= other.guilds
        self.places |= other.places

    def holds(self, guild: discord.Guild, spot: Spot) -> bool:
        whole = guild.shard_id in self.shards or guild.id in self.guilds
        return whole or spot.place_id in self.places


def _found_late(question: Watched) -> bool:
    posted = discord.utils.snowflake_time(int(question.message_id))
    return question.confirmed_at is not None and question.confirmed_at - posted > FOUND_AFTER


def attach(client: StudyClient, *, flush_seconds: float = FLUSH_SECONDS) -> Gaps:
    """Take in what members write, edit and delete, and what of it was missed.

    How far everything was dealt with is stored every ``flush_seconds``.
    """
    gaps = Gaps(client, Inbound(client), flush_seconds)
    client.listen("message", gaps.message)
    client.listen("raw_message_edit", gaps.edit)
    client.listen("raw_message_delete", gaps.delete)
    client.listen("raw_bulk_message_delete", gaps.bulk_delete)
    client.listen("shard_connect", gaps.new_session)
    client.listen("shard_ready", gaps.shard_ready)
    client.listen("shard_resumed", gaps.shard_resumed)
    client.listen("shard_disconnect", gaps.shard_gone)
    client.listen("guild_unavailable", gaps.guild_unavailable)
    client.listen("guild_available", gaps.guild_available)
    client.every(max(flush_seconds, SHORTEST_SECONDS), gaps.keep_up)
    return gaps


class Gaps:
    """Hands what it is told to Inbound, and reads again what it may not have been told."""

    def __init__(self, client: StudyClient, inbound: Inbound, flush_seconds: float) -> None:
        self._client = client
        self._services = client.desk.services
        self._inbound = inbound
        self._reader = Reader(client, inbound)
        self._seen = Seen()
        self._lost = _Wanted()
        self._wanted = _Wanted()
        self._hearing: set[int] = set()
        self._found_until = self._services.clock()
        self._reading = False
        self._finding = False
        self._failed: Counter[int] = Counter()
        self._tries: Counter[int] = Counter()
        self._flush_seconds = flush_seconds
        self._flush_at = asyncio.get_running_loop().time() + flush_seconds

    # What Discord tells.

    async def message(self, message: discord.Message) -> None:
        """Somebody wrote something."""
        place_id = message.channel.id
        with self._seen.busy(place_id, message.id):
            channel_id = await self._or_again(place_id, self._inbound.heard(message))
        if channel_id is not None and message.guild and self._is_sound(message.guild, place_id):
            self._seen.note(channel_id, place_id, message.id)
            await self._flush_now_and_then()

    async def edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """A message was edited, or got a link's preview."""
        await self._or_again(payload.channel_id, self._inbound.edited(payload.message))

    async def delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """A message was deleted."""
        work = self._inbound.deleted(payload.channel_id, [payload.message_id])
        await self._or_again(payload.channel_id, work)

    async def bulk_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """A moderator deleted many messages."""
        work = self._inbound.deleted(payload.channel_id, sorted(payload.message_ids))
        await self._or_again(payload.channel_id, work)

    async def new_session(self, shard_id: int) -> None:
        """A shard began anew: from here on, events of the time before are missing."""
        self._lost.shards.add(shard_id)
        self._seen.clear()

    async def shard_ready(self, shard_id: int) -> None:
        """A shard knows its guilds again."""
        self._lost.shards.add(shard_id)
        self._hearing.add(shard_id)
        late = [each for each in self._client.guilds if each.unavailable]
        self._lost.guilds |= {each.id for each in late if each.shard_id == shard_id}
        await self.read(_Wanted(shards={shard_id}))

    async def shard_resumed(self, shard_id: int) -> None:
        """A shard was told all that it had missed."""
        self._hearing.add(shard_id)

    async def shard_gone(self, shard_id: int) -> None:
        """A shard has lost its connection; whether it can be resumed shows later."""
        self._hearing.discard(shard_id)

    async def guild_unavailable(self, guild: discord.Guild) -> None:
        """Discord has lost a guild for now; it tells nothing of it meanwhile."""
        self._lost.guilds.add(guild.id)

    async def guild_available(self, guild: discord.Guild) -> None:
        """A guild is back; at start, each of them is."""
        if guild.id in self._lost.guilds:
            await self.read(_Wanted(guilds={guild.id}))

    # What may have been missed.

    async def _or_again(self, place_id: int, work: Awaitable[int | None]) -> int | None:
        """The edge of an event's task: what fails is found again in its place's history."""
        try:
            return await work
        except Exception:
            log.exception("an event in %s could not be dealt with; it is read again", place_id)
        self._failed[place_id] += 1
        self._seen.forget(place_id)
        await asyncio.sleep(backoff(1))
        self._failed[place_id] -= 1
        await self.read(_Wanted(places={place_id}))
        return None

    async def read(self, wanted: _Wanted) -> None:
        """Read again what is wanted; while that is going on already, it is only noted down."""
        self._wanted.add(wanted)
        if self._reading:
            return
        self._reading = True
        failures = 0
        try:
            while self._wanted and not self._client.is_closed():
                current, self._wanted = self._wanted, _Wanted()
                failures = 0 if await self._read_all(current) else failures + 1
                if failures:
                    await asyncio.sleep(backoff(failures))
        finally:
            self._reading = False

    async def _read_all(self, wanted: _Wanted) -> bool:
        """Whether everything wanted was read; what was not is wanted again."""
        # A session that is lost while this goes on stays lost.
        self._lost.shards -= wanted.shards
        self._lost.guilds -= wanted.guilds
        self._finding = True
        try:
            spots = await self._spots(wanted)
        except Exception:
            log.exception("it is not known yet which threads may have been missed")
            self._lost.add(wanted)
            self._wanted.add(wanted)
            return False
        else:
            self._lost.places |= {spot.place_id for spot in spots}
        finally:
            self._finding = False
        # Thousands of threads may be open: what is posted and answered meanwhile goes first.
        with background():
            return await self._read_each(spots)

    async def _read_each(self, spots: Iterable[Spot]) -> bool:
        """Read spots, a few at once; False if one is wanted again."""
        waiting = iter(spots)

        async def read_on() -> bool:
            return all([await self._read_one(spot) for spot in waiting])

        return all(await asyncio.gather(*(read_on() for _ in range(READ_AT_ONCE))))

    async def _spots(self, wanted: _Wanted) -> list[Spot]:
        watched = await self._watched()
        guilds = self._reader.guilds()
        found = []
        for spot in spots_of(watched):
            guild = guilds.get(spot.channel)
            if guild is not None and wanted.holds(guild, spot):
                found.append(replace(spot, guild=guild.id))
        return found

    async def _watched(self) -> list[Watched]:
        now = self._services.clock()
        async with self._services.store.read() as tx:
            return await tx.outbox.watched(PLATFORM, now, now - LOOKS_BACK)

    async def _read_one(self, spot: Spot) -> bool:
        """The edge of one place's reading: False if it failed and is wanted again."""
        place_id = spot.place_id
        if self._client.is_closed():
            return True
        try:
            await self._reader.read(spot)
        except Exception:
            log.exception("%s could not be read again", place_id)
            return self._give_up(place_id)
        self._tries.pop(place_id, None)
        self._lost.places.discard(place_id)
        return True

    def _give_up(self, place_id: int) -> bool:
        """Whether a place has failed too often; it is left until the next new session then."""
        self._tries[place_id] += 1
        if self._tries[place_id] < MOST_TRIES:
            self._wanted.places.add(place_id)
            return False
        del self._tries[place_id]
        return True

    # How far everything was dealt with.

    def _is_sound(self, guild: discord.Guild, place_id: int) -> bool:
        """Whether nothing before this moment can be missing there."""
        lost = self._lost
        return not (
            self._finding
            or guild.shard_id in lost.shards
            or guild.id in lost.guilds
            or place_id in lost.places
            or place_id in self._wanted.places
            or self._failed[place_id]
        )

    async def _flush_now_and_then(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._flush_at:
            return
        await self._flush()

    async def keep_up(self) -> None:
        """Store how far everything was dealt with, and which closed threads need no reading."""
        await self._flush()
        await self._read_what_was_found()
        now = self._services.clock()
        async with self._services.store.read() as tx:
            closed = await tx.outbox.unsettled(PLATFORM, now - SETTLES_AFTER, now - LOOKS_BACK)
        guilds = self._reader.guilds() if closed else {}
        heard = [
            Place(each.channel_id, str(spot.place_id), str(spot.after), now)
            for each, spot in zip(closed, spots_of(closed), strict=False)
            if self._heard_whole(guilds.get(spot.channel), spot)
        ]
        await self._store(heard)

    async def _read_what_was_found(self) -> None:
        """Read below questions that were replied to before their posting was noted.

        What was written there until then seemed to be none of ours. It takes a moment to note
        one down, and longer where the process that posted it died before.
        """
        now = self._services.clock()
        async with self._services.store.read() as tx:
            confirmed = await tx.outbox.confirmed(PLATFORM, self._found_until - OVERLAP)
        self._found_until = now
        late = [
            each
            for each in confirmed
            if _found_late(each) or self._inbound.missed(int(each.message_id))
        ]
        if late:
            self._inbound.look_again(int(each.message_id) for each in late)
            await self.read(_Wanted(places={spot.place_id for spot in spots_of(late)}))

    def _heard_whole(self, guild: discord.Guild | None, spot: Spot) -> bool:
        """Whether nothing that was said there until some minutes ago can be missing."""
        if guild is None or guild.shard_id not in self._hearing:
            return False
        return self._is_sound(guild, spot.place_id) and not self._seen.is_busy(spot.place_id)

    async def _flush(self) -> None:
        self._flush_at = asyncio.get_running_loop().time() + self._flush_seconds
        await self._store(self._seen.take(self._services.clock()))

    async def _store(self, places: list[Place]) -> None:
        if places:
            async with self._services.store.write() as tx:
                await tx.outbox.saw(places)
