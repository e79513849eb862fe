# ruff: noqa: INP001, T201  (a script, not part of a package; it prints that it is ready)
"""A bare discord.py bot, as lean as a careful author makes one, to compare studybot with.

    python -m benchmarks.discord_bare TOKEN API_BASE GATEWAY_URL

It prints "ready" and does nothing else until it is ended.
"""

from __future__ import annotations

import sys

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route


class Bare(discord.AutoShardedClient):
    """Guilds, their messages and their words; no members, no messages kept."""

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, message_content=True),
            allowed_mentions=discord.AllowedMentions.none(),
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
        )

    async def on_ready(self) -> None:
        """discord.py calls this once all guilds are known."""
        print("ready", len(self.guilds), flush=True)


if __name__ == "__main__":
    token, Route.BASE, gateway = sys.argv[1:]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    Bare().run(token, log_handler=None)
