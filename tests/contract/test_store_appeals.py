"""Appeals: one open at a time for an answer, and all that an organiser needs to decide it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.domain.appeals import Appeal, AppealState
from bot.domain.grading import GradeState
from bot.domain.rounds import Answer
from tests.contract.store_world import MINUTE, NOW, World, revision_of


async def _withdraw(world: World, answer: Answer) -> None:
    async with world.store.write() as tx:
        await tx.answers.update(replace(answer, withdrawn_at=NOW))


async def test_an_appeal_is_open_until_it_is_resolved_once(world: World) -> None:
    answer = await world.answered()
    organiser = await world.member("Bo")
    await world.judged(answer)
    made, new = await world.appeal(answer)
    assert new
    assert made == Appeal(
        made.id, world.group.id, answer.id, answer.revision_id or 0, "Look again.",
        AppealState.OPEN, NOW,
    )  # fmt: skip
    async with world.store.write() as tx:
        assert await tx.appeals.get(made.id) == made
        assert await tx.appeals.open_for(answer.id) == made
        assert await tx.appeals.resolve(made.id, organiser.id, NOW + MINUTE)
        assert not await tx.appeals.resolve(made.id, organiser.id, NOW + MINUTE)
        assert await tx.appeals.open_for(answer.id) is None
        closed = await tx.appeals.get(made.id)
        assert await tx.appeals.get(made.id + 1) is None
    assert closed == replace(made, state=AppealState.RESOLVED, resolved_at=NOW + MINUTE)
    again, new = await world.appeal(answer)
    assert new
    assert again.id > made.id


async def test_a_second_appeal_changes_the_first_ones_reason_unless_it_gives_none(
    world: World,
) -> None:
    answer = await world.answered()
    first, _ = await world.appeal(answer, "first")
    assert await world.appeal(answer, "second") == (replace(first, reason="second"), False)
    assert await world.appeal(answer, "") == (replace(first, reason="second"), False)


async def test_appeals_at_once_make_one(world: World) -> None:
    answer = await world.answered()
    made = await asyncio.gather(*(world.appeal(answer, f"no. {n}") for n in range(12)))
    assert len({appeal.id for appeal, _ in made}) == 1
    assert [new for _, new in made].count(True) == 1


async def test_the_queue_holds_all_that_an_organiser_needs_oldest_first(world: World) -> None:
    names = ("Ada", "Bo", "Cy", "Di")
    answers = [await world.answered(name, day) for day, name in enumerate(names)]
    for answer in answers:
        await world.judged(answer, GradeState.APPEALED)
        await world.appeal(answer)
    await _withdraw(world, answers[1])
    async with world.store.write() as tx:
        closed = await tx.appeals.open_for(answers[2].id)
        assert closed is not None
        await tx.appeals.resolve(closed.id, None, NOW)
    async with world.store.read() as tx:
        ada, di = await tx.appeals.queue(world.group.id)
        assert await tx.appeals.queue(world.group.id, limit=1) == [ada]
        assert await tx.appeals.count(world.group.id) == 2
        assert await tx.appeals.queue(world.group.id + 1) == []
        assert await tx.appeals.count(world.group.id + 1) == 0
        assert di.round == await tx.rounds.get(answers[3].round_id)
        assert di.grade == await tx.answers.grade(answers[3].revision_id or 0)
    assert (ada.member_name, di.member_name) == ("Ada", "Di")
    assert (di.appeal.answer_id, di.answer) == (answers[3].id, answers[3])
    assert di.revision == await revision_of(world.store, answers[3])
    assert di.round.question is not None
    assert (await world.store.counts())["open_appeals"] == 3
