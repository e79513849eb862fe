"""What Discord refused or failed, as the core's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.errors import ChannelGoneError, DeliveryError, RejectedError, UnreachableError
from bot.study.channels import DELETED

# https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK = 10003, 10008, 10015
BAD_WEBHOOK_TOKEN, THREAD_ARCHIVED, THREAD_EXISTS = 50027, 50083, 160004
CLOSED_TO_US = 50007
"""Somebody takes no direct messages from the bot, or shares no server with it any more."""
BANNED_SECONDS = 600
"""Discord's front bars an address for so long, about, after too many refused requests."""


@contextmanager
def told(*, channel: bool = False) -> Iterator[None]:
    """Raise the core's errors for discord.py's.

    ``channel``: a refusal means that the bot can't post in a channel any more
    (ChannelGoneError); otherwise it concerns this message alone (RejectedError).
    """
    try:
        yield
    except discord.RateLimited as error:
        raise DeliveryError("Discord's rate limit", error.retry_after) from error
    except (discord.Forbidden, discord.NotFound) as error:
        if error.code == CLOSED_TO_US:
            raise UnreachableError(_words(error)) from error
        words = DELETED if error.code == UNKNOWN_CHANNEL else _words(error)
        raise (ChannelGoneError(words) if channel else RejectedError(words)) from error
    except discord.DiscordServerError as error:
        raise DeliveryError(f"Discord answered {error.status}") from error
    except discord.HTTPException as error:
        if error.status == 429:
            # The library waits out limits itself: what is left is the front's ban.
            raise DeliveryError(
                "Discord takes no requests from here now", BANNED_SECONDS
            ) from error
        raise RejectedError(_words(error)) from error
    except (aiohttp.ClientError, OSError) as error:
        # Also asyncio's TimeoutError, which is an OSError.
        raise DeliveryError(f"Discord can't be reached: {type(error).__name__}") from error


def _words(error: discord.HTTPException) -> str:
    return f"Discord refused it: {error.text or error.status} (code {error.code})."
