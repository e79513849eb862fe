"""Appeals, grades to replace, and what humans made of judges' grades."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bot.domain.appeals import Agreement
from bot.domain.grading import GradeState, JudgeInfo, Judgement, Usage
from bot.domain.rounds import Answer, Revision, RevisionState
from bot.domain.work import Job, JobKind
from bot.store.judging import MOST_FAILURES
from storage.database import Database
from storage.urls import parse_url
from tests.contract.store_world import DAY, JUDGEMENT, MINUTE, NOW, World, revision_of

MODEL = JudgeInfo("llm", "small", "3")
HUMAN = JudgeInfo("human", "organiser", "1")
DAYS = timedelta(days=1)


async def _withdraw(world: World, answer: Answer) -> None:
    async with world.store.write() as tx:
        await tx.answers.update(replace(answer, withdrawn_at=NOW))


async def _awaiting(world: World, limit: int = 100) -> list[int]:
    async with world.store.read() as tx:
        return await tx.regrades.awaiting(NOW, limit)


# Grades


async def test_a_grade_keeps_the_score_before_calibration_and_all_of_its_usage(
    world: World,
) -> None:
    usage = Usage(900, 80, 0.002, 750.0, cached_tokens=600, calls=2)
    grade = await world.judged(await world.answered(), raw_score=0.5, usage=usage)
    async with world.store.read() as tx:
        found = await tx.answers.grade(grade.revision_id)
    assert found == grade
    assert (grade.score, grade.raw_score, grade.usage) == (0.75, 0.5, usage)


async def test_a_grade_from_before_usage_told_of_caching_can_be_read(
    world: World, url: str
) -> None:
    grade = await world.judged(await world.answered(), usage=Usage(5, 6, 0.5, 7.0))
    engine = create_async_engine(parse_url(url).url)
    old = '{"prompt_tokens": 5, "completion_tokens": 6, "cost_usd": 0.5, "latency_ms": 7.0}'
    async with engine.begin() as connection:
        await connection.execute(sa.text("UPDATE grades SET usage = :old"), {"old": old})
    await engine.dispose()
    async with world.store.read() as tx:
        assert await tx.answers.grade(grade.revision_id) == grade


async def test_a_grade_is_marked_appealed_and_back(world: World) -> None:
    grade = await world.judged(await world.answered())
    for state in (GradeState.APPEALED, GradeState.GRADED):
        async with world.store.write() as tx:
            await tx.answers.set_grade_state(grade.id, state)
            assert await tx.answers.grade(grade.revision_id) == replace(grade, state=state)


async def test_provisional_and_ungraded_answers_are_counted(world: World) -> None:
    states = (GradeState.PROVISIONAL, GradeState.UNGRADED, GradeState.GRADED, GradeState.FINAL)
    for day, state in enumerate(states):
        await world.judged(await world.answered(day=day), state)
    again = await world.answered(day=9)
    await world.judged(again, GradeState.PROVISIONAL)
    await world.judged(again)
    counts = await world.store.counts()
    assert (counts["provisional_grades"], counts["graded"]) == (2, 4)


# What was judged before


async def _cached(world: World, key: str) -> Judgement | None:
    async with world.store.read() as tx:
        return (await tx.regrades.cached([key])).get(key)


async def test_the_newest_judgement_of_a_key_is_found_and_costs_nothing(world: World) -> None:
    answer = await world.answered()
    key: dict[str, Any] = {"cache_key": "k1", "judge": MODEL}
    await world.judged(answer, score=0.2, **key)
    await world.judged(await world.answered("Bo", 1), score=0.4, raw_score=0.3, **key)
    found = await _cached(world, "k1")
    assert found == replace(
        JUDGEMENT, score=0.4, raw_score=0.3, usage=Usage(), judge=MODEL, cache_key="k1"
    )
    assert await _cached(world, "k2") is None


async def test_a_judgement_that_need_not_last_is_not_used_again(world: World) -> None:
    answer = await world.answered()
    await world.judged(answer, GradeState.PROVISIONAL, cache_key="k")
    await world.judged(answer, provisional=True, cache_key="k")
    await world.judged(answer, GradeState.UNGRADED, score=None, cache_key="k")
    await world.judged(answer, GradeState.FINAL, judge=HUMAN, cache_key="k")
    assert await _cached(world, "k") is None
    # Nor does it become one that lasts by being appealed.
    provisional = await world.judged(answer, GradeState.PROVISIONAL, cache_key="k")
    async with world.store.write() as tx:
        await tx.answers.set_grade_state(provisional.id, GradeState.APPEALED)
    assert await _cached(world, "k") is None
    await world.judged(answer, GradeState.GRADED, cache_key="k", flags=())
    await world.judged(answer, GradeState.FINAL, judge=HUMAN, cache_key="k")
    found = await _cached(world, "k")
    assert found is not None
    assert (found.judge, found.flags) == (JUDGEMENT.judge, ())


# Regrades


async def test_what_awaits_another_judgement_is_found_oldest_first(world: World) -> None:
    waiting = [await world.answered(day=day) for day in range(3)]
    for answer in reversed(waiting):
        await world.judged(answer, GradeState.PROVISIONAL)
    await world.judged(waiting[1], GradeState.UNGRADED, score=None)
    graded, withdrawn = await world.answered(day=4), await world.answered(day=5)
    await world.judged(graded, GradeState.PROVISIONAL)
    await world.judged(graded)
    await world.judged(withdrawn, GradeState.PROVISIONAL)
    await _withdraw(world, withdrawn)
    first_grade = await world.answer(await world.round(DAY + 6 * DAYS), await world.member("Bo"))
    await world.judged(first_grade, GradeState.UNGRADED)
    ids = [answer.revision_id for answer in waiting]
    assert await _awaiting(world) == ids
    assert await _awaiting(world, limit=2) == ids[:2]


async def test_a_regrade_that_failed_too_often_is_left_to_an_organiser(world: World) -> None:
    answer = await world.answered()
    await world.judged(answer, GradeState.PROVISIONAL)
    revision_id = answer.revision_id or 0
    async with world.store.write() as tx:
        await tx.answers.postpone_revision(revision_id, NOW + MINUTE, failed=True)
    assert await _awaiting(world) == []
    async with world.store.write() as tx:
        for _ in range(MOST_FAILURES - 1):
            await tx.answers.postpone_revision(revision_id, NOW, failed=True)
    assert await _awaiting(world) == [revision_id]
    async with world.store.write() as tx:
        await tx.answers.postpone_revision(revision_id, NOW, failed=True)
    assert await _awaiting(world) == []
    async with world.store.write() as tx:
        await tx.regrades.release(revision_id)
    assert await _awaiting(world) == [revision_id]


async def _claim(store: Database, revision_id: int) -> Revision | None:
    async with store.write() as tx:
        return await tx.regrades.claim(revision_id, NOW, MINUTE)


async def test_a_reply_is_taken_to_be_graded_again_by_one_at_a_time(world: World) -> None:
    answer = await world.answered()
    revision_id = answer.revision_id or 0
    claims = await asyncio.gather(*(_claim(world.store, revision_id) for _ in range(5)))
    [taken] = [claim for claim in claims if claim is not None]
    assert (taken.id, taken.attempts, taken.state) == (revision_id, 1, RevisionState.DONE)
    async with world.store.write() as tx:
        assert await tx.answers.claim_revision(revision_id, NOW + 2 * MINUTE, MINUTE) is None
        later = await tx.regrades.claim(revision_id, NOW + 2 * MINUTE, MINUTE)
        assert later is not None
        assert later.attempts == 2
        await tx.regrades.release(revision_id)
        fresh = await tx.answers.revision(revision_id)
    assert fresh == replace(taken, attempts=0)
    assert await _claim(world.store, revision_id) is not None


async def test_a_reply_that_waits_for_its_first_grade_is_not_regraded(world: World) -> None:
    answer = await world.answer(await world.round(), await world.member("Ada"))
    assert await _claim(world.store, answer.revision_id or 0) is None
    async with world.store.write() as tx:
        claimed = await tx.answers.claim_revision(answer.revision_id or 0, NOW, MINUTE)
        assert claimed is not None
        await tx.regrades.release(claimed.id)
        assert await tx.answers.revision(claimed.id) == claimed


async def test_a_regrades_lease_is_renewed_by_its_holder_alone(world: World) -> None:
    answer = await world.answered()
    job = Job(JobKind.REGRADE, answer.revision_id or 0)
    claimed = await _claim(world.store, job.row_id)
    assert claimed is not None
    assert await world.store.renew(job, claimed.attempts, NOW + 5 * MINUTE)
    assert not await world.store.renew(job, claimed.attempts + 1, NOW + 9 * MINUTE)
    assert not await world.store.renew(replace(job, kind=JobKind.GRADE), 1, NOW + 9 * MINUTE)
    async with world.store.write() as tx:
        assert await tx.regrades.claim(job.row_id, NOW + 4 * MINUTE, MINUTE) is None
        assert await tx.regrades.claim(job.row_id, NOW + 6 * MINUTE, MINUTE) is not None
    assert not await world.store.renew(job, claimed.attempts, NOW + 9 * MINUTE)


async def test_leases_of_regrades_end_when_a_file_is_opened_alone(world: World, kind: str) -> None:
    answer = await world.answered()
    await world.judged(answer, GradeState.PROVISIONAL)
    await _claim(world.store, answer.revision_id or 0)
    assert await _awaiting(world) == []
    await world.store.release_claims()
    expected = [answer.revision_id] if kind == "sqlite" else []
    assert await _awaiting(world) == expected


async def test_what_may_be_stale_is_narrowed_to_what_is_asked(world: World) -> None:
    answers = [await world.answered(day=day) for day in range(2)]
    final, withdrawn, ungraded = [await world.answered(day=day) for day in range(2, 5)]
    for answer in (*answers, withdrawn):
        await world.judged(answer)
    await world.judged(final, GradeState.FINAL)
    await _withdraw(world, withdrawn)
    async with world.store.read() as tx:
        found = await tx.regrades.stale()
        assert [(g.revision.answer_id, g.round_id, g.group_id) for g in found] == [
            (answer.id, answer.round_id, world.group.id) for answer in answers
        ]
        assert await tx.regrades.stale(group_id=world.group.id, deck_id="llm") == found
        assert await tx.regrades.stale(answer_id=answers[1].id) == found[1:]
        assert await tx.regrades.stale(question_id="attention") == found
        assert await tx.regrades.stale(question_id="no") == []
        assert await tx.regrades.stale(deck_id="no") == []
        assert await tx.regrades.stale(group_id=world.group.id + 1) == []
        assert await tx.regrades.stale(answer_id=ungraded.id) == []


async def test_the_revision_that_scores_is_stale_not_later_practice(world: World) -> None:
    answer = await world.answered()
    await world.judged(answer)
    async with world.store.write() as tx:
        practice = await tx.answers.add_revision(answer.id, "more", RevisionState.DONE, NOW)
        await tx.answers.add_grade(practice, JUDGEMENT, GradeState.GRADED, "hash", NOW)
        await tx.answers.update(replace(answer, scoring_id=answer.revision_id))
        [found] = await tx.regrades.stale()
    assert found.revision.id == answer.revision_id


# What humans said


async def _corrected(world: World, day: int, human: float, **judged: Any) -> Answer:
    answer = await world.answered(day=day)
    await world.judged(answer, judge=MODEL, **judged)
    await world.judged(answer, GradeState.FINAL, judge=HUMAN, score=human)
    return answer


async def test_corrections_pair_a_judges_raw_score_with_the_humans(world: World) -> None:
    await _corrected(world, 0, 1.0, raw_score=0.5)
    await _corrected(world, 1, 0.0, score=0.25)
    await _corrected(world, 2, 0.5, score=None)
    other = await world.answered(day=3)
    await world.judged(other, judge=replace(MODEL, version="2"))
    await world.judged(other, GradeState.FINAL, judge=HUMAN, score=0.5)
    unheard = await world.answered(day=4)
    await world.judged(unheard, judge=MODEL)
    async with world.store.read() as tx:
        group = world.group.id
        assert await tx.regrades.corrections(group, MODEL) == [(0.25, 0.0), (0.5, 1.0)]
        assert await tx.regrades.corrections(group + 1, MODEL) == []
        for unlike in (replace(MODEL, kind="offline"), replace(MODEL, model="large")):
            assert await tx.regrades.corrections(group, unlike) == []


async def test_a_human_is_compared_with_the_last_judge_before_them(world: World) -> None:
    offline = JUDGEMENT.judge
    answer = await world.answered()
    await world.judged(answer, GradeState.PROVISIONAL, score=0.3, raw_score=0.2)
    await world.judged(answer, judge=MODEL, score=0.6)
    await world.appeal(answer)
    # A human who changes their mind is compared with the judge, not with themselves.
    await world.judged(answer, GradeState.FINAL, judge=HUMAN, score=0.8)
    await world.judged(answer, GradeState.FINAL, judge=HUMAN, score=0.9)
    spot_check = await world.answered(day=1)
    await world.judged(spot_check, score=0.4, raw_score=0.5)
    await world.judged(spot_check, GradeState.FINAL, judge=HUMAN, score=0.5)
    expected = [Agreement(offline, 0.5, 0.5, False), Agreement(MODEL, 0.6, 0.9, True)]  # noqa: FBT003 - as its fields are ordered
    async with world.store.read() as tx:
        assert await tx.regrades.agreement(world.group.id) == expected
        assert await tx.regrades.agreement(None) == expected
        assert await tx.regrades.agreement(world.group.id + 1) == []
        assert await tx.regrades.corrections(world.group.id, MODEL) == [(0.6, 0.9)]
        assert await tx.regrades.corrections(world.group.id, offline) == [(0.5, 0.5), (0.2, 0.9)]


async def test_at_most_500_corrections_are_told_the_newest_ones(world: World) -> None:
    answer = await _corrected(world, 0, 1.0)
    revision = await revision_of(world.store, answer)
    async with world.store.write() as tx:
        for number in range(1, 502):
            more = await tx.answers.add_revision(answer.id, "x", RevisionState.DONE, NOW)
            for score, judge, state in (
                (number / 1000, MODEL, GradeState.GRADED),
                (0.5, HUMAN, GradeState.FINAL),
            ):
                judgement = replace(JUDGEMENT, score=score, judge=judge)
                await tx.answers.add_grade(more, judgement, state, "hash", NOW)
        found = await tx.regrades.corrections(world.group.id, MODEL)
    assert found == [(number / 1000, 0.5) for number in range(501, 1, -1)]
    assert revision.number == 1


# Plans


@contextmanager
def _statements() -> Iterator[list[tuple[str, Any]]]:
    """What is sent to a database inside the block, with its parameters."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, sql: str, values: object, *_: object) -> None:
        sent.append((sql, values))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


async def test_a_file_reads_open_matters_from_their_indexes(
    world: World, url: str, kind: str
) -> None:
    if kind != "sqlite":
        pytest.skip("PostgreSQL plans by the number of rows, of which there are too few")
    with _statements() as sent:
        async with world.store.read() as tx:
            await tx.regrades.awaiting(NOW, 5)
            await tx.regrades.agreement(None)
            await tx.regrades.cached(["key"])
            await tx.appeals.open_for(1)
            await tx.appeals.count(1)
        await world.store.counts()
    indexes = [
        "ix_grades_unsettled",
        "ix_grades_final",
        "ix_grades_cache_key",
        "uq_appeals_open",
        "ix_appeals_queue",
        "ix_grades_unsettled.*(uq_appeals_open|ix_appeals_queue)",
    ]
    file = sqlite3.connect(parse_url(url).path or "")
    for (sql, values), wanted in zip(sent, indexes, strict=True):
        plan = str(file.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall())
        assert re.search(wanted, plan), plan
    file.close()
