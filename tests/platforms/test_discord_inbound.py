"""What members write on Discord, and what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.discord.inbound import NO_TEXT
from bot.domain.group import AnswerMode
from bot.domain.rounds import RevisionState
from bot.domain.work import OutKind
from bot.study.answering import NO_ATTEMPT, SEALED_ONLY
from bot.study.groups import Setup, set_up
from tests.platforms.discord_listening import Listening, a_listener, asked
from tests.platforms.discord_server.place import Place, a_place
from tests.support.harness import FakeClock

WORDS = "Fine-tuning only small low-rank matrices beside the frozen weights"


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


@pytest.fixture
async def heard(place: Place, tmp_path: Path) -> AsyncIterator[Listening]:
    async with a_listener(tmp_path, place) as listener:
        yield await asked(listener)


async def test_the_first_reply_in_the_thread_is_the_answer_and_is_signed(heard: Listening) -> None:
    said = heard.place.bob.say(heard.thread, WORDS)
    heard.place.bob.say(heard.thread, "how did you all do?")
    await heard.bot.settled()
    answer = await heard.answer_of(heard.place.bob)
    assert answer is not None
    assert answer.message_id == str(said.id)
    revisions = await heard.revisions_of(heard.place.bob)
    assert [(r.text, r.state) for r in revisions] == [
        (WORDS, RevisionState.PENDING),
        ("how did you all do?", RevisionState.HELD),
    ]
    await heard.bot.work()
    await heard.place.server.reacted(said)
    assert await heard.hints() == []


async def test_a_message_told_twice_counts_once(heard: Listening) -> None:
    said = heard.place.bob.say(heard.thread, f"answer: {WORDS}")
    heard.place.server.admin.tell_again(said)
    await heard.bot.settled()
    assert await heard.words_of(heard.place.bob) == [WORDS]


@pytest.mark.parametrize("ping", [True, False])
async def test_a_reply_to_the_question_in_the_channel_counts(
    heard: Listening, *, ping: bool
) -> None:
    said = heard.place.bob.say(heard.place.channel, WORDS, reply_to=heard.asked, ping=ping)
    await heard.bot.settled()
    assert await heard.words_of(heard.place.bob) == [WORDS]
    await heard.bot.work()
    await heard.place.server.reacted(said)


async def test_talk_in_the_channel_and_in_other_threads_is_left_alone(heard: Listening) -> None:
    said = heard.place.bob.say(heard.place.channel, WORDS)
    heard.place.ada.say(heard.place.channel, "why?", reply_to=said)
    heard.place.bob.say(heard.place.bob.open_thread(said, "Elsewhere"), WORDS)
    await heard.bot.settled()
    assert await heard.answers() == 0
    assert await heard.hints() == []


async def test_bots_and_what_discord_itself_posts_are_not_heard(heard: Listening) -> None:
    other = heard.place.server.person("other-bot", bot=True)
    other.join(heard.place.guild)
    other.say(heard.thread, WORDS)
    await heard.bot.settled()
    assert await heard.answers() == 0


async def test_our_name_in_front_is_no_part_of_the_answer(heard: Listening) -> None:
    heard.place.bob.say(heard.thread, f"{heard.place.server.bot.mention} {WORDS}")
    await heard.bot.settled()
    assert await heard.words_of(heard.place.bob) == [WORDS]


async def test_an_edit_is_a_revision_and_a_links_preview_is_none(heard: Listening) -> None:
    said = heard.place.bob.say(heard.thread, f"{WORDS} http://example.org")
    await heard.bot.settled()
    heard.place.server.admin.unfurl(said, "http://example.org")
    heard.place.bob.edit(said, f"{WORDS}, as I meant")
    heard.place.server.admin.unfurl(said, "http://example.org")
    await heard.bot.settled()
    assert await heard.words_of(heard.place.bob) == [
        f"{WORDS} http://example.org",
        f"{WORDS}, as I meant",
    ]


async def test_an_edit_and_a_deletion_right_after_writing_come_in_order(heard: Listening) -> None:
    with heard.place.server.gateway.held():
        first = heard.place.bob.say(heard.thread, WORDS)
        heard.place.bob.edit(first, f"{WORDS}, of course")
        second = heard.place.ada.say(heard.thread, WORDS)
        heard.place.ada.delete(second)
    await heard.bot.settled()
    assert await heard.words_of(heard.place.bob) == [WORDS, f"{WORDS}, of course"]
    gone = await heard.answer_of(heard.place.ada)
    assert gone is not None
    assert gone.withdrawn_at is not None


async def test_what_was_no_answer_becomes_one_when_it_is_edited(heard: Listening) -> None:
    said = heard.place.bob.say(heard.thread, "🤔")
    await heard.bot.settled()
    assert await heard.hints() == [NO_ATTEMPT]
    heard.place.bob.edit(said, WORDS)
    await heard.bot.settled()
    assert await heard.words_of(heard.place.bob) == [WORDS]


async def test_answers_that_are_deleted_in_bulk_are_withdrawn_each(heard: Listening) -> None:
    place = heard.place
    said = [person.say(heard.thread, WORDS) for person in (place.ada, place.bob)]
    cleo = place.server.person("cleo")
    cleo.join(place.guild)
    kept = cleo.say(heard.thread, WORDS)
    talk = [cleo.say(heard.thread, f"well, {number}") for number in range(3)]
    in_channel = place.server.person("dora")
    in_channel.join(place.guild)
    reply = in_channel.say(place.channel, WORDS, reply_to=heard.asked)
    await heard.bot.settled()
    assert await heard.answers() == 4
    place.server.admin.delete_messages(heard.thread, *said, *talk)
    place.server.admin.delete_messages(place.channel, reply)
    await heard.bot.settled()
    assert await heard.answers() == 1
    answer = await heard.answer_of(cleo)
    assert answer is not None
    assert answer.message_id == str(kept.id)


async def test_deleted_answers_are_withdrawn_one_by_one(heard: Listening) -> None:
    people = [heard.place.ada, heard.place.bob]
    said = [person.say(heard.thread, f"{WORDS} {person.user.name}") for person in people]
    reply = heard.place.server.person("cleo")
    reply.join(heard.place.guild)
    in_channel = reply.say(heard.place.channel, WORDS, reply_to=heard.asked)
    await heard.bot.settled()
    assert await heard.answers() == 3
    for message in (*said, in_channel):
        heard.place.server.admin.delete_message(message)
    await heard.bot.settled()
    assert await heard.answers() == 0


@pytest.mark.parametrize("name", ["answer.png", "message.txt"])
async def test_a_file_is_answered_with_what_would_do_once(heard: Listening, name: str) -> None:
    for _ in range(3):
        heard.place.bob.say(heard.thread, "", attachments=[(name, b"1001")])
    await heard.bot.settled()
    assert await heard.hints() == [NO_TEXT]
    heard.place.bob.say(heard.thread, WORDS, attachments=[(name, b"1001")])
    await heard.bot.settled()
    assert await heard.words_of(heard.place.bob) == [WORDS]
    heard.place.bob.say(heard.thread, "", attachments=[("cat.gif", b"1001")])
    await heard.bot.settled()
    assert await heard.hints() == [NO_TEXT]
    await heard.bot.work()
    private = await heard.place.server.sent(where=heard.place.bob.direct)
    assert NO_TEXT in private.text


async def test_who_answers_in_the_open_where_answers_are_sealed_is_told_once(
    heard: Listening,
) -> None:
    group, _ = await heard.bot.room()
    await set_up(heard.bot.services, group, Setup(answers=AnswerMode.SEALED))
    for words in (WORDS, "answer: again"):
        heard.place.bob.say(heard.thread, words)
    await heard.bot.settled()
    assert await heard.answers() == 0
    assert await heard.hints() == [SEALED_ONLY]


async def test_who_replies_after_the_close_is_told_once(place: Place, tmp_path: Path) -> None:
    # The server's messages are of this moment, so that the round must have closed before.
    clock = FakeClock(datetime.now(UTC) - timedelta(days=2))
    async with a_listener(tmp_path, place, clock=clock) as listener:
        heard, bot = await asked(listener), listener.bot
        place.ada.say(heard.thread, await heard.reference())
        await bot.settled()
        await bot.work()
        await bot.pass_time(days=2)
        for words in (WORDS, "and another thing"):
            place.bob.say(heard.thread, words)
        place.ada.say(heard.thread, "thank you all")
        await bot.settled()
        (hint,) = await heard.hints()
        assert "closed" in hint
        assert await heard.answers() == 1


async def test_without_message_content_the_thread_is_led_to_the_button_once(
    place: Place, tmp_path: Path
) -> None:
    place.server.application.privileged.discard("message_content")
    async with a_listener(tmp_path, place) as listener:
        heard, bot = await asked(listener), listener.bot
        for person in (place.ada, place.bob, place.bob):
            said = person.say(heard.thread, WORDS)
        place.bob.edit(said, f"{WORDS}!")
        await bot.settled()
        assert await heard.answers() == 0
        assert len(await heard.told(OutKind.USE_BUTTON)) == 1
        await bot.work()
        hint = await place.server.sent(where=heard.thread)
        assert list(hint.buttons.values()) == ["Answer"]
        # A reply that pings the bot, or names it, comes with its words all the same.
        place.bob.say(place.channel, WORDS, reply_to=heard.asked)
        place.ada.say(heard.thread, f"{place.server.bot.mention} {WORDS}")
        await bot.settled()
        assert await heard.words_of(place.bob) == [WORDS]
        assert await heard.words_of(place.ada) == [WORDS]


@pytest.mark.parametrize("stands", ["thread", "channel"])
async def test_a_reply_that_waits_its_turn_is_forgotten_when_deleted(
    heard: Listening, stands: str
) -> None:
    place, bob = heard.place, heard.place.bob
    bob.say(heard.thread, "about cats, mostly")
    where = heard.thread if stands == "thread" else place.channel
    waiting = bob.say(where, WORDS, reply_to=None if stands == "thread" else heard.asked)
    await heard.bot.settled()
    place.server.admin.delete_message(waiting)
    await heard.bot.settled()
    states = {r.text: r.state for r in await heard.revisions_of(bob)}
    assert states[WORDS] is RevisionState.DROPPED


async def test_a_reply_that_waits_its_turn_waits_with_its_new_words(heard: Listening) -> None:
    bob = heard.place.bob
    bob.say(heard.thread, "about cats, mostly")
    waiting = bob.say(heard.thread, "something else")
    await heard.bot.settled()
    bob.edit(waiting, WORDS)
    await heard.bot.settled()
    held = [r.text for r in await heard.revisions_of(bob) if r.state is RevisionState.HELD]
    assert held == [WORDS]
