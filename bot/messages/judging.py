"""What studybot says about grades: to their author, and to organisers who decide. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.appeals import AppealCase
from bot.domain.grading import GradeState, PointStatus, Verdict, points_of, verdict_of
from bot.domain.rounds import Grade
from bot.messages.build import VERDICT_TITLES
from bot.messages.message import (
    Action,
    Block,
    Button,
    Code,
    Facts,
    Item,
    Items,
    Mark,
    Mention,
    Message,
    Quote,
    Tone,
    When,
    counted,
    item,
    paragraph,
    shortened,
)

LONGEST_QUOTE = 900
BY_OFFLINE = "Graded by the offline judge, which compares words and can err."
_BY_ITSELF = "It is graded again by itself."
VERDICT_TONES = {
    Verdict.CORRECT: Tone.CORRECT,
    Verdict.PARTIAL: Tone.PARTIAL,
    Verdict.INCORRECT: Tone.INCORRECT,
    Verdict.UNGRADED: Tone.NOTICE,
}


def feedback_message(
    grade: Grade,
    *,
    round_id: int,
    practice: bool,
    withheld: str | None = None,
    before: int | None = None,
) -> Message:
    """A member's own grade: the verdict, every key point with the words that earned it.

    ``before`` are the points of the grade that this one takes the place of.
    """
    human = grade.judge.kind == "human"
    blocks: list[Block] = []
    if practice:
        blocks.append(
            paragraph("Graded as practice: the verdict you were first shown keeps your points.")
        )
    if before is not None and grade.score is not None:
        blocks.append(paragraph(_again(before, points_of(grade.score), human=human)))
    if grade.score is not None and not human and grade.attempt:
        # What was no attempt has its turn still: the points would give the answer away.
        blocks += [paragraph(_tally(grade)), Items(_points(grade), heading="Key points")]
    said = _said(grade)
    if said:
        blocks.append(paragraph(said))
    if withheld:
        blocks.append(paragraph(f"Your points wait for an organiser: your answer is {withheld}."))
    if grade.state is GradeState.APPEALED:
        blocks.append(paragraph("You appealed: an organiser will look at it."))
    return Message(
        title=_title(grade),
        blocks=tuple(blocks),
        buttons=() if practice else _ways_on(grade, round_id),
        footer=_judged_by(grade, practice=practice),
        tone=VERDICT_TONES[verdict_of(grade.score)],
    )


def _said(grade: Grade) -> str:
    """The judge's own words; "" where they say nothing that the list of points doesn't show."""
    words = grade.feedback or grade.reason
    if grade.judge.kind != "offline" or grade.score is None:
        return words
    if grade.flags or not grade.attempt:
        # Who graded stands below in any case.
        return words.removesuffix(BY_OFFLINE).rstrip()
    return ""


def _title(grade: Grade) -> str:
    title = VERDICT_TITLES[verdict_of(grade.score)]
    return title if grade.score is None else f"{title} · {_score(grade)}"


def _score(grade: Grade) -> str:
    return "ungraded" if grade.score is None else counted(points_of(grade.score), "point")


def _again(before: int, now: int, *, human: bool) -> str:
    kept = f"{counted(now, 'point')} {'stays' if now == 1 else 'stay'}."
    change = kept if before == now else f"{before} → {counted(now, 'point')}."
    return change if human else f"Graded again: {change}"


def _ways_on(grade: Grade, round_id: int) -> tuple[Button, ...]:
    if grade.state in (GradeState.FINAL, GradeState.APPEALED):
        return ()
    return (Button(Action.APPEAL, "Appeal", round_id),)


def _points(grade: Grade) -> tuple[Item, ...]:
    return tuple(
        item(
            point.text,
            mark=Mark(point.status.value),
            detail=f"“{point.evidence}”" if point.evidence else "",
        )
        for point in grade.points
    )


def _tally(grade: Grade) -> str:
    covered = sum(point.status is PointStatus.COVERED for point in grade.points)
    partly = sum(point.status is PointStatus.PARTIAL for point in grade.points)
    touched = f", {partly} touched on" if partly else ""
    return f"{covered} of {len(grade.points)} key points covered{touched}."


def _judged_by(grade: Grade, *, practice: bool) -> str:
    who = {
        "offline": BY_OFFLINE,
        "llm": f"Graded by {grade.judge.model}.",
        "human": "Graded by an organiser. This is final.",
    }.get(grade.judge.kind, "")
    if grade.state is GradeState.PROVISIONAL:
        who = "The language model can't be asked now, so the offline judge stood in."
        # Practice is graded once: nothing hangs on it.
        return who if practice else f"Provisional: {who[0].lower()}{who[1:]} {_BY_ITSELF}"
    return who


def appealed_message(prompt: str, *, new: bool, reason: str) -> Message:
    """What a member is told when they have appealed."""
    begin = "Organisers are told" if new else "It waits for an organiser"
    text = f"{begin}: they will look at your answer to “{prompt}”, and what they say is final."
    blocks: list[Block] = [paragraph(text)]
    if reason:
        blocks.append(Quote(reason, source="Your reason"))
    else:
        blocks.append(paragraph("If you like, say why: ", Code("/appeal"), " and your reason."))
    return Message("Appealed", tuple(blocks), tone=Tone.NOTICE)


def queue_message(cases: Sequence[AppealCase], total: int, said: str = "") -> Message:
    """The queue of appeals: the oldest in full, the others in a line each.

    ``said`` tells what was decided just now.
    """
    lead: list[Block] = [paragraph(said)] if said else []
    if not cases:
        text = "No appeal is waiting."
        return Message("Appeals", (*lead, paragraph(text)))
    first = cases[0]
    blocks = [*lead, *_case(first)]
    if len(cases) > 1:
        others = tuple(_line(case) for case in cases[1:])
        more = total - len(cases)
        blocks.append(Items(others, heading=f"Waiting as well{f' ({more} more)' if more else ''}"))
    count = "1 appeal waits" if total == 1 else f"{total} appeals wait"
    return Message(
        title=count,
        blocks=tuple(blocks),
        buttons=_rulings(first),
        footer=f"Or give points: /study grade {first.answer.id} 75 and a note",
        tone=Tone.NOTICE,
    )


def _case(case: AppealCase) -> list[Block]:
    grade = case.grade
    prompt = case.round.question.prompt if case.round.question else ""
    judge = f"{_score(grade)}, {grade.judge.kind} judge ({grade.judge.model})"
    who = Mention(case.answer.member_id, case.member_name)
    blocks: list[Block] = [
        Facts(
            (
                ("Answer", (f"#{case.answer.id} by ", who)),
                ("Question", (prompt,)),
                ("Grade", (judge,)),
                ("Appealed", (When(case.appeal.created_at),)),
            )
        ),
        Quote(shortened(case.revision.text, LONGEST_QUOTE), source="The answer"),
    ]
    if case.appeal.reason:
        blocks.append(Quote(case.appeal.reason, source="Why they appeal"))
    if grade.points:
        blocks.append(Items(_points(grade), heading="Key points"))
    return blocks


def _line(case: AppealCase) -> Item:
    prompt = case.round.question.prompt if case.round.question else ""
    who = Mention(case.answer.member_id, case.member_name)
    return item(f"#{case.answer.id} by ", who, f", {_score(case.grade)}", detail=prompt)


def _rulings(case: AppealCase) -> tuple[Button, ...]:
    buttons = (
        Button(Action.RULE_CORRECT, "Correct", case.appeal.id),
        Button(Action.RULE_PARTIAL, "Partly", case.appeal.id),
        Button(Action.RULE_INCORRECT, "Incorrect", case.appeal.id),
    )
    if case.grade.score is None:
        return buttons
    return (Button(Action.UPHOLD, "Uphold", case.appeal.id), *buttons)


def decided_text(member: str, prompt: str, points: int, *, upheld: bool) -> str:
    """What an organiser decided, in a sentence."""
    how = "keeps" if upheld else "has"
    return f"Decided: {member} {how} {counted(points, 'point')} for “{prompt}”. They are told."
