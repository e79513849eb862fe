"""What was said on Discord below questions, or in guilds, that were known of only later."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite
import pytest

from bot.errors import StoreUnavailableError
from tests.platforms.discord_listening import Trouble, a_listener, asked
from tests.platforms.discord_server.place import Place, a_place
from tests.support.harness import FakeClock

WORDS = "Fine-tuning only small low-rank matrices beside the frozen weights"


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


async def test_replies_to_a_question_that_nobody_had_noted_down_yet_are_found(
    place: Place, tmp_path: Path
) -> None:
    clock = FakeClock(datetime.now(UTC))
    async with a_listener(tmp_path, place, clock=clock) as listener:
        heard = await asked(listener)
    await _forget_that_it_was_sent(tmp_path)
    async with a_listener(tmp_path, place, clock=clock) as listener:
        bot = listener.bot
        place.bob.say(heard.thread, WORDS)
        place.ada.say(place.channel, WORDS, reply_to=heard.asked)
        await bot.settled()
        clock.advance(minutes=1)
        await bot.work()
        await listener.keep_up()
        again = replace(heard, listener=listener, bot=bot)
        assert await again.words_of(place.bob) == [WORDS]
        assert await again.words_of(place.ada) == [WORDS]
    assert place.server.journal.count("POST /channels/{channel}/messages") == 1


async def test_who_replies_in_the_moment_before_the_posting_is_noted_is_heard(
    place: Place, tmp_path: Path
) -> None:
    clock = FakeClock(datetime.now(UTC))
    async with a_listener(tmp_path, place, clock=clock) as listener:
        heard = await asked(listener)
        await _note_as(tmp_path, 0)
        place.bob.say(heard.thread, WORDS)
        await listener.bot.settled()
        assert await heard.words_of(place.bob) == []
        await _note_as(tmp_path, heard.asked.id)
        await listener.keep_up()
        assert await heard.words_of(place.bob) == [WORDS]


async def test_replies_to_a_question_that_was_noted_long_after_it_was_posted_are_found(
    place: Place, tmp_path: Path
) -> None:
    clock, trouble = FakeClock(datetime.now(UTC)), Trouble()
    async with a_listener(tmp_path, place, clock=clock) as listener:
        heard = await asked(listener)
    await _forget_that_it_was_sent(tmp_path)
    clock.advance(minutes=10)
    async with a_listener(tmp_path, place, first=[trouble.attach], clock=clock) as listener:
        bot = listener.bot
        place.bob.say(heard.thread, WORDS)
        await bot.settled()
        await bot.work()
        clock.advance(seconds=30)
        trouble.unread = 1
        with pytest.raises(StoreUnavailableError):
            await listener.keep_up()
        await listener.keep_up()
        again = replace(heard, listener=listener, bot=bot)
        assert await again.words_of(place.bob) == [WORDS]


async def test_a_guild_that_comes_late_after_a_start_is_read_then(
    place: Place, tmp_path: Path
) -> None:
    async with a_listener(tmp_path, place) as listener:
        heard = await asked(listener)
    place.bob.say(heard.thread, WORDS)
    place.guild.available = False
    async with a_listener(tmp_path, place) as listener:
        await listener.bot.settled()
        place.server.admin.set_available(place.guild, available=True)
        await listener.bot.settled()
        again = replace(heard, listener=listener, bot=listener.bot)
        assert await again.words_of(place.bob) == [WORDS]


async def _note_as(folder: Path, message_id: int) -> None:
    """Write down that the question is that message."""
    async with aiosqlite.connect(folder / "studybot.db") as file:
        ids = (str(message_id), str(message_id))
        sql = "UPDATE outbox SET external_id = ?, thread_id = ? WHERE kind = 'question'"
        await file.execute(sql, ids)
        await file.commit()


async def _forget_that_it_was_sent(folder: Path) -> None:
    """As if the process had been killed between Discord's answer and the commit."""
    async with aiosqlite.connect(folder / "studybot.db") as file:
        await file.execute(
            "UPDATE outbox SET state = 'pending', attempts = 1, finished_at = NULL,"
            " external_id = NULL, thread_id = NULL WHERE kind = 'question'"
        )
        await file.execute("UPDATE rounds SET state = 'posting', opens_at = NULL")
        await file.commit()
