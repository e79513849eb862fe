"""The decks that a running studybot knows: those shipped with it and those of extra folders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.domain.deck import Deck
from bot.domain.explain import Explanation
from content.errors import DeckError, Problem
from content.parser import ParsedDeck, parse_file
from content.search import SearchIndex

SHIPPED = Path(__file__).parent / "decks"


def deck_files(folder: Path) -> list[Path]:
    """The deck files of a folder by name (``*.md``, without a README), or that one file.

    Raises DeckError if there is no such folder.
    """
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        message = "there is no such folder: create it, or correct the list of deck folders"
        raise DeckError([Problem(str(folder), 1, message)])
    found = (path for path in folder.glob("*.md") if path.stem.lower() != "readme")
    return sorted(path for path in found if path.is_file())


class Library:
    """Decks by id, in a fixed order: the shipped ones, then each folder's by file name.

    Raises DeckError with the problems of all files, of missing folders, and where two files
    have the same deck id.
    """

    def __init__(self, folders: Sequence[Path] = (), *, shipped: bool = True) -> None:
        parsed = _parse_all([SHIPPED, *folders] if shipped else folders)
        self._decks = {found.deck.id: found.deck for found in parsed}
        self._index = SearchIndex(self.decks())

    def close(self) -> None:
        """Frees the search index."""
        self._index.close()

    def decks(self) -> tuple[Deck, ...]:
        """Every deck, in the library's order."""
        return tuple(self._decks.values())

    def deck(self, deck_id: str) -> Deck | None:
        """The deck with that id, if the library has it."""
        return self._decks.get(deck_id)

    def explain(self, term: str, deck_id: str | None = None) -> Explanation:
        """What the decks (or that one deck) say of a term or a question in plain words."""
        return self._index.explain(term, deck_id)

    def suggest(self, prefix: str, deck_id: str | None = None, limit: int = 25) -> list[str]:
        """Term names for what is being typed, those that begin so first."""
        return self._index.suggest(prefix, deck_id, limit)


def _parse_all(folders: Iterable[Path]) -> list[ParsedDeck]:
    parsed: dict[str, ParsedDeck] = {}
    problems: list[Problem] = []
    for path in _all_files(folders, problems):
        try:
            found = parse_file(path)
        except DeckError as error:
            problems += error.problems
            continue
        first = parsed.setdefault(found.deck.id, found)
        if first is not found:
            message = f"the deck id “{found.deck.id}” is that of {first.file}: change one of them"
            problems.append(Problem(found.file, 1, message))
    if problems:
        raise DeckError(problems)
    return list(parsed.values())


def _all_files(folders: Iterable[Path], problems: list[Problem]) -> list[Path]:
    """Each file once, also where a folder is named twice."""
    files: dict[Path, Path] = {}
    for folder in folders:
        try:
            for path in deck_files(folder):
                files.setdefault(path.resolve(), path)
        except DeckError as error:
            problems += error.problems
    return list(files.values())
