"""A whole studybot in one process with a clock of our own: real SQLite, core and judge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.bootstrap import Parts, build
from bot.commands.core import Call
from bot.commands.run import run_text
from bot.domain.chat import NewPost, Post
from bot.domain.group import Channel, Group, Member, Role
from bot.domain.rounds import Round
from bot.errors import NotFoundError
from bot.messages.plain import plain
from bot.ports import Grader
from bot.settings import Settings
from bot.study import answering, jobs
from bot.study.answering import Accepted, Reply
from bot.study.groups import PLAYGROUND, playground
from bot.study.views import answer_view

MONDAY_MORNING = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


class FakeClock:
    """Time that moves when the test says so."""

    def __init__(self, now: datetime = MONDAY_MORNING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Study:
    """The playground's group and what people do in it."""

    parts: Parts
    clock: FakeClock
    group: Group
    channel: Channel

    async def work(self) -> None:
        """Do all open work that is due, until none is left."""
        services = self.parts.services
        while open_jobs := await services.store.open_work(services.clock()):
            for job in open_jobs:
                await jobs.handle(services, job)

    async def pass_time(self, **by: float) -> None:
        """Let time pass, then do what is due."""
        self.clock.advance(**by)
        await jobs.tick_once(self.parts.services)
        await self.work()

    async def member(self, name: str, *, organiser: bool = False) -> Member:
        async with self.parts.store.write() as tx:
            member = await tx.members.ensure(self.group.id, "web", name.casefold(), name)
            if organiser:
                await tx.members.set_role(member.id, Role.ORGANISER)
        return member

    async def round(self) -> Round:
        async with self.parts.store.read() as tx:
            round_ = await tx.rounds.current(self.group.id)
        if round_ is None:
            raise NotFoundError("no round was posted")
        return round_

    async def reply(self, name: str, text: str, *, form: bool = False) -> Accepted:
        """A reply in the open round's thread, or through the Answer button."""
        member, round_ = await self.member(name), await self.round()
        now = self.clock()
        async with self.parts.store.write() as tx:
            message_id = None
            group = await tx.groups.get(self.group.id)
            assert group is not None
            if not form:
                thread = await tx.outbox.posts(round_.id)
                post = await tx.chat.add(
                    NewPost(
                        self.channel.id,
                        author_id=member.id,
                        text=text,
                        thread_id=int(thread[0].thread_id or 0) or None,
                    ),
                    now,
                )
                message_id = str(post.id)
            reply = Reply(text, now, self.channel.id, message_id, form=form)
            return await answering.accept(tx, group, round_, member, reply, now)

    async def grade_of(self, accepted: Accepted) -> dict[str, object]:
        """An answer as the API shows it."""
        async with self.parts.store.read() as tx:
            answer = await tx.answers.get(accepted.answer_id or 0)
            assert answer is not None
            return await answer_view(tx, answer)

    async def command(self, name: str, text: str, *, organiser: bool = True) -> str:
        """What a member's command answers, as plain text."""
        member = await self.member(name)
        async with self.parts.store.read() as tx:
            group = await tx.groups.get(self.group.id)
        assert group is not None
        call = Call(group, self.channel, member, organiser)
        responses = await run_text(self.parts.services, call, text)
        return "\n\n".join(plain(response.message) for response in responses)

    async def posts(self) -> list[Post]:
        """Everything in the channel, private posts too, oldest first."""
        async with self.parts.store.read() as tx:
            top = await tx.chat.timeline(self.channel.id)
            threads = [await tx.chat.timeline(self.channel.id, thread_id=p.id) for p in top]
        return sorted([*top, *(p for thread in threads for p in thread)], key=lambda p: p.id)

    async def titles(self) -> list[str]:
        """The titles of studybot's own messages."""
        return [str(post.body["title"]) for post in await self.posts() if post.body]


@asynccontextmanager
async def study(
    folder: Path,
    clock: FakeClock,
    *,
    grader: Grader | None = None,
    zone: str = "UTC",
    env: dict[str, str] | None = None,
) -> AsyncIterator[Study]:
    """A playground whose first question has been posted; the same folder continues it."""
    given = {"DATABASE_URL": f"sqlite:///{folder}/studybot.db", **(env or {})}
    settings = Settings.from_env(given)
    async with build(settings, clock=clock, grader=grader) as parts:
        group = await playground(parts.services, zone)
        async with parts.store.read() as tx:
            found = await tx.groups.by_channel(*PLAYGROUND)
        assert found is not None
        session = Study(parts, clock, group, found[1])
        await session.work()
        yield session
