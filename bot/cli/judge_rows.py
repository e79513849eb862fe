"""Graded answers to measure a judge on: a JSON Lines file, checked before anything is judged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.cli.output import CommandError
from bot.domain.deck import KeyPoint, Question
from bot.domain.grading import GradingTask

SHOWN = 20
LONGEST = 8_000


class _WrongError(Exception):
    """A line can't be used; the message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """What to judge, and the humans' score 0..1 if there is one.

    ``id`` is as the file has it; the line's number where it has none.
    """

    id: str | int
    task: GradingTask
    score: float | None
    cut: bool = False


def read_rows(path: Path) -> list[Row]:
    """The file's rows; blank lines are skipped.

    Raises CommandError naming file and line of everything that is wrong, or OSError.
    """
    rows: list[Row] = []
    problems: list[str] = []
    for number, text in _lines(path):
        try:
            rows.append(_row(number, _object(text)))
        except _WrongError as error:
            problems.append(f"{path}:{number}: {error}")
    if problems:
        more = len(problems) - SHOWN
        shown = problems[:SHOWN] + ([f"... and {more} more lines"] if more > 0 else [])
        raise CommandError("\n".join(shown))
    if not rows:
        raise CommandError(f"{path}: there are no rows. Write one JSON object a line.")
    return rows


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    # Cut at line feeds alone: JSON may hold other separators inside its strings.
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise CommandError(f"{path}:{number}: this is no UTF-8. Save it as UTF-8.") from error
        if text.strip():
            yield number, text


def _object(text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _WrongError(f"this is no JSON ({error}): correct the line") from error
    if not isinstance(data, dict):
        raise _WrongError('this is no JSON object: write {"question": ..., "answer": ...} instead')
    return data


def _row(number: int, data: Mapping[str, Any]) -> Row:
    """The row of one line. Raises _WrongError saying what to do."""
    question = Question(
        id="row",
        prompt=_text(data, "question"),
        reference=_text(data, "reference"),
        key_points=_key_points(data.get("key_points")),
        misconceptions=_texts(data.get("misconceptions"), "misconceptions"),
    )
    answer = data.get("answer")
    if not isinstance(answer, str):
        raise _WrongError('“answer” must be a text: write "" for an answer without words')
    row_id = data.get("id")
    if row_id is not None and (not isinstance(row_id, str | int) or isinstance(row_id, bool)):
        raise _WrongError("“id” must be a text or a whole number: correct it or leave it out")
    return Row(
        id=number if row_id is None else row_id,
        task=GradingTask(question, answer[:LONGEST]),
        score=_score(data.get("score")),
        cut=len(answer) > LONGEST,
    )


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _WrongError(f"“{name}” is missing or no text: every row needs it")
    return value


def _score(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _WrongError("“score” must be a number from 0 to 1: correct it or leave it out")
    if not 0 <= value <= 1:
        raise _WrongError(f"“score” is {value}, not 0 to 1: divide it by the highest mark")
    return float(value)


def _texts(value: object, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
        raise _WrongError(f"“{name}” must be a list of texts: correct it or leave it out")
    return tuple(value)


def _key_points(value: object) -> tuple[KeyPoint, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _WrongError("“key_points” must be a list: correct it or leave it out")
    return tuple(_key_point(number, each) for number, each in enumerate(value, 1))


def _key_point(number: int, value: object) -> KeyPoint:
    data = {"text": value} if isinstance(value, str) else value
    where = f"key point {number}"
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        raise _WrongError(f'{where} must be a text or {{"text": ...}}: correct it')
    unknown = sorted(data.keys() - {"id", "text", "weight", "essential", "or"})
    if unknown or not data["text"].strip():
        wrong = f"has “{unknown[0]}”" if unknown else "has no text"
        raise _WrongError(f"{where} {wrong}: its fields are text, weight, essential and or")
    weight, essential, wordings = (
        data.get("weight", 1),
        data.get("essential", False),
        data.get("or"),
    )
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < 1e6:
        raise _WrongError(f"the weight of {where} must be a number above 0: correct it")
    if not isinstance(essential, bool):
        raise _WrongError(f"“essential” of {where} must be true or false: correct it")
    others = _texts([wordings] if isinstance(wordings, str) else wordings, f"or of {where}")
    return KeyPoint(f"kp{number}", data["text"], float(weight), essential, others)
