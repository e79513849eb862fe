"""Discord's Messenger: studybot's messages as embeds, and how each reaches whom it is for."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import discord

from adapters.discord import faults
from adapters.discord.client import StudyClient
from adapters.discord.connection import Connection
from adapters.discord.desk import PLATFORM
from adapters.discord.faults import told
from adapters.discord.organisers import Guilds
from adapters.discord.render import custom_id, embed_of, view_of
from adapters.discord.tokens import Tokens
from bot.domain.group import Account, Channel
from bot.errors import RejectedError
from bot.messages.message import Action, Code, Message, Strong, Tone, paragraph, shortened
from bot.ports import Envelope, Reaction, Sent

log = logging.getLogger(__name__)

THREAD_NAME = 100
THREAD_STAYS: discord.types.threads.ThreadArchiveDuration = 10080
"""Minutes without a message after which a thread is archived: a week."""
LOOKS_BACK = timedelta(hours=13)
"""The core tries a message for twelve hours: none with its marker is older."""
MOST_LOOKED_AT = 2000
FRESH = timedelta(minutes=1)
REMEMBERED = 5000
IN_MY_GRADE = Sent("my-grade")
"""What was left to the My grade button."""

EMOJI = {
    Reaction.RECEIVED: "👀",
    Reaction.CORRECT: "✅",
    Reaction.PARTIAL: "🟡",
    Reaction.INCORRECT: "❌",
    Reaction.UNGRADED: "❔",
}

Place = discord.PartialMessageable | discord.DMChannel


class DiscordMessenger:
    """Posts through the connection's client, without needing its caches."""

    def __init__(self, connection: Connection, tokens: Tokens) -> None:
        self._connection = connection
        self._tokens = tokens
        self._guilds = Guilds()
        self._reacted: OrderedDict[str, str] = OrderedDict()

    @property
    def platform(self) -> str:
        """``discord``."""
        return PLATFORM

    def attach(self, client: StudyClient) -> None:
        """Listen for channels that go, to know whose organisers to tell of it."""
        client.listen("guild_channel_delete", self._guilds.note)

    async def send(self, envelope: Envelope, message: Message) -> Sent:
        """Post a message. Discord itself keeps a marker single for some minutes."""
        client = self._connection.client
        if envelope.only is not None:
            return await self._send_alone(client, envelope, envelope.only, message)
        if envelope.organisers:
            return await self._send_to_organisers(client, envelope, message)
        place = _place(client, envelope)
        with told(channel=envelope.thread_id is None):
            posted = await _post(place, envelope, message)
        return await self._opened(client, envelope, posted)

    async def find(self, envelope: Envelope) -> Sent | None:
        """Our message with the marker, looked for among those of the last hours."""
        client = self._connection.client
        async for place in self._places(client, envelope):
            found = await _find_in(place, envelope, client)
            if found is not None:
                return await self._opened(client, envelope, found)
        return None

    async def edit(self, channel: Channel, message_id: str, message: Message) -> None:
        """Replace a message of ours. Raises RejectedError if it isn't there."""
        client = self._connection.client
        place = client.get_partial_messageable(int(channel.external_id))
        with told():
            partial = place.get_partial_message(int(message_id))
            await partial.edit(embeds=[embed_of(message)], view=view_of(message.buttons))

    async def react(
        self, channel: Channel, message_id: str, reaction: Reaction, thread_id: str | None = None
    ) -> None:
        """Put a sign on a reply, in place of our earlier one. Raises RejectedError if it is gone.

        The reply is in the thread, or in the channel when it replied to the question itself.
        """
        client = self._connection.client
        with told():
            place = client.get_partial_messageable(int(thread_id or channel.external_id))
            try:
                await self._react(client, place, message_id, reaction)
            except discord.NotFound:
                if thread_id is None:
                    raise
                place = client.get_partial_messageable(int(channel.external_id))
                await self._react(client, place, message_id, reaction)

    async def _react(
        self,
        client: StudyClient,
        place: discord.PartialMessageable,
        message_id: str,
        reaction: Reaction,
    ) -> None:
        partial = place.get_partial_message(int(message_id))
        earlier = await self._earlier(partial, reaction)
        emoji = EMOJI[reaction]
        await _in_open_thread(client, place.id, lambda: partial.add_reaction(emoji))
        for each in earlier - {emoji}:
            await client.http.remove_own_reaction(place.id, partial.id, each)
        self._reacted[message_id] = emoji
        self._reacted.move_to_end(message_id)
        while len(self._reacted) > REMEMBERED:
            self._reacted.popitem(last=False)

    async def _earlier(self, partial: discord.PartialMessage, reaction: Reaction) -> set[str]:
        """Our signs on a message; Discord is asked where it isn't known."""
        known = self._reacted.get(str(partial.id))
        if known is not None:
            return {known}
        if reaction is Reaction.RECEIVED and discord.utils.utcnow() - partial.created_at < FRESH:
            return set()
        message = await partial.fetch()
        ours = {str(each.emoji) for each in message.reactions if each.me}
        return ours & set(EMOJI.values())

    async def _send_alone(
        self, client: StudyClient, envelope: Envelope, account: Account, message: Message
    ) -> Sent:
        """To one member: below what they did lately, by the My grade button, or directly."""
        user_id = int(account.external_id)
        whispered = await self._whispered(user_id, message)
        if whispered is not None:
            return whispered
        if envelope.fetchable:
            return IN_MY_GRADE
        with told():
            direct = await client.create_dm(discord.Object(user_id))
            posted = await _post(direct, envelope, message)
        return Sent(str(posted.id))

    async def _whispered(self, user_id: int, message: Message) -> Sent | None:
        """Shown to somebody alone in answer to what they did; None if there is no such way."""
        webhook = self._tokens.latest(user_id)
        if webhook is None:
            return None
        view = view_of(message.buttons) or discord.utils.MISSING
        try:
            with told():
                posted = await webhook.send(
                    embed=embed_of(message), view=view, ephemeral=True, wait=True
                )
        except RejectedError as error:
            # An interaction's token is good for 15 minutes, by Discord's own clock.
            log.info("an interaction could not be followed up: %s", error)
            self._tokens.drop(user_id)
            return None
        return Sent(str(posted.id))

    async def _send_to_organisers(
        self, client: StudyClient, envelope: Envelope, message: Message
    ) -> Sent:
        """Where a server's moderators are told things, or its owner directly."""
        async for place in self._guilds.organisers(client, envelope.channel):
            try:
                with told():
                    return Sent(str((await _post(place, envelope, message)).id))
            except RejectedError as error:
                log.info("organisers can't be told there: %s", error)
        with told():
            place = _place(client, envelope)
            return Sent(str((await _post(place, envelope, _for_organisers(message))).id))

    async def _places(self, client: StudyClient, envelope: Envelope) -> AsyncIterator[Place]:
        """Where a message may have been posted."""
        if envelope.organisers:
            async for place in self._guilds.organisers(client, envelope.channel):
                yield place
            yield _place(client, envelope)
        elif envelope.only is None:
            yield _place(client, envelope)
        elif not envelope.fetchable:
            with told():
                direct = await client.create_dm(discord.Object(int(envelope.only.external_id)))
            yield direct

    async def _opened(
        self, client: StudyClient, envelope: Envelope, posted: discord.Message
    ) -> Sent:
        """The message as sent, with its thread; a thread's id is its message's."""
        message_id = str(posted.id)
        if envelope.opens_thread is None:
            return Sent(message_id)
        if posted.flags.has_thread:
            return Sent(message_id, message_id)
        name = shortened(envelope.opens_thread, THREAD_NAME)
        with told():
            try:
                await client.http.start_thread_with_message(
                    posted.channel.id, posted.id, name=name, auto_archive_duration=THREAD_STAYS
                )
            except (discord.Forbidden, discord.NotFound) as error:
                # The question is there, and the Answer button and replies to it work.
                log.warning("no thread in %s: %s", envelope.channel.name, error)
                return Sent(message_id)
            except discord.HTTPException as error:
                if error.code != faults.THREAD_EXISTS:
                    raise
        return Sent(message_id, message_id)


