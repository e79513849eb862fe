"""Answers to interactions: in time whatever the work takes, and to the right eyes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from enum import Enum, auto
from io import BytesIO
from typing import Any

import aiohttp
import discord

from adapters.discord.render import embed_of, view_of
from adapters.discord.tokens import Tokens
from bot.commands.core import Response, TextFile
from bot.errors import StudyError
from bot.messages.build import error_message
from bot.messages.message import Message

log = logging.getLogger(__name__)

QUICK_SECONDS = 1.0
"""What takes longer is acknowledged first: Discord waits 3 s in all, the way there included."""
AGAIN_SECONDS = 0.3
UNREACHABLE = (discord.DiscordServerError, aiohttp.ClientError, OSError)
ANSWERED_ALREADY = 40060
OUTLIVED = (10008, 10015, 10062, 50027)
OOPS = "Something went wrong here, and it was logged. Please try again."


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person is answered.

    A ``modal`` is opened where there is still time for one; the message stands in for it.
    ``view`` takes the place of the message's own buttons. ``updates`` replaces the message
    whose component was used, if only its reader sees it. ``file`` is attached.
    """

    message: Message
    private: bool = True
    view: discord.ui.View | None = None
    modal: discord.ui.Modal | None = None
    updates: bool = False
    file: TextFile | None = None


def reply_of(response: Response) -> Reply:
    """A core response as it is; its form is for others to open."""
    return Reply(response.message, private=response.private, file=response.file)


Work = Coroutine[Any, Any, Reply]


class _Seen(Enum):
    """What the person saw of us before the answer."""

    NOTHING = auto()
    THINKING = auto()
    THINKING_ALONE = auto()
    UNCHANGED = auto()
    UNSURE = auto()


