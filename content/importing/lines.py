"""A text taken apart into lines that are headings, numbered, bullets, marked or plain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a line looks like by itself."""

    BLANK = "blank"
    TEXT = "text"
    HEADING = "heading"
    NUMBERED = "numbered"
    BULLET = "bullet"
    TOGGLE = "toggle"
    BOLD = "bold"
    ASKED = "asked"
    ANSWERED = "answered"
    CODE = "code"


@dataclass(slots=True)
class Line:
    """A line of the file, ``at`` counting from 1, with its marks taken off ``text``.

    ``indent`` is in columns. ``level`` is a heading's. ``number`` is what it was numbered with.
    ``raw`` is the line as it stands.
    """

    at: int
    kind: Kind
    text: str
    raw: str
    indent: int = 0
    level: int = 0
    number: int | None = None


_FENCE = re.compile(r"\s*(`{3,}|~{3,})(.*)")
_HEADING = re.compile(r"\s{0,3}(#{1,6})(?:\s+|$)(.*?)(?:\s+#+)?\s*$")
_SETEXT = re.compile(r"\s{0,3}(=+|-{3,})\s*$")
_RULE = re.compile(r"\s*([-*_=~\u2014\u2500])(\s*\1){2,}\s*$")
_NUMBERED = re.compile(
    r"\(?(\d{1,5}(?=[.)])|\d{1,3}(?=\s?[\u2013\u2014:-]\s))\s?[.)\u2013\u2014:-]\s*(?!\d)(\S.*)"
)
_BULLET = re.compile(
    r"[-*+\u2022\u25e6\u25aa\u25ab\u2023\u2013\u2014\u00b7\u25cf\u25cb\u2043\u2219]\s+"
    r"(?:\[[ xX]\]\s+)?(.*)"
)
_TOGGLE = re.compile(
    r"[\u25b8\u25b6\u25ba\u25be\u25bc\u25b9\u25bb]\ufe0f?\s*(.+)|(?:<details[^>]*>\s*)?<summary[^>]*>(.*?)</summary>\s*"
)
_AFTER_BOLD = re.compile(r"\s*:?\s*")
_ASKED = re.compile(
    r"(?:q|que|ques|question)\s*[#.]?\s*(\d{1,5})?\s*[:.)\u2013\u2014-]\s*(\S.*)", re.IGNORECASE
)
_ANSWERED = re.compile(
    r"(?:a|ans|answer)\s*[#.]?\s*(\d{1,5})?\s*[:.)\u2013\u2014]\s*(.*)", re.IGNORECASE
)
_LETTER_POINT = re.compile(r"[aq]\s*[.)\u2013\u2014-]", re.IGNORECASE)
_ANCHOR = re.compile(
    r"\s*(?:[-*+]|\d+[.)])?\s*(?:\*\*|<b>)?\s*\[[^\]]*\]\(#[^)]*\)\s*(?:\*\*|</b>)?\s*$"
)
_HTML_LINE = re.compile(
    r"\s*(?:</?(?:details|summary|div|p|center|br|hr|a|img|b)\b[^>]*>\s*)+$", re.IGNORECASE
)


LONGEST_MARK = 1_000  # characters of a rule, a link within the page or a line of HTML


def lines_of(text: str) -> list[Line]:
    """The lines of a text. Links within the page and lines of nothing but HTML are blank."""
    found: list[Line] = []
    fence, indent = "", 0
    for at, raw in enumerate(text.split("\n"), 1):
        opening = _FENCE.match(raw)
        if fence:
            closes = opening and opening[1].startswith(fence) and not opening[2].strip()
            code = raw[min(indent, len(raw) - len(raw.lstrip(" "))) :]
            found.append(Line(at, Kind.CODE, "" if closes else code, raw, level=int(bool(closes))))
            fence = "" if closes else fence
        elif opening and "`" not in opening[2]:
            fence, indent = opening[1], len(raw) - len(raw.lstrip(" "))
            found.append(Line(at, Kind.CODE, "", raw, level=1))
        else:
            found.append(_line(at, raw, found[-1] if found else None))
    return found


def _line(at: int, raw: str, before: Line | None) -> Line:
    expanded = raw.expandtabs(4)
    body = expanded.strip()
    indent = len(expanded) - len(expanded.lstrip())
    if before and before.kind in {Kind.TEXT, Kind.BOLD} and (rule := _SETEXT.match(raw)):
        before.kind, before.level = Kind.HEADING, 1 if rule[1][0] == "=" else 2
        return Line(at, Kind.BLANK, "", raw)
    if not body or (len(body) < LONGEST_MARK and _says_nothing(body)):
        return Line(at, Kind.BLANK, "", raw)
    kind, text, level, number = _kind(body)
    return Line(at, kind, text, raw, indent, level, number)


def _says_nothing(body: str) -> bool:
    return any(mark.match(body) for mark in (_RULE, _ANCHOR, _HTML_LINE))


def _kind(body: str) -> tuple[Kind, str, int, int | None]:
    """A line's kind, its text without marks, its level and its number."""
    if heading := _HEADING.match(body):
        number, text = _numbered(_unbold(heading[2]))
        return Kind.HEADING, text, len(heading[1]), number
    if toggle := _TOGGLE.match(body):
        number, text = _numbered(_unbold(toggle[1] or toggle[2]))
        return Kind.TOGGLE, text, 0, number
    bare = _unbold(body)
    if (asked := _ASKED.match(bare)) and not (_LETTER_POINT.match(bare) and not asked[1]):
        return Kind.ASKED, asked[2], 0, int(asked[1]) if asked[1] else None
    if (answered := _ANSWERED.match(bare)) and not (_LETTER_POINT.match(bare) and not answered[1]):
        return Kind.ANSWERED, answered[2], 0, int(answered[1]) if answered[1] else None
    if numbered := _NUMBERED.match(bare):
        if heading := _HEADING.match(numbered[2]):  # a heading in a numbered list
            return Kind.HEADING, _unbold(heading[2]), len(heading[1]), int(numbered[1])
        return Kind.NUMBERED, numbered[2], 0, int(numbered[1])
    if (bold := _bold(body)) and not bold[1]:
        return Kind.BOLD, bold[0], 0, None
    if bullet := _BULLET.match(body):
        return Kind.BULLET, bullet[1], 0, None
    return Kind.TEXT, body, 0, None


def _unbold(text: str) -> str:
    """The text without bold marks round its beginning, such as in ``**1. Why?** Because``."""
    bold = _bold(text)
    return " ".join(filter(None, bold)) if bold else text


def _bold(text: str) -> tuple[str, str] | None:
    """What stands in bold at the beginning of a text, and the rest; None if nothing does."""
    mark = text[:2]
    end = text.find(mark, 3) if mark in {"**", "__"} else -1
    inside = text[2:end]
    if end < 0 or inside != inside.strip():
        return None
    return inside, _AFTER_BOLD.sub("", text[end + 2 :], count=1)


def _numbered(text: str) -> tuple[int | None, str]:
    """A heading's or toggle's number and the rest: ``Q3: Why?`` and ``3. Why?`` are the same."""
    if match := _ASKED.match(text) or _NUMBERED.match(text):
        if match[1]:
            return int(match[1]), match[2]
        if not _LETTER_POINT.match(text):
            return None, match[2]
    return None, text
