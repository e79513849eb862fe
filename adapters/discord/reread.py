"""Reading a thread's or channel's history again: new replies, edits and deletions in it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import discord

from adapters.discord.client import StudyClient
from adapters.discord.inbound import Inbound
from bot.domain.work import Place, Watched

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place to read again: a question's thread, or (``round_id`` None) a channel.

    ``after`` is the last message dealt with, or the question itself; ``guild`` is 0 until known.
    """

    channel_id: int
    channel: int
    place_id: int
    after: int
    round_id: int | None = None
    guild: int = 0


def spots_of(watched: Sequence[Watched]) -> list[Spot]:
    """The threads of those questions, then the channels that they stand in."""
    threads: list[Spot] = []
    channels: dict[int, Spot] = {}
    for each in watched:
        question, channel = int(each.message_id), int(each.channel)
        place = int(each.thread_id or question)
        after = max(place, int(each.thread_seen or 0))
        threads.append(Spot(each.channel_id, channel, place, after, each.round_id))
        # The oldest question comes first: replies to it may stand anywhere below.
        since = max(question, int(each.seen or 0))
        channels.setdefault(channel, Spot(each.channel_id, channel, channel, since))
    return [*threads, *channels.values()]


class Reader:
    """Reads spots by Discord's history, 100 messages a request."""

    def __init__(self, client: StudyClient, inbound: Inbound) -> None:
        self._client = client
        self._services = client.desk.services
        self._inbound = inbound

    def guilds(self) -> dict[int, discord.Guild]:
        """The guilds that this process serves, by their channels' ids.

        discord.py goes through every guild to find one channel's.
        """
        return {channel.id: guild for guild in self._client.guilds for channel in guild.channels}

    async def read(self, spot: Spot) -> None:
        """Take in what happened there since. Raises what Discord or the database raises."""
        guild = self._client.get_guild(spot.guild)
        channel = None if guild is None else guild.get_channel(spot.channel)
        if channel is None:
            return
        if not channel.permissions_for(channel.guild.me).read_message_history:
            # Discord answers with an empty history then, which must not look like deletions.
            log.warning("the history of #%s can't be read: Read Message History", channel.name)
            return
        now = self._services.clock()
        place = self._place(channel.guild, spot)
        answers = await self._answers(spot)
        after = min([spot.after, *(each - 1 for each in answers)])
        newest = spot.after
        if answers or self._has_news(place, spot.after):
            try:
                found = await self._history(place, after)
            except discord.NotFound:
                # With its thread, a reply is gone from sight; its author didn't take it back.
                log.info("the thread %s is gone", spot.place_id)
            else:
                newest = max([newest, *found])
                await self._compare(channel, place, answers - found)
        async with self._services.store.write() as tx:
            await tx.outbox.saw([Place(spot.channel_id, str(spot.place_id), str(newest), now)])

    def _place(self, guild: discord.Guild, spot: Spot) -> discord.abc.Messageable:
        """The channel or thread; one that isn't in memory, since archived, can be read too."""
        known = guild.get_channel_or_thread(spot.place_id)
        if isinstance(known, discord.abc.Messageable):
            return known
        return self._client.get_partial_messageable(spot.place_id, guild_id=guild.id)

    def _has_news(self, place: discord.abc.Messageable, after: int) -> bool:
        last = getattr(place, "last_message_id", None)
        if isinstance(place, discord.PartialMessageable):
            return True
        return last is not None and last > after

    async def _answers(self, spot: Spot) -> set[int]:
        """The messages that are answers to the spot's question."""
        if spot.round_id is None:
            return set()
        async with self._services.store.read() as tx:
            answers = [each.answer for each in await tx.answers.in_round(spot.round_id)]
            held = await tx.answers.held_in(spot.round_id)
        written = [(each.channel_id, each.message_id) for each in answers]
        written += [(each.channel_id, each.message_id) for each in held]
        return {
            int(message_id)
            for channel_id, message_id in written
            if channel_id == spot.channel_id and message_id is not None
        }

    async def _history(self, place: discord.abc.Messageable, after: int) -> set[int]:
        """Take in every message after that one; their ids."""
        found = set()
        start = discord.Object(after)
        async for message in place.history(limit=None, after=start, oldest_first=True):
            await self._inbound.heard(message)
            await self._inbound.edited(message)
            found.add(message.id)
        return found

    async def _compare(
        self,
        channel: discord.abc.GuildChannel,
        thread: discord.abc.Messageable,
        missing: Iterable[int],
    ) -> None:
        """Answers that were not in the thread: they stand in the channel, or are gone."""
        places = [thread, self._client.get_partial_messageable(channel.id)]
        for message_id in missing:
            for place in places:
                try:
                    await self._inbound.edited(await place.fetch_message(message_id))
                    break
                except discord.NotFound:
                    continue
            else:
                await self._inbound.deleted(channel.id, [message_id])
