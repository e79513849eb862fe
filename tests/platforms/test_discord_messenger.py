"""Discord's Messenger at the wire: whom it reaches, once, and what it makes of refusals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import discord
import pytest

from adapters.discord.messenger import IN_MY_GRADE, DiscordMessenger
from bot.domain.group import Account, Channel
from bot.errors import ChannelGoneError, DeliveryError, RejectedError, UnreachableError
from bot.messages.message import Action, Button, Message, Tone, paragraph
from bot.ports import Envelope, Reaction, Sent
from tests.platforms.discord_server import permissions
from tests.platforms.discord_server.people import Person
from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_server.world import Message as Stored
from tests.platforms.discord_server.world import Thread
from tests.platforms.discord_world import Studybot, a_studybot

SENDING = "POST /channels/{channel}/messages"
THREADING = "POST /channels/{channel}/messages/{message}/threads"
QUESTION = Message(
    "What does LoRA train?",
    (paragraph("Section 3"),),
    (
        Button(Action.ANSWER, "Answer", 7, primary=True),
        Button(Action.MY_GRADE, "My grade", 7),
        Button(Action.APPEAL, "Appeal", 7),
    ),
    tone=Tone.QUESTION,
)
HELLO = Message("Hello", (paragraph("to you"),))


@dataclass
class Desktop:
    """A messenger, and the channel that it posts in."""

    bot: Studybot
    messenger: DiscordMessenger
    channel: Channel

    @property
    def place(self) -> Place:
        return self.bot.place

    def question(self, marker: str = "sb-1") -> Envelope:
        return Envelope(self.channel, marker, opens_thread="What does LoRA train?", round_id=7)

    def alone(self, person: Person, *, fetchable: bool = False) -> Envelope:
        account = Account(1, 1, "discord", str(person.id), person.user.name)
        return Envelope(self.channel, "sb-2", only=account, fetchable=fetchable)

    def stored(self, sent: Sent) -> Stored:
        return self.place.channel.messages[int(sent.message_id)]

    async def thread(self) -> Thread:
        sent = await self.messenger.send(self.question(), QUESTION)
        return self.place.guild.threads[int(sent.thread_id or 0)]


@pytest.fixture
async def desktop(tmp_path: Path) -> AsyncIterator[Desktop]:
    async with a_place() as place, a_studybot(tmp_path, place) as bot:
        _, channel = await bot.room()
        messenger = DiscordMessenger(bot.connection, bot.desk.tokens)
        messenger.attach(bot.client)
        yield Desktop(bot, messenger, channel)


def mine(desktop: Desktop, message: Stored) -> set[str]:
    bot = desktop.place.server.bot.id
    return {emoji for emoji, ids in message.reactions.items() if bot in ids}


async def test_a_question_has_its_buttons_and_a_thread_of_its_name(desktop: Desktop) -> None:
    sent = await desktop.messenger.send(desktop.question(), QUESTION)
    message = desktop.stored(sent)
    assert "What does LoRA train?" in message.text
    assert list(message.buttons) == ["sb:answer:7", "sb:my_grade:7", "sb:appeal:7"]
    assert message.thread is not None
    assert (str(message.thread.id), message.thread.name) == (
        sent.thread_id,
        "What does LoRA train?",
    )
    assert not message.pinged
    assert "sb-1" not in message.text


async def test_a_long_question_names_its_thread_within_discords_limit(desktop: Desktop) -> None:
    envelope = Envelope(desktop.channel, "sb-1", opens_thread="why " * 60, round_id=7)
    sent = await desktop.messenger.send(envelope, QUESTION)
    thread = desktop.stored(sent).thread
    assert thread is not None
    assert len(thread.name) <= 100
    assert thread.name.endswith("…")


async def test_the_same_marker_sent_again_soon_gives_the_message_that_is_there(
    desktop: Desktop,
) -> None:
    first = await desktop.messenger.send(desktop.question(), QUESTION)
    assert await desktop.messenger.send(desktop.question(), QUESTION) == first
    assert len(desktop.place.channel.messages) == 1


@pytest.mark.parametrize("committed", [False, True])
async def test_after_a_cut_connection_the_message_is_looked_for(
    desktop: Desktop, *, committed: bool
) -> None:
    desktop.place.server.faults.add(SENDING, drop=True, committed=committed)
    with pytest.raises(DeliveryError):
        await desktop.messenger.send(desktop.question(), QUESTION)
    found = await desktop.messenger.find(desktop.question())
    assert (found is not None) == committed
    if found is not None:
        assert desktop.stored(found).thread is not None
        assert found.thread_id == found.message_id


async def test_a_message_without_buttons_is_found_by_its_footer_among_many(
    desktop: Desktop,
) -> None:
    envelope = Envelope(desktop.channel, "sb-4")
    sent = await desktop.messenger.send(envelope, HELLO)
    for number in range(120):
        desktop.place.bob.say(desktop.place.channel, f"chatter {number} · sb-5")
    assert await desktop.messenger.find(envelope) == sent
    assert await desktop.messenger.find(Envelope(desktop.channel, "sb-5")) is None
    assert await desktop.messenger.find(Envelope(desktop.channel, "sb-44")) is None


async def test_a_thread_that_is_there_already_counts_as_opened(desktop: Desktop) -> None:
    desktop.place.server.faults.add(THREADING, 502, committed=True)
    sent = await desktop.messenger.send(desktop.question(), QUESTION)
    assert sent.thread_id == sent.message_id
    assert [entry.code for entry in desktop.place.server.journal.of(THREADING)] == [0, 160004]
    assert len(desktop.place.guild.threads) == 1


async def test_a_thread_that_could_not_be_opened_is_opened_with_the_next_try(
    desktop: Desktop,
) -> None:
    desktop.place.server.faults.add(THREADING, 503)
    with pytest.raises(DeliveryError):
        await desktop.messenger.send(desktop.question(), QUESTION)
    found = await desktop.messenger.find(desktop.question())
    assert found is not None
    assert desktop.stored(found).thread is not None


async def test_without_the_right_to_open_threads_the_question_is_there_all_the_same(
    desktop: Desktop,
) -> None:
    server = desktop.place.server
    server.admin.deny(desktop.place.channel, server.bot, permissions.CREATE_PUBLIC_THREADS)
    sent = await desktop.messenger.send(desktop.question(), QUESTION)
    assert sent.thread_id is None
    assert desktop.stored(sent).buttons


async def test_an_edit_takes_the_place_of_words_and_buttons(desktop: Desktop) -> None:
    sent = await desktop.messenger.send(desktop.question(), QUESTION)
    await desktop.messenger.edit(desktop.channel, sent.message_id, HELLO)
    assert "Hello" in desktop.stored(sent).text
    assert not desktop.stored(sent).buttons
    desktop.place.server.admin.delete_message(desktop.stored(sent))
    with pytest.raises(RejectedError):
        await desktop.messenger.edit(desktop.channel, sent.message_id, HELLO)


# Reactions.


async def test_a_verdict_takes_the_place_of_the_sign_before_it(desktop: Desktop) -> None:
    thread = await desktop.thread()
    reply = desktop.place.bob.say(thread, "the two small matrices")
    place = (desktop.channel, str(reply.id))
    await desktop.messenger.react(*place, Reaction.RECEIVED, str(thread.id))
    assert mine(desktop, reply) == {"👀"}
    await desktop.messenger.react(*place, Reaction.CORRECT, str(thread.id))
    assert mine(desktop, reply) == {"✅"}


async def test_a_restarted_bot_still_takes_its_own_sign_away_and_nobody_elses(
    desktop: Desktop,
) -> None:
    thread = await desktop.thread()
    reply = desktop.place.bob.say(thread, "the two small matrices")
    await desktop.messenger.react(desktop.channel, str(reply.id), Reaction.PARTIAL, str(thread.id))
    desktop.place.ada.react(reply, "🟡")
    again = DiscordMessenger(desktop.bot.connection, desktop.bot.desk.tokens)
    await again.react(desktop.channel, str(reply.id), Reaction.INCORRECT, str(thread.id))
    assert mine(desktop, reply) == {"❌"}
    assert reply.reactions["🟡"] == [desktop.place.ada.id]


async def test_a_reply_in_the_channel_itself_gets_its_sign_too(desktop: Desktop) -> None:
    thread = await desktop.thread()
    reply = desktop.place.bob.say(desktop.place.channel, "an answer")
    await desktop.messenger.react(desktop.channel, str(reply.id), Reaction.CORRECT, str(thread.id))
    assert mine(desktop, reply) == {"✅"}


async def test_a_sign_opens_an_archived_thread_again(desktop: Desktop) -> None:
    thread = await desktop.thread()
    reply = desktop.place.bob.say(thread, "an answer")
    desktop.place.server.admin.archive(thread)
    await desktop.messenger.react(desktop.channel, str(reply.id), Reaction.RECEIVED, str(thread.id))
    assert mine(desktop, reply) == {"👀"}


async def test_a_sign_for_a_message_that_is_gone_is_given_up(desktop: Desktop) -> None:
    thread = await desktop.thread()
    reply = desktop.place.bob.say(thread, "an answer")
    desktop.place.bob.delete(reply)
    with pytest.raises(RejectedError):
        await desktop.messenger.react(
            desktop.channel, str(reply.id), Reaction.CORRECT, str(thread.id)
        )


# One member alone.


async def test_what_my_grade_shows_is_not_sent(desktop: Desktop) -> None:
    bob = desktop.place.bob
    assert await desktop.messenger.send(desktop.alone(bob, fetchable=True), HELLO) == IN_MY_GRADE
    assert not desktop.place.server.messages.sent


async def test_what_only_one_member_may_see_and_can_not_fetch_comes_directly(
    desktop: Desktop,
) -> None:
    bob = desktop.place.bob
    sent = await desktop.messenger.send(desktop.alone(bob), HELLO)
    assert str(desktop.place.server.messages.sent[-1].id) == sent.message_id
    assert "to you" in bob.screen(bob.direct)[-1].text
    assert await desktop.messenger.find(desktop.alone(bob)) == sent
    assert not desktop.place.channel.messages


async def test_who_takes_no_direct_messages_can_not_be_reached(desktop: Desktop) -> None:
    desktop.place.bob.user.takes_messages = False
    with pytest.raises(UnreachableError):
        await desktop.messenger.send(desktop.alone(desktop.place.bob), HELLO)


async def test_who_has_just_pressed_a_button_is_told_there(desktop: Desktop) -> None:
    bob, bot = desktop.place.bob, desktop.bot

    async def answered(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        bot.desk.tokens.note(interaction)

    bot.client.listen("interaction", answered)
    sent = await desktop.messenger.send(desktop.question(), QUESTION)
    await bob.press(desktop.stored(sent), "My grade").response()
    await bot.settled()
    await desktop.messenger.send(desktop.alone(bob, fetchable=True), HELLO)
    shown = bob.screen(desktop.place.channel)[-1]
    assert shown.ephemeral
    assert "to you" in shown.text
    assert not bob.screen(bob.direct)


# Organisers.


async def test_organisers_are_told_in_the_moderators_channel(desktop: Desktop) -> None:
    place = desktop.place
    place.guild.updates_channel = place.server.channel(place.guild, "moderators")
    await place.server.gateway.drop(resumable=False)
    await place.server.ready()
    await desktop.bot.settled()
    envelope = Envelope(desktop.channel, "sb-3", organisers=True)
    sent = await desktop.messenger.send(envelope, HELLO)
    assert place.guild.updates_channel.messages[int(sent.message_id)].text.startswith("Hello")
    assert await desktop.messenger.find(envelope) == sent


async def test_without_such_a_channel_the_owner_is_told_even_of_a_deleted_channel(
    desktop: Desktop,
) -> None:
    place = desktop.place
    place.server.admin.delete_channel(place.channel)
    await desktop.bot.settled()
    envelope = Envelope(desktop.channel, "sb-3", organisers=True)
    await desktop.messenger.send(envelope, HELLO)
    assert "Hello" in place.ada.screen(place.ada.direct)[-1].text


async def test_a_notice_that_no_organiser_takes_is_announced_in_the_channel_without_its_words(
    desktop: Desktop,
) -> None:
    place = desktop.place
    place.ada.user.takes_messages = False
    envelope = Envelope(desktop.channel, "sb-3", organisers=True)
    notice = Message("Points withheld", (paragraph("bob copied ada"),))
    sent = await desktop.messenger.send(envelope, notice)
    told = desktop.stored(sent).text
    assert "Points withheld" in told
    assert "/study status" in told
    assert "copied" not in told
    assert await desktop.messenger.find(envelope) == sent


# Refusals.


async def test_a_deleted_channel_is_gone(desktop: Desktop) -> None:
    desktop.place.server.admin.delete_channel(desktop.place.channel)
    with pytest.raises(ChannelGoneError):
        await desktop.messenger.send(desktop.question(), QUESTION)


@pytest.mark.parametrize("taken", [permissions.SEND_MESSAGES, permissions.VIEW_CHANNEL])
async def test_a_channel_where_the_bot_may_not_write_is_gone(desktop: Desktop, taken: int) -> None:
    server = desktop.place.server
    server.admin.deny(desktop.place.channel, server.bot, taken)
    with pytest.raises(ChannelGoneError):
        await desktop.messenger.send(desktop.question(), QUESTION)


async def test_a_deleted_thread_concerns_its_messages_alone(desktop: Desktop) -> None:
    thread = await desktop.thread()
    desktop.place.server.admin.delete_channel(thread)
    with pytest.raises(RejectedError):
        await desktop.messenger.send(
            Envelope(desktop.channel, "sb-9", thread_id=str(thread.id)), HELLO
        )


async def test_an_archived_thread_opens_when_something_is_posted(desktop: Desktop) -> None:
    thread = await desktop.thread()
    desktop.place.server.admin.archive(thread)
    await desktop.messenger.send(Envelope(desktop.channel, "sb-9", thread_id=str(thread.id)), HELLO)
    assert not thread.archived
    assert "Hello" in list(thread.messages.values())[-1].text


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_short_failure_of_discord_is_got_over_at_once(
    desktop: Desktop, status: int
) -> None:
    desktop.place.server.faults.add(SENDING, status)
    await desktop.messenger.send(desktop.question(), QUESTION)
    assert len(desktop.place.channel.messages) == 1


async def test_an_unavailable_discord_is_tried_again_later(desktop: Desktop) -> None:
    desktop.place.server.faults.add(SENDING, 503)
    with pytest.raises(DeliveryError):
        await desktop.messenger.send(desktop.question(), QUESTION)


async def test_a_limit_that_takes_long_is_waited_for_by_the_outbox(desktop: Desktop) -> None:
    desktop.place.server.faults.add(SENDING, 429, retry_after=300)
    with pytest.raises(DeliveryError) as later:
        await desktop.messenger.send(desktop.question(), QUESTION)
    assert later.value.retry_after == 300


async def test_while_discord_bars_this_address_nothing_is_tried_for_minutes(
    desktop: Desktop,
) -> None:
    server = desktop.place.server
    server.rest.banned_after = 0
    server.faults.add(SENDING, 403)
    with pytest.raises((DeliveryError, ChannelGoneError)):
        await desktop.messenger.send(desktop.question(), QUESTION)
    with pytest.raises(DeliveryError) as barred:
        await desktop.messenger.send(desktop.question(), QUESTION)
    assert (barred.value.retry_after or 0) >= 60


async def test_what_discord_finds_malformed_is_given_up(desktop: Desktop) -> None:
    desktop.place.server.faults.add(SENDING, 400, code=50035, message="Invalid Form Body")
    with pytest.raises(RejectedError, match="50035"):
        await desktop.messenger.send(desktop.question(), QUESTION)
