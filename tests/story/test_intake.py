"""Replies of one moment: each is stored once, and none for the fault of another."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from bot.domain.rounds import RevisionState
from bot.domain.work import Job, JobKind, OutKind
from bot.errors import StoreUnavailableError
from bot.study import jobs
from bot.study.answering import NO_ATTEMPT, Reply
from bot.study.intake import Heard, Intake
from tests.story.test_core_races import two_processes
from tests.support.harness import FakeClock, Study, study
from tests.support.judging import ScriptedJudge, points

WORDLESS = "Please use words."


@pytest.fixture
async def session(tmp_path: Path, clock: FakeClock, judge: ScriptedJudge) -> AsyncIterator[Study]:
    async with study(tmp_path, clock=clock, grader=judge) as session:
        yield session


async def heard(session: Study, name: str, text: str, *, key: str = "") -> Heard:
    """What a platform tells of a member's reply."""
    round_ = await session.round()
    async with session.parts.store.read() as tx:
        [question] = await tx.outbox.posts(round_.id)
    message_id = key or f"{name}:{text}"
    reply = Reply(text, session.clock(), session.channel.id, message_id)
    return Heard(f"m:{message_id}", question.id, name.casefold(), name, reply, WORDLESS)


async def take_all(intake: Intake, messages: Sequence[Heard]) -> list[Any]:
    """Tell of all of them in one moment; what each caller got."""
    return await asyncio.gather(*map(intake.take, messages), return_exceptions=True)


async def hints(session: Study) -> list[str]:
    """What members were told alone."""
    async with session.parts.store.read() as tx:
        outs = await tx.outbox.recent(session.group.id, OutKind.HELP, 100)
    return [str(out.data["text"]) for out in outs]


async def texts(session: Study) -> dict[str, list[str]]:
    """Every stored wording, by member."""
    round_ = await session.round()
    async with session.parts.store.read() as tx:
        answers = await tx.answers.in_round(round_.id)
        return {
            each.member_name: [r.text for r in await tx.answers.revisions(each.answer.id)]
            for each in answers
        }


async def test_hundreds_of_replies_of_one_moment_are_each_stored_once(session: Study) -> None:
    messages = [await heard(session, f"member {n}", f"answer number {n}") for n in range(250)]
    intake = Intake(session.parts.services, "web")
    results = await take_all(intake, [*messages, *messages[:50]])
    assert results == [None] * 300
    assert await texts(session) == {f"member {n}": [f"answer number {n}"] for n in range(250)}
    waiting = await session.parts.store.open_work(session.clock())
    assert Counter(job.kind for job in waiting) == {JobKind.GRADE: 250, JobKind.RESPOND: 250}


async def test_each_reply_is_treated_as_if_it_had_come_alone(session: Study) -> None:
    await session.reply("Ada", "good")
    await session.work()
    await session.reply("Bob", "half of it")
    messages = [
        await heard(session, "Ada", "what did you all write?"),
        await heard(session, "Bob", "and one thing more"),
        await heard(session, "Cleo", "👍"),
        await heard(session, "Dan", ""),
        await heard(session, "Eve", "answer: a whole answer"),
    ]
    await take_all(Intake(session.parts.services, "web"), messages)
    assert await texts(session) == {
        "Ada": ["good"],
        "Bob": ["half of it", "and one thing more"],
        "Eve": ["a whole answer"],
    }
    assert sorted(await hints(session)) == sorted([NO_ATTEMPT, WORDLESS])
    round_, bob = await session.round(), await session.member("Bob")
    async with session.parts.store.read() as tx:
        answer = await tx.answers.find(round_.id, bob.id)
        assert answer is not None
        states = [r.state for r in await tx.answers.revisions(answer.id)]
    assert states == [RevisionState.PENDING, RevisionState.HELD]


async def test_of_the_same_words_in_one_moment_those_that_came_first_count(session: Study) -> None:
    words = "good " + " ".join(f"word{n}" for n in range(14))
    # The one who is known longer comes second.
    await session.member("Mallory")
    messages = [await heard(session, "Ada", words), await heard(session, "Mallory", words)]
    await take_all(Intake(session.parts.services, "web"), messages)
    await session.work()
    assert await points(session) == {"Ada": 100, "Mallory": 0}


async def test_somebody_with_two_accounts_has_one_answer(session: Study) -> None:
    ada = await session.member("Ada")
    async with session.parts.store.write() as tx:
        other = await tx.members.ensure(session.group.id, "web", "ada two", "Ada two")
        round_ = await session.round()
    messages = [
        await heard(session, "Ada", "from one"),
        await heard(session, "Ada two", "from two"),
    ]
    # Joined accounts: both names lead to one member.
    await join(session, keep=ada.id, gone=other.id)
    await take_all(Intake(session.parts.services, "web"), messages)
    async with session.parts.store.read() as tx:
        assert await tx.answers.counts([round_.id]) == {round_.id: 1}
        answer = await tx.answers.find(round_.id, ada.id)
        assert answer is not None
        revisions = await tx.answers.revisions(answer.id)
    assert {(r.text, r.state) for r in revisions} == {
        ("from one", RevisionState.PENDING),
        ("from two", RevisionState.HELD),
    }


