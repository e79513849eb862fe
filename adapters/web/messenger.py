"""The web platform's Messenger: studybot's messages become posts in the Store's chat."""

from __future__ import annotations

from adapters.web.events import Hub
from adapters.web.wire import to_json
from bot.domain.chat import NewPost, Post
from bot.domain.group import Channel
from bot.errors import ChannelGoneError, RejectedError
from bot.messages.message import Message
from bot.ports import Clock, Envelope, Reaction, Sent
from bot.store import Store, Tx

PLATFORM = "web"


class WebMessenger:
    """Posts into the Store's chat and wakes the pages that show it."""

    def __init__(self, store: Store, clock: Clock, hub: Hub) -> None:
        self._store = store
        self._clock = clock
        self._hub = hub

    @property
    def platform(self) -> str:
        """``web``."""
        return PLATFORM

    async def send(self, envelope: Envelope, message: Message) -> Sent:
        """Post a message; a marker that was posted before gives that post back."""
        async with self._store.write() as tx:
            await _require_channel(tx, envelope.channel)
            thread_id = await _thread(tx, envelope)
            new = NewPost(
                channel_id=envelope.channel.id,
                body=to_json(message),
                thread_id=thread_id,
                round_id=envelope.round_id,
                marker=envelope.marker,
                only_member_id=envelope.only.member_id if envelope.only else None,
                organisers=envelope.organisers,
            )
            post = await tx.chat.add(new, self._clock())
        self._hub.poke()
        return _sent(post, envelope)

    async def find(self, envelope: Envelope) -> Sent | None:
        """The post with the envelope's marker, if there is one."""
        async with self._store.read() as tx:
            post = await tx.chat.by_marker(envelope.channel.id, envelope.marker)
        return None if post is None else _sent(post, envelope)

    async def edit(self, channel: Channel, message_id: str, message: Message) -> None:
        """Replace a post of ours. Raises RejectedError if it isn't there."""
        async with self._store.write() as tx:
            post = await _require_post(tx, channel, message_id)
            await tx.chat.edit(post.id, self._clock(), body=to_json(message))
        self._hub.poke()

    async def react(
        self,
        channel: Channel,
        message_id: str,
        reaction: Reaction,
        thread_id: str | None = None,  # noqa: ARG002 - posts are found without their thread here
    ) -> None:
        """Show a badge on a member's post. Raises RejectedError if it isn't there."""
        async with self._store.write() as tx:
            post = await _require_post(tx, channel, message_id)
            await tx.chat.react(post.id, reaction.value)
        self._hub.poke()


async def _require_channel(tx: Tx, channel: Channel) -> None:
    if await tx.groups.channel(channel.id) is None:
        raise ChannelGoneError(f"the web channel {channel.name} is gone")


async def _require_post(tx: Tx, channel: Channel, message_id: str) -> Post:
    post = await tx.chat.get(int(message_id)) if message_id.isdecimal() else None
    if post is None or post.channel_id != channel.id or post.deleted_at is not None:
        raise RejectedError(f"the web post {message_id} is gone")
    return post


async def _thread(tx: Tx, envelope: Envelope) -> int | None:
    if envelope.thread_id is None:
        return None
    return (await _require_post(tx, envelope.channel, envelope.thread_id)).id


def _sent(post: Post, envelope: Envelope) -> Sent:
    message_id = str(post.id)
    return Sent(message_id, message_id if envelope.opens_thread is not None else None)
