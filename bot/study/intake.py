"""Replies as a platform hears them: those that wait at one moment are stored in one transaction.

A hundred replies in one transaction cost a fraction of a hundred transactions, and none waits for
more to come: whatever has gathered while the one before was being stored makes up the next.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.group import Member
from bot.domain.work import NewOut
from bot.errors import ConflictError, InvalidError, StoreUnavailableError
from bot.store import Tx
from bot.store.intake import Author, Scene
from bot.study import answering
from bot.study.answering import SEALED_ONLY, First, Reply
from bot.study.notices import tell_member, to_member
from bot.study.services import Services

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
"""Replies stored in one transaction: others wait for it meanwhile."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that replies to a question.

    ``event_id`` makes it count once; ``also`` are events that it stands for as well. ``asked`` is
    the id of the question's outbox row, ``author_id`` the platform's. ``wordless`` is said to its
    author where it has no words at all.
    """

    event_id: str
    asked: int
    author_id: str
    author_name: str
    reply: Reply
    wordless: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Staged:
    """A message, where it was written, and by whom."""

    heard: Heard
    scene: Scene
    member: Member

    @property
    def key(self) -> tuple[int, int]:
        return self.scene.round.id, self.member.id

    def say(self, words: str) -> list[NewOut]:
        """Words for the author alone."""
        if not words:
            return []
        return [to_member(self.scene.round, self.scene.channel.id, self.member.id, words)]

    def refuse(self, error: Exception) -> list[NewOut]:
        """Why it is no answer."""
        wordless = isinstance(error, InvalidError) and not self.heard.reply.text
        return self.say(self.heard.wordless if wordless else str(error))


@dataclass(slots=True)
class _Waiting:
    heard: Heard
    stored: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def end(self, error: Exception | None = None) -> None:
        if self.stored.done():
            return
        if error is None:
            self.stored.set_result(None)
        else:
            self.stored.set_exception(error)

    def error(self) -> BaseException | None:
        """Why it was not stored, once that is known; None if it was, or nobody waits for it."""
        return None if self.stored.cancelled() else self.stored.exception()


class Intake:
    """Stores what a platform's members reply."""

    def __init__(self, services: Services, platform: str) -> None:
        self._services = services
        self._platform = platform
        self._queue: deque[_Waiting] = deque()
        self._storing: asyncio.Task[None] | None = None

    async def take(self, heard: Heard) -> None:
        """Store a message with what becomes of it, unless that was done before.

        It is durable on return. Raises what the database raises; nothing is stored then. Of one
        author, the next is given when the one before has returned.
        """
        waiting = _Waiting(heard)
        self._queue.append(waiting)
        if self._storing is None:
            self._storing = asyncio.create_task(self._store_all(), name="intake")
        await waiting.stored

    async def _store_all(self) -> None:
        batch: list[_Waiting] = []
        try:
            while self._queue:
                number = min(len(self._queue), MOST_AT_ONCE)
                batch = [self._queue.popleft() for _ in range(number)]
                await self._store(batch)
        finally:
            self._storing = None
            # Nobody is left but when this was cut off.
            for each in (*batch, *self._queue):
                each.stored.cancel()
            self._queue.clear()

    async def _store(self, batch: Sequence[_Waiting]) -> None:
        """The edge of one transaction: where it fails, each is stored by itself."""
        try:
            await self._write(batch)
        except StoreUnavailableError as error:
            # Each would wait for a connection in vain.
            _end(batch, error)
        except Exception as error:
            if len(batch) == 1:
                _end(batch, error)
                return
            log.warning("%s replies could not be stored together", len(batch), exc_info=True)
            await self._store_each(batch)
        else:
            _end(batch)

    async def _store_each(self, batch: Sequence[_Waiting]) -> None:
        for number, each in enumerate(batch):
            await self._store([each])
            error = each.error()
            if isinstance(error, StoreUnavailableError):
                _end(batch[number:], error)
                return

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        messages = [each.heard for each in batch]
        with self._services.rush.of(len(batch)):
            async with self._services.store.write() as tx:
                await take_in(tx, self._platform, messages, self._services.clock())


def _end(batch: Iterable[_Waiting], error: Exception | None = None) -> None:
    for each in batch:
        each.end(error)


