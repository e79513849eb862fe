"""The place that most tests begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import discord

from tests.platforms.discord_server.people import Person
from tests.platforms.discord_server.real_client import led_to
from tests.platforms.discord_server.server import DiscordServer
from tests.platforms.discord_server.world import Channel, Guild, Message, Thread


@dataclass
class Place:
    """A server with a guild that ada owns, where bob and the bot are members."""

    server: DiscordServer
    guild: Guild
    channel: Channel
    ada: Person
    bob: Person


@asynccontextmanager
async def a_place() -> AsyncIterator[Place]:
    """Fails at the end if the bot asked for what Discord doesn't have."""
    async with DiscordServer() as server:
        ada, bob = server.person("ada"), server.person("bob")
        guild = server.guild("Study group", owner=ada, members=[bob])
        yield Place(server, guild, server.channel(guild, "general"), ada, bob)
        assert server.unknown == [], "the bot used routes that Discord doesn't have"


@dataclass
class Logged:
    """A client that only speaks REST, and the guild's channel as it sees it."""

    place: Place
    client: discord.Client
    channel: discord.TextChannel

    def stored(self, message: discord.Message) -> Message:
        return self.place.channel.messages[message.id]

    async def thread(self, name: str = "Round 1") -> tuple[discord.Thread, Thread]:
        """A thread on a message of the bot, and the same as the server has it."""
        message = await self.channel.send("Question of the day")
        thread = await message.create_thread(name=name)
        return thread, self.place.guild.threads[thread.id]


@asynccontextmanager
async def logged_in(place: Place) -> AsyncIterator[Logged]:
    with led_to(place.server):
        async with discord.Client(intents=discord.Intents(guilds=True)) as client:
            await client.login(place.server.token)
            channel = await client.fetch_channel(place.channel.id)
            assert isinstance(channel, discord.TextChannel)
            yield Logged(place, client, channel)
