"""Grading again: what another judge stood in for, and what a mended reference makes unfair.

A human's word is never touched. Whether a grade is up to date can be told from the grade, so
work that was cut off goes on where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from bot.domain.deck import Deck, Question
from bot.domain.grading import GradeState, GradingTask, Judgement, Usage
from bot.domain.rounds import Grade, Revision, RevisionState, Round
from bot.domain.work import Job, JobKind, backoff
from bot.errors import JudgeUnavailableError
from bot.store import Tx
from bot.store.judging import MOST_FAILURES, GradedRevision
from bot.study.grading import state_of, subject_of, task_of, tell_of_crash
from bot.study.leases import kept
from bot.study.notices import tell_organisers
from bot.study.scoring import Subject, other_grade, reread
from bot.study.services import Services
from bot.study.shelves import deck_by_id

FIRST_PAUSE = 10.0
LONGEST_PAUSE = 3600.0
LONGEST_PAUSE_AWAY = 90.0
"""Longer than a breaker's: the next call that tries whether the judge is back is another's."""
COUNTED_AWAY = 4
"""So many failures count while the judge is away: that is no reason to give a reply up."""
LEFT_ALONE = timedelta(days=3650)
"""How long a revision is put off that judges are not to see again."""
_UNSETTLED = (GradeState.PROVISIONAL, GradeState.UNGRADED)


class Regraded(StrEnum):
    """How grading one revision again ended."""

    CHANGED = "changed"
    SAME = "same"
    SKIPPED = "skipped"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Plan:
    """Revisions whose grade is not up to date, and what the judge will cost, about."""

    revision_ids: tuple[int, ...]
    estimate: Usage


async def bring_back(services: Services) -> int:
    """Hand over what was stood in for, as much as the judge can take now; how many."""
    spare = services.grader.spare()
    if not spare:
        return 0
    async with services.store.read() as tx:
        waiting = await tx.regrades.awaiting(services.clock(), spare)
    await services.store.requeue([Job(JobKind.REGRADE, each) for each in waiting])
    return len(waiting)


async def plan(
    services: Services,
    *,
    answer_id: int | None = None,
    group_id: int | None = None,
    deck_id: str | None = None,
    question_id: str | None = None,
) -> Plan:
    """What is not up to date with the configured judge and the decks as they are now."""
    async with services.store.read() as tx:
        found = await tx.regrades.stale(
            answer_id=answer_id, group_id=group_id, deck_id=deck_id, question_id=question_id
        )
        rounds = {each.round_id: await tx.rounds.get(each.round_id) for each in found}
    ids, estimate = [], Usage()
    for each in found:
        task = await _task(services, rounds, each)
        if task is None:
            continue
        cost = services.grader.estimate(task)
        if _is_stale(services, each.grade, task.question, cost):
            ids.append(each.revision.id)
            estimate += cost
    return Plan(tuple(ids), estimate)


async def _task(
    services: Services, rounds: Mapping[int, Round | None], each: GradedRevision
) -> GradingTask | None:
    round_ = rounds[each.round_id]
    deck = await deck_by_id(services, round_.deck_id or "") if round_ else None
    question = current_question(deck, round_) if round_ else None
    if question is None:
        return None
    return GradingTask(question, each.revision.text, deck.language if deck else "en")


def _is_stale(services: Services, grade: Grade, question: Question, cost: Usage) -> bool:
    if grade.rubric_hash != question.rubric_hash:
        return True
    judge = services.grader.info
    if judge.kind == "offline":
        # What a model said is worth more than what can be said without it.
        return grade.judge.kind == "offline" and grade.judge != judge
    if grade.state in _UNSETTLED:
        return True
    # A reply that says nothing is never sent to the model.
    return grade.judge != judge and cost.calls > 0


def current_question(deck: Deck | None, round_: Round) -> Question | None:
    """The round's question as its deck has it now, or as it was asked if it is gone."""
    mended = deck.question(round_.question.id) if deck and round_.question else None
    return mended or round_.question


async def regrade(services: Services, revision_id: int, *, mended: bool = False) -> Regraded:
    """Judge a graded revision again; nobody stands in for the judge.

    ``mended`` judges by the deck's question as it is now, and the round keeps that; else by
    the question as it was asked, like the other answers of its round.
    """
    subject = await _claim(services, revision_id, mended=mended)
    if not isinstance(subject, Subject):
        return subject
    async with kept(services, Job(JobKind.REGRADE, revision_id), subject.revision.attempts):
        try:
            task = await task_of(services, subject)
            judgement = await services.grader.grade(task, stand_in=False)
        except JudgeUnavailableError as error:
            return await _later(services, subject.revision, error.retry_after, mended=mended)
        return await _settle(services, subject, judgement)


