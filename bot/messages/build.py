"""What studybot says about rounds, grades and boards. Pure: rows in, a Message out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.boards import WINDOW_TITLES, Standing, Window
from bot.domain.deck import Question
from bot.domain.grading import PointStatus, Verdict, points_of, verdict_of
from bot.domain.rounds import Grade, GradedAnswer, Round, RoundState
from bot.messages.message import (
    Action,
    Block,
    Button,
    Code,
    Facts,
    Inline,
    Items,
    Mark,
    Mention,
    Message,
    Quote,
    Ranking,
    RankRow,
    Tone,
    When,
    counted,
    item,
    paragraph,
)

DIFFICULTY = {1: "warm-up", 2: "core", 3: "deep dive"}
OPEN = "Reply in the thread, in your own words. Your first graded answer scores."
OVER = "The reference answer and the results are in the thread."
VERDICT_TITLES = {
    Verdict.CORRECT: "Correct",
    Verdict.PARTIAL: "Partly there",
    Verdict.INCORRECT: "Not yet",
    Verdict.UNGRADED: "Not graded yet",
}


def question_message(round_: Round, question: Question) -> Message:
    """The daily post: the question, where it is from, until when it is open."""
    facts = Facts(_question_facts(round_, question))
    if _is_over(round_):
        return Message(question.prompt, (facts,), footer=OVER, tone=Tone.QUESTION)
    buttons = (
        Button(Action.ANSWER, "Answer", round_.id, primary=True),
        Button(Action.MY_GRADE, "My grade", round_.id),
        Button(Action.APPEAL, "Appeal", round_.id),
    )
    return Message(question.prompt, (facts,), buttons, footer=OPEN, tone=Tone.QUESTION)


def _is_over(round_: Round) -> bool:
    return round_.state in (RoundState.CLOSING, RoundState.CLOSED)


def _question_facts(
    round_: Round, question: Question
) -> tuple[tuple[str, tuple[Inline, ...]], ...]:
    facts: list[tuple[str, tuple[Inline, ...]]] = [
        ("Section", (question.section,)),
        ("Difficulty", (DIFFICULTY.get(question.difficulty, str(question.difficulty)),)),
    ]
    if round_.closes_at is not None:
        label = "Closed" if _is_over(round_) else "Closes"
        facts.append((label, (When(round_.closes_at),)))
    return tuple(facts)


def closed_message(question: Question, answers: Sequence[GradedAnswer]) -> Message:
    """What goes into the thread at close: reference, the group's result, the most-missed point."""
    graded = [a.grade for a in answers if a.grade is not None and a.grade.score is not None]
    blocks: list[Block] = [Quote(question.reference, source="Reference answer")]
    blocks.append(Facts(_result_facts(len(answers), graded)))
    missed = most_missed(question, graded)
    if missed is not None:
        text, count = missed
        blocks.append(
            Items(
                (item(text, mark=Mark.MISSING, detail=f"missed in {count} of {len(graded)}"),),
                heading="Most missed",
            )
        )
    return Message(title="This round is closed", blocks=tuple(blocks), tone=Tone.PLAIN)


def _result_facts(
    answered: int, graded: Sequence[Grade]
) -> tuple[tuple[str, tuple[Inline, ...]], ...]:
    if not answered:
        return (("Answers", ("nobody answered this one",)),)
    counts = dict.fromkeys(Verdict, 0)
    for grade in graded:
        counts[verdict_of(grade.score)] += 1
    facts: list[tuple[str, tuple[Inline, ...]]] = [("Answers", (str(answered),))]
    if graded:
        mean = sum(points_of(grade.score) for grade in graded) / len(graded)
        result = (
            f"{counts[Verdict.CORRECT]} correct, {counts[Verdict.PARTIAL]} partial, "
            f"{counts[Verdict.INCORRECT]} not yet"
        )
        facts.append(("Result", (result,)))
        facts.append(("Average", (counted(round(mean), "point"),)))
    return tuple(facts)


