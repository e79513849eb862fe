"""What members write, edit and delete: replies to a question, in its thread or to its post.

Each message is stored once, with what the core makes of it, in one transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

import discord

from adapters.discord.client import StudyClient
from adapters.discord.desk import PLATFORM
from adapters.discord.questions import Questions
from adapters.discord.turns import Turns
from bot.domain.work import Out
from bot.store import Tx
from bot.study.answering import Reply
from bot.study.intake import Heard, Intake, is_ours, take_deletion, take_edit
from bot.study.notices import lead_to_button

NO_TEXT = (
    "I can only read words, so files, stickers and polls are no answer. Please type your answer in "
    "the thread, or use the Answer button on the question: it takes up to 4,000 characters."
)
_WRITTEN = (discord.MessageType.default, discord.MessageType.reply)


class Inbound:
    """Takes messages in; every method may be called again with what it was told before."""

    def __init__(self, client: StudyClient) -> None:
        self._client = client
        self._services = client.desk.services
        self._turns = Turns()
        self._intake = Intake(self._services, PLATFORM)
        self._questions = Questions(self._services)

    async def heard(self, message: discord.Message) -> int | None:
        """A message: an answer, a revision, conversation, or none of ours.

        Returns our id of the channel whose question it replies to, None if it replies to none.
        """
        question = self._question(message)
        if question is None:
            return None
        async with self._turns.of(message.author.id, message.id):
            asked = await self._questions.by_message(question)
            if asked is None:
                return None
            if self._is_hidden(message):
                await self._lead_to_button(asked, message)
            else:
                await self._intake.take(self._heard(asked, message, message.created_at))
            return asked.channel_id

    async def edited(self, message: discord.Message) -> int | None:
        """A message may have other words now: a link's preview is told as an edit, too.

        An edit of what did not count before is read as if it had been written now.
        """
        question = self._question(message)
        if question is None or message.edited_at is None or self._is_hidden(message):
            return None
        async with self._turns.of(message.author.id, message.id):
            asked = await self._questions.by_message(question)
            if asked is None:
                return None
            now = self._services.clock()
            async with self._services.store.write() as tx:
                # Whatever becomes of it, its first words are not to be taken in any more.
                await tx.first_time(PLATFORM, _key(message), now)
                if await _dated(tx, message, now):
                    heard = self._heard(asked, message, message.edited_at)
                    await take_edit(tx, PLATFORM, heard, now)
            return asked.channel_id

    async def deleted(self, place_id: int, message_ids: Iterable[int]) -> int | None:
        """Messages of a channel or thread are gone: those that were answers are withdrawn."""
        async with self._services.store.read() as tx:
            asked = await tx.outbox.asked_as(PLATFORM, str(place_id))
            room = await self._client.desk.room(tx, place_id) if asked is None else None
        channel_id = asked.channel_id if asked else room.channel.id if room else None
        if channel_id is None:
            return None
        for message_id in message_ids:
            async with self._turns.after(message_id):
                await self._withdraw(channel_id, message_id, in_thread=asked is not None)
        return channel_id

    def missed(self, message_id: int) -> bool:
        """Whether somebody replied to a message before it was known to be a question of ours."""
        return self._questions.missed(message_id)

    def look_again(self, message_ids: Iterable[int]) -> None:
        """Messages are questions of ours, though they may have seemed to be none."""
        self._questions.look_again(message_ids)

    def _question(self, message: discord.Message) -> int | None:
        """The message id of the question that a message may reply to.

        A question's thread has the question's own id.
        """
        author = message.author
        if author.bot or message.webhook_id or message.guild is None:
            return None
        if message.type not in _WRITTEN:
            return None
        if isinstance(message.channel, (discord.Thread, discord.PartialMessageable)):
            return message.channel.id
        if message.type is not discord.MessageType.reply or message.reference is None:
            return None
        target = message.reference.resolved
        user = self._client.user
        if isinstance(target, discord.Message) and user is not None and target.author.id != user.id:
            return None
        return message.reference.message_id

    def _heard(self, asked: Out, message: discord.Message, at: datetime) -> Heard:
        # Discord's clock and ours may differ, but nothing was sent in the future.
        at = min(at, self._services.clock())
        wording = _wording(message)
        return Heard(
            event_id=_key(message),
            also=(wording,) if wording else (),
            asked=asked.id,
            author_id=str(message.author.id),
            author_name=message.author.display_name,
            reply=Reply(self._text(message), at, asked.channel_id, str(message.id)),
            wordless=NO_TEXT,
        )

    async def _lead_to_button(self, asked: Out, message: discord.Message) -> None:
        """A message whose words Discord keeps from us."""
        now = self._services.clock()
        async with self._services.store.write() as tx:
            if await tx.first_time(PLATFORM, _key(message), now):
                await _dated(tx, message, now)
                round_ = await tx.rounds.get(asked.round_id or 0)
                if round_ is not None:
                    await lead_to_button(tx, round_, asked.channel_id)

    async def _withdraw(self, channel_id: int, message_id: int, *, in_thread: bool) -> None:
        if not in_thread:
            # Most of what is deleted in a channel was never ours.
            async with self._services.store.read() as tx:
                if not await is_ours(tx, channel_id, str(message_id)):
                    return
        now = self._services.clock()
        async with self._services.store.write() as tx:
            # It may still be on its way to us, found while a thread was read again.
            await tx.first_time(PLATFORM, f"m:{message_id}", now)
            await take_deletion(tx, channel_id, str(message_id), now)

    def _is_hidden(self, message: discord.Message) -> bool:
        """Whether Discord keeps a message's words from us."""
        shown = message.content or message.attachments or message.stickers or message.embeds
        return not self._client.sees_content and not shown

    def _text(self, message: discord.Message) -> str:
        """What was written, without our name in front of it."""
        if self._client.user is None:
            return message.content
        return re.sub(rf"^\s*<@!?{self._client.user.id}>\s*", "", message.content, count=1)


def _key(message: discord.Message) -> str:
    return f"m:{message.id}"


async def _dated(tx: Tx, message: discord.Message, now: datetime) -> bool:
    """Whether this wording is seen for the first time; False if it was never edited."""
    wording = _wording(message)
    return wording is not None and await tx.first_time(PLATFORM, wording, now)


def _wording(message: discord.Message) -> str | None:
    """An edited message's wording, told apart by when it was edited."""
    if message.edited_at is None:
        return None
    return f"e:{message.id}:{int(message.edited_at.timestamp() * 1000)}"
