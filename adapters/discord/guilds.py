"""Servers that the bot joins and leaves, and channels and threads that are deleted in them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

import discord

from adapters.discord.client import StudyClient
from adapters.discord.desk import PLATFORM
from adapters.discord.faults import told
from adapters.discord.render import embed_of
from bot.domain.group import Channel
from bot.domain.rounds import RoundState
from bot.errors import RejectedError
from bot.messages.build import back_message, welcome_message
from bot.messages.message import Message
from bot.study.channels import DELETED, stop_posting
from bot.study.notices import tell_organisers

log = logging.getLogger(__name__)

WELCOMES_FOR = timedelta(days=1)
REMOVED = "the bot was removed from the server."


def attach(client: StudyClient) -> None:
    """Greet servers, and pause what is gone."""
    guilds = Guilds(client)
    client.listen("ready", guilds.ready)
    client.listen("guild_join", guilds.joined)
    client.listen("guild_remove", guilds.removed)
    client.listen("guild_channel_delete", guilds.channel_deleted)
    client.listen("raw_thread_delete", guilds.thread_deleted)


class Guilds:
    """What a server and the bot become to each other."""

    def __init__(self, client: StudyClient) -> None:
        self._client = client
        self._services = client.desk.services

    async def ready(self) -> None:
        """Greet the servers that were joined while nobody listened."""
        since = self._services.clock() - WELCOMES_FOR
        for guild in list(self._client.guilds):
            joined_at = guild.me.joined_at
            if joined_at is not None and joined_at > since and not await self._rooms(guild):
                await self._greet(guild, welcome_message())

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
        """Say it once for each time that the bot joins, where it may write; else to the owner."""
        joined_at = guild.me.joined_at
        stamp = "" if joined_at is None else f"{joined_at.timestamp():.0f}"
        async with self._services.store.write() as tx:
            key = f"welcome:{guild.id}:{stamp}"
            if not await tx.first_time(PLATFORM, key, self._services.clock()):
                return
        embed = embed_of(message)
        for channel in _writable(guild):
            if await _sent(channel, embed):
                return
        if guild.owner_id is not None:
            owner = discord.Object(guild.owner_id)
            with told():
                await (await self._client.create_dm(owner)).send(embed=embed)


async def _sent(channel: discord.TextChannel, embed: discord.Embed) -> bool:
    """Whether the channel took it; raises DeliveryError when Discord itself can't be reached."""
    try:
        with told():
            await channel.send(embed=embed)
    except RejectedError as error:
        log.info("no greeting in %s: %s", channel.name, error)
        return False
    return True


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
