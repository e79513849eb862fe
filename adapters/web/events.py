"""Live pages: a hub that notices changes in channels, and the SSE stream it feeds."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

from bot.errors import StoreUnavailableError
from bot.store import Store

log = logging.getLogger(__name__)

Listener = asyncio.Queue[int | None]
HEARTBEAT_SECONDS = 15.0


class Hub:
    """Tells open pages that a channel changed.

    Changes made in this process are announced with ``poke``; those of other processes
    are found by reading the channel's version every ``every`` seconds while a page is
    open. A page that reads slowly gets only the newest version: its queue holds one.
    """

    def __init__(self, store: Store, *, every: float = 1.0, most: int = 500) -> None:
        self._store = store
        self._every = every
        self._most = most
        self._listeners: dict[int, set[Listener]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._versions: dict[int, int] = {}
        self._woken = asyncio.Event()
        self._closed = False

    @property
    def pages(self) -> int:
        """How many pages are listening."""
        return sum(len(queues) for queues in self._listeners.values())

    @property
    def full(self) -> bool:
        """Whether one more page would be too many, or the server is stopping."""
        return self._closed or self.pages >= self._most

    def poke(self) -> None:
        """Look for changes now, not at the next turn."""
        self._woken.set()

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        self._woken.set()
        for queues in self._listeners.values():
            for queue in queues:
                _offer(queue, None)

    async def closed(self) -> None:
        """Wait, once closed, until nothing reads the database any more."""
        await asyncio.gather(*self._tasks.values())

    @contextmanager
    def listen(self, channel_id: int) -> Iterator[Listener]:
        """A queue of the channel's versions, beginning with the current one; None ends it."""
        queue: Listener = asyncio.Queue(maxsize=1)
        queues = self._listeners.setdefault(channel_id, set())
        queues.add(queue)
        if self._closed:
            _offer(queue, None)
        elif channel_id not in self._tasks:
            self._tasks[channel_id] = asyncio.create_task(self._watch(channel_id))
        elif channel_id in self._versions:
            _offer(queue, self._versions[channel_id])
        try:
            yield queue
        finally:
            queues.discard(queue)
            if not queues:
                del self._listeners[channel_id]
                self._woken.set()

    async def _watch(self, channel_id: int) -> None:
        """Read the version again and again while somebody listens; never stopped half-way."""
        while channel_id in self._listeners and not self._closed:
            self._woken.clear()
            try:
                version = await self._version(channel_id)
            except StoreUnavailableError:
                # The log tells of it once; the next turn may find it back.
                pass
            except Exception:
                # The edge of the loop: a database that is away comes back.
                log.exception("the web channel %s could not be read; trying again", channel_id)
            else:
                self._announce(channel_id, version)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._every)
        del self._tasks[channel_id]
        self._versions.pop(channel_id, None)

    def _announce(self, channel_id: int, version: int) -> None:
        if self._versions.get(channel_id) == version or self._closed:
            return
        self._versions[channel_id] = version
        for queue in self._listeners.get(channel_id, ()):
            _offer(queue, version)

    async def _version(self, channel_id: int) -> int:
        async with self._store.read() as tx:
            return await tx.chat.version(channel_id)


def _offer(queue: Listener, version: int | None) -> None:
    """Put the newest version in, in place of one that was not read yet."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(version)


async def stream(
    hub: Hub, channel_id: int, since: int | None, *, heartbeat: float = HEARTBEAT_SECONDS
) -> AsyncIterator[str]:
    """The channel's changes after version ``since`` as server-sent events.

    Without ``since`` the first event tells the current version.
    """
    seen = -1 if since is None else since
    yield "retry: 1500\n\n"
    with hub.listen(channel_id) as queue:
        while True:
            try:
                version = await asyncio.wait_for(queue.get(), heartbeat)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if version is None:
                return
            if version > seen:
                seen = version
                data = json.dumps({"version": version})
                yield f"id: {version}\nevent: change\ndata: {data}\n\n"
