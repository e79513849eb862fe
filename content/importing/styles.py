"""How a guide marks its questions: Q and A, headings, numbers, bold lines, toggles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from content.importing.lines import Kind, Line

ASKING = re.compile(
    r"(?:what|why|how|when|where|which|who|whose|explain|describe|compare|define|discuss|name"
    r"|list|give|can|could|does|do|is|are|should|would|tell|walk|outline|derive|implement|design"
    r"|write|state|suppose|imagine|differentiate|distinguish|talk|in what|under what|was|wie|was"
    r"|warum|welche|erkl\u00e4re|qu'est|pourquoi|comment|quel|qu\u00e9|c\u00f3mo|por qu\u00e9)\b",
    re.IGNORECASE,
)
ASKS = re.compile(r"[?\uff1f\u061f][\"')\]\u201d\u2019*_]*(?:\s*\([^)]*\))?\s*$")
_APART = re.compile(
    r"(?:introduction|intro|overview|preface|conclusions?|summary|(?:table of )?contents|toc"
    r"|references|resources|further reading|about(?: .*)?|license|licence|credits|contribut.*"
    r"|acknowledge?ments|final thoughts|wrapping up|faqs?|tips.*|how to (?:use|read) .*)\W*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Outline:
    """Which lines are questions, by place in the list of lines.

    ``level`` is that of the questions' headings, 0 where questions are no headings.
    """

    questions: tuple[int, ...]
    level: int = 0
    nested: bool = False


def asks(text: str) -> bool:
    """Whether a line reads like a question or a task."""
    return ASKS.search(text) is not None or ASKING.match(text) is not None


def stands_apart(text: str) -> bool:
    """Whether a heading is one of those that guides have around their questions."""
    return _APART.fullmatch(text.strip()) is not None


def outline_of(lines: Sequence[Line]) -> Outline | None:
    """The most explicit way of marking questions that the text uses; None if there is none."""
    for style in (_asked, _toggled, _headed_clearly, _numbered, _headed, _bold, _nested, _marked):
        if (found := style(lines)) is not None and found.questions:
            return found
    return None


def _of_kind(lines: Sequence[Line], kind: Kind) -> list[int]:
    return [place for place, line in enumerate(lines) if line.kind is kind]


def _asked(lines: Sequence[Line]) -> Outline | None:
    """``Q: ...`` or ``Question 3: ...``."""
    found = _of_kind(lines, Kind.ASKED)
    if not found:
        # Headings and toggles keep their kind, numbered questions may have marked answers.
        return None
    return Outline(tuple(found))


def _toggled(lines: Sequence[Line]) -> Outline | None:
    found = [place for place in _of_kind(lines, Kind.TOGGLE) if lines[place].indent < 2]
    return Outline(tuple(found)) if found else None


def _headings(lines: Sequence[Line]) -> dict[int, list[int]]:
    """Headings with something in them, by level."""
    levels: dict[int, list[int]] = {}
    for place in _of_kind(lines, Kind.HEADING):
        if lines[place].text and not stands_apart(lines[place].text):
            levels.setdefault(lines[place].level, []).append(place)
    return levels


def _headed_clearly(lines: Sequence[Line]) -> Outline | None:
    """Headings of one level that are numbered or ask something."""
    levels = _headings(lines)
    clear = {
        level: sum(
            ASKS.search(lines[p].text) is not None or lines[p].number is not None for p in ps
        )
        for level, ps in levels.items()
        if level > 1 or len(ps) > 1
    }
    best = max(clear, key=lambda level: (clear[level], level), default=0)
    if not best or clear[best] * 3 < len(levels[best]):
        return None
    inner = _questions_in(lines, Kind.NUMBERED)
    if len(inner) > 2 * len(levels[best]):
        return None  # numbered questions under a few sections that ask something
    return Outline(tuple(levels[best]), best)


def _questions_in(lines: Sequence[Line], kind: Kind) -> list[int]:
    return [p for p in _of_kind(lines, kind) if not lines[p].indent and ASKS.search(lines[p].text)]


def _headed(lines: Sequence[Line]) -> Outline | None:
    """Headings of the level that asks most, or has most, if there is more than a title."""
    levels = {n: ps for n, ps in _headings(lines).items() if n > 1 or len(ps) > 1}
    if not levels:
        return None
    tasks = {n: sum(asks(lines[p].text) for p in ps) for n, ps in levels.items()}
    deepest = max(levels, key=lambda n: (tasks[n], len(levels[n]), n))
    bold = [p for p in _of_kind(lines, Kind.BOLD) if ASKS.search(lines[p].text)]
    marked = [p for p in _of_kind(lines, Kind.TEXT) if ASKS.search(lines[p].text)]
    if max(len(bold), len(marked)) >= len(levels[deepest]) > 0:
        return None
    nested = _nested(lines)
    if nested and len(nested.questions) > len(levels[deepest]):
        return None
    return Outline(tuple(levels[deepest]), deepest)


def _numbered(lines: Sequence[Line]) -> Outline | None:
    found = list(_numbered_places(lines))
    if not found:
        return None
    asking = sum(asks(lines[place].text) for place in found)
    if asking * 2 < len(found) and (_headings(lines) or _of_kind(lines, Kind.BOLD)):
        return None
    return Outline(tuple(found))


def _numbered_places(lines: Sequence[Line]) -> Iterator[int]:
    """Numbered lines that go on from one another; lists within answers are passed over.

    A section may begin again at 1. A list in an answer begins at 1 as well, but right
    after text that it belongs to.
    """
    last, inner = 0, 0
    for place in _of_kind(lines, Kind.NUMBERED):
        line = lines[place]
        number = line.number or 0
        if line.indent >= 2:
            continue
        if inner and number == inner + 1 and not (number == last + 1 and asks(line.text)):
            inner = number
        elif number == 1 and last and not _begins_section(lines, place):
            inner = 1
        elif number > last or number == 1 or asks(line.text):
            last, inner = number, 0
            yield place


def _begins_section(lines: Sequence[Line], place: int) -> bool:
    """Whether a line with the number 1 starts a new section rather than a list."""
    if ASKS.search(lines[place].text):
        return True
    before = _nearest(lines, place, -1)
    if before is None or before.kind is Kind.HEADING:
        return True
    if before.kind is Kind.BOLD:
        return asks(lines[place].text)
    if before.kind is not Kind.TEXT or before.text.endswith(":") or ". " in before.text:
        return False
    return heads(before.text) and asks(lines[place].text)


def _nearest(lines: Sequence[Line], place: int, step: int) -> Line | None:
    """The next line that says something, in one direction or the other."""
    place += step
    while 0 <= place < len(lines):
        if lines[place].kind is not Kind.BLANK:
            return lines[place]
        place += step
    return None


def _bold(lines: Sequence[Line]) -> Outline | None:
    found = [place for place in _of_kind(lines, Kind.BOLD) if not lines[place].indent]
    clear = [place for place in found if ASKS.search(lines[place].text)]
    if clear:
        return Outline(tuple(clear))
    return Outline(tuple(found)) if len(found) > 1 else None


def _nested(lines: Sequence[Line]) -> Outline | None:
    """``- question`` with its answer indented below."""
    bullets = [place for place in _of_kind(lines, Kind.BULLET) if not lines[place].indent]
    found = [place for place in bullets if _has_children(lines, place)]
    if not found or len(found) * 2 < len(bullets):
        return None
    return Outline(tuple(found), nested=True)


def _has_children(lines: Sequence[Line], place: int) -> bool:
    following = _nearest(lines, place, 1)
    return following is not None and following.indent >= 2


def _marked(lines: Sequence[Line]) -> Outline | None:
    """Plain lines that end with a question mark."""
    kinds = {Kind.TEXT, Kind.BULLET}
    found = [
        place
        for place, line in enumerate(lines)
        if line.kind in kinds and not line.indent and ASKS.search(line.text)
    ]
    counted = Counter(lines[place].kind for place in found)
    if not found:
        return None
    kind = Kind.TEXT if counted[Kind.TEXT] else Kind.BULLET
    return Outline(tuple(place for place in found if lines[place].kind is kind))


def heads(text: str) -> bool:
    """Whether a plain line could be the heading of a section."""
    if len(text) > 70 or len(text.split()) > 9 or text[:1].islower():
        return False
    return re.search(r"[.?!;,\u2026\uff1f]$", text) is None
