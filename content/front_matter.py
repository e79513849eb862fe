"""The lines between the two ``---`` at the top of a deck."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from content.items import ID_FORM, ID_RULE

MAX_CHARS = 4_000
KEYS = {"id", "title", "language", "licence"}

_LANGUAGE = re.compile(r"[a-z]{2}")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A deck's own data, the number of lines it took, and what is wrong as (line, message)."""

    id: str
    title: str
    language: str
    licence: str
    length: int
    problems: tuple[tuple[int, str], ...]


def read_front_matter(text: str) -> FrontMatter:
    """Reads the front matter off the top of a deck; never raises, but lists problems."""
    problems: list[tuple[int, str]] = []
    yaml_text, length = _cut(text, problems)
    front = {} if yaml_text is None else _mapping(yaml_text, problems)
    if yaml_text is not None:
        problems += _checked(front)
    values = {key: value for key, value in front.items() if isinstance(value, str)}
    return FrontMatter(
        id=values.get("id", ""),
        title=values.get("title", "").strip(),
        language=values.get("language", "") or "en",
        licence=values.get("licence", "").strip(),
        length=length,
        problems=tuple(problems),
    )


def _cut(text: str, problems: list[tuple[int, str]]) -> tuple[str | None, int]:
    """The YAML between the two rules, and how many lines it takes with them."""
    lines = text[: MAX_CHARS + 10].split("\n")
    if lines[0].rstrip() != "---":
        message = "there is no front matter: begin with the lines ---, id: ..., title: ..., ---"
        problems.append((1, message))
        return None, 0
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() in {"---", "..."}:
            return "\n".join(lines[1:number]), number + 1
    limit = f"within the first {MAX_CHARS} characters"
    problems.append((1, f"the front matter never ends: close it with a line --- {limit}"))
    return None, 0


def _mapping(text: str, problems: list[tuple[int, str]]) -> dict[Any, Any]:
    try:
        # BaseLoader builds only strings, lists and dicts: "language: no" stays a string.
        front = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - nothing is constructed
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        problems.append((line, f"the front matter is not valid YAML: {error.problem}"))
        return {}
    except (yaml.YAMLError, RecursionError):
        problems.append((1, "the front matter is not valid YAML: write lines such as id: my-deck"))
        return {}
    if isinstance(front, dict):
        return front
    problems.append((1, "the front matter must be lines such as id: my-deck"))
    return {}


def _checked(front: dict[Any, Any]) -> list[tuple[int, str]]:
    found = []
    for key in front:
        if key not in KEYS:
            known = ", ".join(sorted(KEYS))
            found.append((1, f"the front matter has an unknown key “{str(key)[:40]}”: use {known}"))
    deck_id, title = front.get("id", ""), front.get("title", "")
    if not (isinstance(deck_id, str) and ID_FORM.fullmatch(deck_id)):
        found.append((1, f"the front matter needs an id: {ID_RULE}"))
    if not (isinstance(title, str) and title.strip()):
        found.append((1, "the front matter needs a title, such as title: Git for beginners"))
    language = front.get("language", "") or "en"
    if not (isinstance(language, str) and _LANGUAGE.fullmatch(language)):
        found.append((1, "the language must be a two-letter code such as en or de"))
    if not isinstance(front.get("licence", ""), str):
        found.append((1, "the licence must be a name such as CC-BY-4.0"))
    return found
