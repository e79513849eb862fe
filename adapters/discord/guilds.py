"""Servers that the bot joins and leaves, and channels and threads that are deleted in them."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta

import discord

from adapters.discord.client import StudyClient
from adapters.discord.desk import PLATFORM
from adapters.discord.faults import told
from adapters.discord.render import embed_of
from bot.domain.group import Channel
from bot.domain.rounds import RoundState
from bot.domain.work import backoff
from bot.errors import DeliveryError, RejectedError
from bot.messages.build import back_message, welcome_message
from bot.messages.message import Message
from bot.study.channels import DELETED, stop_posting, take_group_name, take_names
from bot.study.notices import tell_organisers

log = logging.getLogger(__name__)
Place = discord.TextChannel | discord.DMChannel

WELCOMES_FOR = timedelta(days=1)
MOST_TRIES = 6
LOOKS_AT = 200
"""Messages in which an earlier greeting is looked for."""
REMOVED = "the bot was removed from the server."


def attach(client: StudyClient) -> None:
    """Greet servers, and pause what is gone."""
    guilds = Guilds(client)
    client.listen("ready", guilds.ready)
    client.listen("guild_join", guilds.joined)
    client.listen("guild_remove", guilds.removed)
    client.listen("guild_channel_delete", guilds.channel_deleted)
    client.listen("raw_thread_delete", guilds.thread_deleted)
    client.listen("guild_channel_update", guilds.channel_changed)
    client.listen("guild_update", guilds.changed)


class Guilds:
    """What a server and the bot become to each other."""

    def __init__(self, client: StudyClient) -> None:
        self._client = client
        self._services = client.desk.services

    async def ready(self) -> None:
        """Catch up: channels were renamed and servers joined while nobody listened."""
        guilds = list(self._client.guilds)
        names = {str(each.id): each.name for guild in guilds for each in guild.channels}
        async with self._services.store.write() as tx:
            await take_names(tx, PLATFORM, names)
        since = self._services.clock() - WELCOMES_FOR
        for guild in guilds:
            joined_at = guild.me.joined_at
            if joined_at is not None and joined_at > since:
                await self.joined(guild)

    async def channel_changed(
        self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        """A channel may have another name now."""
        if before.name != after.name:
            async with self._services.store.write() as tx:
                await take_names(tx, PLATFORM, {str(after.id): after.name})

    async def changed(self, before: discord.Guild, after: discord.Guild) -> None:
        """A server may have another name now."""
        if before.name != after.name:
            rooms = await self._rooms(after)
            async with self._services.store.write() as tx:
                await take_group_name(tx, rooms, before.name, after.name)

    async def joined(self, guild: discord.Guild) -> None:
        """Say how to begin, or how to go on where a study group was before."""
        rooms = await self._rooms(guild)
        paused = [room.name for room in rooms if room.paused_reason is not None]
        if paused:
            await self._greet(guild, back_message(paused))
        elif not rooms:
            await self._greet(guild, welcome_message())

    async def removed(self, guild: discord.Guild) -> None:
        """The bot was kicked, or the server is gone: nothing is deleted, it may come back."""
        for room in await self._rooms(guild):
            await self._stop(room, REMOVED)

    async def channel_deleted(self, channel: discord.abc.GuildChannel) -> None:
        """A channel is gone for good; its group and schedule stand."""
        async with self._services.store.read() as tx:
            room = await self._client.desk.room(tx, channel.id)
        if room is not None:
            async with self._services.store.write() as tx:
                await tx.groups.place_channel(room.channel.id, str(channel.guild.id))
            await self._stop(room.channel, DELETED)

    async def thread_deleted(self, payload: discord.RawThreadDeleteEvent) -> None:
        """A question's thread is gone: the question, its buttons and its answers stand."""
        if self._client.get_channel(payload.parent_id) is None:
            # It went with its channel, which is told of by itself.
            return
        async with self._services.store.write() as tx:
            asked = await tx.outbox.asked_as(PLATFORM, str(payload.thread_id))
            round_ = await tx.rounds.get(asked.round_id or 0) if asked else None
            channel = await tx.groups.channel(asked.channel_id) if asked else None
            if round_ is None or channel is None or round_.state is RoundState.CLOSED:
                return
            text = (
                f"The thread of the question in {channel.name} was deleted. The answers given "
                "there stand, and the Answer button below the question goes on working."
            )
            key = f"thread:{payload.thread_id}"
            await tell_organisers(tx, channel.group_id, key, "Thread deleted", text)

    async def _stop(self, channel: Channel, reason: str) -> None:
        now = self._services.clock()
        async with self._services.store.write() as tx:
            await stop_posting(tx, channel, reason, f"{now:%Y%m%d%H%M%S}")

    async def _rooms(self, guild: discord.Guild) -> list[Channel]:
        """The study groups' channels in a server."""
        rooms = []
        async with self._services.store.read() as tx:
            for channel in guild.channels:
                room = await self._client.desk.room(tx, channel.id)
                if room is not None:
                    rooms.append(room.channel)
        return rooms

    async def _greet(self, guild: discord.Guild, message: Message) -> None:
        """Say it once for each time that the bot joins; tried again while Discord fails."""
        for failures in range(1, MOST_TRIES):
            try:
                await self._greet_once(guild, message)
            except DeliveryError as error:
                log.info("no greeting in %s yet: %s", guild.id, error)
                await asyncio.sleep(backoff(failures))
            else:
                return

    async def _greet_once(self, guild: discord.Guild, message: Message) -> None:
        """Where the bot may write, else to the owner. Raises DeliveryError."""
        joined_at = guild.me.joined_at or guild.created_at
        key = f"{guild.id}:{joined_at.timestamp() * 1000:.0f}"
        now = self._services.clock()
        async with self._services.store.write() as tx:
            if await tx.is_known(PLATFORM, f"welcomed:{key}"):
                return
            begun = not await tx.first_time(PLATFORM, f"welcome:{key}", now)
        embed = embed_of(message)
        # Somebody who was killed, or works at it right now, may have said it.
        said = begun and await self._was_said(guild, embed, joined_at)
        if not said:
            await self._say(guild, embed, hashlib.sha256(key.encode()).hexdigest()[:25])
        async with self._services.store.write() as tx:
            await tx.first_time(PLATFORM, f"welcomed:{key}", now)

    async def _say(self, guild: discord.Guild, embed: discord.Embed, nonce: str) -> None:
        """In the first place that takes it; Discord takes a nonce once in some minutes."""
        async for place in self._places(guild):
            try:
                with told():
                    await place.send(embed=embed, nonce=nonce)
            except RejectedError as error:
                log.info("no greeting in %s: %s", place.id, error)
            else:
                return

    async def _was_said(self, guild: discord.Guild, embed: discord.Embed, since: datetime) -> bool:
        """Whether one of those places has the greeting."""
        async for place in self._places(guild):
            try:
                if await _stands_in(place, embed, guild.me.id, since):
                    return True
            except RejectedError as error:
                log.info("a greeting can't be looked for in %s: %s", place.id, error)
        return False

    async def _places(self, guild: discord.Guild) -> AsyncIterator[Place]:
        """Where a greeting may stand, the best first."""
        for channel in _writable(guild):
            yield channel
        if guild.owner_id is not None:
            with told():
                direct = await self._client.create_dm(discord.Object(guild.owner_id))
            yield direct


async def _stands_in(place: Place, embed: discord.Embed, author: int, since: datetime) -> bool:
    """Whether somebody's latest messages there have an embed of that title."""
    with told():
        latest = [message async for message in place.history(limit=LOOKS_AT, after=since)]
    titles = {each.title for m in latest if m.author.id == author for each in m.embeds}
    return embed.title in titles


def _writable(guild: discord.Guild) -> Iterator[discord.TextChannel]:
    """The channel for Discord's own greetings, then the first two others that take messages."""
    listed = [channel for channel in guild.text_channels if channel != guild.system_channel]
    first = [] if guild.system_channel is None else [guild.system_channel]
    allowed = []
    for channel in (*first, *listed):
        may = channel.permissions_for(guild.me)
        if may.view_channel and may.send_messages and may.embed_links:
            allowed.append(channel)
    yield from allowed[:3]
