"""``studybot grade``: one answer, judged at once."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.context import (
    find_deck,
    load_library,
    load_settings,
    open_grader,
    unknown_question,
)
from bot.cli.options import Json
from bot.cli.output import CommandError, print_json, say, tell
from bot.domain.grading import GradeState, GradingTask, Judgement, grade_json, points_of
from bot.errors import InvalidError
from bot.settings import Settings

STDIN = "-"
# Bytes read at most: an answer of 8,000 characters fits in any encoding of Unicode.
MOST_BYTES = 64_000
_MARKS = {"covered": "+", "partial": "~", "missing": "-", "contradicted": "!"}


def grade(
    deck: Annotated[str, typer.Option(metavar="DECK", help="The deck's id.")],
    question: Annotated[str, typer.Option(metavar="QUESTION", help="The question's id.")],
    answer: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The answer; - reads it from stdin.")
    ] = None,
    answer_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="A file with the answer; - is stdin.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Grade one answer with the configured judge.

    Nothing is stored. Question ids are listed by `studybot deck list --questions`.
    """
    settings = load_settings()
    text = checked_answer(_read_answer(answer, answer_file))
    library = load_library(settings)
    found = find_deck(library, deck)
    asked = found.question(question)
    if asked is None:
        raise unknown_question(found, question)
    judgement = judged(settings, GradingTask(asked, text, found.language))
    data = as_grade(judgement)
    if as_json:
        print_json(data)
    else:
        _show(data)


def judged(settings: Settings, task: GradingTask) -> Judgement:
    """What the configured judge says; why another stood in is told on stderr."""

    async def judge() -> Judgement:
        async with open_grader(settings) as grader:
            return await grader.grade(task)

    judgement = asyncio.run(judge())
    if judgement.hitch is not None:
        tell(f"Warning: {judgement.hitch.words}")
    return judgement


def as_grade(judgement: Judgement) -> dict[str, Any]:
    """The grade's JSON for a judgement that is stored nowhere."""
    state = GradeState.PROVISIONAL if judgement.provisional else GradeState.GRADED
    return grade_json(
        score=judgement.score,
        state=GradeState.UNGRADED if judgement.score is None else state,
        points=judgement.points,
        feedback=judgement.feedback,
        judge=judgement.judge,
    )


def checked_answer(text: str) -> str:
    """The text to judge. Raises InvalidError for what is no answer at all.

    Words that don't try ("no idea") pass: the judge has a grade for them.
    """
    from bot.study.answering import check_text  # brings the judge along

    if any(character.isalnum() for character in text):
        try:
            return check_text(text)
        except InvalidError:
            if not _is_short_and_plain(text):
                raise
            return text.strip()
    raise InvalidError("There are no words in this answer. Write one of 1 to 8,000 characters.")


def _is_short_and_plain(text: str) -> bool:
    return len(text) < 200 and all(c.isprintable() or c.isspace() for c in text)


def _read_answer(answer: str | None, answer_file: str | None) -> str:
    if (answer is None) == (answer_file is None):
        raise CommandError("Give the answer with --answer TEXT or --answer-file FILE.", 2)
    if STDIN in (answer, answer_file):
        return _decoded(sys.stdin.buffer.read(MOST_BYTES + 1))
    if answer_file is not None:
        with Path(answer_file).open("rb") as file:
            return _decoded(file.read(MOST_BYTES + 1))
    return answer or ""


def _decoded(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise InvalidError("That is too long: an answer has at most 8,000 characters.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError("That is no UTF-8 text. Give the answer as plain text.") from error


def _show(data: dict[str, Any]) -> None:
    points = "" if data["score"] is None else f", {points_of(data['score'])} of 100 points"
    judge = data["judge"]
    state = ", provisional" if data["state"] == GradeState.PROVISIONAL else ""
    who = f"{judge['kind']} judge, {judge['model']} {judge['version']}"
    say(f"{data['verdict']}{points}{state} ({who})")
    for point in data["points"]:
        say(f"  {_MARKS[point['status']]} {point['status']}: {point['text']}")
        if point["evidence"]:
            say(f"      “{point['evidence']}”")
    say(data["feedback"])
