"""Reads a deck: one Markdown file that a person can write by hand.

    ---
    id: git-basics                  (required, stable: results are kept under it)
    title: Git for beginners        (required)
    language: en                    (ISO 639-1, en if left out)
    licence: CC-BY-4.0              (optional)
    ---

    An introduction, if you like.

    ## A section

    ### The question, as it is asked {#stable-id}

    Difficulty: 2

    The reference answer, as paragraphs and lists.

    #### Key points

    - One fact that a full answer states (essential) (weight: 2) (or: the same in other words)
    - Another fact {#optional-stable-id}

    #### Follow-ups
    - A further question

    #### Misconceptions
    - A wrong statement, as someone would make it

    #### Terms
    - Name (alias; other alias): what it means, in a sentence or two

    #### Sources
    - Title (Authors, 2017)

Sections are ``##``, questions ``###``; the five lists may come in any order and all but the
reference answer may be left out. A list may also be headed by a plain line, ``Key points:``.
Difficulty is 1, 2 or 3 (1 if left out). A key point without an id is ``kp1``, ``kp2`` ... by
its place. All text becomes plain text: emphasis loses its marks, code keeps its words.
``content/decks/README.md`` tells the same at length, for authors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markdown_it.tree import SyntaxTreeNode

from bot.domain.deck import Deck, KeyPoint, Question, Section
from content.blocks import blocks
from content.errors import DeckError, Problem
from content.front_matter import FrontMatter, read_front_matter
from content.items import READERS, key_point, plain, take_id
from content.words import slug

MAX_BYTES = 5_000_000
MAX_BLOCK = 20_000  # characters in one paragraph or list item; inline Markdown is superlinear
LABELS = ("key points", "follow-ups", "misconceptions", "terms", "sources")
LABEL_NAMES = "Key points, Follow-ups, Misconceptions, Terms, Sources"

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DIFFICULTY = re.compile(r"difficulty\s*:\s*(.*)", re.IGNORECASE)

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ParsedDeck:
    """A deck with where it was read from: ``lines`` maps an item's key to its line, from 1.

    Keys: ``()`` the deck, ``(question_id,)``, ``(question_id, label, index)`` a list item.
    """

    deck: Deck
    file: str
    lines: Mapping[Key, int]

    def line(self, *key: str | int) -> int:
        """The line of an item, or of the nearest thing around it that has one."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)


@dataclass(slots=True)
class _Draft:
    """A question while its blocks are being read; list items are (line, raw Markdown)."""

    prompt: str
    id: str
    line: int
    difficulty: int = 1
    reference: list[str] = field(default_factory=list)
    lists: dict[str, list[tuple[int, str]]] = field(default_factory=dict)


def load_deck(path: Path) -> Deck:
    """The deck in that file. Raises DeckError with all that is wrong with it."""
    return parse_file(path).deck


def parse_file(path: Path) -> ParsedDeck:
    """The deck in that file, with line numbers. Raises DeckError, and nothing else."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise DeckError([Problem(str(path), 1, f"can't be opened: {reason}")]) from error
    if len(data) > MAX_BYTES:
        raise DeckError([Problem(str(path), 1, _too_big())])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = "is not UTF-8 text: save the file as UTF-8 (a deck is a Markdown text file)"
        raise DeckError([Problem(str(path), line, message)]) from error
    return parse(text, str(path))


def parse(text: str, file: str = "deck.md") -> ParsedDeck:
    """The deck written in ``text``; ``file`` is the name that problems are reported under.

    Raises DeckError with every problem found.
    """
    if len(text) > MAX_BYTES:
        raise DeckError([Problem(file, 1, _too_big())])
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if control := _CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        message = "holds a control character: is it a binary file? A deck is plain Markdown"
        raise DeckError([Problem(file, line, message)])
    front = read_front_matter(text)
    reader = _Reader(file)
    reader.problems += [Problem(file, line, message) for line, message in front.problems]
    body = "\n".join(text.split("\n")[front.length :])
    for node, above in blocks(body):
        reader.block(node, front.length + 1 + above + (node.map[0] if node.map else 0))
    return reader.finish(front)


def _too_big() -> str:
    return f"is over {MAX_BYTES // 1_000_000} MB: split it into several decks"


def _source_of(node: SyntaxTreeNode) -> str:
    """The raw Markdown of a block's own text."""
    if node.type in {"inline", "fence", "code_block"}:
        return node.content
    return "\n".join(_source_of(child) for child in node.children)


