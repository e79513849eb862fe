"""The adversarial set: replies that a judge must not be fooled by, and honest ones beside them.

``judge-check.jsonl`` holds a case a line: ``id``; ``question``, an id of ``judge-check.md``;
``kind`` (see ``Kind``); ``reply``; ``band``, the verdicts that are right: one, a list, or a list
for each kind of judge; and, if need be, ``note``, ``other`` (the text that the reply copies) and
``pair`` (the case whose reply is the same without what was put in, and which scores the same).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bot.domain.deck import Deck, Question
from bot.domain.grading import Verdict
from content.errors import DeckError, Problem
from content.parser import parse_file

FOLDER = Path(__file__).parent
DECK = FOLDER / "judge-check.md"
CASES = FOLDER / "judge-check.jsonl"
LONGEST_REPLY = 8_000
JUDGES = ("offline", "llm")

_REQUIRED = ("id", "question", "kind", "reply", "band")
_OPTIONAL = ("note", "other", "pair")


class Kind(StrEnum):
    """What a case tries on the judge."""

    FULL = "full"
    TERSE = "terse"
    LONG = "very-long"
    SHORT = "very-short"
    PARTIAL = "partial"
    NEGATED = "negated"
    SWAPPED = "swapped"
    SOUP = "keyword-soup"
    RESTATED = "restated"
    OFF_TOPIC = "off-topic"
    EMPTY = "empty"
    COPIED = "copied-reference"
    NEAR_COPY = "near-copy"
    OTHER_LANGUAGE = "other-language"
    QUOTED = "quoted-injection"
    INJECTION = "injection"


class CaseError(DeckError):
    """Cases can't be read; each line of the message is ``file:line: what is wrong, what to do``."""


@dataclass(frozen=True, slots=True)
class Case:
    """One reply with the verdicts that are right, by kind of judge (offline, llm).

    ``copied`` is the text that the reply must be told to be a near-copy of, if any. ``pair`` is
    the id of the case that the reply would be without what was put into it.
    """

    id: str
    question: Question
    kind: Kind
    reply: str
    bands: Mapping[str, tuple[Verdict, ...]]
    note: str = ""
    copied: str | None = None
    pair: str | None = None


@dataclass(frozen=True, slots=True)
class CheckSet:
    """The questions, as a deck, and the cases over them in the file's order."""

    deck: Deck
    cases: tuple[Case, ...]


def load_checks(cases: Path = CASES, deck: Path = DECK) -> CheckSet:
    """Read the set. Raises CaseError or DeckError naming file and line of everything to mend."""
    asked = parse_file(deck).deck
    problems: list[Problem] = []
    found: dict[str, tuple[int, Case]] = {}
    for line, data in _rows(cases, problems):
        try:
            case = _case(data, asked)
        except ValueError as error:
            problems.append(Problem(str(cases), line, str(error)))
            continue
        if case.id in found:
            message = f"the id “{case.id}” was used on line {found[case.id][0]}: choose another"
            problems.append(Problem(str(cases), line, message))
        found.setdefault(case.id, (line, case))
    for line, case in found.values():
        mate = found.get(case.pair) if case.pair else None
        if case.pair and (mate is None or mate[1].question is not case.question):
            message = f"there is no case “{case.pair}” of that question: correct the pair"
            problems.append(Problem(str(cases), line, message))
    if problems:
        raise CaseError(sorted(problems, key=lambda problem: problem.line))
    return CheckSet(asked, tuple(case for _, case in found.values()))


def _rows(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not text.strip():
            continue
        try:
            data = json.loads(text)
        except ValueError as error:
            problems.append(Problem(str(path), number, f"this is no JSON ({error}): correct it"))
            continue
        if isinstance(data, dict):
            yield number, data
        else:
            message = "this is no JSON object: write {...} on each line"
            problems.append(Problem(str(path), number, message))


def _case(data: Mapping[str, Any], deck: Deck) -> Case:
    """The case of one line. Raises ValueError saying what to do."""
    unknown = data.keys() - {*_REQUIRED, *_OPTIONAL}
    if unknown:
        raise ValueError(f"“{min(unknown)}” is no field of a case: leave it out")
    texts = {name: _text(data, name) for name in ("id", "question", "kind", "reply")}
    question = deck.question(texts["question"])
    if question is None:
        raise ValueError(f"the deck {deck.id} has no question “{texts['question']}”: correct it")
    if texts["kind"] not in set(Kind):
        raise ValueError(f"“{texts['kind']}” is no kind: use one of {', '.join(Kind)}")
    if len(texts["reply"]) > LONGEST_REPLY:
        raise ValueError(f"the reply has over {LONGEST_REPLY:,} characters: shorten it")
    kind = Kind(texts["kind"])
    other = data.get("other")
    if kind is Kind.NEAR_COPY or other is not None:
        other = _text(data, "other")
    return Case(
        id=texts["id"],
        question=question,
        kind=kind,
        reply=texts["reply"],
        bands=_bands(data.get("band")),
        note=_text(data, "note") if "note" in data else "",
        copied=question.reference if kind is Kind.COPIED else other,
        pair=_text(data, "pair") if "pair" in data else None,
    )


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"“{name}” must be a text that isn't empty: write one")
    return value


def _bands(band: object) -> Mapping[str, tuple[Verdict, ...]]:
    if isinstance(band, dict):
        if band.keys() != set(JUDGES):
            raise ValueError(f"a band by judge names {' and '.join(JUDGES)}: give both, no other")
        return {judge: _band(band[judge]) for judge in JUDGES}
    return dict.fromkeys(JUDGES, _band(band))


def _band(band: object) -> tuple[Verdict, ...]:
    verdicts = [band] if isinstance(band, str) else band
    if not isinstance(verdicts, list) or not verdicts or not set(verdicts) <= set(Verdict):
        raise ValueError(f"the band must be one or more of {', '.join(Verdict)}: correct it")
    return tuple(Verdict(each) for each in verdicts)
