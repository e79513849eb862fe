"""Grading: from a stored revision to a grade, a score and its feedback, in two transactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.deck import Question
from bot.domain.grading import (
    GradeState,
    GradingTask,
    JudgeInfo,
    Judgement,
    PointGrade,
    PointStatus,
    points_of,
    verdict_of,
)
from bot.domain.group import FeedbackMode, Group
from bot.domain.rounds import (
    Answer,
    Grade,
    GradedAnswer,
    Revision,
    RevisionState,
    Round,
    RoundState,
)
from bot.domain.work import Job, JobKind, NewOut, OutKind, backoff
from bot.errors import JudgeUnavailableError
from bot.judge.similarity import near_copy
from bot.ports import Reaction
from bot.store import Score, Tx
from bot.study.answering import (
    NO_ATTEMPT,
    add_reaction,
    drop_revisions,
    is_practice,
    steady_round,
)
from bot.study.leases import kept
from bot.study.notices import tell_organisers
from bot.study.services import Services
from bot.study.streaks import recount

NEAR_COPY_FROM = 0.9
_NOBODY = JudgeInfo(kind="offline", model="none", version="0")


@dataclass(frozen=True, slots=True)
class _Work:
    """A claimed revision with the rows around it."""

    group: Group
    round: Round
    question: Question
    answer: Answer
    revision: Revision


async def grade(services: Services, revision_id: int) -> None:
    """Judge one pending revision. Does nothing if somebody did, or it is no longer wanted."""
    work = await _claim(services, revision_id)
    if work is None:
        return
    async with kept(services, Job(JobKind.GRADE, revision_id), work.revision.attempts):
        await _judge(services, work)


async def _judge(services: Services, work: _Work) -> None:
    if work.revision.attempts > services.most_crashes:
        await settle(services, work, _gave_up(work.question))
        return
    deck = services.library.deck(work.round.deck_id or "")
    task = GradingTask(work.question, work.revision.text, deck.language if deck else "en")
    try:
        judgement = await services.grader.grade(task)
    except JudgeUnavailableError as error:
        await _later(services, work, error)
        return
    await settle(services, work, judgement)


async def _claim(services: Services, revision_id: int) -> _Work | None:
    now = services.clock()
    async with services.store.write() as tx:
        revision = await tx.answers.claim_revision(revision_id, now, services.lease)
        if revision is None:
            return None
        answer = await tx.answers.get(revision.answer_id)
        round_ = await tx.rounds.get(answer.round_id) if answer else None
        group = await tx.groups.get(round_.group_id) if round_ else None
        if answer is None or round_ is None or group is None or round_.question is None:
            await tx.answers.set_revision_state(
                revision.id, RevisionState.PENDING, RevisionState.DROPPED
            )
            return None
        return _Work(group, round_, round_.question, answer, revision)


async def _later(services: Services, work: _Work, error: JudgeUnavailableError) -> None:
    wait = error.retry_after or backoff(work.revision.failures + 1)
    until = services.clock() + timedelta(seconds=wait)
    async with services.store.write() as tx:
        await tx.answers.postpone_revision(work.revision.id, until, failed=True)


def _gave_up(question: Question) -> Judgement:
    missing = tuple(PointGrade(p.id, p.text, PointStatus.MISSING) for p in question.key_points)
    reason = "The judge stopped several times on this reply, so it is left for an organiser."
    return Judgement(None, missing, reason, _NOBODY, reason=reason, flags=("judge-crashed",))


async def settle(services: Services, work: _Work, judgement: Judgement) -> None:
    """Store a judgement with all that follows from it, in one transaction."""
    now = services.clock()
    async with services.store.write() as tx:
        current = await _reread(tx, work, now)
        if current is None or not await tx.answers.set_revision_state(
            work.revision.id, RevisionState.PENDING, RevisionState.DONE
        ):
            return
        grade_ = await tx.answers.add_grade(
            work.revision, judgement, _state(judgement), work.question.rubric_hash, now
        )
        await _follow(tx, current, grade_)
        if "judge-crashed" in judgement.flags:
            await _tell_of_crash(tx, current)
        await _wake_close(tx, current.round)


async def _reread(tx: Tx, work: _Work, now: datetime) -> _Work | None:
    """The rows as they are now: much may have happened while the judge was at it."""
    round_ = await steady_round(tx, work.round.id, now)
    # Before its revision, as whoever takes a reply in does: else the two could block each other.
    answer = await tx.answers.get(work.answer.id, lock=True)
    group = await tx.groups.get(work.group.id)
    if round_ is None or answer is None or group is None:
        return None
    return replace(work, group=group, round=round_, answer=answer)


async def _follow(tx: Tx, work: _Work, grade_: Grade) -> None:
    """What a new grade changes: practice nothing but itself, others the turn, score and streak."""
    if is_practice(work.answer, work.revision.id):
        await add_reaction(tx, work.answer, _sign(grade_), work.revision)
        await send_feedback(tx, work.answer, grade_, practice=True)
        return
    if not grade_.attempt:
        await _not_an_attempt(tx, work)
    else:
        await drop_revisions(tx, work.answer, RevisionState.HELD)
        await _publish(tx, work, grade_)
    if work.round.state is RoundState.CLOSED:
        await recount(tx, work.group.id, work.answer.member_id)


def _state(judgement: Judgement) -> GradeState:
    if judgement.score is None:
        return GradeState.UNGRADED
    return GradeState.PROVISIONAL if judgement.provisional else GradeState.GRADED


async def _not_an_attempt(tx: Tx, work: _Work) -> None:
    """The turn isn't used up: what the member wrote next counts, or they are told to go on."""
    await tx.boards.drop(work.round.id, work.answer.member_id)
    for revision in await tx.answers.revisions(work.answer.id):
        if revision.state is RevisionState.HELD:
            await tx.answers.set_revision_state(
                revision.id, RevisionState.HELD, RevisionState.PENDING
            )
            await tx.answers.update(_promoted(work.answer, revision))
            await tx.enqueue(JobKind.GRADE, revision.id)
            return
    key = f"{OutKind.HELP.value}:{work.revision.id}"
    await _to_member(tx, work.answer, OutKind.HELP, key, {"text": NO_ATTEMPT})


