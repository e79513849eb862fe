"""Which column of a table is what, by the names that people give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from content.words import compact

_NAMES = {
    "prompt": (
        "question questions prompt front q card-front frontside ask query frage vorderseite"
        " pregunta anverso pergunta domanda vraag recto"
    ),
    "answer": (
        "answer answers reference back a response definition solution reference-answer"
        " model-answer sample-answer correct-answer card-back backside explanation antwort"
        " rückseite respuesta reverso réponse reponse resposta risposta antwoord verso"
    ),
    "section": "section topic category chapter subject group unit module deck theme area thema"
    " kapitel sección categoría catégorie",
    "difficulty": "difficulty level schwierigkeit dificultad difficulté",
    "key points": "key-points key-point points rubric key-facts facts stichpunkte",
    "follow-ups": "follow-ups follow-up follow-up-questions",
    "misconceptions": "misconceptions misconception wrong-answers mistakes",
    "terms": "terms glossary keywords",
    "sources": "sources source references citation citations",
    "number": "number no nr id index #",
}  # fmt: skip
_ROLES = {compact(name) or name: role for role, names in _NAMES.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class Columns:
    """Column numbers, from 0, by role; ``prompt`` and ``answer`` are always among them."""

    roles: dict[str, int] = field(default_factory=dict)
    width: int = 2

    def cell(self, row: Sequence[str], role: str) -> str:
        """The row's text for a role, empty where it has none."""
        place = self.roles.get(role)
        return row[place].strip() if place is not None and place < len(row) else ""


def columns_of(header: Sequence[str]) -> Columns | None:
    """What a header says of its columns; None if it doesn't name question and answer."""
    roles: dict[str, int] = {}
    for place, name in enumerate(header):
        key = compact(name) or name.strip()
        if role := _ROLES.get(key):
            roles.setdefault(role, place)
        elif key in {"term", "word", "concept"}:
            roles.setdefault("term", place)
    term = roles.pop("term", None)
    if term is not None and "prompt" not in roles:
        roles["prompt"] = term
    if "prompt" in roles and "answer" not in roles:
        free = [n for n in range(len(header)) if n not in roles.values() and header[n].strip()]
        if len(free) == 1:
            roles["answer"] = free[0]
    if "prompt" not in roles or "answer" not in roles:
        return None
    return Columns(roles, len(header))


FIRST_TWO = Columns({"prompt": 0, "answer": 1})
