"""The lines of an answer, as the paragraphs, lists and code that a deck's reference is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from content.importing.lines import Kind, Line
from content.items import plain

WRAPPED = 50  # columns from which on a line without a full stop is taken to go on
_ENDS = re.compile(r"[.!?:;\u2026\u3002\uff01\uff1f][\"')\]\u201d\u2019]*$")
_CELLS = re.compile(r"\s*\|(.*)\|\s*$")
_RULE_CELLS = re.compile(r"[\s|:-]+$")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LABEL = re.compile(r"(?:\*\*|__)?(?:answer|ans|solution)\s*:?\s*(?:\*\*|__)?\s*:?$", re.IGNORECASE)

Reading = Callable[[str], str]


def as_written(text: str) -> str:
    """Plain text, with its white space in order."""
    return " ".join(text.split())


def from_markdown(text: str) -> str:
    """Markdown's words without its marks."""
    return plain(_BREAK.sub(" ", text))


class _Blocks:
    """Collects lines into blocks; what goes on is joined to what it goes on from."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.done: list[str] = []
        self.kind: Kind | None = None
        self.parts: list[str] = []  # one a paragraph, list item or line of code
        self.numbers: list[int | None] = []

    def take(self, line: Line, after: Line | None) -> None:
        """The next line; ``after`` is the one before it, blank or not."""
        if line.kind is Kind.BLANK:
            if self.kind is Kind.TEXT:
                self.close()
        elif line.kind is Kind.CODE:
            self._code(line)
        elif line.kind in {Kind.BULLET, Kind.TOGGLE, Kind.NUMBERED}:
            self._item(line)
        elif (cells := _CELLS.match(line.raw)) is not None:
            self._row(cells[1])
        else:
            self._text(line, after)

    def _code(self, line: Line) -> None:
        if line.level:  # a fence
            self.close()
            return
        self._open(Kind.CODE)
        self.parts.append(line.text.rstrip())

    def _item(self, line: Line) -> None:
        kind = Kind.NUMBERED if line.kind is Kind.NUMBERED else Kind.BULLET
        if kind is Kind.BULLET and self.kind is Kind.NUMBERED and line.indent:
            self.parts[-1] += f" {line.text}"
            return
        self._open(kind)
        self.parts.append(line.text)
        self.numbers.append(line.number)

    def _row(self, cells: str) -> None:
        if _RULE_CELLS.match(cells):
            return
        self._open(Kind.BULLET)
        self.parts.append(" | ".join(cell.strip() for cell in cells.split("|") if cell.strip()))
        self.numbers.append(None)

    def _text(self, line: Line, after: Line | None) -> None:
        text = line.raw.strip() if line.kind is Kind.TEXT else line.text
        if self.kind in {Kind.BULLET, Kind.NUMBERED}:
            close_by = after is not None and after.kind is not Kind.BLANK
            if line.indent >= 2 or (close_by and text[:1].islower()):
                self.parts[-1] += f" {text}"
                return
        goes_on = self.kind is Kind.TEXT and self.parts and _goes_on(self.parts[-1], text)
        if goes_on:
            self.parts[-1] += f" {text}"
            return
        self.close()
        self._open(Kind.TEXT)
        self.parts.append(text)

    def _open(self, kind: Kind) -> None:
        if self.kind is not kind:
            self.close()
            self.kind = kind

    def close(self) -> None:
        """Ends the block that is being collected."""
        kind, parts, numbers = self.kind, self.parts, self.numbers
        self.kind, self.parts, self.numbers = None, [], []
        if kind is Kind.CODE:
            self._keep("\n".join(parts).strip("\n"))
            return
        texts = [self.reading(part) for part in parts]
        kept = [
            (text, number) for text, number in zip(texts, numbers or texts, strict=False) if text
        ]
        if kind is Kind.BULLET:
            self._keep("\n".join(f"- {text}" for text, _ in kept))
        elif kind is Kind.NUMBERED and [n for _, n in kept] == list(range(1, len(kept) + 1)):
            self._keep("\n".join(f"{number}. {text}" for text, number in kept))
        elif kind is Kind.NUMBERED:
            self.done += [f"{number}. {text}" for text, number in kept]
        else:
            self.done += [text for text, _ in kept]

    def _keep(self, block: str) -> None:
        if block.strip():
            self.done.append(block)


def _goes_on(text: str, following: str) -> bool:
    """Whether a line of a paragraph was only wrapped, so that the next belongs to it."""
    if _ENDS.search(text):
        return False
    return len(text) >= WRAPPED or following[:1].islower()


def answer_of(lines: Sequence[Line], reading: Reading) -> str:
    """The lines as a reference answer; empty if they say nothing."""
    blocks = _Blocks(reading)
    before: Line | None = None
    for line in lines:
        if not _LABEL.match(line.raw.strip()):
            blocks.take(line, before)
        before = line
    blocks.close()
    return "\n\n".join(blocks.done)
