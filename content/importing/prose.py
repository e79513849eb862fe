"""Guides in plain text, Markdown, or pasted out of a document: lines to questions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.imports import ImportNote
from content.importing.advertising import sells
from content.importing.answers import Reading, answer_of, as_written, from_markdown
from content.importing.guide import MAX_ANSWER, MAX_QUESTIONS, MAX_RAW, Entry, Guide
from content.importing.lines import Kind, Line, lines_of
from content.importing.styles import Outline, heads, outline_of, stands_apart

_MARKDOWN = re.compile(
    r"^ {0,3}#{1,6} \S|^ {0,3}```|\*\*\S[^*\n]*\*\*|\]\(\S+\)|^ {0,3}\[[^\]]+\]: \S", re.MULTILINE
)
_FRONT = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title\s*:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_DIFFICULTY = re.compile(
    r"(?:difficulty|level)\s*:\s*(?P<level>[1-3]|easy|medium|hard|beginner|intermediate|advanced)\W*",
    re.IGNORECASE,
)
LEVELS = {"1": 1, "2": 2, "3": 3, "easy": 1, "medium": 2, "hard": 3, "beginner": 1,
          "intermediate": 2, "advanced": 3}  # fmt: skip


ENOUGH = 20  # answers that are too long: then the file is refused anyway


def read_prose(text: str) -> Guide:
    """The questions of a text; none if it marks none in a way that is known."""
    markdown = _MARKDOWN.search(text) is not None
    guide = Guide("Markdown" if markdown else "plain text")
    if front := _FRONT.match(text):
        if title := _FRONT_TITLE.search(front[1]):
            guide.title = title[1]
        text = _emptied(front[0]) + text[front.end() :]
    if markdown:
        text = _without_comments(text)
    lines = lines_of(text)
    outline = outline_of(lines)
    if outline is not None:
        _Walk(guide, lines, outline, from_markdown if markdown else as_written).run()
    return guide


def _without_comments(text: str) -> str:
    """The text without HTML comments; one that never ends is no comment."""
    kept: list[str] = []
    position = 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start)) >= 0:
        kept += [text[position:start], _emptied(text[start:end])]
        position = end + 3
    return "".join([*kept, text[position:]])


def _emptied(text: str) -> str:
    """As many line ends as the text has, so that later lines keep their numbers."""
    return "\n" * text.count("\n")


@dataclass(slots=True)
class _Open:
    """A question whose answer is being collected."""

    line: Line
    section: str
    lines: list[Line] = field(default_factory=list)


class _Walk:
    """Goes through the lines once, with the questions known."""

    def __init__(
        self, guide: Guide, lines: Sequence[Line], outline: Outline, reading: Reading
    ) -> None:
        self.guide = guide
        self.lines = lines
        self.outline = outline
        self.reading = reading
        self.questions = set(outline.questions)
        self.section = ""
        self.open: _Open | None = None
        self.found: list[_Open] = []
        self.left_out: list[tuple[Line, str]] = []
        self.apart = False

    def run(self) -> None:
        """Fills the guide."""
        first = self.outline.questions[0]
        self._before(self.lines[:first])
        for place in range(first, len(self.lines)):
            self._line(place)
        if self.found:
            self._leave_advertising(self.found[-1].lines)
        if len(self.found) > MAX_QUESTIONS:
            # They will be refused by their number: nothing more is worth the time.
            self.guide.entries = [Entry(each.line.text, "", each.line.at) for each in self.found]
            return
        refused = 0
        for found in self.found:
            self.guide.entries.append(self._entry(found))
            refused += len(self.guide.entries[-1].answer) > MAX_ANSWER
            if refused > ENOUGH:
                return

    def _before(self, lines: Sequence[Line]) -> None:
        """The title, the introduction and the first section's heading."""
        said = [line for line in lines if line.kind is not Kind.BLANK]
        if self.outline.level > 1 or any(line.kind is Kind.HEADING for line in said):
            said = self._headed_before(said)
        else:
            said = self._plain_before(said)
        self.guide.intro = answer_of(said, self.reading)

    def _headed_before(self, said: list[Line]) -> list[Line]:
        headings = [line for line in said if line.kind is Kind.HEADING]
        top = headings[0] if headings else None
        alone = (
            top is not None and sum(self._is_section_level(line, top) for line in self.lines) == 1
        )
        if top is not None and alone and (len(headings) > 1 or top is said[0]):
            self.guide.title = self.guide.title or self.reading(top.text)
            headings = headings[1:]
        elif said and not self.guide.title and said[0].kind is Kind.TEXT and heads(said[0].text):
            self.guide.title = self.reading(said[0].text)
            said = said[1:]
        if headings and not stands_apart(headings[-1].text):
            self.section = self.reading(headings[-1].text)
        return [line for line in said if line.kind is not Kind.HEADING]

    @staticmethod
    def _is_section_level(line: Line, top: Line) -> bool:
        return line.kind is Kind.HEADING and line.level <= top.level

    def _plain_before(self, said: list[Line]) -> list[Line]:
        said = list(said)
        named = bool(self.guide.title)
        if said and not named and self._could_head(said[0], length=120):
            self.guide.title = self.reading(said.pop(0).text.rstrip(":"))
        if said and self._could_head(said[-1]):
            self.section = self.reading(said.pop().text.rstrip(":"))
        return said

    @staticmethod
    def _could_head(line: Line, length: int = 70) -> bool:
        if line.kind is Kind.BOLD:
            return True
        if line.kind is not Kind.TEXT or len(line.text) > length:
            return False
        return heads(line.text) or (length > 70 and not line.text.endswith((".", ",", ";")))

    def _line(self, place: int) -> None:
        line = self.lines[place]
        if place in self.questions:
            self.apart = False
            self.open = _Open(line, self.section)
            self.found.append(self.open)
        elif line.kind is Kind.HEADING and self._closes(line):
            self.open = None
            self.apart = stands_apart(line.text)
            if not self.apart:
                self.section = self.reading(line.text)
            else:
                self.guide.note(f"left out: “{line.text[:60]}” is no question", line.at)
        elif self._is_plain_heading(place):
            self.open = None
            self.section = self.reading(line.text.rstrip(":"))
        elif self.open is not None:
            self.open.lines.append(line)

    def _closes(self, line: Line) -> bool:
        """Whether a heading begins a section; deeper ones are part of an answer."""
        level = self.outline.level
        return not level or line.level < level or stands_apart(line.text)

    def _is_plain_heading(self, place: int) -> bool:
        """Whether a plain line is a section's heading: short, and right above a question."""
        line = self.lines[place]
        if self.outline.level or self.open is None or line.kind not in {Kind.TEXT, Kind.BOLD}:
            return False
        following = place + 1
        while following < len(self.lines) and self.lines[following].kind is Kind.BLANK:
            following += 1
        if following not in self.questions or not self._could_head(line) or line.indent:
            return False
        return self._is_set_off(place)

    def _is_set_off(self, place: int) -> bool:
        """Whether the line doesn't belong to what is above it, and leaves an answer there."""
        if self.open is None or all(line.kind is Kind.BLANK for line in self.open.lines):
            return False
        before = self.lines[place - 1]
        if before.kind is not Kind.TEXT:
            return True
        return before.text.endswith((".", "!", "?", ":", ";")) or len(before.text) > 70

    def _leave_advertising(self, lines: list[Line]) -> None:
        """Takes what sells something off the end of the last answer."""
        said = [place for place, line in enumerate(lines) if line.kind is not Kind.BLANK]
        cut = len(said)
        while (
            cut > 1
            and lines[said[cut - 1]].kind is not Kind.CODE
            and sells(lines[said[cut - 1]].raw)
        ):
            cut -= 1
        for place in said[cut:]:
            self.guide.notes.append(ImportNote("left out, looks like advertising", lines[place].at))
        if cut < len(said):
            del lines[said[cut] :]

    def _entry(self, found: _Open) -> Entry:
        line = found.line
        prompt, rest = line.text, list(found.lines)
        difficulty = 1
        kept: list[Line] = []
        for each in rest:
            if each.kind is Kind.TEXT and (match := _DIFFICULTY.fullmatch(each.text.strip("*_"))):
                difficulty = LEVELS[match["level"].lower()]
            else:
                kept.append(_dedented(each) if self.outline.nested else each)
        raw = sum(len(each.raw) for each in kept)
        # What can only be refused for its length isn't worked through before.
        answer = answer_of(kept, self.reading) if raw <= MAX_RAW else "-" * raw
        prompt = self.reading(prompt) if len(prompt) <= MAX_RAW else prompt
        return Entry(prompt, answer, line.at, found.section, line.number, difficulty)


def _dedented(line: Line) -> Line:
    line.indent = max(0, line.indent - 2)
    return line
