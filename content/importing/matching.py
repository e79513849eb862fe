"""Which questions of a new file are those of the deck that was imported before."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from bot.domain.deck import Deck, Question
from content.importing.guide import SECTION, Entry
from content.words import words

CLOSE = 85.0  # of 100, by rapidfuzz's ratio on the words
CLEARLY = 7.0  # how far the runner-up must be behind
MOST_COMPARED = 4_000_000  # pairs; beyond that close wording is not looked for


def same_key(text: str) -> str:
    """A key that case, punctuation and white space don't change."""
    return " ".join(words(text)) or " ".join(text.split())


class Earlier:
    """The earlier deck, with each of its questions given to at most one of the new ones."""

    def __init__(self, deck: Deck, entries: Sequence[Entry]) -> None:
        self.deck = deck
        self._old = list(deck.questions())
        self._matches: dict[int, Question] = {}
        self._free = dict.fromkeys(range(len(self._old)))
        self._keys = [same_key(entry.prompt) for entry in entries]
        self._old_keys = [same_key(question.prompt) for question in self._old]
        self._by_prompt()
        self._by_place(entries)
        self._by_wording()

    def question(self, place: int) -> Question | None:
        """The earlier question that the new one at that place is."""
        return self._matches.get(place)

    def _match(self, place: int, old: int) -> None:
        self._matches[place] = self._old[old]
        del self._free[old]

    def _open(self) -> list[int]:
        return [place for place in range(len(self._keys)) if place not in self._matches]

    def _by_prompt(self) -> None:
        known: dict[str, int] = {}
        for old, key in enumerate(self._old_keys):
            known.setdefault(key, old)
        for place, key in enumerate(self._keys):
            if known.get(key, -1) in self._free:
                self._match(place, known[key])

    def _by_place(self, entries: Sequence[Entry]) -> None:
        """The same place in the same section, with the same answer."""
        known = {
            (same_key(section.title), number, same_key(question.reference)): question.id
            for section in self.deck.sections
            for number, question in enumerate(section.questions)
        }
        by_id = {question.id: old for old, question in enumerate(self._old)}
        counts: dict[str, int] = {}
        for place, entry in enumerate(entries):
            section = same_key(entry.section or SECTION)
            number = counts.get(section, 0)
            counts[section] = number + 1
            old = by_id.get(known.get((section, number, same_key(entry.answer)), ""))
            if place not in self._matches and old is not None and old in self._free:
                self._match(place, old)

    def _by_wording(self) -> None:
        """Close wording, where it is clear which is meant, seen from both sides."""
        new, old = self._open(), list(self._free)
        if not new or not old or len(new) * len(old) > MOST_COMPARED:
            return
        new_keys, old_keys = [self._keys[n] for n in new], [self._old_keys[o] for o in old]
        forth = [_clear_best(key, old_keys) for key in new_keys]
        back = [_clear_best(key, new_keys) for key in old_keys]
        for number, best in enumerate(forth):
            if best is not None and back[best] == number:
                self._match(new[number], old[best])


def _clear_best(key: str, among: Sequence[str]) -> int | None:
    """The place of the closest wording, if it is close and no other is nearly as close."""
    found = process.extract(key, among, scorer=fuzz.ratio, limit=2, score_cutoff=CLOSE - CLEARLY)
    if not found or found[0][1] < CLOSE:
        return None
    if len(found) > 1 and found[0][1] - found[1][1] < CLEARLY:
        return None
    return int(found[0][2])
