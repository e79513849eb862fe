"""The web Messenger keeps the promises of bot.ports.Messenger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.web.wire import from_json, to_json
from bot.domain.chat import NewPost, Post
from bot.errors import ChannelGoneError, RejectedError
from bot.messages.message import (
    Action,
    Button,
    Code,
    Facts,
    Items,
    Mark,
    Mention,
    Message,
    Quote,
    Ranking,
    RankRow,
    Strong,
    Tone,
    When,
    item,
    paragraph,
)
from bot.ports import Envelope, Messenger, Reaction
from tests.support.harness import FakeClock, Study, study

AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
EVERYTHING = Message(
    title="A title",
    blocks=(
        paragraph(
            "plain ", Strong("strong"), Code("/code"), Mention(3, "ada"), When(AT, relative=True)
        ),
        Quote("somebody's words", "the guide"),
        Items((item("covered", mark=Mark.COVERED, detail="“evidence”"), item("dot")), "Heading"),
        Facts((("Label", ("value", Strong("!"))),)),
        Ranking((RankRow(1, Mention(3, "ada"), 100, 1, 2, highlight=True),)),
    ),
    buttons=(Button(Action.ANSWER, "Answer", 7, primary=True),),
    footer="A footer",
    tone=Tone.QUESTION,
)
HELLO = Message(title="Hello")


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Study]:
    async with study(tmp_path, FakeClock()) as running:
        yield running


@pytest.fixture
def messenger(session: Study) -> Messenger:
    return session.parts.services.messengers["web"]


async def stored(session: Study, message_id: str) -> Post:
    async with session.parts.store.read() as tx:
        post = await tx.chat.get(int(message_id))
    assert post is not None
    return post


def test_every_kind_of_block_survives_being_stored() -> None:
    assert from_json(to_json(EVERYTHING)) == EVERYTHING


@pytest.mark.parametrize("broken", [{}, {**to_json(HELLO), "blocks": [3]}, {"title": None}])
def test_what_is_no_stored_message_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a stored message"):
        from_json(broken)


async def test_a_sent_message_can_be_read_back(session: Study, messenger: Messenger) -> None:
    sent = await messenger.send(Envelope(session.channel, "m-1"), EVERYTHING)
    assert from_json((await stored(session, sent.message_id)).body or {}) == EVERYTHING


async def test_the_same_marker_is_never_posted_twice(session: Study, messenger: Messenger) -> None:
    before = len(await session.posts())
    first = await messenger.send(Envelope(session.channel, "m-1"), HELLO)
    again = await messenger.send(Envelope(session.channel, "m-1"), HELLO)
    assert first == again
    assert len(await session.posts()) == before + 1


async def test_a_message_is_found_by_its_marker(session: Study, messenger: Messenger) -> None:
    envelope = Envelope(session.channel, "m-1", opens_thread="A thread")
    assert await messenger.find(envelope) is None
    sent = await messenger.send(envelope, HELLO)
    assert await messenger.find(envelope) == sent
    assert sent.thread_id == sent.message_id


async def test_a_message_goes_into_its_thread_and_to_one_member(
    session: Study, messenger: Messenger
) -> None:
    root = await messenger.send(Envelope(session.channel, "m-1", opens_thread="T"), HELLO)
    member = await session.member("ada")
    async with session.parts.store.read() as tx:
        account = await tx.members.account(member.id, "web")
    envelope = Envelope(session.channel, "m-2", thread_id=root.thread_id, only=account)
    post = await stored(session, (await messenger.send(envelope, HELLO)).message_id)
    assert (str(post.thread_id), post.only_member_id) == (root.message_id, member.id)


async def test_an_edited_message_keeps_its_place(session: Study, messenger: Messenger) -> None:
    sent = await messenger.send(Envelope(session.channel, "m-1"), HELLO)
    await messenger.edit(session.channel, sent.message_id, Message(title="Changed"))
    post = await stored(session, sent.message_id)
    assert from_json(post.body or {}).title == "Changed"
    assert post.marker == "m-1"


async def test_a_reaction_replaces_the_one_before(session: Study, messenger: Messenger) -> None:
    member = await session.member("ada")
    async with session.parts.store.write() as tx:
        new = NewPost(session.channel.id, author_id=member.id, text="my reply")
        post = await tx.chat.add(new, session.clock())
    for reaction in (Reaction.RECEIVED, Reaction.CORRECT):
        await messenger.react(session.channel, str(post.id), reaction)
    assert (await stored(session, str(post.id))).reaction == "correct"


@pytest.mark.parametrize("message_id", ["999999", "not-a-number", "-1"])
async def test_a_message_that_is_gone_is_given_up(
    session: Study, messenger: Messenger, message_id: str
) -> None:
    with pytest.raises(RejectedError):
        await messenger.edit(session.channel, message_id, HELLO)
    with pytest.raises(RejectedError):
        await messenger.react(session.channel, message_id, Reaction.CORRECT)


async def test_a_channel_that_is_gone_is_said_to_be_gone(
    session: Study, messenger: Messenger
) -> None:
    gone = replace(session.channel, id=session.channel.id + 1000)
    with pytest.raises(ChannelGoneError):
        await messenger.send(Envelope(gone, "m-1"), HELLO)
