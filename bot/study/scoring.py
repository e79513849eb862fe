"""What a grade changes: the score and streak, the sign on the reply, what its author is told.

A grade is the first of its revision, or it stands in for an earlier one: by a judge that is back
or a mended reference (``bot.study.regrading``), or by an organiser (``bot.study.appeals``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.domain.deck import Question
from bot.domain.grading import GradeState, points_of, verdict_of
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
from bot.domain.work import JobKind, NewOut, OutKind
from bot.judge.similarity import near_copy
from bot.ports import Reaction
from bot.store import Score, Tx
from bot.study.answering import (
    NO_ATTEMPT,
    drop_revisions,
    steady_round,
)
from bot.study.notices import tell_organisers
from bot.study.reactions import is_practice, reaction_on
from bot.study.streaks import recount

NEAR_COPY_FROM = 0.9


@dataclass(frozen=True, slots=True)
class Subject:
    """A revision that is graded, with the rows around it. ``question`` is the one to judge by."""

    group: Group
    round: Round
    question: Question
    answer: Answer
    revision: Revision


async def reread(
    tx: Tx, subject: Subject, now: datetime, *, mending: bool = False
) -> Subject | None:
    """The rows as they are now, locked: much may have happened while the judge was at it.

    ``mending`` holds the round in any state, since its question is about to be replaced.
    """
    if mending:
        round_ = await tx.rounds.get(subject.round.id, lock=True)
    else:
        round_ = await steady_round(tx, subject.round.id, now)
    # Before its revision, as whoever takes a reply in does: else the two could block each other.
    answer = await tx.answers.get(subject.answer.id, lock=True)
    group = await tx.groups.get(subject.group.id)
    if round_ is None or answer is None or group is None:
        return None
    return replace(subject, group=group, round=round_, answer=answer)


async def first_grade(tx: Tx, subject: Subject, grade: Grade) -> None:
    """Practice changes nothing but itself; others the turn, score and streak."""
    if is_practice(subject.answer, subject.revision.id):
        await _tell(tx, subject, grade, practice=True)
        return
    if not grade.attempt:
        await _not_an_attempt(tx, subject)
    else:
        await drop_revisions(tx, subject.answer, RevisionState.HELD)
        await _publish(tx, subject, grade)
    if subject.round.state is RoundState.CLOSED:
        await recount(tx, subject.group.id, subject.answer.member_id)


async def other_grade(tx: Tx, subject: Subject, old: Grade | None, grade: Grade) -> bool:
    """A grade in place of another of the same revision. Whether anything that shows changed.

    A judge's is told to the member if it changed, a human's always.
    """
    changed = old is None or _shows(old) != _shows(grade)
    if subject.answer.withdrawn_at is not None:
        return changed
    if not grade.attempt:
        await _not_an_attempt(tx, subject)
    elif not _waits_for_close(subject):
        await _score(tx, subject, grade)
        if changed or grade.state is GradeState.FINAL:
            await _tell(tx, subject, grade, before=old)
    if subject.round.state is RoundState.CLOSED:
        await recount(tx, subject.group.id, subject.answer.member_id)
    return changed


def _shows(grade: Grade) -> tuple[object, ...]:
    """What members and boards see of a grade."""
    points = None if grade.score is None else points_of(grade.score)
    return (points, verdict_of(grade.score), grade.attempt)


def _waits_for_close(subject: Subject) -> bool:
    """Whether verdicts are not shown yet."""
    return (
        subject.group.settings.feedback is FeedbackMode.CLOSE
        and subject.round.state is not RoundState.CLOSED
        and subject.answer.scoring_id is None
    )


async def _not_an_attempt(tx: Tx, subject: Subject) -> None:
    """The turn isn't used up: what the member wrote next counts, or they are told to go on."""
    await tx.boards.drop(subject.round.id, subject.answer.member_id)
    for revision in await tx.answers.revisions(subject.answer.id):
        if revision.state is RevisionState.HELD:
            await tx.answers.set_revision_state(
                revision.id, RevisionState.HELD, RevisionState.PENDING
            )
            await tx.answers.update(_promoted(subject.answer, revision))
            await tx.enqueue(JobKind.GRADE, revision.id)
            return
    key = f"{OutKind.HELP.value}:{subject.revision.id}"
    await _to_member(tx, subject.answer, OutKind.HELP, key, {"text": NO_ATTEMPT})


