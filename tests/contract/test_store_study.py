"""What every Store promises of rounds, answers, revisions, grades and scores."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta

from bot.domain.boards import Standing
from bot.domain.grading import GradeState
from bot.domain.group import Role
from bot.domain.rounds import RevisionState, RoundState
from bot.domain.schedule import RoundKind
from bot.store import Score
from tests.contract.store_world import (
    DAY,
    JUDGEMENT,
    MINUTE,
    NOW,
    QUESTION,
    World,
    new_round,
    revision_of,
)

S = RoundState
LEASE = 5 * MINUTE


def _day(number: int) -> date:
    return DAY + timedelta(days=number)


async def test_a_date_has_one_round_of_a_kind(world: World) -> None:
    recap = replace(new_round(world.group.id), kind=RoundKind.RECAP)
    async with world.store.write() as tx:
        first = await tx.rounds.insert([new_round(world.group.id), recap])
        again = await tx.rounds.insert(
            [new_round(world.group.id), new_round(world.group.id, _day(1))]
        )
        assert await tx.rounds.insert([]) == []
        assert [r.kind for r in first] == [RoundKind.DAILY, RoundKind.RECAP]
        assert [r.local_date for r in again] == [_day(1)]
        assert await tx.rounds.on_date(world.group.id, DAY, RoundKind.RECAP) == first[1]
        assert await tx.rounds.on_date(world.group.id, _day(2), RoundKind.DAILY) is None


async def test_two_ticks_at_once_insert_one_round(world: World) -> None:
    async def tick() -> int:
        async with world.store.write() as tx:
            return len(await tx.rounds.insert([new_round(world.group.id)]))

    assert sum(await asyncio.gather(*(tick() for _ in range(8)))) == 1


async def test_a_round_keeps_the_question_it_asked(world: World) -> None:
    round_ = await world.round(state=S.POSTING)
    assert (round_.deck_id, round_.question) == ("llm", QUESTION)
    edited = replace(QUESTION, reference="Another reference.")
    async with world.store.write() as tx:
        [later] = await tx.rounds.insert([new_round(world.group.id, _day(1), S.POSTING)])
        await tx.rounds.ask(later.id, "llm", edited)
        assert await tx.rounds.get(round_.id) == round_
        found = await tx.rounds.get(later.id, lock=True)
        assert found is not None
        assert found.question == edited
        assert await tx.rounds.asked(world.group.id, "llm") == ["attention", "attention"]
        assert await tx.rounds.asked(world.group.id, "other") == []


async def test_a_round_moves_only_from_the_expected_states(world: World) -> None:
    round_ = await world.round(state=S.POSTING)
    closes = NOW + timedelta(days=1)
    async with world.store.write() as tx:
        assert await tx.rounds.move(round_.id, (S.POSTING,), S.OPEN, opens_at=NOW, closes_at=closes)
        assert not await tx.rounds.move(round_.id, (S.POSTING, S.DUE), S.OPEN)
        found = await tx.rounds.get(round_.id)
        assert found == replace(round_, state=S.OPEN, opens_at=NOW, closes_at=closes)
        assert await tx.rounds.move(round_.id, (S.OPEN,), S.CLOSING)
        found = await tx.rounds.get(round_.id)
        assert found is not None
        assert found.closes_at == closes


async def test_one_of_many_movers_wins(world: World) -> None:
    round_ = await world.round(state=S.DUE)

    async def move() -> bool:
        async with world.store.write() as tx:
            return await tx.rounds.move(round_.id, (S.DUE,), S.POSTING)

    assert sum(await asyncio.gather(*(move() for _ in range(8)))) == 1


async def test_a_missed_round_forgets_its_question_and_can_be_revived(world: World) -> None:
    round_ = await world.round(state=S.POSTING)
    async with world.store.write() as tx:
        assert not await tx.rounds.revive(round_.id, NOW)
        await tx.rounds.move(round_.id, (S.POSTING,), S.MISSED, reason="The bot was away.")
        missed = await tx.rounds.get(round_.id)
        assert missed is not None
        assert (missed.question, missed.reason) == (None, "The bot was away.")
        assert await tx.rounds.asked(world.group.id, "llm") == []
        assert await tx.rounds.revive(round_.id, NOW + MINUTE)
        due = await tx.rounds.get(round_.id)
        assert due is not None
        assert (due.state, due.post_until) == (S.DUE, NOW + MINUTE)


async def test_a_claim_counts_hides_and_lets_one_worker_through(world: World) -> None:
    round_ = await world.round(state=S.DUE)

    async def claim(now_minutes: int = 0) -> bool:
        async with world.store.write() as tx:
            now = NOW + now_minutes * MINUTE
            return await tx.rounds.claim(round_.id, (S.DUE, S.POSTING), now, LEASE) is not None

    assert sum(await asyncio.gather(*(claim() for _ in range(6)))) == 1
    assert not await claim(4)
    assert await claim(5)
    async with world.store.write() as tx:
        assert await tx.rounds.claim(round_.id, (S.CLOSING,), NOW + 60 * MINUTE, LEASE) is None
        found = await tx.rounds.claim(round_.id, (S.DUE,), NOW + 60 * MINUTE, LEASE)
        assert found is not None
        assert (found.attempts, found.failures) == (3, 0)


async def test_a_postponed_round_waits_and_counts_its_failures(world: World) -> None:
    round_ = await world.round(state=S.DUE)
    async with world.store.write() as tx:
        assert await tx.rounds.claim(round_.id, (S.DUE,), NOW, LEASE)
        await tx.rounds.postpone(round_.id, NOW + MINUTE, failed=True, reason="No permission.")
        assert await tx.rounds.claim(round_.id, (S.DUE,), NOW, LEASE) is None
        found = await tx.rounds.claim(round_.id, (S.DUE,), NOW + MINUTE, LEASE)
        assert found is not None
        assert (found.attempts, found.failures, found.reason) == (1, 1, "No permission.")
        await tx.rounds.postpone(round_.id, NOW, failed=False)
        found = await tx.rounds.get(round_.id)
        assert found is not None
        assert (found.attempts, found.failures, found.reason) == (0, 1, "No permission.")
        await tx.rounds.move(round_.id, (S.DUE,), S.POSTING)
        found = await tx.rounds.get(round_.id)
        assert found is not None
        assert (found.attempts, found.failures) == (0, 0)


async def test_the_current_round_is_the_open_one_or_else_the_newest(world: World) -> None:
    async with world.store.read() as tx:
        assert await tx.rounds.current(world.group.id) is None
    open_ = await world.round(_day(0), S.OPEN)
    closed = await world.round(_day(1), S.CLOSED)
    await world.round(_day(2), S.POSTING)
    missed = await world.round(_day(3), S.MISSED)
    async with world.store.write() as tx:
        assert await tx.rounds.current(world.group.id) == open_
        await tx.rounds.move(open_.id, (S.OPEN,), S.CLOSED)
        assert await tx.rounds.current(world.group.id) == closed
        recent = await tx.rounds.recent(world.group.id)
        assert [r.id for r in recent] == [missed.id, closed.id, open_.id]
        assert len(await tx.rounds.recent(world.group.id, limit=2)) == 2
        assert await tx.rounds.closed(world.group.id) == [open_.id, closed.id]


async def test_rounds_close_when_their_time_has_come(world: World) -> None:
    rounds = [await world.round(_day(n), S.POSTING) for n in range(3)]
    async with world.store.write() as tx:
        for number, round_ in enumerate(rounds):
            closes = NOW - number * MINUTE
            await tx.rounds.move(round_.id, (S.POSTING,), S.OPEN, closes_at=closes)
        assert await tx.rounds.to_close(NOW) == [rounds[2].id, rounds[1].id, rounds[0].id]
        assert await tx.rounds.to_close(NOW - MINUTE) == [rounds[2].id, rounds[1].id]
        assert await tx.rounds.to_close(NOW, limit=1) == [rounds[2].id]


async def test_a_member_has_one_answer_a_round(world: World) -> None:
    ada, round_ = await world.member("Ada"), await world.round()
    answer = await world.answer(round_, ada)
    async with world.store.write() as tx:
        there = await tx.answers.create(replace(answer, id=0, sealed=True))
        assert there == answer
        assert await tx.answers.find(round_.id, ada.id, lock=True) == answer
        assert await tx.answers.get(answer.id, lock=True) == answer
        assert await tx.answers.find(round_.id, ada.id + 1) is None


async def test_an_answer_is_found_by_its_message(world: World) -> None:
    answer = await world.answer(await world.round(), await world.member("Ada"))
    changed = replace(answer, channel_id=world.channel.id, message_id="m1", sealed=True)
    async with world.store.write() as tx:
        await tx.answers.update(changed)
        assert await tx.answers.by_message(world.channel.id, "m1") == changed
        assert await tx.answers.by_message(world.channel.id + 1, "m1") is None
        assert await tx.answers.by_message(world.channel.id, "m2") is None


async def test_revisions_are_numbered_from_one_even_when_they_come_at_once(world: World) -> None:
    answer = await world.answer(await world.round(), await world.member("Ada"), "first")

    async def revise() -> None:
        async with world.store.write() as tx:
            await tx.answers.add_revision(answer.id, "more", RevisionState.HELD, NOW)

    await asyncio.gather(*(revise() for _ in range(6)))
    async with world.store.read() as tx:
        revisions = await tx.answers.revisions(answer.id)
        assert await tx.answers.pending(answer.round_id) == 1
    assert [revision.number for revision in revisions] == [1, 2, 3, 4, 5, 6, 7]
    assert revisions[0].text == "first"


async def test_a_held_reply_is_found_by_its_message_while_its_round_goes_on(
    world: World,
) -> None:
    round_ = await world.round()
    answer = await world.answer(round_, await world.member("Ada"), "first")
    here = {"channel_id": world.channel.id}
    async with world.store.write() as tx:
        held = await tx.answers.add_revision(
            answer.id, "more", RevisionState.HELD, NOW, **here, message_id="m1"
        )
        await tx.answers.add_revision(
            answer.id, "and more", RevisionState.PENDING, NOW, **here, message_id="m2"
        )
        assert await tx.answers.held(world.channel.id, "m1") == held
        assert await tx.answers.held(world.channel.id, "m2") is None
        assert await tx.answers.held(world.channel.id + 1, "m1") is None
        assert await tx.answers.held_in(round_.id) == [held]
        await tx.rounds.move(round_.id, [RoundState.OPEN], RoundState.CLOSED)
        assert await tx.answers.held(world.channel.id, "m1") is None


async def test_a_revision_is_claimed_postponed_and_done_like_a_round(world: World) -> None:
    answer = await world.answer(await world.round(), await world.member("Ada"))
    revision = await revision_of(world.store, answer)
    async with world.store.write() as tx:
        claimed = await tx.answers.claim_revision(revision.id, NOW, LEASE)
        assert claimed == replace(revision, attempts=1)
        assert await tx.answers.claim_revision(revision.id, NOW, LEASE) is None
        await tx.answers.postpone_revision(revision.id, NOW + MINUTE, failed=True)
        assert await tx.answers.claim_revision(revision.id, NOW, LEASE) is None
        claimed = await tx.answers.claim_revision(revision.id, NOW + MINUTE, LEASE)
        assert claimed == replace(revision, attempts=1, failures=1)
        pending, done = RevisionState.PENDING, RevisionState.DONE
        assert await tx.answers.set_revision_state(revision.id, pending, done)
        assert not await tx.answers.set_revision_state(revision.id, pending, done)
        assert await tx.answers.revision(revision.id) == replace(revision, state=done)
        assert await tx.answers.claim_revision(revision.id, NOW + 60 * MINUTE, LEASE) is None


async def test_the_newest_grade_is_the_current_one(world: World) -> None:
    answer = await world.answer(await world.round(), await world.member("Ada"))
    first = await world.graded(answer)
    revision = await revision_of(world.store, answer)
    assert (first.points, first.judge, first.usage) == (
        JUDGEMENT.points,
        JUDGEMENT.judge,
        JUDGEMENT.usage,
    )
    assert (first.flags, first.score, first.attempt) == (("keyword-soup",), 0.75, True)
    refused = replace(JUDGEMENT, score=None, attempt=False, reason="Not an attempt.")
    async with world.store.write() as tx:
        second = await tx.answers.add_grade(revision, refused, GradeState.FINAL, "hash2", NOW)
        assert await tx.answers.grade(revision.id) == second
    assert (second.score, second.attempt, second.reason) == (None, False, "Not an attempt.")
    exported = await world.store.export(world.group.id)
    assert len(exported["answers"][0]["revisions"][0]["grades"]) == 2


async def test_grades_given_at_once_leave_one_current(world: World) -> None:
    answer = await world.answer(await world.round(), await world.member("Ada"))
    grades = await asyncio.gather(*(world.graded(answer) for _ in range(6)))
    async with world.store.read() as tx:
        current = await tx.answers.grade(answer.revision_id or 0)
    assert current in grades
    assert (await world.store.counts())["graded"] == 1


async def test_a_round_lists_the_scoring_revision_beside_its_grade(world: World) -> None:
    round_ = await world.round()
    ada = await world.answer(round_, await world.member("Ada"))
    bo = await world.answer(round_, await world.member("Bo"))
    gone = await world.answer(round_, await world.member("Cy"))
    grade = await world.graded(ada)
    async with world.store.write() as tx:
        later = await tx.answers.add_revision(ada.id, "later", RevisionState.PENDING, NOW)
        ada = replace(ada, scoring_id=ada.revision_id, revision_id=later.id)
        await tx.answers.update(ada)
        await tx.answers.update(replace(gone, withdrawn_at=NOW))
        first, second = await tx.answers.in_round(round_.id)
        assert (first.answer, first.member_name, first.grade) == (ada, "Ada", grade)
        assert first.revision is not None
        assert first.revision.id == ada.scoring_id
        assert (second.answer, second.member_name, second.grade) == (bo, "Bo", None)
        assert second.revision is not None
        assert second.revision.id == bo.revision_id
        assert await tx.answers.counts([round_.id, 999]) == {round_.id: 2, 999: 0}
        assert await tx.answers.counts([]) == {}


async def test_a_members_answers_come_newest_first(world: World) -> None:
    ada = await world.member("Ada")
    answers = [await world.answer(await world.round(_day(n)), ada) for n in range(3)]
    async with world.store.read() as tx:
        found = [each.answer for each in await tx.answers.of_member(ada.id)]
        assert found == answers[::-1]
        assert len(await tx.answers.of_member(ada.id, limit=2)) == 2


async def test_boards_sum_what_counts(world: World) -> None:
    ada, bo, cy, dee = [await world.member(name) for name in ("Ada", "Bo", "Cy", "Dee")]
    rounds = [await world.round(_day(n)) for n in range(3)]

    def score(who: int, day: int, points: int, withheld: str | None = None) -> Score:
        return Score(world.group.id, who, rounds[day].id, _day(day), points, withheld)

    async with world.store.write() as tx:
        for each in (
            score(ada.id, 0, 10),
            score(ada.id, 0, 60),
            score(ada.id, 2, 30),
            score(bo.id, 1, 90, "near copy"),
            score(cy.id, 1, 50),
            score(dee.id, 1, 70),
        ):
            await tx.boards.put(each)
        await tx.members.set_hidden(cy.id, hidden=True)
        await tx.members.set_role(dee.id, Role.ORGANISER)
        group = world.group.id
        totals = {s.member: s for s in await tx.boards.totals(group, None)}
        assert totals == {
            "Ada": Standing(ada.id, "Ada", 90, 2),
            "Bo": Standing(bo.id, "Bo", 0, 1),
            "Dee": Standing(dee.id, "Dee", 70, 1),
        }
        since = {s.member: s.points for s in await tx.boards.totals(group, _day(1))}
        assert since == {"Ada": 30, "Bo": 0, "Dee": 70}
        members = await tx.boards.totals(group, _day(1), organisers=False)
        assert {s.member for s in members} == {"Ada", "Bo"}
        assert await tx.boards.score(rounds[1].id, bo.id) == score(bo.id, 1, 90, "near copy")
        await tx.boards.put(score(bo.id, 1, 90))
        await tx.boards.drop(rounds[0].id, ada.id)
        assert await tx.boards.score(rounds[0].id, ada.id) is None
        totals = {s.member: s for s in await tx.boards.totals(group, None)}
        assert (totals["Ada"].points, totals["Bo"].points) == (30, 90)
        assert await tx.boards.totals(group, _day(9)) == []
