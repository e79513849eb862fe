"""The link to Discord: logging in, staying connected, and going on without Message Content."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.client import READY_SECONDS, Attach, Shards, StudyClient
from adapters.discord.desk import Desk
from bot.domain.work import backoff
from bot.errors import DeliveryError
from bot.settings import SettingsError

log = logging.getLogger(__name__)
_Address = type(DiscordWebSocket.DEFAULT_GATEWAY)

CLOSING_SECONDS = 8
LONG_SECONDS = 300
UNREACHABLE = (
    OSError,
    aiohttp.ClientError,
    discord.HTTPException,
    discord.GatewayNotFound,
    discord.ConnectionClosed,
)
REFUSED = "DISCORD_TOKEN: Discord doesn't take it. Reset it on your application's Bot page."
NO_CONTENT = (
    "Discord grants no Message Content intent, so replies in threads can't be read: members use "
    "the Answer button. Switch the intent on in the portal, on the Bot page, and restart."
)
_FATAL = {
    4004: REFUSED,
    4010: "DISCORD_SHARD_IDS: these don't fit DISCORD_SHARD_COUNT.",
    4011: "DISCORD_SHARD_COUNT: the bot is in too many servers for so few. Raise it.",
}


@dataclass(frozen=True, slots=True)
class Options:
    """How to reach Discord; None stands for its own addresses. ``ready_timeout`` in seconds."""

    token: str = field(repr=False)
    api_base: str | None = None
    gateway_url: str | None = None
    shards: Shards = field(default_factory=Shards)
    ready_timeout: float = READY_SECONDS


class Connection:
    """Holds the client of the moment: each new try has a client of its own."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.sees_content = True
        self._client: StudyClient | None = None
        self._changed = asyncio.Event()
        self._gateway = False
        self._runs = False
        self._ending = False

    @property
    def client(self) -> StudyClient:
        """The client, logged in. Raises DeliveryError while there is none."""
        if self._client is None or self._client.is_closed():
            raise DeliveryError("studybot isn't connected to Discord now", retry_after=2)
        return self._client

    def problem(self) -> str | None:
        """What isn't connected, in words for /readyz; None if all is that this process needs."""
        if not self._runs:
            return None
        if self._client is None or self._client.is_closed():
            return "not logged in"
        missing = self._client.missing_shards() if self._gateway else []
        return f"shard {missing[0]} is not connected" if missing else None

    async def logged_in(self) -> StudyClient:
        """Wait for a client that can ask Discord things."""
        while self._client is None or self._client.is_closed():
            self._changed.clear()
            await self._changed.wait()
        return self._client

    async def ready(self) -> StudyClient:
        """Wait until every shard has been connected; the client that is."""
        while self._client is None or not self._client.is_ready():
            self._changed.clear()
            await self._changed.wait()
        return self._client

    @asynccontextmanager
    async def running(
        self,
        desk: Desk,
        attach: Sequence[Attach],
        *,
        gateway: bool = True,
        ended: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[None]:
        """Connected while inside; ``gateway`` False only asks, and takes no events.

        ``ended`` is called when the connection ends by itself: leaving the block then raises
        SettingsError, which says what to set right.
        """
        self._gateway, self._runs, self._ending = gateway, True, False
        with endpoints(self.options), _brief_logs():
            task = asyncio.create_task(self._run(desk, attach), name="discord")
            task.add_done_callback(lambda _: ended())
            try:
                yield
            finally:
                await self._end(task)

    async def _end(self, task: asyncio.Task[None]) -> None:
        """Close the client, then its task; what ended the task before is raised."""
        self._ending = True
        if not task.done():
            if self._client is not None:
                closing = asyncio.ensure_future(self._client.close())
                await asyncio.wait((closing,), timeout=CLOSING_SECONDS)
            task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(outcome, Exception):
            raise outcome

    async def _run(self, desk: Desk, attach: Sequence[Attach]) -> None:
        """Connect for as long as it makes sense; a lost network is waited for."""
        failures = 0
        loop = asyncio.get_running_loop()
        while not self._ending:
            began = loop.time()
            parts = attach if self._gateway else ()
            client = StudyClient(
                desk,
                parts,
                content=self.sees_content,
                shards=self.options.shards,
                ready_timeout=self.options.ready_timeout,
            )
            client.listen("ready", self._note)
            try:
                await self._once(client)
            except discord.PrivilegedIntentsRequired:
                self.sees_content = False
                log.warning(NO_CONTENT)
            except UNREACHABLE as error:
                # Sessions are counted, 1,000 a day: those that end soon are begun more slowly.
                failures = 1 if loop.time() - began > LONG_SECONDS else failures + 1
                wait = backoff(failures)
                log.warning("Discord can't be reached (%s); trying again in %.0f s", error, wait)
                await asyncio.sleep(wait)
            finally:
                await client.close()

    async def _note(self) -> None:
        self._changed.set()

    async def _once(self, client: StudyClient) -> None:
        """One client's life. Raises SettingsError for what only another setting mends."""
        try:
            await client.login(self.options.token)
            if (
                self._gateway
                and self.options.gateway_url is not None
                and self.options.shards.count is None
            ):
                # Asked for its advice, Discord names its own gateway; the given one is to be used.
                client.shard_count, _, _ = await client.http.get_bot_gateway()
            self._client = client
            self._changed.set()
            if self._gateway:
                await client.connect()
            else:
                await asyncio.Event().wait()
        except discord.LoginFailure as error:
            raise SettingsError([REFUSED]) from error
        except discord.ConnectionClosed as error:
            if error.code in _FATAL:
                raise SettingsError([_FATAL[error.code]]) from error
            raise


@contextmanager
def _brief_logs() -> Iterator[None]:
    """While inside, a lost network is logged by discord.py in a line, without a traceback."""
    loggers = [logging.getLogger(name) for name in ("discord.shard", "discord.client")]
    for logger in loggers:
        logger.addFilter(_brief)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(_brief)


def _brief(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, UNREACHABLE):
        record.msg, record.args = f"{record.getMessage().rstrip('.')} ({error})", ()
        record.exc_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


@contextmanager
def endpoints(options: Options) -> Iterator[None]:
    """While inside, discord.py speaks to the given addresses: they are the whole process's."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    if options.api_base is not None:
        Route.BASE = options.api_base.rstrip("/")
    if options.gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = _Address(options.gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before
