"""A studybot that listens on the Discord of our own, and what it made of what it heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adapters.discord import gaps
from adapters.discord.client import Attach, StudyClient
from adapters.discord.desk import Desk
from bot.domain.rounds import Answer, Revision
from bot.domain.work import Out, OutKind
from bot.errors import StoreUnavailableError
from bot.store import Store, Tx
from tests.platforms.discord_server.people import Person
from tests.platforms.discord_server.place import Place
from tests.platforms.discord_server.world import Message, Thread
from tests.platforms.discord_world import Studybot, a_studybot


@dataclass
class Listening:
    """A studybot, the question that it asked, and the question's thread."""

    listener: Listener
    bot: Studybot
    place: Place
    asked: Message
    thread: Thread

    async def reference(self) -> str:
        """What answers the question."""
        round_ = await self.bot.round()
        assert round_.question is not None
        return round_.question.reference

    async def answer_of(self, person: Person) -> Answer | None:
        """A person's answer to the newest round."""
        round_, member = await self.bot.round(), await self.bot.member(person)
        async with self.bot.parts.store.read() as tx:
            return await tx.answers.find(round_.id, member.id)

    async def revisions_of(self, person: Person) -> list[Revision]:
        """Every wording of a person's answer."""
        answer = await self.answer_of(person)
        if answer is None:
            return []
        async with self.bot.parts.store.read() as tx:
            return await tx.answers.revisions(answer.id)

    async def words_of(self, person: Person) -> list[str]:
        return [revision.text for revision in await self.revisions_of(person)]

    async def answers(self) -> int:
        """How many answers to the newest round stand."""
        round_ = await self.bot.round()
        async with self.bot.parts.store.read() as tx:
            return (await tx.answers.counts([round_.id])).get(round_.id, 0)

    async def told(self, kind: OutKind) -> list[Out]:
        """What was queued of a kind, newest first."""
        group, _ = await self.bot.room()
        async with self.bot.parts.store.read() as tx:
            return await tx.outbox.recent(group.id, kind, 100)

    async def hints(self) -> list[str]:
        """What members were told alone, newest first."""
        return [str(out.data["text"]) for out in await self.told(OutKind.HELP)]


class Sessions:
    """Counts the sessions that a client began, once it knew its guilds."""

    def __init__(self) -> None:
        self.count = 0
        self._more = asyncio.Condition()

    def attach(self, client: StudyClient) -> None:
        client.listen("shard_ready", self._began)

    async def after(self, count: int, within: float = 10) -> None:
        """Wait until more sessions than that were begun."""
        async with asyncio.timeout(within), self._more:
            await self._more.wait_for(lambda: self.count > count)

    async def _began(self, _: int) -> None:
        async with self._more:
            self.count += 1
            self._more.notify_all()


@dataclass
class Listener:
    """A studybot that listens and posts."""

    bot: Studybot
    sessions: Sessions
    listening: list[gaps.Gaps]

    async def keep_up(self) -> None:
        """Do now what is done every half minute."""
        await self.listening[-1].keep_up()

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """While inside, it hears nothing; then it is back with a new session and has caught up."""
        before = self.sessions.count
        async with self.bot.place.server.gateway.outage(resumable=False):
            yield
        await self.sessions.after(before)
        await self.bot.settled()


@asynccontextmanager
async def a_listener(
    folder: Path,
    place: Place,
    first: Sequence[Attach] = (),
    flush_seconds: float = 30,
    **options: Any,
) -> AsyncIterator[Listener]:
    """``first`` is attached before what listens; see ``gaps.attach``."""
    sessions = Sessions()
    listening: list[gaps.Gaps] = []

    def listens(client: StudyClient) -> None:
        listening.append(gaps.attach(client, flush_seconds=flush_seconds))

    attach: list[Attach] = [*first, listens, sessions.attach]
    async with a_studybot(folder, place, attach=attach, **options) as bot:
        yield Listener(bot, sessions, listening)


async def asked(listener: Listener) -> Listening:
    """The studybot with today's question posted."""
    bot = listener.bot
    question = await bot.ask()
    thread = await bot.place.server.threaded(question)
    assert isinstance(thread, Thread)
    return Listening(listener, bot, bot.place, question, thread)


class Trouble:
    """A database that can't be written to, or read, for as many times as a test says."""

    def __init__(self, error: Exception | None = None) -> None:
        self.left = 0
        self.unread = 0
        self._error = error or StoreUnavailableError()

    def attach(self, client: StudyClient) -> None:
        services = client.desk.services
        self._store: Store = services.store
        client.desk = Desk(replace(services, store=self), client.desk.tokens)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        if self.left:
            self.left -= 1
            raise self._error
        async with self._store.write() as tx:
            yield tx

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        if self.unread:
            self.unread -= 1
            raise self._error
        async with self._store.read() as tx:
            yield tx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
