"""What was said on Discord while nobody listened is found again, each reply once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.discord.desk import PLATFORM
from bot.domain.rounds import RoundState
from bot.study.groups import found_group
from bot.study.rounds import post_now
from tests.platforms.discord_listening import Listener, Listening, Trouble, a_listener, asked
from tests.platforms.discord_server import permissions
from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_server.world import Thread
from tests.support.harness import FakeClock

WORDS = "Fine-tuning only small low-rank matrices beside the frozen weights"
READING = "GET /channels/{channel}/messages"


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


@pytest.fixture
async def heard(place: Place, tmp_path: Path) -> AsyncIterator[Listening]:
    async with a_listener(tmp_path, place) as listener:
        yield await asked(listener)


async def test_what_a_lost_session_missed_is_found(heard: Listening) -> None:
    place = heard.place
    kept = place.ada.say(heard.thread, WORDS)
    await heard.bot.settled()
    async with heard.listener.away():
        place.bob.say(heard.thread, WORDS)
        place.bob.say(heard.thread, "what did you write?")
        place.ada.edit(kept, f"{WORDS}, as I meant")
        cleo = place.server.person("cleo")
        cleo.join(place.guild)
        cleo.say(place.channel, WORDS, reply_to=heard.asked)
        place.ada.say(place.channel, "good morning")
    assert await heard.words_of(place.bob) == [WORDS, "what did you write?"]
    assert await heard.words_of(place.ada) == [WORDS, f"{WORDS}, as I meant"]
    assert await heard.words_of(cleo) == [WORDS]
    assert await heard.answers() == 3


async def test_what_was_deleted_meanwhile_is_withdrawn_and_nothing_else(heard: Listening) -> None:
    place = heard.place
    cleo = place.server.person("cleo")
    cleo.join(place.guild)
    gone = [
        place.ada.say(heard.thread, WORDS),
        place.bob.say(place.channel, WORDS, reply_to=heard.asked),
    ]
    cleo.say(place.channel, WORDS, reply_to=heard.asked)
    await heard.bot.settled()
    assert await heard.answers() == 3
    async with heard.listener.away():
        for message in gone:
            place.server.admin.delete_message(message)
    assert await heard.answers() == 1
    answer = await heard.answer_of(cleo)
    assert answer is not None
    assert answer.withdrawn_at is None


async def test_a_resumed_session_needs_no_history(heard: Listening) -> None:
    place = heard.place
    asked_before = place.server.journal.count(READING)
    async with place.server.gateway.outage():
        place.bob.say(heard.thread, WORDS)
    await place.server.ready()
    await heard.bot.settled()
    assert place.server.gateway.log.resumed == 1
    assert await heard.words_of(place.bob) == [WORDS]
    assert place.server.journal.count(READING) == asked_before


async def test_a_reply_in_time_counts_though_the_round_has_closed_since(heard: Listening) -> None:
    place = heard.place
    async with heard.listener.away():
        place.bob.say(heard.thread, WORDS)
        await heard.bot.pass_time(days=2)
    async with heard.bot.parts.store.read() as tx:
        answer = await heard.answer_of(place.bob)
        assert answer is not None
        round_ = await tx.rounds.get(answer.round_id)
        assert round_ is not None
        assert round_.state is RoundState.CLOSED
    assert await heard.words_of(place.bob) == [WORDS]


async def test_a_closed_rounds_thread_is_read_once_more_and_then_no_more(
    place: Place, tmp_path: Path
) -> None:
    clock = FakeClock(datetime.now(UTC))
    async with a_listener(tmp_path, place, clock=clock) as listener:
        heard = await asked(listener)
        place.bob.say(heard.thread, WORDS)
        await listener.bot.settled()
        await listener.bot.work()
        clock.advance(days=2)
        await listener.bot.pass_time(seconds=1)
    thread = READING.replace("{channel}", str(heard.thread.id))
    for count in (1, 1):
        async with a_listener(tmp_path, place, clock=clock) as listener:
            await listener.bot.settled()
        assert place.server.journal.count(thread) == count


async def test_a_thread_that_was_heard_to_its_end_is_not_read_after_a_restart(
    place: Place, tmp_path: Path
) -> None:
    clock = FakeClock(datetime.now(UTC))
    async with a_listener(tmp_path, place, clock=clock) as listener:
        heard = await asked(listener)
        place.bob.say(heard.thread, WORDS)
        await listener.bot.settled()
        await listener.bot.work()
        clock.advance(days=2)
        await listener.bot.pass_time(seconds=1)
        await listener.keep_up()
    async with a_listener(tmp_path, place, clock=clock) as listener:
        await listener.bot.settled()
    assert place.server.journal.count(READING) == 0


async def test_a_thread_that_was_not_heard_to_its_end_is_read(heard: Listening) -> None:
    place = heard.place
    async with heard.listener.away():
        await place.server.until(lambda: not place.server.gateway.connections, what="a lost line")
        place.bob.say(heard.thread, WORDS)
        await heard.bot.pass_time(days=2)
        await heard.listener.keep_up()
    assert await heard.words_of(place.bob) == [WORDS]


async def test_a_thread_that_is_gone_is_asked_for_once(place: Place, tmp_path: Path) -> None:
    clock = FakeClock(datetime.now(UTC))
    async with a_listener(tmp_path, place, clock=clock) as listener:
        heard = await asked(listener)
        place.bob.say(heard.thread, WORDS)
        await listener.bot.settled()
        await listener.bot.work()
    clock.advance(days=2)
    place.server.admin.delete_channel(heard.thread)
    for _ in range(2):
        async with a_listener(tmp_path, place, clock=clock) as listener:
            await listener.bot.settled()
    thread = READING.replace("{channel}", str(heard.thread.id))
    assert place.server.journal.count(thread) == 1


async def test_a_thread_without_news_or_answers_costs_no_request(heard: Listening) -> None:
    async with heard.listener.away():
        pass
    before = heard.place.server.journal.count(READING)
    async with heard.listener.away():
        pass
    assert heard.place.server.journal.count(READING) == before


async def test_how_far_a_thread_was_read_is_stored_while_nothing_is_missing(
    place: Place, tmp_path: Path
) -> None:
    async with a_listener(tmp_path, place, flush_seconds=0) as listener:
        heard = await asked(listener)
        place.bob.say(heard.thread, WORDS)
        last = place.bob.say(heard.thread, "what did you write?")
        await heard.bot.settled()
        assert await _read_until(listener) == last.id
        async with heard.listener.away():
            last = place.ada.say(heard.thread, WORDS)
            place.server.faults.add(READING, 503)
        assert await heard.words_of(place.ada) == [WORDS]
        assert await _read_until(listener) == last.id


async def _read_until(listener: Listener) -> int:
    """The last message dealt with in the thread, by the database."""
    bot = listener.bot
    async with bot.parts.store.read() as tx:
        (watched,) = await tx.outbox.watched(PLATFORM, bot.clock(), bot.clock())
    return int(watched.thread_seen or 0)


async def test_a_storm_of_reconnects_counts_every_reply_once(heard: Listening) -> None:
    place, sessions = heard.place, heard.listener.sessions
    people = [place.server.person(f"person {number}") for number in range(20)]
    for number, person in enumerate(people):
        person.join(place.guild)
        if number % 7 == 0:
            before = sessions.count
            await place.server.gateway.drop(resumable=False)
            person.say(heard.thread, WORDS)
            await sessions.after(before)
        else:
            person.say(heard.thread, WORDS)
    await heard.bot.settled()
    assert await heard.answers() == len(people)
    assert all([await heard.words_of(person) == [WORDS] for person in people])
    # Each of the three sessions reads what is open at most once.
    assert place.server.journal.count(READING) <= 2 * 3


async def test_250_replies_in_five_threads_are_found_after_hours(
    place: Place, tmp_path: Path
) -> None:
    channels = [place.server.channel(place.guild, f"room-{number}") for number in range(4)]
    people = [place.server.person(f"person {number}") for number in range(50)]
    for person in people:
        person.join(place.guild)
    async with a_listener(tmp_path, place) as listener:
        bot = listener.bot
        for channel in channels:
            await found_group(bot.services, PLATFORM, str(channel.id), channel.name, channel.name)
        threads = [(await asked(listener)).thread]
        threads += [await _asked_in(listener, str(channel.id)) for channel in channels]
        people[0].say(threads[0], WORDS)
        await bot.settled()
    for thread in threads:
        for person in people:
            person.say(thread, f"answer: {WORDS}, says {person.user.name}")
    for thread in threads[:2]:
        place.server.admin.archive(thread)
    async with a_listener(tmp_path, place, clock=bot.clock) as listener:
        await listener.bot.settled(30)
        counts = await _answers_by_round(listener)
        assert sorted(counts.values()) == [50] * 5
    async with a_listener(tmp_path, place, clock=bot.clock) as listener:
        await listener.bot.settled(30)
        counts = await _answers_by_round(listener)
        assert sorted(counts.values()) == [50] * 5
        assert (await listener.bot.parts.store.counts())["pending_grades"] == 250


async def _asked_in(listener: Listener, channel_id: str) -> Thread:
    """The thread of a question that is asked in another channel."""
    bot, place = listener.bot, listener.bot.place
    async with bot.parts.store.read() as tx:
        found = await tx.groups.by_channel(PLATFORM, channel_id)
    assert found is not None
    round_, _ = await post_now(bot.services, found[0])
    await bot.work()
    async with bot.parts.store.read() as tx:
        (out,) = await tx.outbox.posts(round_.id)
    return place.guild.threads[int(out.thread_id or 0)]


async def _answers_by_round(listener: Listener) -> dict[int, int]:
    async with listener.bot.parts.store.read() as tx:
        groups = await tx.groups.everyone()
        rounds = [await tx.rounds.current(group.id) for group in groups]
        return await tx.answers.counts([each.id for each in rounds if each is not None])


async def test_history_that_cannot_be_read_at_first_is_read_again(heard: Listening) -> None:
    place = heard.place
    async with heard.listener.away():
        place.bob.say(heard.thread, WORDS)
        failing = place.server.faults.add(READING, 503)
    assert failing.hits == 1
    assert await heard.words_of(place.bob) == [WORDS]


async def test_history_that_may_not_be_read_withdraws_nothing(heard: Listening) -> None:
    place = heard.place
    place.bob.say(heard.thread, WORDS)
    await heard.bot.settled()
    async with heard.listener.away():
        role = place.server.admin.bot_role(place.guild)
        given = permissions.BOT_USUAL & ~permissions.READ_MESSAGE_HISTORY
        place.server.admin.set_permissions(place.guild, role, given)
        everyone = place.guild.roles[place.guild.id]
        usual = permissions.USUAL & ~permissions.READ_MESSAGE_HISTORY
        place.server.admin.set_permissions(place.guild, everyone, usual)
    assert await heard.answers() == 1


async def test_a_thread_that_was_deleted_meanwhile_takes_no_answer_away(heard: Listening) -> None:
    place = heard.place
    place.bob.say(heard.thread, WORDS)
    await heard.bot.settled()
    async with heard.listener.away():
        place.server.admin.delete_channel(heard.thread)
    assert await heard.answers() == 1


async def test_a_guild_that_was_away_is_read_when_it_is_back(heard: Listening) -> None:
    place = heard.place
    place.server.admin.set_available(place.guild, available=False)
    await heard.bot.settled()
    place.bob.say(heard.thread, WORDS)
    place.server.admin.set_available(place.guild, available=True)
    await heard.bot.settled()
    assert await heard.words_of(place.bob) == [WORDS]


async def test_a_reply_that_could_not_be_stored_is_found_again(
    place: Place, tmp_path: Path
) -> None:
    trouble = Trouble()
    async with a_listener(tmp_path, place, first=[trouble.attach]) as listener:
        heard = await asked(listener)
        place.ada.say(heard.thread, WORDS)
        await heard.bot.settled()
        trouble.left = 1
        place.bob.say(heard.thread, WORDS)
        await heard.bot.settled()
        assert trouble.left == 0
        assert await heard.words_of(place.bob) == [WORDS]
        assert await heard.answers() == 2
