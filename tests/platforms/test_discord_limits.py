"""Limits, and what people do to channels, at the wire: what becomes of a question's messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.work import OutKind, OutState
from bot.study.closing import close_now
from tests.platforms.discord_server import permissions
from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_server.refusals import Refused
from tests.platforms.discord_server.world import Message, Thread
from tests.platforms.discord_world import Studybot, a_studybot

SENDING = "POST /channels/{channel}/messages"
SIGNING = "PUT /channels/{channel}/messages/{message}/reactions/{emoji}/@me"
WORDS = "Fine-tuning only small low-rank matrices beside the frozen weights"


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


@pytest.fixture
async def bot(place: Place, tmp_path: Path) -> AsyncIterator[Studybot]:
    async with a_studybot(tmp_path, place) as bot:
        yield bot


async def thread_of(bot: Studybot) -> Thread:
    """Today's question is asked; its thread."""
    thread = await bot.place.server.threaded(await bot.ask())
    assert isinstance(thread, Thread)
    return thread


async def close(bot: Studybot) -> None:
    """The round ends at an organiser's word, and its results go out."""
    group, _ = await bot.room()
    await close_now(bot.services, group)
    await bot.work()


async def results(bot: Studybot) -> list[str]:
    """What became of the row with the results."""
    group, _ = await bot.room()
    async with bot.parts.store.read() as tx:
        return [out.state.value for out in await tx.outbox.recent(group.id, OutKind.CLOSED)]


def closing_words(thread: Thread) -> list[Message]:
    """The bot's messages with the reference."""
    return [m for m in thread.messages.values() if m.embeds and not m.buttons]


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_a_short_rate_limit_is_waited_out_whosever_it_is(
    bot: Studybot, place: Place, scope: str
) -> None:
    limited = place.server.faults.add(SENDING, 429, scope=scope, retry_after=0.05)
    await bot.ask()
    assert limited.hits == 1
    said = place.bob.say(await thread_of_last(place), WORDS)
    signing = place.server.faults.add(SIGNING, 429, scope=scope, retry_after=0.05)
    await bot.settled()
    await bot.work()
    assert await place.server.reacted(said)
    assert signing.hits == 1
    assert len([m for m in place.channel.messages.values() if m.buttons]) == 1


async def thread_of_last(place: Place) -> Thread:
    (asked,) = [m for m in place.channel.messages.values() if m.buttons]
    thread = await place.server.threaded(asked)
    assert isinstance(thread, Thread)
    return thread


async def test_a_shared_limit_that_takes_long_is_waited_for_without_holding_up_others(
    bot: Studybot, place: Place
) -> None:
    thread = await thread_of(bot)
    said = place.bob.say(thread, WORDS)
    await bot.settled()
    sending = f"POST /channels/{thread.id}/messages"
    place.server.faults.add(sending, 429, scope="shared", retry_after=300)
    await close(bot)
    assert await results(bot) == [OutState.PENDING.value]
    assert await place.server.reacted(said)
    await bot.pass_time(seconds=301)
    assert await results(bot) == [OutState.SENT.value]
    assert len(closing_words(thread)) == 1


async def test_slow_mode_slows_members_and_never_the_bot(bot: Studybot, place: Place) -> None:
    place.server.admin.slow_mode(place.channel, 21_600)
    thread = await thread_of(bot)
    place.server.admin.slow_mode(thread, 21_600)
    said = place.bob.say(thread, WORDS)
    with pytest.raises(Refused):
        place.bob.say(thread, "answer: in other words")
    await bot.settled()
    await close(bot)
    assert await place.server.reacted(said)
    assert len(closing_words(thread)) == 1


@pytest.mark.parametrize("archived", [True, False])
async def test_in_a_locked_thread_the_bot_goes_on(
    bot: Studybot, place: Place, *, archived: bool
) -> None:
    thread = await thread_of(bot)
    said = place.bob.say(thread, WORDS)
    await bot.settled()
    place.server.admin.lock(thread)
    if archived:
        place.server.admin.archive(thread, locked=True)
    await bot.work()
    await close(bot)
    assert await place.server.reacted(said)
    assert len(closing_words(thread)) == 1


@pytest.mark.parametrize("archived", [True, False])
async def test_a_locked_thread_that_takes_nothing_pauses_nothing(
    bot: Studybot, place: Place, *, archived: bool
) -> None:
    thread = await thread_of(bot)
    place.bob.say(thread, WORDS)
    await bot.settled()
    await bot.work()
    role = place.server.admin.bot_role(place.guild)
    given = permissions.BOT_USUAL & ~permissions.MANAGE_THREADS
    place.server.admin.set_permissions(place.guild, role, given)
    place.server.admin.lock(thread)
    if archived:
        place.server.admin.archive(thread, locked=True)
    await close(bot)
    assert await results(bot) == [OutState.FAILED.value]
    assert not closing_words(thread)
    _, channel = await bot.room()
    assert channel.paused_reason is None
    (asked,) = place.channel.messages.values()
    assert "closed" in asked.text.casefold()


async def test_without_the_right_to_open_threads_the_round_lives_in_the_channel(
    bot: Studybot, place: Place
) -> None:
    place.server.admin.deny(place.channel, place.server.bot, permissions.CREATE_PUBLIC_THREADS)
    asked = await bot.ask()
    said = place.bob.say(place.channel, WORDS, reply_to=asked)
    await bot.settled()
    await bot.work()
    assert await place.server.reacted(said)
    await close(bot)
    assert await results(bot) == [OutState.SENT.value]
    (told,) = [m for m in place.channel.messages.values() if m.reply_to == asked.id and m.embeds]
    assert "Today" in told.text or told.embeds


async def test_a_member_who_left_keeps_their_answer_and_stops_nobody(
    bot: Studybot, place: Place
) -> None:
    thread = await thread_of(bot)
    said = place.bob.say(thread, WORDS)
    hinted = place.ada.say(thread, "🤔")
    await bot.settled()
    place.bob.leave(place.guild)
    place.bob.user.takes_messages = False
    await bot.work()
    assert await place.server.reacted(said)
    await close(bot)
    assert len(closing_words(thread)) == 1
    assert hinted.text == "🤔"
    round_ = await bot.round()
    async with bot.parts.store.read() as tx:
        assert (await tx.answers.counts([round_.id]))[round_.id] == 1
