"""The decks that a running studybot knows: shipped ones, those of extra folders, groups' own."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.domain.deck import Deck
from bot.domain.explain import Explanation
from bot.domain.stored import DeckVersion, StoredDeck
from content.errors import DeckError, Problem
from content.parser import ParsedDeck, parse, parse_file
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


@dataclass(frozen=True, slots=True)
class _Own:
    """A group's own deck with an index of its own, so that no other group's search meets it."""

    group_id: int
    deck: Deck
    index: SearchIndex


class Library:
    """Decks by id, in a fixed order: the shipped ones, each folder's by file name, groups' own.

    May be used from any thread. Raises DeckError with the problems of all files, of missing
    folders, and where two files have the same deck id.
    """

    def __init__(self, folders: Sequence[Path] = (), *, shipped: bool = True) -> None:
        parsed = _parse_all([SHIPPED, *folders] if shipped else folders)
        self._decks = {found.deck.id: found.deck for found in parsed}
        self._index = SearchIndex(tuple(self._decks.values()))
        # Both are replaced as a whole, never changed: whoever reads them needs no lock.
        self._own: Mapping[str, _Own] = {}
        self._versions: Mapping[str, DeckVersion] = {}
        self._taking = threading.Lock()

    def close(self) -> None:
        """Frees the search indexes."""
        self._index.close()
        for own in self._own.values():
            own.index.close()

    def decks(self, group_id: int | None = None) -> tuple[Deck, ...]:
        """The decks that a group sees, in the library's order; None: those that all groups see."""
        own = [each for each in self._own.values() if each.group_id == group_id]
        theirs = sorted((each.deck for each in own), key=lambda deck: deck.id)
        return (*self._decks.values(), *theirs)

    def deck(self, deck_id: str) -> Deck | None:
        """The deck with that id, whosever it is."""
        own = self._own.get(deck_id)
        return own.deck if own else self._decks.get(deck_id)

    def explain(self, term: str, deck_id: str | None = None) -> Explanation:
        """What a deck, or all those that everybody sees, say of a term or a plain question."""
        return self._index_of(deck_id).explain(term, deck_id)

    def suggest(self, prefix: str, deck_id: str | None = None, limit: int = 25) -> list[str]:
        """Term names for what is being typed, those that begin so first."""
        return self._index_of(deck_id).suggest(prefix, deck_id, limit)

    def versions(self) -> Mapping[str, DeckVersion]:
        """Which versions of stored decks were taken in, those that can't be read included."""
        return self._versions

    def take_in(self, stored: Sequence[StoredDeck]) -> dict[str, str]:
        """Take stored decks in, each in place of its earlier version; a newer one stays.

        It takes CPU time: use a thread. Searches go on meanwhile. What is wrong with those that
        can't be used comes back by deck id; they are left out.
        """
        with self._taking:
            newer = [each for each in stored if self._is_newer(each)]
            made: dict[str, _Own] = {}
            problems: dict[str, str] = {}
            for each in newer:
                try:
                    made[each.deck_id] = self._made(each)
                except DeckError as error:
                    problems[each.deck_id] = str(error.problems[0])
            told = {each.deck_id: DeckVersion(each.version, each.updated_at) for each in newer}
            kept = {key: own for key, own in self._own.items() if key not in told}
            self._own = {**kept, **made}
            self._versions = {**self._versions, **told}
            return problems

    def _is_newer(self, stored: StoredDeck) -> bool:
        known = self._versions.get(stored.deck_id)
        return known is None or known.version < stored.version

    def _made(self, stored: StoredDeck) -> _Own:
        """Raises DeckError."""
        if stored.deck_id in self._decks:
            message = f"a deck file has the id “{stored.deck_id}” by now: give that file another id"
            raise DeckError([Problem(stored.source, 1, message)])
        deck = replace(parse(stored.text, stored.source).deck, id=stored.deck_id)
        return _Own(stored.group_id, deck, SearchIndex([deck]))

    def _index_of(self, deck_id: str | None) -> SearchIndex:
        own = self._own.get(deck_id or "")
        return own.index if own else self._index


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