def _promoted(answer: Answer, revision: Revision) -> Answer:
    """The answer, standing on a reply that was held until now."""
    answer = replace(answer, revision_id=revision.id)
    if revision.message_id is None:
        return answer
    return replace(answer, channel_id=revision.channel_id, message_id=revision.message_id)


async def _publish(tx: Tx, work: _Work, grade_: Grade) -> None:
    """Show the verdict and let it score, unless the group shows verdicts at close."""
    if work.answer.withdrawn_at is not None:
        return
    if (
        work.group.settings.feedback is FeedbackMode.CLOSE
        and work.round.state is not RoundState.CLOSED
    ):
        return
    await show(tx, work.group, work.round, work.answer, work.revision, grade_)


async def release(tx: Tx, group: Group, round_: Round, answers: Sequence[GradedAnswer]) -> None:
    """Show every verdict that was held back; from here on those revisions score."""
    for each in answers:
        if each.grade is None or each.revision is None or not each.grade.attempt:
            continue
        # As it is now: it may have been deleted or revised since the round was read.
        answer = await tx.answers.get(each.answer.id, lock=True)
        if answer is None or answer.withdrawn_at is not None or answer.scoring_id is not None:
            continue
        if answer.revision_id == each.revision.id:
            await show(tx, group, round_, answer, each.revision, each.grade)


