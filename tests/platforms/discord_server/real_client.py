"""The real discord.py, led to a server on loopback by its two base addresses."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.platforms.discord_server.server import DiscordServer

C = TypeVar("C", bound=discord.Client)


@contextmanager
def led_to(server: DiscordServer) -> Iterator[None]:
    """While inside, every client of this process speaks to the server."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE = server.api_base
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


@asynccontextmanager
async def running(client: C, server: DiscordServer, within: float = 10) -> AsyncIterator[C]:
    """The client, ready; it is closed afterwards. What ends it early is raised."""
    with led_to(server):
        await client.login(server.token)
        connection = asyncio.create_task(client.connect())
        ready = asyncio.create_task(client.wait_until_ready())
        try:
            parts = (connection, ready)
            await asyncio.wait(parts, timeout=within, return_when=asyncio.FIRST_COMPLETED)
            if connection.done():
                connection.result()
            if not ready.done():
                raise TimeoutError(f"discord.py was not ready within {within} s")
            yield client
        finally:
            ready.cancel()
            await client.close()
            with contextlib.suppress(discord.DiscordException, asyncio.CancelledError):
                await connection