async def take_in(tx: Tx, platform: str, messages: Sequence[Heard], now: datetime) -> None:
    """Store messages, at most one of each author, with what becomes of them.

    Those that were stored before are left alone, and so are those whose group is gone.
    """
    new = await tx.intake.first_times(platform, {heard.event_id for heard in messages}, now)
    fresh = [heard for heard in messages if heard.event_id in new]
    await tx.intake.first_times(platform, {event for heard in fresh for event in heard.also}, now)
    await _take(tx, platform, fresh, now)


async def take_edit(tx: Tx, platform: str, heard: Heard, now: datetime) -> None:
    """A message has other words now, since ``heard.reply.sent_at``; its events are not looked at.

    What did not count before is read as if it had been written then.
    """
    reply = heard.reply
    channel_id, message_id = reply.channel_id or 0, reply.message_id or ""
    answer = await tx.answers.by_message(channel_id, message_id)
    if answer is None:
        await answering.forget_held(tx, channel_id, message_id)
        await _take(tx, platform, [heard], now)
        return
    round_ = await tx.rounds.get(answer.round_id)
    try:
        words = (await answering.edited(tx, answer, reply.text, reply.sent_at)).note
    except InvalidError as error:
        words = str(error) if reply.text else heard.wordless
    if words and round_ is not None:
        await tell_member(tx, round_, channel_id, answer.member_id, words)


async def is_ours(tx: Tx, channel_id: int, message_id: str) -> bool:
    """Whether a message is an answer, or a reply that may yet become one."""
    if await tx.answers.by_message(channel_id, message_id) is not None:
        return True
    return await tx.answers.held(channel_id, message_id) is not None


async def take_deletion(tx: Tx, channel_id: int, message_id: str, now: datetime) -> None:
    """A message is gone: the answer that it was is withdrawn."""
    answer = await tx.answers.by_message(channel_id, message_id)
    if answer is not None:
        await answering.withdraw(tx, answer, now)
    else:
        await answering.forget_held(tx, channel_id, message_id)


async def _take(tx: Tx, platform: str, messages: Sequence[Heard], now: datetime) -> None:
    staged = await _stage(tx, platform, messages) if messages else []
    if not staged:
        return
    there = await tx.intake.answered({each.key for each in staged})
    fresh: dict[tuple[int, int], _Staged] = {}
    further: list[_Staged] = []
    for each in staged:
        # Somebody with two accounts may have used both.
        if each.key in there or each.key in fresh:
            further.append(each)
        else:
            fresh[each.key] = each
    beaten, notes = await _take_firsts(tx, fresh, now)
    for each in (*beaten, *further):
        notes += await _accept(tx, each, now)
    await tx.outbox.add(notes)


async def _stage(tx: Tx, platform: str, messages: Sequence[Heard]) -> list[_Staged]:
    """The messages with what they belong to, but for those whose group is gone."""
    scenes = await tx.intake.scenes({heard.asked for heard in messages})
    placed = [(heard, scenes[heard.asked]) for heard in messages if heard.asked in scenes]
    authors = [
        Author(scene.group.id, heard.author_id, heard.author_name) for heard, scene in placed
    ]
    members = await tx.intake.members(platform, authors)
    return [
        _Staged(heard, scene, members[author])
        for (heard, scene), author in zip(placed, authors, strict=True)
    ]


async def _take_firsts(
    tx: Tx, fresh: Mapping[tuple[int, int], _Staged], now: datetime
) -> tuple[list[_Staged], list[NewOut]]:
    """Store first replies; those that another process was quicker with, and words for authors."""
    notes: list[NewOut] = []
    firsts: dict[tuple[int, int], First] = {}
    for key, each in fresh.items():
        scene, reply = each.scene, each.heard.reply
        try:
            text = answering.first_words(scene.group, scene.round, reply)
        except (InvalidError, ConflictError) as error:
            notes += each.refuse(error)
            continue
        if text is None:
            notes += each.say(SEALED_ONLY)
        else:
            firsts[key] = First(scene.group, scene.round, each.member, reply, text)
    stored = await answering.take_first(tx, list(firsts.values()), now)
    made = {(answer.round_id, answer.member_id) for answer in stored}
    return [fresh[key] for key in firsts if key not in made], notes


async def _accept(tx: Tx, each: _Staged, now: datetime) -> list[NewOut]:
    """Store what a member writes after their first reply; words for them."""
    scene = each.scene
    try:
        accepted = await answering.accept(
            tx, scene.group, scene.round, each.member, each.heard.reply, now
        )
    except (InvalidError, ConflictError) as error:
        return each.refuse(error)
    return each.say(accepted.note)
