"""What can be wrong with a deck file, told so that its author can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: where it is (``line`` counts from 1) and what to do."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class DeckError(Exception):
    """Decks can't be read; each line of the message is ``file:line: what is wrong, what to do``.

    ``problems`` holds all that was found, not just the first; the message shows up to 20.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"... and {len(self.problems) - SHOWN} more problems")
        super().__init__("\n".join(lines))
