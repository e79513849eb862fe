"""A small world for the Store's tests: a group, its channel, its people, their answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.domain.appeals import Appeal
from bot.domain.deck import KeyPoint, Question
from bot.domain.grading import (
    GradeState,
    JudgeInfo,
    Judgement,
    PointGrade,
    PointStatus,
    Usage,
)
from bot.domain.group import Channel, Group, GroupSettings, Member
from bot.domain.rounds import Answer, Grade, NewRound, Revision, RevisionState, Round, RoundState
from bot.domain.schedule import RoundKind
from bot.domain.work import Job, NewOut, OutKind
from bot.store import Tx
from storage.database import Database

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
DAY = date(2026, 6, 1)
MINUTE = timedelta(minutes=1)
QUESTION = Question(
    id="attention",
    prompt="What is attention?",
    reference="A weighted sum of values.",
    key_points=(KeyPoint("kp1", "weighted sum", 2.0, essential=True, wordings=("average",)),),
    section="Transformers",
)
JUDGEMENT = Judgement(
    score=0.75,
    points=(PointGrade("kp1", "weighted sum", PointStatus.COVERED, "a weighted sum"),),
    feedback="Well said.",
    judge=JudgeInfo("offline", "rules", "1"),
    flags=("keyword-soup",),
    usage=Usage(1, 2, 0.5, 3.0),
)


@dataclass(frozen=True)
class World:
    """A store with one group in it."""

    store: Database
    group: Group
    channel: Channel

    async def member(self, name: str) -> Member:
        async with self.store.write() as tx:
            return await tx.members.ensure(self.group.id, "web", name.casefold(), name)

    async def round(self, day: date = DAY, state: RoundState = RoundState.OPEN) -> Round:
        async with self.store.write() as tx:
            [made] = await tx.rounds.insert([new_round(self.group.id, day, state)])
            await tx.rounds.ask(made.id, "llm", QUESTION)
            found = await tx.rounds.get(made.id)
        assert found is not None
        return found

    async def answer(self, round_: Round, member: Member, text: str = "a weighted sum") -> Answer:
        async with self.store.write() as tx:
            return await add_answer(tx, round_, member, text)

    async def graded(self, answer: Answer) -> Grade:
        async with self.store.write() as tx:
            revision = await tx.answers.revision(answer.revision_id or 0)
            assert revision is not None
            return await tx.answers.add_grade(revision, JUDGEMENT, GradeState.GRADED, "hash", NOW)

    async def answered(self, name: str = "Ada", day: int = 0) -> Answer:
        """An answer, some days on, whose one revision waits for no first grade any more."""
        round_ = await self.round(DAY + timedelta(days=day))
        answer = await self.answer(round_, await self.member(name))
        async with self.store.write() as tx:
            assert await tx.answers.set_revision_state(
                answer.revision_id or 0, RevisionState.PENDING, RevisionState.DONE
            )
        return answer

    async def judged(
        self, answer: Answer, state: GradeState = GradeState.GRADED, **changes: Any
    ) -> Grade:
        """A grade of the answer's revision from a judgement with those changes."""
        revision = await revision_of(self.store, answer)
        judgement = replace(JUDGEMENT, **changes)
        async with self.store.write() as tx:
            return await tx.answers.add_grade(revision, judgement, state, "hash", NOW)

    async def appeal(self, answer: Answer, reason: str = "Look again.") -> tuple[Appeal, bool]:
        async with self.store.write() as tx:
            return await tx.appeals.add(
                self.group.id, answer.id, answer.revision_id or 0, reason, NOW
            )

    async def out(self, key: str = "key", kind: OutKind = OutKind.NOTICE) -> int:
        async with self.store.write() as tx:
            [out_id] = await tx.outbox.add([self.new_out(key, kind)])
        return out_id

    def new_out(self, key: str, kind: OutKind = OutKind.NOTICE) -> NewOut:
        return NewOut(self.group.id, self.channel.id, kind, key)


async def found_world(store: Database, external_id: str = "room") -> World:
    """A world on an open store."""
    async with store.write() as tx:
        group = await tx.groups.create("Night owls", "llm", "Europe/Berlin", GroupSettings())
        channel = await tx.groups.add_channel(group.id, "web", external_id, "Room")
    return World(store, group, channel)


def new_round(group_id: int, day: date = DAY, state: RoundState = RoundState.DUE) -> NewRound:
    """A daily round to insert."""
    return NewRound(group_id, day, RoundKind.DAILY, state, NOW, NOW + timedelta(hours=6))


async def add_answer(tx: Tx, round_: Round, member: Member, text: str) -> Answer:
    """An answer with one pending revision, which counts."""
    draft = Answer(0, round_.id, round_.group_id, member.id, NOW)
    answer = await tx.answers.create(draft)
    revision = await tx.answers.add_revision(answer.id, text, RevisionState.PENDING, NOW)
    answer = replace(answer, revision_id=revision.id)
    await tx.answers.update(answer)
    return answer


async def revision_of(store: Database, answer: Answer) -> Revision:
    """The revision of an answer that counts."""
    async with store.read() as tx:
        revision = await tx.answers.revision(answer.revision_id or 0)
    assert revision is not None
    return revision


class Seen:
    """A handler that remembers its jobs; ``wait`` returns once that many have come."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self._came = asyncio.Condition()

    async def __call__(self, job: Job) -> None:
        async with self._came:
            self.jobs.append(job)
            self._came.notify_all()

    async def wait(self, number: int, seconds: float = 20) -> list[Job]:
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: len(self.jobs) >= number)
        return self.jobs