class Replies:
    """Answers interactions; ``tokens`` learns of those that can be followed up."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def serve(
        self,
        interaction: discord.Interaction,
        work: Work,
        *,
        private: bool = True,
        update: bool = False,
        meanwhile: str = "",
    ) -> None:
        """Do the work and tell what it returns, or why it can't be done.

        Should it take its time, Discord is told first: that an answer follows, for them alone
        if ``private``, or with ``update`` that the message at hand will change. ``meanwhile``
        says what is being done, in place of Discord's own sign.
        """
        task = asyncio.create_task(_outcome(work))
        try:
            done, _ = await asyncio.wait({task}, timeout=QUICK_SECONDS)
            seen = _Seen.NOTHING
            if not done:
                update = update and _is_theirs(interaction)
                seen = await _acknowledge(
                    interaction, private=private, update=update, meanwhile=meanwhile
                )
            await self._tell(interaction, await task, seen)
        finally:
            task.cancel()

    async def open(self, interaction: discord.Interaction, modal: discord.ui.Modal) -> None:
        """Show a modal at once."""
        stand_in = Reply(error_message("That form didn't open. Please try again."), modal=modal)
        await self._tell(interaction, stand_in, _Seen.NOTHING)

    async def _tell(self, interaction: discord.Interaction, reply: Reply, seen: _Seen) -> None:
        try:
            await _again_if_lost(interaction, reply, seen)
        except discord.HTTPException as error:
            if error.code in OUTLIVED:
                log.info("an interaction outlived its token; its answer takes another way")
                await _tell_elsewhere(interaction, reply)
            elif error.code != ANSWERED_ALREADY:
                await _tell_alone(interaction, reply, seen, error)
            # Else a line that broke had carried the answer before it was sent again.
        else:
            if reply.modal is None or seen is not _Seen.NOTHING:
                self._tokens.note(interaction)


async def _outcome(work: Work) -> Reply:
    """What the work returns, or what a person can be told of why it failed."""
    try:
        return await work
    except StudyError as error:
        return Reply(error_message(str(error)))
    except Exception:
        # The edge of an interaction: the details are for the log, never for a channel.
        log.exception("an interaction could not be dealt with")
        return Reply(error_message(OOPS))


async def _acknowledge(
    interaction: discord.Interaction, *, private: bool, update: bool, meanwhile: str
) -> _Seen:
    try:
        if update:
            await interaction.response.defer()
            return _Seen.UNCHANGED
        if meanwhile:
            embed = embed_of(Message(meanwhile))
            await interaction.response.send_message(embed=embed, ephemeral=private)
        else:
            await interaction.response.defer(ephemeral=private, thinking=True)
    except (discord.HTTPException, *UNREACHABLE) as error:
        log.info("an interaction could not be acknowledged: %s", error)
        return _Seen.UNSURE
    return _Seen.THINKING_ALONE if private else _Seen.THINKING


async def _again_if_lost(interaction: discord.Interaction, reply: Reply, seen: _Seen) -> None:
    """Answer; a connection that broke may have carried the answer, so it is asked once more."""
    try:
        await _answer(interaction, reply, seen)
    except UNREACHABLE:
        await asyncio.sleep(AGAIN_SECONDS)
        await _answer(interaction, reply, seen)


async def _answer(interaction: discord.Interaction, reply: Reply, seen: _Seen) -> None:
    match seen:
        case _Seen.NOTHING:
            await _first(interaction, reply)
        case _Seen.UNSURE:
            await _first_or_after(interaction, reply)
        case _Seen.UNCHANGED if reply.updates:
            await interaction.edit_original_response(**_changed(reply))
        case _Seen.UNCHANGED:
            await interaction.followup.send(**_fresh(reply), ephemeral=reply.private)
        case _:
            await _instead_of_thinking(interaction, reply, seen)


async def _first(interaction: discord.Interaction, reply: Reply) -> None:
    if reply.modal is not None:
        await interaction.response.send_modal(reply.modal)
    elif reply.updates and _is_theirs(interaction):
        await interaction.response.edit_message(**_changed(reply))
    else:
        await interaction.response.send_message(**_fresh(reply), ephemeral=reply.private)


async def _first_or_after(interaction: discord.Interaction, reply: Reply) -> None:
    """Nobody knows whether the acknowledgment got through."""
    try:
        await _first(interaction, reply)
    except discord.HTTPException as error:
        if error.code != ANSWERED_ALREADY:
            raise
        await interaction.edit_original_response(**_changed(reply))


async def _instead_of_thinking(interaction: discord.Interaction, reply: Reply, seen: _Seen) -> None:
    """Who may see the answer was settled when it was put off; else it is a message anew."""
    if reply.private == (seen is _Seen.THINKING_ALONE):
        await interaction.edit_original_response(**_changed(reply))
        return
    await interaction.delete_original_response()
    await interaction.followup.send(**_fresh(reply), ephemeral=reply.private)


async def _tell_alone(
    interaction: discord.Interaction,
    reply: Reply,
    seen: _Seen,
    error: discord.HTTPException,
) -> None:
    """Discord didn't take the answer: in a locked thread, only the one who asked can be told."""
    log.warning("an answer was refused: %s", error)
    ours = reply.private and not isinstance(error, discord.DiscordServerError)
    told = error_message(OOPS) if ours else reply.message
    await _answer(interaction, Reply(told, view=None if ours else reply.view), seen)


async def _tell_elsewhere(interaction: discord.Interaction, reply: Reply) -> None:
    """Where a token is no use any more: in the channel, or to them directly."""
    channel = interaction.channel
    try:
        if not reply.private and isinstance(channel, discord.abc.Messageable):
            await channel.send(**_fresh(reply))
        else:
            await interaction.user.send(**_fresh(reply))
    except discord.HTTPException as error:
        log.info("an answer reached nobody: %s", error)


def _is_theirs(interaction: discord.Interaction) -> bool:
    """Whether the message whose component was used is shown to that person alone."""
    return interaction.message is not None and interaction.message.flags.ephemeral


def _fresh(reply: Reply) -> dict[str, Any]:
    """What a new message is made of."""
    made = {key: value for key, value in _changed(reply).items() if value is not None}
    if "attachments" in made:
        made["files"] = made.pop("attachments")
    return made


def _changed(reply: Reply) -> dict[str, Any]:
    """What a message is changed to; a view of None takes its buttons away."""
    view = view_of(reply.message.buttons) if reply.view is None else reply.view
    made: dict[str, Any] = {"embed": embed_of(reply.message), "view": view}
    if reply.file is not None:
        data = BytesIO(reply.file.text.encode())
        made["attachments"] = [discord.File(data, reply.file.name)]
    return made
