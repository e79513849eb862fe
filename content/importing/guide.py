"""What a reader of one format hands over: questions as they stand in the file, not yet a deck."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.imports import ImportNote

MAX_FILE = 5_000_000  # bytes
MAX_QUESTIONS = 10_000
MAX_PROMPT = 500  # characters
MAX_ANSWER = 4_000  # characters
MAX_LINES = 300_000
MAX_RAW = 20_000  # characters of an answer with all its marks
SECTION = "Questions"  # where a guide has no sections of its own


@dataclass(slots=True)
class Entry:
    """A question found in a file: ``line`` counts from 1; 0 where the format has no lines.

    ``answer`` is text as decks have it: paragraphs, ``- `` lists and code, a blank line between.
    ``number`` is the question's own, as written. The lists hold what the file gives, no more.
    """

    prompt: str
    answer: str
    line: int = 0
    section: str = ""
    number: int | None = None
    difficulty: int = 1
    key_points: tuple[str, ...] = ()
    follow_ups: tuple[str, ...] = ()
    misconceptions: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(slots=True)
class Guide:
    """A file as one reader understood it; ``form`` names what it was taken for."""

    form: str
    title: str = ""
    intro: str = ""
    entries: list[Entry] = field(default_factory=list)
    notes: list[ImportNote] = field(default_factory=list)

    def note(self, message: str, line: int | None = None) -> None:
        """Something that the organiser should know."""
        self.notes.append(ImportNote(message, line))
