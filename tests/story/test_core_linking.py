"""Two accounts of one person become one member: nothing is lost, and nothing counts twice."""

from __future__ import annotations

import asyncio
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.domain.boards import Window
from bot.domain.codes import CodeKind
from bot.domain.group import FeedbackMode, Member, Role
from bot.domain.rounds import RevisionState
from bot.domain.streaks import streak_of
from bot.errors import StudyError
from bot.messages.message import Action
from bot.study import answering, codes, linking
from bot.study.answering import Reply
from bot.study.groups import found_group
from tests.story.test_core_races import two_processes, until_blocked
from tests.support.harness import FakeClock, Study, study
from tests.support.judging import ScriptedJudge, change, delete, graded, points, pressed

CODE = re.compile(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b")
LONG = (
    "good tokens look at every other token through queries and keys and values and their "
    "weighted sum is passed on"
)


async def offered(session: Study, name: str) -> str:
    found = CODE.search(await session.command(name, "/link"))
    assert found is not None
    return found[0]


async def linked(session: Study, one: str, other: str) -> Member:
    """Ask with ``one``'s code as ``other``, and say yes."""
    maker = await session.member(one)
    said = await session.command(other, f"/link {await offered(session, one)}")
    assert "Make these one member?" in said
    await pressed(session, other, Action.LINK, maker.id)
    return await session.member(other)


async def test_a_code_says_when_there_is_no_other_place_to_type_it(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        assert "one platform alone" in await session.command("Ada", "/link")
        async with session.parts.store.write() as tx:
            await tx.groups.add_channel(session.group.id, "discord", "77", "general")
        assert "one platform alone" not in await session.command("Ada", "/link")


async def test_points_streaks_roles_and_hiding_are_joined(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await graded(session, "Ada", "good answer")
        await session.pass_time(days=1)
        await graded(session, "Bob", "half answer")
        await session.pass_time(days=1)
        bob = await session.member("Bob", organiser=True)
        async with session.parts.store.write() as tx:
            await tx.members.set_hidden(bob.id, hidden=True)
        said = await session.command("Ada", f"/link {await offered(session, 'Bob')}")
        assert "One of them organises this group" in said
        kept = await linked(session, "Bob", "Ada")
        async with session.parts.store.read() as tx:
            streaks = await tx.members.streaks(session.group.id)
            assert await tx.members.of_account(session.group.id, "web", "bob") == kept

        assert kept.name == "Ada"
        assert kept.role is Role.ORGANISER
        assert kept.hidden
        assert streaks[kept.id].current == 2
        assert await points(session) == {}
        assert "150 points" not in await session.command("Ada", "/me")
        await session.command("Bob", "/privacy show")
        assert await points(session) == {"Ada": 150}


async def test_of_two_answers_to_one_round_the_first_scores_and_the_other_is_practice(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        first = await graded(session, "Bob", "half answer")
        clock.advance(minutes=5)
        await graded(session, "Ada", "good answer")
        await session.command("Ada", "/appeal Look again")
        kept = await linked(session, "Ada", "Bob")
        async with session.parts.store.read() as tx:
            answer = await tx.answers.find(first.round_id, kept.id)
            assert answer is not None
            wordings = await tx.answers.revisions(answer.id)
            assert await tx.appeals.count(session.group.id) == 0

        assert await points(session) == {kept.name: 50}
        assert [each.text for each in wordings] == ["half answer", "good answer"]
        assert all(each.state is RevisionState.DONE for each in wordings)
        await session.reply(kept.name, "answer: good practice")
        await session.work()
        assert await points(session) == {kept.name: 50}


async def test_a_near_copy_of_ones_other_account_is_withheld_no_more(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        await graded(session, "Ada", LONG)
        clock.advance(minutes=5)
        copied = await graded(session, "Bob", LONG)
        async with session.parts.store.read() as tx:
            score = await tx.boards.score(copied.round_id, copied.member_id)
        assert score is not None
        assert score.withheld
        kept = await linked(session, "Ada", "Bob")

        assert await points(session) == {kept.name: 100}


async def test_there_is_nothing_to_link_with_oneself_or_twice_or_in_another_group(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        own = await offered(session, "Ada")
        assert "your own code" in await session.command("Ada", f"/link {own}")
        await linked(session, "Ada", "Bob")
        again = await offered(session, "Ada")
        assert "one member already" in await session.command("Bob", f"/link {again}")
        assert "does nothing" in await session.command("Carol", "/link AAAA-BBBB")
        services = session.parts.services
        other, _ = await found_group(services, "web", "else", "else", "Elsewhere")
        async with session.parts.store.write() as tx:
            dan = await tx.members.ensure(other.id, "web", "dan", "Dan")
        foreign = await linking.offer(services, other, dan)
        assert "another study group" in await session.command("Carol", f"/link {foreign}")


async def test_codes_to_link_run_out_and_only_their_user_says_yes(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        ada = await session.member("Ada")
        late = await offered(session, "Ada")
        clock.advance(minutes=10)
        assert "does nothing" in await session.command("Bob", f"/link {late}")
        await session.command("Bob", f"/link {await offered(session, 'Ada')}")
        with pytest.raises(StudyError, match="Begin again"):
            await pressed(session, "Eve", Action.LINK, ada.id)
        clock.advance(minutes=10)
        with pytest.raises(StudyError, match="Begin again"):
            await pressed(session, "Bob", Action.LINK, ada.id)


async def test_of_two_who_say_yes_at_once_both_end_as_one_member(
    postgres_url: str, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with two_processes(postgres_url, clock, judge) as (one, other):
        await graded(one, "Ada", "good answer")
        await graded(one, "Bob", "half answer")
        ada, bob = await one.member("Ada"), await one.member("Bob")
        await one.command("Bob", f"/link {await offered(one, 'Ada')}")
        await one.command("Ada", f"/link {await offered(one, 'Bob')}")
        done = await asyncio.gather(
            linking.confirm(one.parts.services, one.group, bob, ada.id),
            linking.confirm(other.parts.services, other.group, ada, bob.id),
            return_exceptions=True,
        )

        assert sum(isinstance(each, Member) for each in done) == 1
        assert all(isinstance(each, Member | StudyError) for each in done)
        assert await points(one) == {"Ada": 100}


async def test_a_reply_in_the_moment_of_linking_is_not_lost(
    postgres_url: str, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with two_processes(postgres_url, clock, judge) as (one, other):
        services = one.parts.services
        ada, bob = await one.member("Ada"), await one.member("Bob")
        async with one.parts.store.write() as tx:
            code = await codes.make(tx, CodeKind.LINK, one.group.id, ada.id, clock())
        await linking.ask(services, one.group, bob, code)
        round_ = await one.round()
        async with other.parts.store.write() as tx:
            from_bob = await tx.members.of_account(one.group.id, "web", "bob")
            assert from_bob is not None
            reply = Reply("good answer", clock())
            await answering.accept(tx, one.group, round_, from_bob, reply, clock())
            later = asyncio.create_task(linking.confirm(services, one.group, bob, ada.id))
            await until_blocked(postgres_url, later)
        kept = await later
        await one.work()

        assert await points(one) == {kept.name: 100}


@dataclass(frozen=True)
class Day:
    """Who says what on a day, in that order; and whose reply is deleted then."""

    replies: tuple[tuple[str, str], ...]
    deleted: frozenset[str]


WORDS = {"good": 100, "half": 50, "bad": 0, "off-topic": None}
replies = st.lists(
    st.tuples(st.sampled_from(["Ada", "Bob", "Carol"]), st.sampled_from(sorted(WORDS))),
    max_size=3,
    unique_by=lambda reply: reply[0],
).map(tuple)
days = st.builds(Day, replies, st.frozensets(st.sampled_from(["Ada", "Bob"]), max_size=1))
PERSON = {"Ada": "me", "Bob": "me", "Carol": "Carol"}


def expected(lived: list[Day]) -> tuple[dict[str, int], list[bool]]:
    """All points by person, and on which days the linked one took part."""
    sums: dict[str, int] = {}
    took_part = []
    for day in lived:
        counted: dict[str, int] = {}
        for name, word in day.replies:
            worth = WORDS[word]
            if name not in day.deleted and worth is not None:
                counted.setdefault(PERSON[name], worth)
        for person, worth in counted.items():
            sums[person] = sums.get(person, 0) + worth
        took_part.append("me" in counted)
    return sums, took_part


async def live(folder: Path, mode: FeedbackMode, lived: list[Day], *, hasty: bool) -> None:
    clock = FakeClock()
    async with study(folder, clock, grader=ScriptedJudge()) as session:
        await change(session, feedback=mode)
        for name in PERSON:
            await session.member(name)
        for number, day in enumerate(lived):
            if number:
                await session.pass_time(days=1)
            last = number == len(lived) - 1
            accepted = {}
            for name, word in day.replies:
                clock.advance(minutes=1)
                accepted[name] = await session.reply(name, f"{word} answer")
            if not (hasty and last):
                await session.work()
            for name in day.deleted & accepted.keys():
                await delete(session, accepted[name])
        kept = await linked(session, "Ada", "Bob")
        await session.work()
        await session.pass_time(days=1)
        sums, took_part = expected(lived)
        found = await points(session, Window.ALL)
        async with session.parts.store.read() as tx:
            streak = (await tx.members.streaks(session.group.id)).get(kept.id)
        exported = await session.parts.store.export(session.group.id)

    named = {kept.name: sums.get("me"), "Carol": sums.get("Carol")}
    assert found == {name: total for name, total in named.items() if total is not None}
    wanted = streak_of(took_part)
    assert (streak.current if streak else 0) == wanted.current
    assert len({(each["round_id"], each["member_id"]) for each in exported["answers"]}) == len(
        exported["answers"]
    )
    said = [each["text"] for answer in exported["answers"] for each in answer["revisions"]]
    assert len(said) == sum(len(day.replies) for day in lived)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    mode=st.sampled_from(FeedbackMode),
    lived=st.lists(days, min_size=1, max_size=4),
    hasty=st.booleans(),
)
def test_however_two_answered_their_points_and_streak_are_a_recount(
    mode: FeedbackMode,
    lived: list[Day],
    hasty: bool,  # noqa: FBT001 - as hypothesis passes it
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(Path(folder), mode, lived, hasty=hasty))
