"""Files that come along with a command, fetched only once they were found fit."""

from __future__ import annotations

import asyncio

import aiohttp
import discord

from bot.errors import InvalidError
from bot.study.decks import GivenFile

FETCH_SECONDS = 20.0


def given_file(attachment: discord.Attachment) -> GivenFile:
    """The attachment, not yet fetched."""

    async def read() -> bytes:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                return await attachment.read()
        except discord.NotFound as error:
            raise InvalidError(
                f"“{attachment.filename[:60]}” is gone from Discord. Send the command again with "
                "the file."
            ) from error
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            # A timeout is an OSError.
            raise InvalidError(
                f"Discord didn't hand out “{attachment.filename[:60]}”. Send the command again in "
                "a moment."
            ) from error

    return GivenFile(attachment.filename, attachment.size, read)
