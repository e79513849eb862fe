"""A bot's gateway session: its intents, what it was told, and the socket it is on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import zlib
from collections import deque
from dataclasses import dataclass, field

from aiohttp import web

from tests.platforms.discord_server.refusals import Json

REPLAYED = 50_000  # events kept for who resumes


@dataclass(eq=False)
class Session:
    """``sequence`` is that of the last event; the events themselves are kept for resuming."""

    id: str
    intents: int
    shard: tuple[int, int]
    presence: Json | None
    sequence: int = 0
    told: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAYED))
    connection: Connection | None = None
    left_at: float = 0

    def serves(self, guild_id: int | None) -> bool:
        """Whether a guild's events are this shard's; direct messages are the first one's."""
        number, count = self.shard
        return number == (0 if guild_id is None else (guild_id >> 22) % count)

    def tell(self, event: str, data: str) -> None:
        """Number an event, keep it and send it if there is a connection."""
        self.sequence += 1
        text = f'{{"op":0,"t":"{event}","s":{self.sequence},"d":{data}}}'
        self.told.append((self.sequence, text))
        if self.connection is not None:
            self.connection.send(text)

    def missed(self, sequence: int) -> list[str] | None:
        """What came after ``sequence``; None if that is no longer known, or never was."""
        if sequence > self.sequence:
            return None
        if self.told and sequence < self.told[0][0] - 1:
            return None
        return [text for number, text in self.told if number > sequence]


class Connection:
    """One socket. What is sent waits in a queue, so that whoever sends never waits.

    ``path`` is the one that it came by, ``compressed`` whether it asked for zlib-stream, and
    ``delay`` the seconds by which everything sent from now on is held back.
    """

    def __init__(
        self, socket: web.WebSocketResponse, request: web.Request, *, delay: float = 0
    ) -> None:
        self.socket = socket
        self.path = request.path
        self.transport = request.transport
        self.compressed = request.query.get("compress") == "zlib-stream"
        self.delay = delay
        self.held = False
        self.session: Session | None = None
        self.closed_by_us = False
        self._deflate = zlib.compressobj()
        self._queue: deque[tuple[float, str]] = deque()
        self._more = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._loop = asyncio.get_running_loop()
        self._writer = self._loop.create_task(self._write())

    def send(self, text: str) -> None:
        self._queue.append((self._loop.time() + self.delay if self.delay else 0, text))
        self._empty.clear()
        self._more.set()

    def send_op(self, op: int, data: object = None) -> None:
        self.send(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def release(self) -> None:
        """Go on sending after ``held`` was set."""
        self.held = False
        self._more.set()

    async def drained(self) -> None:
        """Wait until everything was handed to the network."""
        await self._empty.wait()

    async def close(self, code: int) -> None:
        """Close with a code, once what is queued has gone out."""
        if not self.held:
            await self._empty.wait()
        self.closed_by_us = True
        await self.socket.close(code=code)

    def abort(self) -> None:
        """Cut the line; the client sees no closing frame."""
        if self.transport is not None:
            self.transport.abort()

    async def finish(self) -> None:
        """Stop sending; called when the socket is gone."""
        self._writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._writer
        self._queue.clear()
        self._empty.set()

    async def _write(self) -> None:
        while True:
            if not self._queue or self.held:
                self._more.clear()
                await self._more.wait()
                continue
            due, text = self._queue[0]
            if due:
                await asyncio.sleep(due - self._loop.time())
            try:
                await self._put(text)
            except ConnectionError:
                self._queue.clear()
            else:
                self._queue.popleft()
            if not self._queue:
                self._empty.set()

    async def _put(self, text: str) -> None:
        if not self.compressed:
            await self.socket.send_str(text)
            return
        data = self._deflate.compress(text.encode())
        await self.socket.send_bytes(data + self._deflate.flush(zlib.Z_SYNC_FLUSH))
