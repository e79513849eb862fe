"""``studybot discord``: the bot's invitation; and what ``studybot doctor`` asks Discord."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from bot.cli.context import load_settings, open_database
from bot.cli.failures import explained
from bot.cli.finding import Finding
from bot.cli.output import CommandError, say
from bot.domain.group import Channel
from bot.errors import DeliveryError
from bot.settings import Settings, SettingsError

if TYPE_CHECKING:
    from adapters.discord.doctor import Report

MOST_CHANNELS = 20
UNSET = (
    "DISCORD_TOKEN: it isn't set. Copy it from the Bot page of your application at "
    "https://discord.com/developers/applications"
)
app = typer.Typer(help="Discord: the bot's invitation.", no_args_is_help=True)


@app.callback()
def discord() -> None:
    """Discord: the bot's invitation."""


@app.command()
def invite() -> None:
    """Print the address that adds the bot to a server, with the permissions it needs there."""
    settings = load_settings()
    if settings.discord_token is None:
        raise SettingsError([UNSET])
    from adapters.discord.doctor import invitation  # discord.py takes its time

    try:
        report = asyncio.run(_ask(settings, ()))
    except DeliveryError as error:
        raise CommandError(f"{error}. Try again in a moment.") from error
    say(invitation(report.application_id))


def check(settings: Settings) -> Iterator[Finding]:
    """The token, the intent, and the permissions where study groups are."""
    if settings.discord_token is None:
        yield Finding("discord", ok=True, detail="not configured")
        return
    try:
        report = asyncio.run(_look(settings))
    except DeliveryError as error:
        yield Finding("discord", ok=False, detail=str(error), mend="Check the network.")
        return
    except Exception as error:
        known = explained(error)
        if known is None:
            raise
        yield Finding("discord", ok=False, detail=known[0])
        return
    yield from _findings(report)


def _findings(report: Report) -> Iterator[Finding]:
    if not report.guilds:
        mend = "Open the address that `studybot discord invite` prints."
        yield Finding("discord", ok=False, detail=f"{report.name} is in no server", mend=mend)
    else:
        servers = "1 server" if report.guilds == 1 else f"{report.guilds} servers"
        yield Finding("discord", ok=True, detail=f"{report.name} is in {servers}")
    if report.endpoint:
        detail = "commands and buttons are sent to an interactions endpoint, not to studybot"
        mend = "Clear Interactions Endpoint URL on the application's General Information page."
        yield Finding("discord interactions", ok=False, detail=detail, mend=mend)
    yield _content(report)
    for line in report.missing:
        mend = "Change it in the channel's settings, or invite the bot again."
        yield Finding("discord permissions", ok=False, detail=line, mend=mend)
    if not report.missing:
        yield Finding("discord permissions", ok=True, detail="nothing is lacking in its channels")


def _content(report: Report) -> Finding:
    if report.sees_content:
        detail = "Message Content is granted: replies in threads are read"
        return Finding("discord intents", ok=True, detail=detail)
    detail = "Message Content is not granted: answers come through the Answer button alone"
    mend = (
        "That works; to read replies in threads too, switch on Message Content Intent on the "
        "application's Bot page and restart studybot."
    )
    # studybot does without it, and some leave it off on purpose.
    return Finding("discord intents", ok=True, detail=detail, mend=mend)


async def _look(settings: Settings) -> Report:
    return await _ask(settings, await _channels(settings))


async def _ask(settings: Settings, channels: tuple[tuple[str, str], ...]) -> Report:
    from adapters.discord.adapter import options_of
    from adapters.discord.doctor import examine

    assert settings.discord_token is not None  # noqa: S101 - callers have looked
    options = options_of(settings, settings.discord_token.reveal())
    return await examine(options, channels)


async def _channels(settings: Settings) -> tuple[tuple[str, str], ...]:
    """The first Discord channels that are posted in; none while there is no database yet."""
    from storage.migrate import current

    if await current(settings.database_url.reveal()) is None:
        return ()
    found: list[Channel] = []
    async with open_database(settings) as store, store.read() as tx:
        for group in await tx.groups.everyone():
            found += await tx.groups.channels(group.id)
    working = [c for c in found if c.platform == "discord" and c.paused_reason is None]
    return tuple((channel.external_id, channel.name) for channel in working[:MOST_CHANNELS])
