"""discord.py's client as studybot uses it: little kept in memory, nobody pinged, parts that listen.

The adapter's parts register themselves on a client with ``attach(client)`` functions: they call
``client.listen("raw_message_edit", handler)`` for discord.py's events, by their names without
``on_``, and ``client.at_start(hook)`` for what is to be done once it is logged in.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from adapters.discord.desk import Desk
from adapters.discord.pace import Pace
from bot.messages.message import counted

log = logging.getLogger(__name__)

LAST_EVENTS_SECONDS = 4
CUT_OFF_SECONDS = 1
READY_SECONDS = 0.5
"""After so long without another guild a shard counts as ready; later ones are read as they come."""
LONGEST_LIMIT_SECONDS = 60
FORGET_SECONDS = 4

Handler = Callable[..., Awaitable[object]]
Attach = Callable[["StudyClient"], object]


@dataclass(frozen=True, slots=True)
class Shards:
    """Which part of the guilds this process serves; None leaves it to Discord's advice."""

    ids: tuple[int, ...] | None = None
    count: int | None = None


class StudyClient(discord.AutoShardedClient):
    """One connection's client. ``sees_content`` is whether it asks for members' words."""

    def __init__(
        self,
        desk: Desk,
        attach: Sequence[Attach],
        *,
        content: bool = True,
        shards: Shards | None = None,
        ready_timeout: float = READY_SECONDS,
    ) -> None:
        shards = shards or Shards()
        # studybot never speaks: what that would take needn't be missed aloud.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            intents=_intents(content=content),
            **_chosen(shards),
            allowed_mentions=discord.AllowedMentions.none(),
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            guild_ready_timeout=ready_timeout,
            # A longer wait is the outbox's, which holds no worker up meanwhile.
            max_ratelimit_timeout=LONGEST_LIMIT_SECONDS,
            http_trace=Pace().trace(),
        )
        self.desk = desk
        self.sees_content = content
        self._handlers_of: defaultdict[str, list[Handler]] = defaultdict(list)
        self._at_start: list[Handler] = []
        self._repeated: list[tuple[float, Handler]] = []
        self._routines: set[asyncio.Task[None]] = set()
        self._closing = False
        self._under_way: set[asyncio.Task[None]] = set()
        self.every(FORGET_SECONDS, self._forget_limits)
        for each in attach:
            each(self)

    def listen(self, event: str, handler: Handler) -> None:
        """Call a handler with an event's arguments, each time in a task of its own."""
        self._handlers_of[event].append(handler)

    def at_start(self, hook: Handler) -> None:
        """Call ``hook()`` after logging in and before connecting; what it raises ends the try."""
        self._at_start.append(hook)

    def every(self, seconds: float, hook: Handler) -> None:
        """Call ``hook()`` again and again, so far apart, from logging in until closing."""
        self._repeated.append((seconds, hook))

    async def setup_hook(self) -> None:
        """What discord.py calls between logging in and connecting."""
        for hook in self._at_start:
            await hook()
        for seconds, hook in self._repeated:
            self._routines.add(asyncio.create_task(_repeated(seconds, hook)))

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Tell listeners of an event, after discord.py's own."""
        super().dispatch(event, *args, **kwargs)
        if self._closing:
            # There may be no time left for it: it is found again after the next start.
            return
        for handler in self._handlers_of.get(event, ()):
            task = asyncio.create_task(_guarded(event, handler, args), name=f"discord {event}")
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def on_ready(self) -> None:
        """What discord.py calls once every guild is known."""
        shards = len(self.shards)
        servers = counted(len(self.guilds), "server")
        log.info("connected to Discord: %s on %s", servers, counted(shards, "shard"))

    def missing_shards(self) -> list[int]:
        """The shards that have no open connection now; all of them before the first READY."""
        if not self.is_ready():
            return list(self.shard_ids or range(self.shard_count or 1))
        return [number for number, shard in self.shards.items() if shard.is_closed()]

    async def settled(self) -> None:
        """Wait until no handler is at work."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def close(self) -> None:
        """Close the connection; handlers that are at work get a few seconds to end.

        Those that don't are cut off: their transactions leave nothing behind.
        """
        self._closing = True
        await _cut_off(self._routines)
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=LAST_EVENTS_SECONDS)
        await super().close()
        await _cut_off(self._under_way)

    async def _forget_limits(self) -> None:
        """Forget the limits of routes that may be used at once: a new one lets one request go.

        discord.py keeps them for five minutes and looks through all of them for each new one,
        which takes 2 ms where 10,000 channels are posted in. Before a window of more than
        ``max_ratelimit_timeout`` ends it also refuses what Discord would still take.
        """
        limits = self.http._buckets  # noqa: SLF001 - there is no public way to them
        for key, limit in list(limits.items()):
            if not limit.outgoing and (limit.remaining > 0 or limit.is_expired()):
                del limits[key]


def _chosen(shards: Shards) -> dict[str, Any]:
    ids = {} if shards.ids is None else {"shard_ids": list(shards.ids)}
    return {"shard_count": shards.count, **ids}


def _intents(*, content: bool) -> discord.Intents:
    """Guilds and their messages; the words only where the portal grants them."""
    return discord.Intents(guilds=True, guild_messages=True, message_content=content)


async def _guarded(event: str, handler: Handler, args: Sequence[Any]) -> None:
    """The edge of one event's task: a failure is logged and concerns no other event."""
    try:
        await handler(*args)
    except Exception:
        log.exception("the event %s could not be dealt with", event)


async def _repeated(seconds: float, hook: Handler) -> None:
    """The edge of a routine: a failure is logged, and the next time comes all the same."""
    while True:
        await asyncio.sleep(seconds)
        await _guarded(f"every {seconds:g} s", hook, ())


async def _cut_off(tasks: set[asyncio.Task[None]]) -> None:
    """End tasks; what doesn't end at once is left to the loop."""
    left = set(tasks)
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=CUT_OFF_SECONDS)