async def join(session: Study, *, keep: int, gone: int) -> None:
    """Both members' accounts belong to the first from now on."""
    url = session.parts.settings.database_url.reveal()
    async with aiosqlite.connect(url.removeprefix("sqlite:///")) as file:
        await file.execute("UPDATE accounts SET member_id = ? WHERE member_id = ?", (keep, gone))
        await file.commit()


@dataclass
class Brittle:
    """A Store that breaks when it is to store a certain member."""

    store: Any
    name: str
    broke: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Any]:
        async with self.store.write() as tx:
            yield _BrittleTx(self, tx)


@dataclass
class _BrittleTx:
    owner: Brittle
    tx: Any

    def __getattr__(self, name: str) -> Any:
        return self if name == "intake" else getattr(self.tx, name)

    async def first_times(self, *given: Any) -> Any:
        return await self.tx.intake.first_times(*given)

    async def scenes(self, *given: Any) -> Any:
        return await self.tx.intake.scenes(*given)

    async def answered(self, *given: Any) -> Any:
        return await self.tx.intake.answered(*given)

    async def first_answers(self, *given: Any) -> Any:
        return await self.tx.intake.first_answers(*given)

    async def members(self, platform: str, authors: Any) -> Any:
        if any(author.name == self.owner.name for author in authors):
            self.owner.broke += 1
            raise OSError("the disk has a bad sector")
        return await self.tx.intake.members(platform, authors)


async def test_a_reply_that_cannot_be_stored_takes_no_other_with_it(session: Study) -> None:
    services = session.parts.services
    brittle = Brittle(services.store, "Mallory")
    intake = Intake(replace(services, store=brittle), "web")
    names = ["Ada", "Bob", "Mallory", "Cleo"]
    messages = [await heard(session, name, f"words of {name}") for name in names]
    results = await take_all(intake, messages)
    assert [type(each) for each in results] == [type(None), type(None), OSError, type(None)]
    assert sorted(await texts(session)) == ["Ada", "Bob", "Cleo"]
    brittle.name = ""
    await intake.take(messages[2])
    assert sorted(await texts(session)) == ["Ada", "Bob", "Cleo", "Mallory"]


@dataclass
class Away:
    """A Store that raises these one after another, the last for good, or never answers."""

    store: Any
    errors: Sequence[Exception] = ()
    tries: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Any]:
        self.tries += 1
        self.asked.set()
        if self.errors:
            raise self.errors[min(self.tries, len(self.errors)) - 1]
        await asyncio.Event().wait()
        async with self.store.write() as tx:
            yield tx


@pytest.mark.parametrize(
    "errors", [[StoreUnavailableError()], [OSError("lost"), StoreUnavailableError()]]
)
async def test_a_database_that_is_away_is_not_asked_again_for_each_reply(
    session: Study, errors: list[Exception]
) -> None:
    away = Away(session.parts.store, errors)
    intake = Intake(replace(session.parts.services, store=away), "web")
    messages = [await heard(session, f"member {n}", f"answer number {n}") for n in range(100)]
    results = await take_all(intake, messages)
    assert {type(each) for each in results} == {StoreUnavailableError}
    assert away.tries == len(errors)


async def test_nobody_is_left_waiting_when_storing_is_cut_off(session: Study) -> None:
    away = Away(session.parts.store)
    intake = Intake(replace(session.parts.services, store=away), "web")
    messages = [await heard(session, f"member {n}", f"answer number {n}") for n in range(4)]
    first = asyncio.create_task(take_all(intake, messages[:2]))
    await away.asked.wait()
    later = asyncio.create_task(take_all(intake, messages[2:]))
    await asyncio.sleep(0)
    [storing] = [task for task in asyncio.all_tasks() if task.get_name() == "intake"]
    storing.cancel()
    async with asyncio.timeout(10):
        told = [*await first, *await later]
    assert [type(each) for each in told] == [asyncio.CancelledError] * 4


async def test_two_processes_that_hear_the_same_store_it_once(
    postgres_url: str, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with two_processes(postgres_url, clock, judge) as (one, other):
        messages = [await heard(one, f"member {n}", f"answer number {n}") for n in range(60)]
        results = await asyncio.gather(
            take_all(Intake(one.parts.services, "web"), messages),
            take_all(Intake(other.parts.services, "web"), messages[::-1]),
        )
        for told in results:
            assert told == [None] * 60
        assert await texts(one) == {f"member {n}": [f"answer number {n}"] for n in range(60)}


async def test_grading_waits_until_what_pours_in_is_stored(session: Study) -> None:
    services = session.parts.services
    accepted = await session.reply("Ada", "good")
    async with session.parts.store.read() as tx:
        answer = await tx.answers.get(accepted.answer_id or 0)
    assert answer is not None
    job = Job(JobKind.GRADE, answer.revision_id or 0)
    with services.rush.of(100):
        grading = asyncio.create_task(jobs.handle(services, job))
        intake = Intake(services, "web")
        await take_all(intake, [await heard(session, f"m{n}", f"words {n}") for n in range(20)])
        assert not grading.done()
    await grading
    assert (await session.grade_of(accepted))["state"] == "graded"


@pytest.mark.parametrize("replies", [1, 3])
async def test_few_replies_hold_nothing_up(session: Study, replies: int) -> None:
    with session.parts.services.rush.of(replies):
        await session.parts.services.rush.over()