def most_missed(question: Question, grades: Sequence[Grade]) -> tuple[str, int] | None:
    """The key point that most graded answers lack, with how many lack it; None if none does."""
    lacking = (PointStatus.MISSING, PointStatus.CONTRADICTED)
    counts = {
        point.id: sum(
            any(p.id == point.id and p.status in lacking for p in grade.points) for grade in grades
        )
        for point in question.key_points
    }
    worst = max(question.key_points, key=lambda point: counts[point.id], default=None)
    if worst is None or counts[worst.id] == 0:
        return None
    return worst.text, counts[worst.id]


def board_message(
    window: Window,
    standings: Sequence[Standing],
    as_of: datetime,
    *,
    viewer: int | None = None,
    limit: int = 10,
) -> Message:
    """A leaderboard: the top lines, and the viewer's own if it is further down."""
    shown = list(standings[:limit])
    own = next((s for s in standings[limit:] if s.member_id == viewer), None)
    rows = tuple(_row(standing, viewer) for standing in [*shown, *([own] if own else [])])
    blocks: tuple[Block, ...] = (
        (Ranking(rows),)
        if rows
        else (paragraph("Nobody has points here yet. The first answer takes the lead."),)
    )
    more = len(standings) - len(rows)
    if more > 0:
        blocks = (*blocks, paragraph(f"and {more} more"))
    return Message(
        title=f"Leaderboard · {WINDOW_TITLES[window]}",
        blocks=(*blocks, paragraph("as of ", When(as_of))),
    )


def _row(standing: Standing, viewer: int | None = None) -> RankRow:
    return RankRow(
        rank=standing.rank,
        member=Mention(standing.member_id, standing.member),
        points=standing.points,
        answered=standing.answered,
        streak=standing.streak,
        highlight=standing.member_id == viewer,
    )


def ranking(standings: Sequence[Standing]) -> Ranking:
    """Those standings as a leaderboard's lines."""
    return Ranking(tuple(_row(standing) for standing in standings))


def notice_message(title: str, text: str, where: str = "") -> Message:
    """Something that organisers should know; ``where`` names their group and its channel."""
    return Message(title=title, blocks=(paragraph(text),), footer=where, tone=Tone.NOTICE)


def help_note(text: str) -> Message:
    """A private hint to one member."""
    return Message(title="A hint", blocks=(paragraph(text),), tone=Tone.NOTICE)


def use_button_message(round_id: int) -> Message:
    """Why a thread's replies can't be read, with the button that works all the same."""
    words = (
        "I can't read replies here: this bot has no access to the words of messages. "
        "Please answer with the button; nobody else sees what you write there."
    )
    button = Button(Action.ANSWER, "Answer", round_id, primary=True)
    return Message("Use the Answer button", (paragraph(words),), (button,), tone=Tone.NOTICE)


def nudge_message(round_id: int, member: Mention) -> Message:
    """That something waits for a member; what it is, is theirs alone."""
    words = paragraph(
        member,
        ", I have a note for you about this question, but you take no direct messages from me. ",
        "Press My grade: it is shown to nobody else.",
    )
    button = Button(Action.MY_GRADE, "My grade", round_id)
    return Message("A note is waiting", (words,), (button,), tone=Tone.NOTICE)


def welcome_message() -> Message:
    """What a server is told when the bot has joined it: how to begin."""
    first = item(
        "Go to the channel that I should post in and type ",
        Code("/study setup"),
        ". That needs Manage Server; a form asks for the rest.",
    )
    second = item("With ", Code("/study post"), " the first question comes at once.")
    third = item("Everyone finds what I can do with ", Code("/help"), ".")
    intro = "I ask one question a day, grade the replies, and keep leaderboards and streaks."
    steps = Items((first, second, third), heading="To begin")
    return Message("Hello, I'm studybot", (paragraph(intro), steps), tone=Tone.NOTICE)


def back_message(channels: Sequence[str]) -> Message:
    """What a server is told when the bot has joined it again; channels by their names."""
    named = ", ".join(f"#{channel}" for channel in channels)
    words = (
        "The study group, its leaderboard and its streaks are as they were. To go on, type ",
        Code("/study resume"),
        f" in {named}.",
    )
    return Message("I'm back", (paragraph(*words),), tone=Tone.NOTICE)


def error_message(text: str) -> Message:
    """Why a request can't be met, and what would do."""
    return Message(title="That didn't work", blocks=(paragraph(text),), tone=Tone.NOTICE)
