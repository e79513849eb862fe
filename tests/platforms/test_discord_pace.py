"""The global limit is kept to: how turns are given, and what the server sees of it."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable
from itertools import count, pairwise
from pathlib import Path

import pytest

from adapters.discord.pace import BACKGROUND_EVERY, CLOSEST, PER_SECOND, Pace, background
from bot.domain.group import Channel
from bot.messages.message import Message
from bot.ports import Envelope, Sent
from tests.platforms.discord_server.journal import Fault
from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_world import Studybot, a_studybot

SENDING = "POST /channels/{channel}/messages"


class Timeline:
    """A clock that is moved by hand, with what is to be done later."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def clock(self) -> float:
        return self.now

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._numbers), act))

    async def step(self, *, late: float = 0) -> None:
        """Move on to what is due next, or so much past it; let those whose turn it is go."""
        at, _, act = heapq.heappop(self._due)
        self.now = max(self.now, at) + late
        act()
        await asyncio.sleep(0)


class Line:
    """Requests that wait for their turns; ``sent`` is when each went out, and its name."""

    def __init__(self) -> None:
        self.time = Timeline()
        self.pace = Pace(self.time.clock, self.time.later)
        self.sent: list[tuple[float, str]] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def ask(self, name: str, number: int = 1) -> None:
        async def wait() -> None:
            await self.pace.turn()
            self.sent.append((self.time.now, name))

        self._tasks += [asyncio.create_task(wait()) for _ in range(number)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def until_sent(self, number: int, late: Callable[[int], float] = lambda _: 0.0) -> None:
        while len(self.sent) < number:
            await self.time.step(late=late(len(self.sent)))

    def give_up(self, index: int) -> None:
        self._tasks[index].cancel()

    def closest(self) -> float:
        times = [at for at, _ in self.sent]
        return min(after - before for before, after in pairwise(times))

    def most_in_a_second(self) -> int:
        times = [at for at, _ in self.sent]
        return max(sum(start <= at < start + 1 for at in times) for start in times)


async def test_no_second_holds_more_than_the_limit() -> None:
    line = Line()
    await line.ask("post", 300)
    await line.until_sent(300)
    assert line.most_in_a_second() == PER_SECOND


async def test_a_process_that_falters_sends_no_burst_afterwards() -> None:
    line = Line()
    await line.ask("post", 300)
    await line.until_sent(300, late=lambda sent: 0.2 if sent % 60 == 30 else 0.0)
    assert line.most_in_a_second() <= PER_SECOND
    assert line.closest() > CLOSEST * 0.99


async def test_after_a_quiet_time_requests_are_still_spread() -> None:
    line = Line()
    await line.ask("post")
    line.time.now += 100
    await line.ask("post", 20)
    await line.until_sent(21)
    assert line.closest() > CLOSEST * 0.99


async def test_reading_in_the_background_waits_for_posts_but_not_for_ever() -> None:
    line = Line()
    await line.ask("post")
    with background():
        await line.ask("reading", 10)
    await line.ask("post", 60)
    await line.until_sent(71)
    names = [name for _, name in line.sent]
    assert names[: BACKGROUND_EVERY - 2] == ["post"] * (BACKGROUND_EVERY - 2)
    assert names[:61].count("reading") == 2


async def test_a_request_that_is_given_up_takes_no_turn() -> None:
    line = Line()
    await line.ask("first", 1)
    await line.ask("given up")
    await line.ask("last")
    line.give_up(1)
    await line.until_sent(2)
    assert [name for _, name in line.sent] == ["first", "last"]


async def test_nothing_goes_out_while_discord_says_so() -> None:
    line = Line()
    await line.ask("before")
    line.pace.hold(5)
    await line.ask("after", 3)
    await line.until_sent(4)
    assert [at >= 5 for at, _ in line.sent] == [False, True, True, True]


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


async def test_a_global_limit_hit_by_one_request_holds_up_all_others(
    place: Place, tmp_path: Path
) -> None:
    async with a_studybot(tmp_path, place) as bot:
        fault, sends = await _globally_limited(place, bot, retry_after=0.5)
        await asyncio.gather(*sends)
    assert fault.hits == 1
    refused, *later = place.server.journal.of(SENDING)
    assert len(later) == 2
    assert min(each.at for each in later) - refused.at >= 0.5
    assert place.server.invalid_requests == 1


async def test_a_global_limit_holds_no_interaction_up(place: Place, tmp_path: Path) -> None:
    async with a_studybot(tmp_path, place) as bot:
        _, sends = await _globally_limited(place, bot, retry_after=50)
        await place.bob.slash(place.channel, "help").answer()
        assert len(place.server.journal.of(SENDING)) == 1
        for task in sends:
            task.cancel()
        await asyncio.wait(sends)


async def _globally_limited(
    place: Place, bot: Studybot, *, retry_after: float
) -> tuple[Fault, list[asyncio.Task[Sent]]]:
    """Two messages under way in two channels, the first of which Discord has refused."""
    other = place.server.channel(place.guild, "other")
    rooms = [Channel(n, 1, "discord", str(c.id), "c") for n, c in enumerate((place.channel, other))]
    messenger = bot.services.messengers["discord"]
    fault = place.server.faults.add(SENDING, 429, retry_after=retry_after, scope="global")
    first = asyncio.create_task(messenger.send(Envelope(rooms[0], "sb-1"), Message("One")))
    while bot.client.http._global_over.is_set():  # noqa: ASYNC110 - discord.py tells nobody
        await asyncio.sleep(0.01)
    second = asyncio.create_task(messenger.send(Envelope(rooms[1], "sb-2"), Message("Two")))
    return fault, [first, second]


async def test_what_a_long_window_still_takes_goes_out_at_once(
    place: Place, tmp_path: Path
) -> None:
    place.server.limits.set("POST /channels/{channel}/messages/{message}/threads", 50, 300)
    async with a_studybot(tmp_path, place) as bot:
        room = bot.client.get_partial_messageable(place.channel.id, guild_id=place.guild.id)
        for name in ("1", "2"):
            await (await room.send(name)).create_thread(name=name)
            await bot.client._forget_limits()
    assert [thread.name for thread in place.guild.threads.values()] == ["1", "2"]
    assert place.server.invalid_requests == 0


async def test_a_limit_that_is_used_up_is_remembered(place: Place, tmp_path: Path) -> None:
    place.server.limits.set("POST /channels/{channel}/messages", 1, 0.5)
    async with a_studybot(tmp_path, place) as bot:
        room = bot.client.get_partial_messageable(place.channel.id)
        sending = [asyncio.create_task(room.send(text)) for text in ("1", "2")]
        await place.server.asked("POST /channels/*/messages")
        await bot.client._forget_limits()
        await asyncio.gather(*sending, room.send("3"))
    assert len(place.channel.messages) == 3
    assert place.server.invalid_requests == 0