async def _claim(services: Services, revision_id: int, *, mended: bool) -> Subject | Regraded:
    """The revision to grade, or why not: nothing is asked of a judge that can't be used."""
    now = services.clock()
    async with services.store.write() as tx:
        if mended:
            await _forget_pause(tx, revision_id)
        revision = await tx.regrades.claim(revision_id, now, services.lease)
        if revision is None:
            return await _why_not(tx, revision_id)
        subject = await subject_of(tx, revision)
        old = await tx.answers.grade(revision_id)
        crashed = revision.attempts > services.most_crashes
        if subject is None or old is None or crashed or not _wanted(subject, old):
            # Else what was replaced, or kills processes, would be the first in line for ever.
            await tx.answers.postpone_revision(revision_id, now + LEFT_ALONE, failed=False)
            if subject is not None and crashed:
                await tell_of_crash(tx, subject)
            return Regraded.SKIPPED
    if not mended:
        return subject
    deck = await deck_by_id(services, subject.round.deck_id or "")
    question = current_question(deck, subject.round)
    return replace(subject, question=question or subject.question)


async def _forget_pause(tx: Tx, revision_id: int) -> None:
    """Somebody asks for it now: only work under way, no pause after failures, is left alone."""
    revision = await tx.answers.revision(revision_id)
    if revision is not None and revision.attempts == 0:
        await tx.regrades.release(revision_id)


async def _why_not(tx: Tx, revision_id: int) -> Regraded:
    """Somebody has the revision or its next try is put off; or it waits for its first grade."""
    revision = await tx.answers.revision(revision_id)
    there = revision is not None and revision.state is RevisionState.DONE
    return Regraded.LATER if there else Regraded.SKIPPED


async def _later(
    services: Services, revision: Revision, wait: float | None, *, mended: bool
) -> Regraded:
    async with services.store.write() as tx:
        if mended:
            # Whoever asked will ask again; a grade that stands has no reason to be tried by itself.
            await tx.regrades.release(revision.id)
        else:
            away = not services.grader.spare()
            await _put_off(tx, services, revision, wait, away=away)
    return Regraded.LATER


async def _put_off(
    tx: Tx, services: Services, revision: Revision, wait: float | None, *, away: bool = False
) -> None:
    """Try again later; organisers are told of the last try. ``away``: no reply could be judged."""
    most = LONGEST_PAUSE_AWAY if away else LONGEST_PAUSE
    pause = wait or backoff(revision.failures + 1, first=FIRST_PAUSE, most=most)
    until = services.clock() + timedelta(seconds=pause)
    counts = not away or revision.failures < COUNTED_AWAY
    await tx.answers.postpone_revision(revision.id, until, failed=counts)
    if counts and revision.failures == MOST_FAILURES:
        await _tell_of_giving_up(tx, revision)


async def _tell_of_giving_up(tx: Tx, revision: Revision) -> None:
    answer = await tx.answers.get(revision.answer_id)
    member = await tx.members.get(answer.member_id) if answer else None
    if answer is None or member is None:
        return
    text = (
        f"The judge could not grade {member.name}'s answer in {MOST_FAILURES + 1} tries, so it is "
        f"asked no more. Grade it yourself: /study grade {answer.id} and your score."
    )
    await tell_organisers(tx, answer.group_id, f"regrade:{revision.id}", "An answer waits", text)


async def _settle(services: Services, subject: Subject, judgement: Judgement) -> Regraded:
    now = services.clock()
    async with services.store.write() as tx:
        mending = subject.question != subject.round.question
        current = await reread(tx, subject, now, mending=mending)
        old = await tx.answers.grade(subject.revision.id)
        if old is not None and _is_no_better(judgement, old):
            await _put_off(tx, services, subject.revision, None)
            return Regraded.SKIPPED
        await tx.regrades.release(subject.revision.id)
        if current is None or old is None or not _wanted(current, old):
            return Regraded.SKIPPED
        if current.answer.scoring_id == subject.revision.id:
            # Its verdict was shown, and that used up the turn.
            judgement = _as_attempt(judgement)
        appealed = await tx.appeals.open_for(current.answer.id) is not None
        state = GradeState.APPEALED if appealed else state_of(judgement)
        rubric_hash = subject.question.rubric_hash
        grade = await tx.answers.add_grade(current.revision, judgement, state, rubric_hash, now)
        await _keep_question(tx, subject)
        changed = await other_grade(tx, current, old, grade)
    return Regraded.CHANGED if changed else Regraded.SAME


def _as_attempt(judgement: Judgement) -> Judgement:
    """That it counts as one is about this answer, and nothing to recall for the same words."""
    return judgement if judgement.attempt else replace(judgement, attempt=True, cache_key=None)


def _is_no_better(judgement: Judgement, old: Grade) -> bool:
    """No grade in place of one, or of none by the same judge: as good as a failed try."""
    return judgement.score is None and (old.score is not None or old.judge == judgement.judge)


def _wanted(subject: Subject, old: Grade) -> bool:
    """Whether a new judgement may take the old grade's place."""
    answer = subject.answer
    if old.state is GradeState.FINAL or answer.withdrawn_at is not None:
        return False
    return (answer.scoring_id or answer.revision_id) == subject.revision.id


async def _keep_question(tx: Tx, subject: Subject) -> None:
    """What the round shows from now on is what its answers are judged by."""
    asked = subject.round.question
    if asked is not None and asked != subject.question and subject.round.deck_id:
        await tx.rounds.ask(subject.round.id, subject.round.deck_id, subject.question)
