"""The human in the loop: members appeal, organisers decide, and what they say stands."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.appeals import Appeal, AppealCase
from bot.domain.grading import (
    GradeState,
    JudgeInfo,
    Judgement,
    PointGrade,
    PointStatus,
    points_of,
)
from bot.domain.group import Group, Member
from bot.domain.rounds import Answer, Grade, Revision, RevisionState, Round
from bot.errors import ConflictError, InvalidError, NotFoundError
from bot.messages.message import counted
from bot.store import Tx
from bot.study.answering import drop_revisions
from bot.study.notices import tell_organisers
from bot.study.scoring import Subject, other_grade, wake_close
from bot.study.services import Services
from bot.study.views import shown

LONGEST_REASON = 500
LOOKS_BACK = 20
"""Answers among which the newest graded one is looked for."""
HUMAN = JudgeInfo("human", "organiser", "1")
NAMED = {"correct": 1.0, "partial": 0.6, "incorrect": 0.0}
UPHOLD = "uphold"
_HOW = "Give 0 to 100 points, or correct, partial, incorrect or uphold."


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an organiser decides: a score 0..1, or None to uphold the judge's."""

    score: float | None


def parse_ruling(text: str) -> Ruling:
    """A ruling as it is typed. Raises InvalidError saying what would do."""
    word = text.strip().casefold().removesuffix("%").removesuffix("points").strip()
    if word == UPHOLD:
        return Ruling(None)
    if word in NAMED:
        return Ruling(NAMED[word])
    if word.isascii() and word.isdecimal() and int(word) <= 100:
        return Ruling(int(word) / 100)
    raise InvalidError(f"“{text[:40]}” is no grade. {_HOW}")


@dataclass(frozen=True, slots=True)
class Filed:
    """An appeal as it stands; ``new`` is False if it was there already."""

    appeal: Appeal
    prompt: str
    new: bool


async def appeal(
    services: Services, group: Group, member: Member, reason: str = "", round_id: int | None = None
) -> Filed:
    """Ask organisers to look at the member's grade: in that round, or their newest one.

    Raises NotFoundError without an answer, ConflictError where there is no grade to appeal,
    InvalidError for a reason that is too long.
    """
    words = " ".join(reason.split())
    if len(words) > LONGEST_REASON:
        raise InvalidError(f"A reason has at most {LONGEST_REASON} characters. Please shorten it.")
    now = services.clock()
    async with services.store.write() as tx:
        answer = await _own_answer(tx, group, member, round_id, adding=bool(words))
        grade, revision = await _appealable(tx, answer)
        filed, new = await tx.appeals.add(group.id, answer.id, revision.id, words, now)
        if grade.state is GradeState.GRADED:
            # A provisional or missing grade is still given again by itself.
            await tx.answers.set_grade_state(grade.id, GradeState.APPEALED)
        round_ = await tx.rounds.get(answer.round_id)
        prompt = round_.question.prompt if round_ and round_.question else "a question"
        if new:
            await _tell(tx, group, member, filed, grade, prompt)
    return Filed(filed, prompt, new)


async def _own_answer(
    tx: Tx, group: Group, member: Member, round_id: int | None, *, adding: bool
) -> Answer:
    """The member's answer in that round, else their newest one; ``adding`` brings a reason."""
    if round_id is not None:
        answer = await tx.answers.find(round_id, member.id, lock=True)
    else:
        newest = await _newest(tx, member, adding=adding)
        answer = await tx.answers.get(newest.id, lock=True) if newest else None
    if answer is None or answer.group_id != group.id or answer.withdrawn_at is not None:
        raise NotFoundError("You have no answer here to appeal. Reply to a question first.")
    return answer


async def _newest(tx: Tx, member: Member, *, adding: bool) -> Answer | None:
    """What an appeal without a round means.

    A reason goes to the newest appeal that still lacks one; else it is the newest graded
    answer, or the newest at all, which isn't graded yet.
    """
    answers = [each.answer for each in await tx.answers.of_member(member.id, limit=LOOKS_BACK)]
    filed = [await tx.appeals.open_for(answer.id) for answer in answers] if adding else []
    bare = {each.answer_id: each.id for each in filed if each is not None and not each.reason}
    if bare:
        return max(
            (answer for answer in answers if answer.id in bare), key=lambda each: bare[each.id]
        )
    for answer in answers:
        if (await shown(tx, answer)).grade is not None:
            return answer
    return answers[0] if answers else None


async def _appealable(tx: Tx, answer: Answer) -> tuple[Grade, Revision]:
    seen = await shown(tx, answer)
    if seen.grade is None or seen.revision is None:
        raise ConflictError("Your answer isn't graded yet. Wait for its grade, then appeal.")
    if seen.grade.state is GradeState.FINAL:
        raise ConflictError("An organiser has looked at this answer; their word is final.")
    return seen.grade, seen.revision


async def _tell(
    tx: Tx, group: Group, member: Member, filed: Appeal, grade: Grade, prompt: str
) -> None:
    score = "ungraded" if grade.score is None else counted(points_of(grade.score), "point")
    why = f" They say: “{filed.reason}”." if filed.reason else ""
    text = (
        f"{member.name} appeals the grade ({score}) of their answer to “{prompt}”.{why} "
        "/study appeals shows it and lets you decide."
    )
    await tell_organisers(tx, group.id, f"appeal:{filed.id}", "An appeal", text)


