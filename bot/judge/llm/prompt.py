"""What the model is asked: rules, question and rubric first, the reply last and as data."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from bot.domain.deck import KeyPoint, Question
from bot.judge.drafting import draft_key_points, wanted_points
from bot.ports import Prompt

VERSION = "1"
"""Goes up with every change of the prompt, the schema or the checks: grades are kept by it."""

STATUSES = ("covered", "partial", "missing", "contradicted")
# Room for the model's answer. Scripts other than Latin take several tokens a word.
_TOKENS_IN_ALL = 900
_TOKENS_A_POINT = 90

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "points": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "quote": {"type": "string"},
                    "status": {"type": "string", "enum": list(STATUSES)},
                },
                "required": ["id", "quote", "status"],
                "additionalProperties": False,
            },
        },
        "attempt": {"type": "boolean"},
        "aimed": {"type": "boolean"},
        "feedback": {"type": "string"},
    },
    "required": ["points", "attempt", "aimed", "feedback"],
    "additionalProperties": False,
}
"""One schema for all questions: servers compile a schema once and keep it."""


@dataclass(frozen=True, slots=True)
class Rubric:
    """A question's key points, drawn from the reference if it has none of its own.

    ``wanted`` is how many of them the prompt asks for.
    """

    points: tuple[KeyPoint, ...]
    wanted: int


@lru_cache(maxsize=512)
def rubric_of(question: Question, language: str) -> Rubric:
    """The rubric that a question is graded by."""
    points = draft_key_points(question, language)
    if question.key_points:
        return Rubric(points, len(points))
    return Rubric(points, wanted_points(question.prompt, len(points)))


@lru_cache(maxsize=1)
def system_prompt() -> str:
    """The rules, the same for every reply."""
    return files("bot.judge.llm.prompts").joinpath(f"grade-{VERSION}.txt").read_text("utf-8")


def grading_prompt(
    question: Question,
    language: str,
    reply: str,
    marker: Callable[[], str] = lambda: secrets.token_hex(6),
) -> Prompt:
    """The prompt for one reply, fenced with a marker that the reply can't hold."""
    points = rubric_of(question, language).points
    fence = marker()
    while fence in reply:
        fence = marker()
    line = f"----- {fence} -----"
    user = "\n".join((_asked(question, language), line, reply.strip(), line))
    room = _TOKENS_IN_ALL + _TOKENS_A_POINT * len(points)
    return Prompt(system_prompt(), user, "grade", SCHEMA, room)


@lru_cache(maxsize=512)
def _asked(question: Question, language: str) -> str:
    """Everything before the reply: servers reuse a beginning that they have seen."""
    points = rubric_of(question, language).points
    parts = [
        f"Question: {_line(question.prompt)}",
        f"Reference answer: {_line(question.reference)}",
        "Key points:",
        *(f"p{n}: {_line(point.text)}" for n, point in enumerate(points, 1)),
    ]
    if question.misconceptions:
        parts += ["Known wrong ideas:", *_listed(question.misconceptions)]
    return "\n".join((*parts, "Reply:"))


def _listed(texts: Sequence[str]) -> list[str]:
    return [f"- {_line(text)}" for text in texts]


def _line(text: str) -> str:
    return " ".join(text.split())
