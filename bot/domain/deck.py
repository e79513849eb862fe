"""A guide as the core sees it: Deck, Section, Question, KeyPoint, Term."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """One atomic fact that a full answer states.

    ``weight`` is relative to the question's other key points. ``wordings`` are other
    ways to say it that count just as much. ``essential`` points gate the verdict
    "correct": an answer that misses one is at most partial.
    """

    id: str
    text: str
    weight: float = 1.0
    essential: bool = False
    wordings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """A name that ``/explain`` knows, with its aliases."""

    name: str
    aliases: tuple[str, ...] = ()
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a reference answer's facts can be checked: a title, with authors and year if known."""

    title: str
    authors: str = ""
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt with its reference answer; ``id`` is stable for as long as the question lives."""

    id: str
    prompt: str
    reference: str
    key_points: tuple[KeyPoint, ...]
    section: str = ""
    difficulty: int = 1
    follow_ups: tuple[str, ...] = ()
    misconceptions: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def rubric_hash(self) -> str:
        """A digest of all that a judge reads: it changes when a regrade would be fair."""
        rubric = {
            "prompt": self.prompt,
            "reference": self.reference,
            "key_points": [asdict(point) for point in self.key_points],
            "misconceptions": self.misconceptions,
        }
        text = json.dumps(rubric, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """The question as JSON-ready data (see ``question_from_dict``)."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of a deck."""

    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Deck:
    """A guide: sections of questions. ``language`` is an ISO 639-1 code."""

    id: str
    title: str
    sections: tuple[Section, ...]
    language: str = "en"
    licence: str = ""
    intro: str = ""

    def questions(self) -> Iterator[Question]:
        """Every question, in the guide's order."""
        for section in self.sections:
            yield from section.questions

    def question(self, question_id: str) -> Question | None:
        """The question with that id, if the deck has it."""
        return next((q for q in self.questions() if q.id == question_id), None)


def question_from_dict(data: dict[str, Any]) -> Question:
    """The inverse of ``Question.to_dict``. Raises KeyError or TypeError on other shapes."""
    points = [KeyPoint(**{**p, "wordings": tuple(p["wordings"])}) for p in data["key_points"]]
    terms = [Term(**{**t, "aliases": tuple(t["aliases"])}) for t in data["terms"]]
    return Question(
        **{
            **data,
            "key_points": tuple(points),
            "terms": tuple(terms),
            "follow_ups": tuple(data["follow_ups"]),
            "misconceptions": tuple(data["misconceptions"]),
            "sources": tuple(Source(**source) for source in data["sources"]),
        }
    )
