"""The small syntaxes inside a deck's lists: key points, terms, sources.

Each reader takes one list item's raw Markdown and returns the domain type, or raises
ValueError with a sentence that says how to write it; the parser adds file and line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from markdown_it import MarkdownIt

from bot.domain.deck import KeyPoint, Source, Term

ID_FORM = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
ID_RULE = "lower-case letters, digits and hyphens, at most 64, such as self-attention"

_ID_MARK = re.compile(r"\s*\{#([^{}]*)\}")
_MARKER = re.compile(r"\(\s*(essential\s*\)|weight\s*:|or\s*:)", re.IGNORECASE)
_YEAR = re.compile(r"^(?:(.*?),\s*)?(\d{4})$", re.DOTALL)
_INLINE = MarkdownIt("commonmark", {"html": False})
_MARKUP = re.compile(r"[\\`*_\[<&\r\0]")  # without any of these a text is what it says


def plain(markdown: str) -> str:
    """One line of plain text: emphasis and links lose their marks, code keeps its words."""
    if _MARKUP.search(markdown) is None:
        return " ".join(markdown.split())
    tokens = _INLINE.parseInline(markdown)
    words: list[str] = []
    for token in tokens[0].children or ():
        if token.type in {"text", "code_inline", "image"}:
            words.append(token.content)
        elif token.type in {"softbreak", "hardbreak"}:
            words.append(" ")
    return " ".join("".join(words).split())


def take_id(raw: str) -> tuple[str, str | None]:
    """The text without its ``{#id}`` mark, and that id, or None where there is no mark.

    Raises ValueError for a malformed or a second id.
    """
    found = _ID_MARK.findall(raw)
    if not found:
        return raw, None
    if len(found) > 1:
        raise ValueError("there are two {#id} marks: keep the one that was there first")
    if not ID_FORM.fullmatch(found[0]):
        raise ValueError(f"the id “{found[0][:64]}” is malformed: use {ID_RULE}")
    return _ID_MARK.sub("", raw), found[0]


def closing(text: str, start: int) -> int:
    """The index of the bracket that closes the one at ``start``; -1 if there is none."""
    depth = 0
    for index in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index
    return -1


def _markers(raw: str) -> Iterator[tuple[int, int, str, str]]:
    """Each ``(name: value)`` mark in a key point as (start, end, name, value)."""
    position = 0
    while match := _MARKER.search(raw, position):
        end = closing(raw, match.start())
        if end < 0:
            raise ValueError(f"the bracket before “{raw[match.start() + 1 :][:30]}” never closes")
        name, _, value = raw[match.start() + 1 : end].partition(":")
        yield match.start(), end + 1, name.strip().lower(), value.strip()
        position = end + 1


def _weight(value: str) -> float:
    try:
        weight = float(value)
    except ValueError:
        weight = 0.0
    if not 0 < weight <= 100:
        raise ValueError(f"the weight “{value[:20]}” must be a number above 0 and at most 100")
    return weight


def key_point(raw: str, default_id: str) -> KeyPoint:
    """A key point: ``Fact (essential) (weight: 2) (or: other wording) {#id}``."""
    rest, point_id = take_id(raw)
    weight, essential, wordings = 1.0, False, list[str]()
    kept, position = list[str](), 0
    for start, end, name, value in _markers(rest):
        kept.append(rest[position:start])
        position = end
        if name == "weight":
            weight = _weight(value)
        elif name == "essential":
            essential = True
        elif wording := plain(value):
            wordings.append(wording)
    text = plain(" ".join([*kept, rest[position:]]))
    if not text:
        raise ValueError("the key point has no text: write the fact before its marks")
    return KeyPoint(point_id or default_id, text, weight, essential, tuple(wordings))


def _term_parts(raw: str) -> tuple[str, str, str]:
    """(name, aliases, definition) of ``Name (alias; alias): definition``, still raw."""
    bracket, colon = raw.find(" ("), raw.find(":")
    if bracket < 0 or -1 < colon < bracket:
        name, _, definition = raw.partition(":")
        return name, "", definition
    end = closing(raw, bracket + 1)
    if end < 0:
        raise ValueError("the bracket round the aliases never closes: add the missing “)”")
    after = raw[end + 1 :].lstrip()
    if after and not after.startswith(":"):
        raise ValueError("write a term as “Name (alias; alias): definition”")
    return raw[:bracket], raw[bracket + 2 : end], after[1:]


def term(raw: str) -> Term:
    """A term: ``Name (alias; other alias): one or two sentences that define it``."""
    one_line = " ".join(raw.split())
    name, aliases, definition = _term_parts(one_line)
    if not plain(name):
        raise ValueError("the term has no name: write “Name (alias; alias): definition”")
    known = (plain(alias) for alias in aliases.split(";"))
    return Term(plain(name), tuple(alias for alias in known if alias), plain(definition))


def source(raw: str) -> Source:
    """A source: ``Title (Authors, year)``; authors and year may be left out."""
    text = plain(raw)
    if not text:
        raise ValueError("the source has no title: write “Title (Authors, year)”")
    start = text.rfind(" (")
    match = _YEAR.match(text[start + 2 : -1]) if start > 0 and text.endswith(")") else None
    if match is None:
        return Source(text)
    return Source(text[:start].strip(), match[1] or "", int(match[2]))


def sentence(raw: str) -> str:
    """A plain list item, such as a follow-up or a misconception."""
    if not (text := plain(raw)):
        raise ValueError("the list item is empty: write it out or delete it")
    return text


READERS: dict[str, Callable[[str], Term | Source | str]] = {
    "terms": term,
    "sources": source,
    "follow-ups": sentence,
    "misconceptions": sentence,
}
