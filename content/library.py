"""The decks that a running studybot knows: shipped ones, those of extra folders, groups' own."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.domain.deck import Deck
from bot.domain.explain import Explanation
from bot.domain.stored import DeckVersion, StoredDeck
from bot.errors import InvalidError
from content.errors import DeckError, Problem
from content.parser import ParsedDeck, parse, parse_file
from content.search import SearchIndex

SHIPPED = Path(__file__).parent / "decks"
MOST_DECKS = 64
MOST_QUESTIONS = 30_000
"""Of groups' own decks, what is held at once."""


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


@dataclass(slots=True)
class _Held:
    """A group's own deck, with an index of its own, so that no other group's search meets it."""

    version: int
    deck: Deck
    questions: int
    index: SearchIndex | None = None


class Library:
    """Decks by id, in a fixed order: the shipped ones, each folder's by file name, groups' own.

    Of groups' own decks all ids are known, and those that were used last are held: at most
    ``most_decks``, with ``most_questions`` in all. May be used from any thread. Raises DeckError
    with the problems of all files, of missing folders, and where two files have the same deck id.
    """

    def __init__(
        self,
        folders: Sequence[Path] = (),
        *,
        shipped: bool = True,
        most_decks: int = MOST_DECKS,
        most_questions: int = MOST_QUESTIONS,
    ) -> None:
        parsed = _parse_all([SHIPPED, *folders] if shipped else folders)
        self._decks = {found.deck.id: found.deck for found in parsed}
        self._index = SearchIndex(tuple(self._decks.values()))
        self._most_decks, self._most_questions = most_decks, most_questions
        self._lock = threading.Lock()  # held for moments: nothing is parsed or indexed under it
        self._held: OrderedDict[str, _Held] = OrderedDict()  # last used last
        # Replaced as a whole, never changed: whoever reads them needs no lock.
        self._known: Mapping[str, DeckVersion] = {}
        self._own: Mapping[int, tuple[str, ...]] = {}

    def close(self) -> None:
        """Frees the search indexes."""
        self._index.close()
        with self._lock:
            for held in self._held.values():
                if held.index is not None:
                    held.index.close()

    def decks(self) -> tuple[Deck, ...]:
        """The decks that all groups see, in the library's order."""
        return tuple(self._decks.values())

    def own(self, group_id: int) -> tuple[str, ...]:
        """The ids of a group's own decks, in order."""
        return self._own.get(group_id, ())

    def deck(self, deck_id: str) -> Deck | None:
        """The deck with that id if it is at hand, whosever it is."""
        found = self._decks.get(deck_id)
        held = None if found else self._used(deck_id)
        return held.deck if held else found

    def versions(self) -> Mapping[str, DeckVersion]:
        """Which stored decks are known, by id."""
        return self._known

    def know(self, stored: Mapping[str, DeckVersion]) -> None:
        """What the database holds; an older version of a deck is let go."""
        with self._lock:
            newer = {key: each for key, each in stored.items() if self._is_newer(key, each.version)}
            if not newer:
                return
            for deck_id, each in newer.items():
                held = self._held.get(deck_id)
                if held is not None and held.version < each.version:
                    del self._held[deck_id]
            self._known = {**self._known, **newer}
            ids: dict[int, list[str]] = {}
            for deck_id in sorted(self._known.keys() - self._decks.keys()):
                ids.setdefault(self._known[deck_id].group_id, []).append(deck_id)
            self._own = {group_id: tuple(found) for group_id, found in ids.items()}

    def take_in(self, stored: StoredDeck) -> Deck:
        """A stored deck, parsed and held; the one at hand if that is as new.

        It takes CPU time: use a thread. Raises InvalidError if it can't be used.
        """
        deck = self._parsed(stored)
        version = DeckVersion(stored.version, stored.updated_at, stored.group_id)
        self.know({stored.deck_id: version})
        with self._lock:
            held = self._held.get(deck.id)
            if held is not None and held.version >= stored.version:
                return held.deck
            if self._known[deck.id].version == stored.version:
                self._hold(_Held(stored.version, deck, sum(1 for _ in deck.questions())))
        return deck

    def ready(self, deck_id: str) -> bool:
        """Whether ``explain`` and ``suggest`` answer at once of that deck."""
        held = self._held.get(deck_id)
        return deck_id in self._decks or (held is not None and held.index is not None)

    def prepare(self, deck: Deck) -> None:
        """Make a group's own deck ready to be searched. It takes CPU time: use a thread."""
        if deck.id not in self._decks:
            self._index_of(deck)

    def explain(self, term: str, deck: Deck | None = None) -> Explanation:
        """What a deck, or all those that everybody sees, say of a term or a plain question.

        A group's own deck is indexed first if it isn't ready.
        """
        if deck is None or deck.id in self._decks:
            return self._index.explain(term, deck.id if deck else None)
        return self._index_of(deck).explain(term, deck.id)

    def suggest(self, prefix: str, deck_id: str | None = None, limit: int = 25) -> list[str]:
        """Term names for what is being typed, those that begin so first; none if not ready."""
        if deck_id is None or deck_id in self._decks:
            return self._index.suggest(prefix, deck_id, limit)
        held = self._used(deck_id)
        return held.index.suggest(prefix, deck_id, limit) if held and held.index else []

    def _used(self, deck_id: str) -> _Held | None:
        with self._lock:
            held = self._held.get(deck_id)
            if held is not None:
                self._held.move_to_end(deck_id)
            return held

    def _is_newer(self, deck_id: str, version: int) -> bool:
        known = self._known.get(deck_id)
        return known is None or known.version < version

    def _parsed(self, stored: StoredDeck) -> Deck:
        if stored.deck_id in self._decks:
            raise InvalidError(
                f"{stored.source}: a deck file has the id “{stored.deck_id}” by now: give that "
                "file another id"
            )
        try:
            deck = parse(stored.text, stored.source).deck
        except DeckError as error:
            raise InvalidError(str(error.problems[0])) from error
        return replace(deck, id=stored.deck_id)

    def _hold(self, new: _Held) -> None:
        """Holds the lock already. What gives way is freed once nobody uses it any more."""
        self._held[new.deck.id] = new
        self._held.move_to_end(new.deck.id)
        questions = sum(held.questions for held in self._held.values())
        while len(self._held) > 1 and (
            len(self._held) > self._most_decks or questions > self._most_questions
        ):
            _, gone = self._held.popitem(last=False)
            questions -= gone.questions

    def _index_of(self, deck: Deck) -> SearchIndex:
        """A group's own deck's index, made if need be; one that nobody holds serves once."""
        held = self._used(deck.id)
        if held is not None and held.deck is deck and held.index is not None:
            return held.index
        index = SearchIndex([deck])
        index.suggest("", deck.id)  # so that its terms are in order before anybody waits
        with self._lock:
            held = self._held.get(deck.id)
            if held is not None and held.deck is deck:
                held.index = held.index or index
        return index


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
