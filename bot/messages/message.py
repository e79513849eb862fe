"""A neutral message: what is said, without any platform's markup.

Text in a message is plain. Renderers escape it, so nothing that a member, a guide or a
model wrote can ping anyone or change the layout. What needs a platform's own form is a
value of its own: a Mention, a moment in time, a Button.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Mention:
    """A Member by name; renderers show it so that it pings nobody."""

    member_id: int
    name: str


@dataclass(frozen=True, slots=True)
class When:
    """An instant (aware, UTC), shown in the reader's zone where the platform can."""

    at: datetime
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Strong:
    """Words to stress."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """Something to type, such as a command."""

    text: str


Inline = str | Mention | When | Strong | Code


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A run of text. Line breaks in it stand."""

    spans: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's words, verbatim; ``source`` says whose or where."""

    text: str
    source: str = ""


class Mark(StrEnum):
    """The sign before a list item."""

    DOT = "dot"
    COVERED = "covered"
    PARTIAL = "partial"
    MISSING = "missing"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True)
class Item:
    """One list item; ``detail`` is a quieter second line."""

    spans: tuple[Inline, ...]
    mark: Mark = Mark.DOT
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list under an optional heading."""

    items: tuple[Item, ...]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Label and value pairs."""

    pairs: tuple[tuple[str, tuple[Inline, ...]], ...]


@dataclass(frozen=True, slots=True)
class RankRow:
    """One line of a leaderboard."""

    rank: int
    member: Mention
    points: int
    answered: int
    streak: int
    highlight: bool = False


@dataclass(frozen=True, slots=True)
class Ranking:
    """A leaderboard's lines."""

    rows: tuple[RankRow, ...]


Block = Paragraph | Quote | Items | Facts | Ranking


class Action(StrEnum):
    """What a button does, and to what: a round, an appeal, or an import that waits for a yes."""

    ANSWER = "answer"
    MY_GRADE = "my_grade"
    OPEN = "open"
    APPEAL = "appeal"
    UPHOLD = "uphold"
    RULE_CORRECT = "rule_correct"
    RULE_PARTIAL = "rule_partial"
    RULE_INCORRECT = "rule_incorrect"
    JOIN = "join"
    LINK = "link"
    FORGET = "forget"
    IMPORT_USE = "import_use"
    IMPORT = "import"
    IMPORT_SHOW = "import_show"
    IMPORT_DISCARD = "import_discard"


RULINGS = frozenset(
    {Action.UPHOLD, Action.RULE_CORRECT, Action.RULE_PARTIAL, Action.RULE_INCORRECT}
)
"""Buttons by which an organiser decides an appeal: their target is its id, else a round's."""
CONSENTS = frozenset({Action.JOIN, Action.LINK, Action.FORGET})
"""Buttons that say yes to what was asked: to another group, or about a member."""
IMPORTS = frozenset({Action.IMPORT_USE, Action.IMPORT, Action.IMPORT_SHOW, Action.IMPORT_DISCARD})
"""Buttons of an import's preview: their target is its draft's id."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button on a message; ``target`` is the id it acts on. It works for as long as it shows."""

    action: Action
    label: str
    target: int
    primary: bool = False


class Tone(StrEnum):
    """The mood of a message, for its colour."""

    PLAIN = "plain"
    QUESTION = "question"
    CORRECT = "correct"
    PARTIAL = "partial"
    INCORRECT = "incorrect"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Message:
    """A title, blocks, buttons and a footer."""

    title: str
    blocks: tuple[Block, ...] = ()
    buttons: tuple[Button, ...] = ()
    footer: str = ""
    tone: Tone = Tone.PLAIN


def paragraph(*spans: Inline) -> Paragraph:
    """A paragraph of those spans."""
    return Paragraph(spans)


def item(*spans: Inline, mark: Mark = Mark.DOT, detail: str = "") -> Item:
    """A list item of those spans."""
    return Item(spans, mark, detail)


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 point", "2,000 points"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shortened(text: str, length: int) -> str:
    """The text, cut with an ellipsis where it is longer than that many characters."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
