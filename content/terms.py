"""The terms of some decks: looked up by name, alias or misspelling, and suggested as one types."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from bot.domain.deck import Deck, Question, Term
from content.spelling import MAX_KEY, Speller
from content.words import compact, content_words, stem, words

MAX_TERM_WORDS = 5
MANY = 2_000  # names from which only those with the same first letter are compared
ALIKE = 0.82  # Jaro-Winkler similarity from which a name is worth suggesting


@dataclass(frozen=True, slots=True)
class TermEntry:
    """A term with the question that defines it; ``row`` is the question's place in the corpus."""

    term: Term
    question: Question
    deck: Deck
    row: int

    def names(self) -> tuple[str, ...]:
        """The term's name and its aliases."""
        return (self.term.name, *self.term.aliases)


def _stem_key(names: Sequence[str], language: str) -> str:
    return "".join(stem(word, language) for word in names)


class TermBook:
    """All terms of some decks; where two share a name, the earlier one is meant."""

    def __init__(self, entries: Iterable[TermEntry]) -> None:
        self._exact: dict[str, TermEntry] = {}
        self._stemmed: dict[str, TermEntry] = {}
        self._display: dict[str, str] = {}
        starts: list[set[tuple[str, str]]] = [set(), set(), set()]
        for entry in entries:
            self._display.setdefault(compact(entry.term.name), entry.term.name)
            for number, name in enumerate(entry.names()):
                self._add(entry, name, starts, 1 if number else 0)
        self._names = sorted(self._display)
        self._starts = [sorted(pairs) for pairs in starts]
        self._languages = sorted({entry.deck.language for entry in self._exact.values()})
        self._speller = Speller(self._exact)

    def _add(
        self, entry: TermEntry, name: str, starts: list[set[tuple[str, str]]], rank: int
    ) -> None:
        """Files one name: whole, by its stems, and by each of its words for suggestions."""
        parts = words(name)
        if not parts:
            return
        key = "".join(parts)
        self._exact.setdefault(key, entry)
        if stemmed := _stem_key(content_words(name), entry.deck.language):
            self._stemmed.setdefault(stemmed, entry)
        display = self._display[compact(entry.term.name)]
        starts[rank].add((key, display))
        starts[2].update(("".join(parts[i:]), display) for i in range(1, len(parts)))

    def __len__(self) -> int:
        return len(self._display)

    def lookup(self, text: str) -> TermEntry | None:
        """The term that ``text`` names, whatever its case, punctuation or framing words."""
        asked = content_words(text)
        for key in (compact(text), "".join(asked)):
            if key in self._exact:
                return self._exact[key]
        for language in self._languages:
            if asked and (entry := self._stemmed.get(_stem_key(asked, language))):
                return entry
        return None

    def lookup_misspelt(self, text: str) -> TermEntry | None:
        """The term whose name or alias ``text`` is likely a misspelling of."""
        for key in dict.fromkeys((compact(text[: 4 * MAX_KEY]), "".join(content_words(text)))):
            if meant := self._speller.closest(key):
                return self._exact[meant]
        return None

    def mentions(self, asked: Sequence[str]) -> list[TermEntry]:
        """The terms named inside a longer query, given as words; the longest names win."""
        found: dict[str, TermEntry] = {}
        start = 0
        while start < len(asked):
            entry, length = self._longest_at(asked, start)
            if entry is not None:
                found.setdefault(entry.term.name, entry)
            start += length
        return list(found.values())

    def _longest_at(self, asked: Sequence[str], start: int) -> tuple[TermEntry | None, int]:
        for length in range(min(MAX_TERM_WORDS, len(asked) - start), 0, -1):
            part = asked[start : start + length]
            if entry := self._exact.get("".join(part)):
                return entry, length
            for language in self._languages:
                if entry := self._stemmed.get(_stem_key(part, language)):
                    return entry, length
        return None, 1

    def nearest(self, text: str, limit: int) -> list[str]:
        """The names spelt most like ``text``, best first, however unlike they are."""
        key = compact(text[: 4 * MAX_KEY])[:MAX_KEY]
        found = process.extract(key, self._pool(key), scorer=JaroWinkler.similarity, limit=limit)
        return [self._display[name] for name, _, _ in found]

    def _pool(self, key: str) -> Sequence[str]:
        """The names worth comparing with a key: all, or of many those with its first letter."""
        names = self._names
        if len(names) <= MANY or not key:
            return names[:MANY]
        start = bisect_left(names, key[0])
        end = bisect_left(names, chr(ord(key[0]) + 1))
        return names[start:end] or names[:MANY]

    def suggest(self, prefix: str, limit: int) -> list[str]:
        """Names for what is being typed: those that begin so, by alias, by a word, look-alikes."""
        if limit < 1:
            return []
        key = compact(prefix[: 4 * MAX_KEY])[:MAX_KEY]
        found: dict[str, None] = {}
        for name in self._beginning(key):
            found[name] = None
            if len(found) == limit:
                return list(found)
        if len(key) >= 3:
            alike = process.extract(
                key,
                self._pool(key),
                scorer=JaroWinkler.similarity,
                score_cutoff=ALIKE,
                limit=limit,
            )
            found.update((self._display[near], None) for near, _, _ in alike)
        return list(found)[:limit]

    def _beginning(self, key: str) -> Iterator[str]:
        for pairs in self._starts if key else self._starts[:1]:
            for index in range(bisect_left(pairs, (key, "")), len(pairs)):
                if not pairs[index][0].startswith(key):
                    break
                yield pairs[index][1]
