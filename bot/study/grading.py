"""Grading: from a stored revision to a grade and all that follows, in two transactions."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.deck import Question
from bot.domain.grading import (
    GradeState,
    GradingTask,
    Hitch,
    JudgeInfo,
    Judgement,
    PointGrade,
    PointStatus,
)
from bot.domain.rounds import Revision, RevisionState
from bot.domain.work import Job, JobKind, backoff
from bot.errors import JudgeUnavailableError
from bot.store import Tx
from bot.study.leases import kept
from bot.study.notices import tell_organisers
from bot.study.scoring import Subject, first_grade, reread, wake_close
from bot.study.services import Services
from bot.study.shelves import deck_by_id

CRASHED = "judge-crashed"
_NOBODY = JudgeInfo(kind="offline", model="none", version="0")


async def grade(services: Services, revision_id: int) -> None:
    """Judge one pending revision. Does nothing if somebody did, or it is no longer wanted."""
    subject = await _claim(services, revision_id)
    if subject is None:
        return
    async with kept(services, Job(JobKind.GRADE, revision_id), subject.revision.attempts):
        await _judge(services, subject)


async def _judge(services: Services, subject: Subject) -> None:
    if subject.revision.attempts > services.most_crashes:
        await settle(services, subject, _gave_up(subject.question))
        return
    try:
        judgement = await services.grader.grade(await task_of(services, subject))
    except JudgeUnavailableError as error:
        wait = error.retry_after or backoff(subject.revision.failures + 1)
        until = services.clock() + timedelta(seconds=wait)
        async with services.store.write() as tx:
            await tx.answers.postpone_revision(subject.revision.id, until, failed=True)
        return
    await settle(services, subject, judgement)


async def task_of(services: Services, subject: Subject) -> GradingTask:
    """What the judge gets, with what the group's corrections taught the offline one."""
    deck = await deck_by_id(services, subject.round.deck_id or "")
    return GradingTask(
        question=subject.question,
        reply=subject.revision.text,
        language=deck.language if deck else "en",
        calibration=await services.corrections.learned(
            services.store, subject.group.id, services.clock()
        ),
        group_id=subject.group.id,
    )


async def _claim(services: Services, revision_id: int) -> Subject | None:
    now = services.clock()
    async with services.store.write() as tx:
        revision = await tx.answers.claim_revision(revision_id, now, services.lease)
        if revision is None:
            return None
        subject = await subject_of(tx, revision)
        if subject is None:
            await tx.answers.set_revision_state(
                revision.id, RevisionState.PENDING, RevisionState.DROPPED
            )
        return subject


async def subject_of(tx: Tx, revision: Revision) -> Subject | None:
    """A revision with the rows around it, None if some are gone."""
    answer = await tx.answers.get(revision.answer_id)
    round_ = await tx.rounds.get(answer.round_id) if answer else None
    group = await tx.groups.get(round_.group_id) if round_ else None
    if answer is None or round_ is None or group is None or round_.question is None:
        return None
    return Subject(group, round_, round_.question, answer, revision)


def _gave_up(question: Question) -> Judgement:
    missing = tuple(PointGrade(p.id, p.text, PointStatus.MISSING) for p in question.key_points)
    reason = "The judge stopped several times on this reply, so it is left for an organiser."
    return Judgement(None, missing, reason, _NOBODY, reason=reason, flags=(CRASHED,))


async def settle(services: Services, subject: Subject, judgement: Judgement) -> None:
    """Store a judgement with all that follows from it, in one transaction."""
    now = services.clock()
    async with services.store.write() as tx:
        current = await reread(tx, subject, now)
        if current is None or not await tx.answers.set_revision_state(
            subject.revision.id, RevisionState.PENDING, RevisionState.DONE
        ):
            return
        made = await tx.answers.add_grade(
            subject.revision, judgement, state_of(judgement), subject.question.rubric_hash, now
        )
        await first_grade(tx, current, made)
        if CRASHED in judgement.flags:
            await tell_of_crash(tx, current)
        if judgement.hitch is not None:
            await _tell_of_hitch(tx, current.group.id, judgement.hitch, now)
        await wake_close(tx, current.round)


def state_of(judgement: Judgement) -> GradeState:
    """The state of a judge's grade."""
    if judgement.score is None:
        return GradeState.UNGRADED
    return GradeState.PROVISIONAL if judgement.provisional else GradeState.GRADED


async def tell_of_crash(tx: Tx, subject: Subject) -> None:
    """Tell organisers of an answer that no judge gets through."""
    member = await tx.members.get(subject.answer.member_id)
    name = member.name if member else "a member"
    text = (
        f"The judge stopped several times on {name}'s answer. "
        f"Grade it yourself: /study grade {subject.answer.id} and your score."
    )
    key = f"crash:{subject.revision.id}"
    await tell_organisers(tx, subject.group.id, key, "An answer waits", text)


async def _tell_of_hitch(tx: Tx, group_id: int, hitch: Hitch, now: datetime) -> None:
    """Say why the model can't grade: once a day for each kind of trouble."""
    text = (
        f"{hitch.words} Meanwhile the offline judge stands in: its grades are marked provisional "
        "and are given again by themselves."
    )
    key = f"judge:{hitch.kind}:{now.date().isoformat()}"
    await tell_organisers(tx, group_id, key, "The language model can't grade", text)
