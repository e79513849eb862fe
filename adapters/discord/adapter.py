"""The whole adapter: its parts, put together for the composition root."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from adapters.discord import gaps, guilds
from adapters.discord.client import Attach, Shards, StudyClient
from adapters.discord.connection import Connection, Options
from adapters.discord.desk import Desk
from adapters.discord.interactions import Interactions
from adapters.discord.messenger import DiscordMessenger
from adapters.discord.tokens import Tokens
from bot.settings import Settings
from bot.study.services import Services


def _interactions(client: StudyClient) -> None:
    Interactions(client.desk.tokens).attach(client)


PARTS: tuple[Attach, ...] = (gaps.attach, guilds.attach, _interactions)
"""What listens to Discord; see ``client.StudyClient``."""


class DiscordAdapter:
    """Built before the services, whose messenger it gives; connected while ``running``."""

    def __init__(self, options: Options) -> None:
        self.connection = Connection(options)
        self.tokens = Tokens()
        self.messenger = DiscordMessenger(self.connection, self.tokens)

    @asynccontextmanager
    async def running(
        self,
        services: Services,
        *,
        gateway: bool = True,
        ended: Callable[[], None] = lambda: None,
        parts: Sequence[Attach] = PARTS,
    ) -> AsyncIterator[Desk]:
        """Connected while inside; ``gateway`` False posts only. See ``Connection.running``."""
        desk = Desk(services, self.tokens)
        attach = (self.messenger.attach, *parts)
        async with self.connection.running(desk, attach, gateway=gateway, ended=ended):
            yield desk

    def waiting_for(self) -> list[str]:
        """What isn't connected, for /readyz."""
        problem = self.connection.problem()
        return [f"discord: {problem}"] if problem else []


def adapter_of(settings: Settings) -> DiscordAdapter | None:
    """The adapter, None where Discord isn't configured."""
    if settings.discord_token is None:
        return None
    return DiscordAdapter(options_of(settings, settings.discord_token.reveal()))


def options_of(settings: Settings, token: str) -> Options:
    """How to reach Discord, by the settings."""
    return Options(
        token=token,
        api_base=settings.discord_api_base,
        gateway_url=settings.discord_gateway_url,
        shards=Shards(settings.discord_shard_ids, settings.discord_shard_count),
    )