def _block_text(node: SyntaxTreeNode) -> str:
    """A block of a reference answer as plain text; list items become ``- item`` lines."""
    if node.type in {"fence", "code_block"}:
        return node.content.strip("\n")
    if node.type == "inline":
        return plain(node.content)
    parts = [_block_text(child) for child in node.children]
    if node.type == "bullet_list":
        parts = [f"- {part}" for part in parts]
    elif node.type == "ordered_list":
        parts = [f"{number}. {part}" for number, part in enumerate(parts, 1)]
    return "\n".join(part for part in parts if part)


class _Reader:
    """Walks a deck's blocks in order, collecting sections, questions and problems."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.lines: dict[Key, int] = {(): 1}
        self.intro: list[str] = []
        self.sections: list[tuple[str, int, list[Question]]] = []
        self.draft: _Draft | None = None
        self.label: str | None = None

    def problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.file, line, message))

    def block(self, node: SyntaxTreeNode, line: int) -> None:
        """Takes the next block of the file."""
        if node.type == "heading":
            self._heading(int(node.tag[1]), _source_of(node), line)
        elif node.type == "hr" or self._is_oversized(node, line):
            return
        elif self.draft is not None:
            self._question_block(self.draft, node, line)
        elif self.sections:
            self.problem(line, "this text belongs to no question: put a ### question above it")
        else:
            self.intro.append(_block_text(node))

    def _is_oversized(self, node: SyntaxTreeNode, line: int) -> bool:
        longest = max((len(n.content) for n in node.walk() if n.type == "inline"), default=0)
        if longest > MAX_BLOCK:
            self.problem(line, f"a paragraph has over {MAX_BLOCK} characters: split it")
        return longest > MAX_BLOCK

    def _heading(self, level: int, raw: str, line: int) -> None:
        if len(raw) > MAX_BLOCK:
            self.problem(line, f"the heading has over {MAX_BLOCK} characters: shorten it")
        elif level == 1:
            self.problem(line, "the deck's title belongs in the front matter; sections are ##")
        elif level == 2:
            self._close_question()
            self.sections.append((plain(raw), line, []))
            if not plain(raw):
                self.problem(line, "the section has no title: write one after the ##")
        elif level == 3:
            self._close_question()
            self._open_question(raw, line)
        elif level == 4:
            self._set_label(raw, line)
        else:
            self.problem(line, "headings go no deeper than ####: use a paragraph or a list")

    def _open_question(self, raw: str, line: int) -> None:
        if not self.sections:
            self.problem(line, "the question stands in no section: put a ## heading above it")
            self.sections.append(("", line, []))
        question_id = None
        try:
            raw, question_id = take_id(raw)
        except ValueError as error:
            self.problem(line, str(error))
        else:
            if question_id is None:
                self.problem(line, f"the question has no id: end its line with {{#{slug(raw)}}}")
        prompt = plain(raw)
        if not prompt:
            self.problem(line, "the question has no text: write it after the ###")
        self.draft = _Draft(prompt, question_id or "", line)
        self.label = None

    def _set_label(self, raw: str, line: int) -> None:
        label = plain(raw).rstrip(":").strip().lower()
        if self.draft is None:
            self.problem(line, "this list belongs to no question: put a ### question above it")
        elif label not in LABELS:
            self.problem(line, f"“{label[:40]}” is no known list: use one of {LABEL_NAMES}")
        elif label in self.draft.lists:
            self.problem(line, f"the question has two lists of {label}: make them one")
        else:
            self.draft.lists[label] = []
        self.label = label

    def _question_block(self, draft: _Draft, node: SyntaxTreeNode, line: int) -> None:
        raw = _source_of(node) if node.type == "paragraph" else ""
        if raw and plain(raw).rstrip(":").strip().lower() in LABELS:
            self._set_label(raw, line)
        elif self.label is None:
            if text := self._difficulty(draft, node, raw, line):
                draft.reference.append(text)
        elif node.type != "bullet_list":
            self.problem(line, f"write the {self.label} as a list, each line beginning with “- ”")
        else:
            items = draft.lists.setdefault(self.label, [])
            offset = line - (node.map[0] if node.map else 0)
            items += [self._item(item, offset) for item in node.children]

    def _item(self, item: SyntaxTreeNode, offset: int) -> tuple[int, str]:
        line = offset + (item.map[0] if item.map else 0)
        if any(child.type != "paragraph" for child in item.children):
            self.problem(line, f"a list of {self.label} takes plain lines: move nested parts out")
        return line, " ".join(_source_of(item).split())

    def _difficulty(self, draft: _Draft, node: SyntaxTreeNode, raw: str, line: int) -> str:
        """The block's text for the reference, once a leading difficulty line is taken off."""
        first, _, rest = raw.partition("\n")
        match = None if draft.reference else _DIFFICULTY.fullmatch(plain(first))
        if match is None:
            return _block_text(node)
        if match[1] in {"1", "2", "3"}:
            draft.difficulty = int(match[1])
        else:
            self.problem(line, f"the difficulty “{match[1][:20]}” must be 1, 2 or 3")
        return plain(rest)

    def _close_question(self) -> None:
        draft, self.draft = self.draft, None
        if draft is None:
            return
        reference = "\n\n".join(draft.reference)
        if not reference:
            self.problem(draft.line, "the question has no reference answer: write it below")
        if draft.id and (draft.id,) in self.lines:
            first = self.lines[draft.id,]
            self.problem(
                draft.line, f"the id “{draft.id}” was used on line {first}: choose another"
            )
        self.lines.setdefault((draft.id,), draft.line)
        section, _, questions = self.sections[-1]
        lists = {label: self._items(draft, label) for label in LABELS if label != "key points"}
        questions.append(
            Question(
                id=draft.id,
                prompt=draft.prompt,
                reference=reference,
                key_points=self._key_points(draft),
                section=section,
                difficulty=draft.difficulty,
                follow_ups=lists["follow-ups"],
                misconceptions=lists["misconceptions"],
                terms=lists["terms"],
                sources=lists["sources"],
            )
        )

    def _items(self, draft: _Draft, label: str) -> tuple[Any, ...]:
        items = []
        for line, raw in draft.lists.get(label, ()):
            try:
                items.append(READERS[label](raw))
            except ValueError as error:
                self.problem(line, str(error))
            else:
                self.lines[draft.id, label, len(items) - 1] = line
        return tuple(items)

    def _key_points(self, draft: _Draft) -> tuple[KeyPoint, ...]:
        points: dict[str, KeyPoint] = {}
        for number, (line, raw) in enumerate(draft.lists.get("key points", ()), 1):
            try:
                point = key_point(raw, f"kp{number}")
            except ValueError as error:
                self.problem(line, str(error))
                continue
            if point.id in points:
                self.problem(line, f"two key points have the id “{point.id}”: change this one")
            self.lines[draft.id, "key points", len(points)] = line
            points.setdefault(point.id, point)
        return tuple(points.values())

    def finish(self, front: FrontMatter) -> ParsedDeck:
        """The whole deck. Raises DeckError if anything at all was wrong."""
        self._close_question()
        for title, line, questions in self.sections:
            if not questions:
                self.problem(line, f"the section “{title[:60]}” has no question: add one below")
        if not self.sections:
            self.problem(1, "the deck has no questions: add a ## section and a ### question")
        if self.problems:
            raise DeckError(sorted(self.problems, key=lambda problem: problem.line))
        sections = tuple(Section(title, tuple(found)) for title, _, found in self.sections)
        intro = "\n\n".join(self.intro)
        deck = Deck(front.id, front.title, sections, front.language, front.licence, intro)
        return ParsedDeck(deck, self.file, self.lines)
