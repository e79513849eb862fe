"""Which messages are questions of ours: asked for everything that is written, so kept in memory."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar

import discord

from adapters.discord.desk import PLATFORM
from bot.domain.work import Out
from bot.study.services import Services

T = TypeVar("T")

REMEMBERED = 5000
"""Questions that are kept in memory, and as many messages that are none."""
FOREIGN_SECONDS = 60.0
"""How long a message that is no question of ours is not looked up again."""
SETTLED = timedelta(minutes=5)
"""A younger message may be a question of ours that is not written down yet."""


class Questions:
    """Questions by the ids of their messages."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: OrderedDict[int, Out] = OrderedDict()
        self._foreign: OrderedDict[int, float] = OrderedDict()
        self._young: OrderedDict[int, None] = OrderedDict()
        self._wanted: dict[int, asyncio.Future[Out | None]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def by_message(self, message_id: int) -> Out | None:
        """The question that was posted as that message. What a message asks never changes.

        Raises what the database raises.
        """
        known = self._known.get(message_id)
        if known is not None:
            return known
        if self._is_foreign(message_id):
            return None
        # Hundreds may be replied to in one moment: they are looked up together.
        found = self._wanted.get(message_id)
        if found is None:
            found = self._wanted[message_id] = asyncio.get_running_loop().create_future()
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_up(), name="discord questions")
        return await asyncio.shield(found)

    def look_again(self, message_ids: Iterable[int]) -> None:
        """Look messages up again that may have been found to be none of ours."""
        for message_id in message_ids:
            self._foreign.pop(message_id, None)

    def missed(self, message_id: int) -> bool:
        """Whether a message was looked up in vain while it was young."""
        return message_id in self._young

    async def _look_up(self) -> None:
        try:
            while self._wanted:
                wanted, self._wanted = self._wanted, {}
                await self._look_up_all(wanted)
        finally:
            self._looking = None

    async def _look_up_all(self, wanted: dict[int, asyncio.Future[Out | None]]) -> None:
        """The edge of one lookup: whoever waits for it gets what it raised."""
        try:
            async with self._services.store.read() as tx:
                found = await tx.intake.asked(PLATFORM, [str(each) for each in wanted])
        except asyncio.CancelledError:
            for waiting in wanted.values():
                waiting.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - raised by each that waits
            for waiting in wanted.values():
                waiting.set_exception(error)
            return
        for message_id, waiting in wanted.items():
            waiting.set_result(self._keep(message_id, found.get(str(message_id))))

    def _keep(self, message_id: int, found: Out | None) -> Out | None:
        if found is not None:
            _remember(self._known, message_id, found)
        elif self._services.clock() - discord.utils.snowflake_time(message_id) > SETTLED:
            _remember(self._foreign, message_id, asyncio.get_running_loop().time())
        else:
            _remember(self._young, message_id, None)
        return found

    def _is_foreign(self, message_id: int) -> bool:
        """Whether it was found lately to be no question of ours, though long written."""
        since = self._foreign.get(message_id)
        return since is not None and asyncio.get_running_loop().time() - since < FOREIGN_SECONDS


def _remember(kept: OrderedDict[int, T], message_id: int, value: T) -> None:
    kept[message_id] = value
    if len(kept) > REMEMBERED:
        kept.popitem(last=False)