async def queue(tx: Tx, group: Group, limit: int = 20) -> tuple[list[AppealCase], int]:
    """The group's open appeals, oldest first, and how many there are in all."""
    return await tx.appeals.queue(group.id, limit), await tx.appeals.count(group.id)


@dataclass(frozen=True, slots=True)
class Decided:
    """What an organiser decided of whose answer."""

    member_name: str
    prompt: str
    points: int
    upheld: bool


async def decide_appeal(
    services: Services, group: Group, organiser: Member, appeal_id: int, ruling: Ruling
) -> Decided:
    """Decide an open appeal. Raises ConflictError if somebody was quicker."""
    async with services.store.read() as tx:
        found = await tx.appeals.get(appeal_id)
    if found is None or found.group_id != group.id:
        raise NotFoundError("That appeal isn't there any more.")
    return await decide(services, group, organiser, found.answer_id, ruling, appeal_id=appeal_id)


async def decide(
    services: Services,
    group: Group,
    organiser: Member,
    answer_id: int,
    ruling: Ruling,
    note: str = "",
    *,
    appeal_id: int | None = None,
) -> Decided:
    """A human's word on an answer: final, whatever judges say before or after.

    With ``appeal_id`` only if that appeal is open still. Raises StudyErrors.
    """
    now = services.clock()
    words = " ".join(note.split())
    if len(words) > LONGEST_REASON:
        raise InvalidError(f"A note has at most {LONGEST_REASON} characters. Please shorten it.")
    async with services.store.write() as tx:
        subject = await _steady(tx, group, answer_id)
        await _resolve(tx, subject, organiser, appeal_id, services)
        old = await tx.answers.grade(subject.revision.id)
        judgement = _judgement(subject, old, ruling, words)
        await _stop_judges(tx, subject)
        grade = await tx.answers.add_grade(
            subject.revision, judgement, GradeState.FINAL, subject.question.rubric_hash, now
        )
        await other_grade(tx, subject, old, grade)
        await wake_close(tx, subject.round)
        member = await tx.members.get(subject.answer.member_id)
    return Decided(
        member_name=member.name if member else "a former member",
        prompt=subject.question.prompt,
        points=points_of(grade.score),
        upheld=ruling.score is None,
    )


async def _steady(tx: Tx, group: Group, answer_id: int) -> Subject:
    """The answer with its rows, locked in the order that everybody locks them in."""
    answer = await tx.answers.get(answer_id)
    if answer is None or answer.group_id != group.id:
        raise NotFoundError(f"There is no answer #{answer_id} here.")
    round_ = await tx.rounds.get(answer.round_id, lock=True)
    answer = await tx.answers.get(answer_id, lock=True)
    if answer is None or answer.withdrawn_at is not None:
        raise ConflictError("That answer was deleted by its author.")
    revision_id = answer.scoring_id or answer.revision_id
    revision = await tx.answers.revision(revision_id) if revision_id else None
    # As it is now: when verdicts are shown may have been set since.
    current = await tx.groups.get(group.id)
    if round_ is None or round_.question is None or revision is None or current is None:
        raise NotFoundError(f"There is nothing to grade in answer #{answer_id}.")
    return Subject(current, round_, round_.question, answer, revision)


async def _resolve(
    tx: Tx, subject: Subject, organiser: Member, appeal_id: int | None, services: Services
) -> None:
    """Close the answer's appeal, if it has one."""
    there = await tx.appeals.open_for(subject.answer.id)
    if appeal_id is not None and (there is None or there.id != appeal_id):
        raise ConflictError("That appeal is decided already.")
    if there is not None:
        await tx.appeals.resolve(there.id, organiser.id, services.clock())


async def _stop_judges(tx: Tx, subject: Subject) -> None:
    """A revision that still waits for its first grade has it now."""
    if subject.revision.state is RevisionState.PENDING:
        await tx.answers.set_revision_state(
            subject.revision.id, RevisionState.PENDING, RevisionState.DONE
        )
    await drop_revisions(tx, subject.answer, RevisionState.HELD)


def _judgement(subject: Subject, old: Grade | None, ruling: Ruling, note: str) -> Judgement:
    score = ruling.score
    if score is None:
        if old is None or old.score is None:
            raise InvalidError(f"No judge has graded this, so there is nothing to uphold. {_HOW}")
        score = old.score
    points = old.points if old is not None and old.points else _unsaid(subject.round)
    if ruling.score == 1.0:
        points = tuple(replace(point, status=PointStatus.COVERED) for point in points)
    said = "An organiser agrees with the judge." if ruling.score is None else ""
    feedback = note or said or "An organiser looked at your answer and graded it."
    return Judgement(score, points, feedback, HUMAN)


def _unsaid(round_: Round) -> tuple[PointGrade, ...]:
    key_points = round_.question.key_points if round_.question else ()
    return tuple(PointGrade(point.id, point.text, PointStatus.MISSING) for point in key_points)
