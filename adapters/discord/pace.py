"""Discord's limit for all requests of a bot together: it is kept to before Discord has to say so.

discord.py waits for the limits of single routes, but learns of the global one by being refused.
Ten thousand refusals in ten minutes get an address barred, so requests take turns here:
spread over the second, a little below the limit. Answers to interactions don't count
(https://docs.discord.com/developers/topics/rate-limits#global-rate-limit).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace

import aiohttp
from discord.http import Route

PER_SECOND = 49
"""Discord takes 50; one is left for how unevenly requests travel."""
CLOSEST = 1 / 55
"""Seconds between two requests at the least, so that those held up don't go out all at once."""
BACKGROUND_EVERY = 25
"""One turn in so many is the background's while others wait too."""
EXEMPT = ("/interactions/", "/webhooks/")

Clock = Callable[[], float]
Later = Callable[[float, Callable[[], None]], object]

_background: ContextVar[bool] = ContextVar("background", default=False)


@contextmanager
def background() -> Iterator[None]:
    """What is asked while inside can wait for everything else, as reading old messages can."""
    token = _background.set(True)
    try:
        yield
    finally:
        _background.reset(token)


class Pace:
    """Turns for requests, in the order in which they were asked for; ``trace`` has them taken.

    Other processes with the same token are not known of: where several send at once and the
    limit is hit, each of them stops for as long as Discord says.
    """

    def __init__(self, clock: Clock | None = None, later: Later | None = None) -> None:
        self._clock = clock or _loop_time
        self._later = later or _loop_later
        self._taken: deque[float] = deque(maxlen=PER_SECOND)
        self._held_until = 0.0
        self._first: deque[asyncio.Future[None]] = deque()
        self._last: deque[asyncio.Future[None]] = deque()
        self._since_background = 0
        self._coming_back = False

    async def turn(self) -> None:
        """Wait until a request may go out."""
        waiting = self._last if _background.get() else self._first
        mine = asyncio.get_running_loop().create_future()
        waiting.append(mine)
        self._give_turns()
        await mine

    def hold(self, seconds: float) -> None:
        """Let nothing out for so long: Discord said so."""
        self._held_until = max(self._held_until, self._clock() + seconds)

    def trace(self) -> aiohttp.TraceConfig:
        """What has every request of an aiohttp session take its turn, tries again among them."""
        config = aiohttp.TraceConfig()
        config.on_request_start.append(self._starts)
        config.on_request_end.append(self._ended)
        return config

    async def _starts(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        request: aiohttp.TraceRequestStartParams,
    ) -> None:
        if _counts(str(request.url)):
            await self.turn()

    async def _ended(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        request: aiohttp.TraceRequestEndParams,
    ) -> None:
        response = request.response
        if response.status == 429 and "X-RateLimit-Global" in response.headers:
            seconds = float(response.headers.get("Retry-After", 1))
            if response.content_type == "application/json":
                # The header is in whole seconds. aiohttp keeps the body for discord.py.
                seconds = (await response.json()).get("retry_after", seconds)
            self.hold(seconds)

    def _give_turns(self) -> None:
        """Let out who may go now, and come back for the others."""
        while (at := self._free_at()) <= self._clock():
            waiting = self._next()
            if waiting is None:
                return
            self._taken.append(self._clock())
            waiting.set_result(None)
        if not self._coming_back:
            self._coming_back = True
            self._later(at - self._clock(), self._come_back)

    def _come_back(self) -> None:
        self._coming_back = False
        self._give_turns()

    def _free_at(self) -> float:
        """When the next request may go out."""
        if not self._taken:
            return self._held_until
        full = len(self._taken) == PER_SECOND
        second = self._taken[0] + 1 if full else 0.0
        return max(self._held_until, self._taken[-1] + CLOSEST, second)

    def _next(self) -> asyncio.Future[None] | None:
        """Whose turn it is, out of the lines; None if nobody waits any more."""
        for line in (self._first, self._last):
            while line and line[0].done():
                line.popleft()
        self._since_background += 1
        if self._last and (not self._first or self._since_background >= BACKGROUND_EVERY):
            self._since_background = 0
            return self._last.popleft()
        return self._first.popleft() if self._first else None


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


def _loop_later(seconds: float, act: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, act)


def _counts(url: str) -> bool:
    """Whether an address is Discord's REST interface, and under its global limit."""
    path = url.removeprefix(Route.BASE)
    return path != url and not path.startswith(EXEMPT)
