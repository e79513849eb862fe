"""Where a server's organisers are told things: its moderators' channel, or its owner directly."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import discord

from adapters.discord.faults import told
from bot.domain.group import Channel
from bot.errors import RejectedError

log = logging.getLogger(__name__)


class Guilds:
    """Which guild a channel is in, also after it was deleted while this process ran."""

    def __init__(self) -> None:
        self._of: dict[int, int] = {}

    async def note(self, channel: discord.abc.GuildChannel) -> None:
        """A channel was deleted; its organisers may have to be told."""
        self._of[channel.id] = channel.guild.id

    async def organisers(
        self, client: discord.Client, channel: Channel
    ) -> AsyncIterator[discord.PartialMessageable | discord.DMChannel]:
        """The places to try, one after another; none if the bot has left the server."""
        guild = await self._guild(client, channel)
        if guild is None:
            return
        if guild.public_updates_channel is not None:
            yield client.get_partial_messageable(guild.public_updates_channel.id)
        if guild.owner_id is not None:
            with told():
                direct = await client.create_dm(discord.Object(guild.owner_id))
            yield direct

    async def _guild(self, client: discord.Client, channel: Channel) -> discord.Guild | None:
        channel_id = int(channel.external_id)
        guild_id = self._of.get(channel_id) or int(channel.server_id or 0)
        cached = client.get_channel(channel_id)
        if isinstance(cached, discord.abc.GuildChannel):
            return cached.guild
        try:
            with told():
                if not guild_id:
                    data = await client.http.get_channel(channel_id)
                    guild_id = int(data["guild_id"])  # type: ignore[typeddict-item]
                return client.get_guild(guild_id) or await client.fetch_guild(guild_id)
        except RejectedError as error:
            log.warning("the organisers of %s can't be told: %s", channel_id, error)
            return None