def _place(client: StudyClient, envelope: Envelope) -> discord.PartialMessageable:
    thread = envelope.thread_id if envelope.opened else None
    return client.get_partial_messageable(int(thread or envelope.channel.external_id))


async def _post(place: Place, envelope: Envelope, message: Message) -> discord.Message:
    """Send with a nonce made from the marker, which Discord takes once in some minutes."""
    embed = embed_of(message, marker="" if _is_question(envelope) else envelope.marker)
    view = view_of(message.buttons)
    given: dict[str, Any] = {} if view is None else {"view": view}
    if envelope.thread_id is not None and not envelope.opened and envelope.only is None:
        given["reference"] = discord.MessageReference(
            message_id=int(envelope.thread_id),
            channel_id=int(envelope.channel.external_id),
            fail_if_not_exists=False,
        )
    if envelope.calls is not None:
        # A mention within an embed notifies nobody.
        called = discord.Object(int(envelope.calls.external_id))
        given["content"] = f"<@{called.id}>"
        given["allowed_mentions"] = discord.AllowedMentions(users=[called])
    return await place.send(embed=embed, nonce=envelope.marker, **given)


def _for_organisers(message: Message) -> Message:
    """What everyone may see of a notice that could be given to no organiser."""
    words = paragraph(
        Strong(message.title),
        ". I could tell none of you directly; ",
        Code("/study status"),
        " shows it to organisers alone. A channel for community updates in the server's "
        "settings, or an owner who takes direct messages, lets me tell you at once.",
    )
    return Message("A note for the organisers", (words,), tone=Tone.NOTICE)


def _is_question(envelope: Envelope) -> bool:
    """A question is found by its buttons' ids; all else by the marker in its footer."""
    return envelope.round_id is not None


async def _find_in(place: Place, envelope: Envelope, client: StudyClient) -> discord.Message | None:
    assert client.user is not None  # noqa: S101 - the client is logged in
    since = discord.utils.utcnow() - LOOKS_BACK
    with told(channel=_is_question(envelope)):
        async for message in place.history(limit=MOST_LOOKED_AT):
            if message.created_at < since:
                return None
            if message.author.id == client.user.id and _marked(message, envelope):
                return message
    return None


def _marked(message: discord.Message, envelope: Envelope) -> bool:
    if envelope.round_id is not None:
        wanted = custom_id(Action.ANSWER, envelope.round_id)
        return any(
            isinstance(row, discord.ActionRow)
            and any(getattr(each, "custom_id", None) == wanted for each in row.children)
            for row in message.components
        )
    footers = [embed.footer.text or "" for embed in message.embeds]
    return any(text.rpartition(" · ")[2] == envelope.marker for text in footers)


async def _in_open_thread(
    client: StudyClient, place_id: int, act: Callable[[], Awaitable[None]]
) -> None:
    """Act; in a thread that was archived meanwhile, once it is opened again."""
    try:
        await act()
    except discord.HTTPException as error:
        if error.code != faults.THREAD_ARCHIVED:
            raise
        await client.http.edit_channel(place_id, archived=False)
        await act()