async def show(
    tx: Tx, group: Group, round_: Round, answer: Answer, revision: Revision, grade_: Grade
) -> None:
    """Show a member their verdict: from here on this revision is the one that scores."""
    if grade_.score is not None:
        await tx.answers.update(replace(answer, scoring_id=revision.id))
        withheld = await _withheld(tx, round_, answer, revision)
        await tx.boards.put(
            Score(
                group_id=group.id,
                member_id=answer.member_id,
                round_id=round_.id,
                local_date=round_.local_date,
                points=points_of(grade_.score),
                withheld=withheld,
            )
        )
        if withheld:
            await _tell_of_copy(tx, group, answer, withheld)
    await add_reaction(tx, answer, _sign(grade_), revision)
    await send_feedback(tx, answer, grade_)


def _sign(grade_: Grade) -> Reaction:
    return Reaction(verdict_of(grade_.score).value)


async def send_feedback(tx: Tx, answer: Answer, grade_: Grade, *, practice: bool = False) -> None:
    """Queue a member's private feedback."""
    data = {"revision_id": grade_.revision_id, "practice": practice}
    await _to_member(tx, answer, OutKind.FEEDBACK, f"feedback:{grade_.id}", data)


async def _to_member(
    tx: Tx, answer: Answer, kind: OutKind, dedupe_key: str, data: dict[str, Any]
) -> None:
    """Queue a private message to an answer's author."""
    channel_id = await _channel_for(tx, answer)
    if channel_id is None:
        return
    await tx.outbox.add(
        [
            NewOut(
                group_id=answer.group_id,
                channel_id=channel_id,
                kind=kind,
                dedupe_key=dedupe_key,
                round_id=answer.round_id,
                answer_id=answer.id,
                member_id=answer.member_id,
                data=data,
            )
        ]
    )


async def _channel_for(tx: Tx, answer: Answer) -> int | None:
    """Where to reach an answer's author: where they replied, else the group's first channel."""
    if answer.channel_id is not None:
        return answer.channel_id
    channels = await tx.groups.channels(answer.group_id)
    return channels[0].id if channels else None


async def _withheld(tx: Tx, round_: Round, answer: Answer, revision: Revision) -> str | None:
    """Why an answer's points wait for an organiser's word, or None when they count."""
    question = round_.question
    if question is not None and near_copy(revision.text, question.reference) >= NEAR_COPY_FROM:
        return "a near-copy of the reference answer"
    since = await _first_written(tx, answer.id, revision.text)
    for other in await tx.answers.in_round(round_.id):
        if other.answer.member_id == answer.member_id or other.revision is None:
            continue
        if near_copy(revision.text, other.revision.text) < NEAR_COPY_FROM:
            continue
        theirs = await _first_written(tx, other.answer.id, revision.text)
        if theirs is not None and since is not None and theirs < since:
            return f"a near-copy of {other.member_name}'s answer"
    return None


async def _first_written(tx: Tx, answer_id: int, text: str) -> datetime | None:
    """When an answer first said nearly this: an edit makes nobody's words newer."""
    times = [
        revision.created_at
        for revision in await tx.answers.revisions(answer_id)
        if revision.text == text or near_copy(text, revision.text) >= NEAR_COPY_FROM
    ]
    return min(times, default=None)


async def _tell_of_copy(tx: Tx, group: Group, answer: Answer, withheld: str) -> None:
    member = await tx.members.get(answer.member_id)
    name = member.name if member else "A member"
    text = f"{name}'s answer is {withheld}. It keeps its grade; its points wait for you."
    await tell_organisers(tx, group.id, f"copy:{answer.id}", "Points withheld", text)


async def _tell_of_crash(tx: Tx, work: _Work) -> None:
    member = await tx.members.get(work.answer.member_id)
    name = member.name if member else "a member"
    text = f"The judge stopped several times on {name}'s answer; it is ungraded."
    await tell_organisers(tx, work.group.id, f"crash:{work.revision.id}", "An answer waits", text)


async def _wake_close(tx: Tx, round_: Round) -> None:
    if round_.state is RoundState.CLOSING and await tx.answers.pending(round_.id) == 0:
        await tx.enqueue(JobKind.CLOSE_ROUND, round_.id)
