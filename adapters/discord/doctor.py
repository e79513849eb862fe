"""What the portal and the servers allow the bot: for ``studybot doctor`` and the invitation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import discord
from discord.http import Route

from adapters.discord.connection import REFUSED, Options, endpoints
from adapters.discord.faults import told
from bot.errors import ChannelGoneError, RejectedError
from bot.settings import SettingsError

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    manage_threads=True,
    embed_links=True,
    read_message_history=True,
    add_reactions=True,
)
"""To post questions with threads, read and mark replies, and go on in archived threads."""
SCOPES = ("bot", "applications.commands")
NAMES = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "create_public_threads": "Create Public Threads",
    "manage_threads": "Manage Threads",
    "embed_links": "Embed Links",
    "read_message_history": "Read Message History",
    "add_reactions": "Add Reactions",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What Discord says of the bot. ``missing`` has a line for each channel that lacks something.

    ``endpoint`` is where interactions are sent instead of to the gateway, None for nowhere.
    """

    name: str
    application_id: int
    sees_content: bool
    guilds: int
    endpoint: str | None
    missing: tuple[str, ...] = ()


def invitation(application_id: int) -> str:
    """The address where somebody adds the bot to their server, with what it needs there."""
    return discord.utils.oauth_url(application_id, permissions=PERMISSIONS, scopes=SCOPES)


async def examine(options: Options, channels: Sequence[tuple[str, str]] = ()) -> Report:
    """Ask Discord; ``channels`` are ids and names of those that study groups post in.

    Raises SettingsError for a token that isn't taken, DeliveryError if Discord isn't reached.
    """
    with endpoints(options):
        async with discord.Client(intents=discord.Intents(guilds=True)) as client:
            await _log_in(client, options.token)
            with told():
                guilds = await client.http.request(Route("GET", "/users/@me/guilds"))
            missing = [await _missing(client, *each) for each in channels]
            return _report(client, len(guilds), tuple(line for line in missing if line))


async def _log_in(client: discord.Client, token: str) -> None:
    try:
        with told():
            await client.login(token)
    except discord.LoginFailure as error:
        raise SettingsError([REFUSED]) from error


def _report(client: discord.Client, guilds: int, missing: tuple[str, ...]) -> Report:
    application = client.application
    assert application is not None  # noqa: S101 - the client is logged in
    flags = application.flags
    return Report(
        name=application.name,
        application_id=application.id,
        sees_content=flags.gateway_message_content or flags.gateway_message_content_limited,
        guilds=guilds,
        endpoint=application.interactions_endpoint_url,
        missing=missing,
    )


async def _missing(client: discord.Client, channel_id: str, name: str) -> str | None:
    """What the bot lacks in a channel, in words; None if nothing."""
    try:
        with told():
            channel = await client.fetch_channel(int(channel_id))
            if not isinstance(channel, discord.abc.GuildChannel):
                return f"#{name} is no channel of a server"
            lacking = await _lacking(client, channel)
    except (RejectedError, ChannelGoneError):
        return f"#{name} can't be seen: give the bot View Channel there, or pause the group"
    return f"#{name} lacks {', '.join(lacking)}" if lacking else None


async def _lacking(client: discord.Client, channel: discord.abc.GuildChannel) -> list[str]:
    """The names of permissions that the bot needs and hasn't got."""
    assert client.user is not None  # noqa: S101 - the client is logged in
    # Fetched by itself, a channel knows no roles: its guild's own has them.
    guild = await client.fetch_guild(channel.guild.id)
    me = await guild.fetch_member(client.user.id)
    given = (await guild.fetch_channel(channel.id)).permissions_for(me)
    return [shown for name, shown in NAMES.items() if not getattr(given, name)]