def _promoted(answer: Answer, revision: Revision) -> Answer:
    """The answer, standing on a reply that was held until now."""
    answer = replace(answer, revision_id=revision.id)
    if revision.message_id is None:
        return answer
    return replace(answer, channel_id=revision.channel_id, message_id=revision.message_id)


async def _publish(tx: Tx, subject: Subject, grade: Grade) -> None:
    """Show the verdict and let it score, unless the group shows verdicts at close."""
    if subject.answer.withdrawn_at is None and not _waits_for_close(subject):
        await show(tx, subject, grade)


async def release(tx: Tx, group: Group, round_: Round, answers: Sequence[GradedAnswer]) -> None:
    """Show every verdict that was held back; from here on those revisions score."""
    for each in answers:
        if each.grade is None or each.revision is None or not each.grade.attempt:
            continue
        # As it is now: deleted, revised or graded again, perhaps, since the round was read.
        answer = await tx.answers.get(each.answer.id, lock=True)
        if answer is None or answer.withdrawn_at is not None or answer.scoring_id is not None:
            continue
        grade = await tx.answers.grade(each.revision.id)
        if answer.revision_id != each.revision.id or grade is None or not grade.attempt:
            continue
        if round_.question is not None:
            subject = Subject(group, round_, round_.question, answer, each.revision)
            await show(tx, subject, grade)


async def show(tx: Tx, subject: Subject, grade: Grade) -> None:
    """Show a member their verdict: from here on this revision is the one that scores."""
    await _score(tx, subject, grade)
    await _tell(tx, subject, grade)


async def _score(tx: Tx, subject: Subject, grade: Grade) -> None:
    """Put a grade's points on the boards; nothing to put leaves no score behind."""
    answer, round_ = subject.answer, subject.round
    if grade.score is None:
        return
    there = await tx.boards.score(round_.id, answer.member_id)
    if there is None and answer.scoring_id == subject.revision.id:
        # Deleted once its verdict had been seen, then given again: it scores nothing any more.
        return
    await tx.answers.update(replace(answer, scoring_id=subject.revision.id))
    if grade.state is GradeState.FINAL:
        withheld = None  # an organiser has looked at it
    else:
        withheld = there.withheld if there else await withheld_now(tx, subject)
    await tx.boards.put(
        Score(
            group_id=subject.group.id,
            member_id=answer.member_id,
            round_id=round_.id,
            local_date=round_.local_date,
            points=points_of(grade.score),
            withheld=withheld,
        )
    )
    if withheld and there is None:
        await _tell_of_copy(tx, subject.group, answer, withheld)


async def _tell(
    tx: Tx,
    subject: Subject,
    grade: Grade,
    *,
    practice: bool = False,
    before: Grade | None = None,
) -> None:
    """Put the verdict's sign on the reply and queue its author's private feedback."""
    sign = Reaction(verdict_of(grade.score).value)
    await tx.outbox.add(reaction_on(subject.answer, sign, subject.revision, grade.id))
    data: dict[str, Any] = {
        "revision_id": grade.revision_id,
        "grade_id": grade.id,
        "practice": practice,
    }
    if before is not None and before.score is not None:
        data["before"] = points_of(before.score)
    await _to_member(tx, subject.answer, OutKind.FEEDBACK, f"feedback:{grade.id}", data)


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


async def withheld_now(tx: Tx, subject: Subject) -> str | None:
    """Why an answer's points wait for an organiser's word, or None when they count."""
    text = subject.revision.text
    if near_copy(text, subject.question.reference) >= NEAR_COPY_FROM:
        return "a near-copy of the reference answer"
    since = await _first_written(tx, subject.answer.id, text)
    for other in await tx.answers.in_round(subject.round.id):
        if other.answer.member_id == subject.answer.member_id or other.revision is None:
            continue
        if near_copy(text, other.revision.text) < NEAR_COPY_FROM:
            continue
        theirs = await _first_written(tx, other.answer.id, text)
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
    text = (
        f"{name}'s answer is {withheld}. It keeps its grade; its points wait for you. "
        f"/study grade {answer.id} uphold lets them count."
    )
    await tell_organisers(tx, group.id, f"copy:{answer.id}", "Points withheld", text)


async def wake_close(tx: Tx, round_: Round) -> None:
    """Results can be told once a closing round's last grade is in."""
    if round_.state is RoundState.CLOSING and await tx.answers.pending(round_.id) == 0:
        await tx.enqueue(JobKind.CLOSE_ROUND, round_.id)
