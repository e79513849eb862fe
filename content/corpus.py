"""All questions as a full-text index (SQLite FTS5), with the words' frequencies."""

from __future__ import annotations

import math
import re
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from bot.domain.deck import Deck, Question
from bot.domain.explain import Citation
from content.spelling import Speller
from content.words import content_words, stem, stems

_SCHEMA = """
CREATE VIRTUAL TABLE passages USING fts5(
    prompt, terms, key_points, reference, deck UNINDEXED,
    tokenize = "unicode61 remove_diacritics 0")
"""
_INSERT = """
INSERT INTO passages (rowid, prompt, terms, key_points, reference, deck) VALUES (?, ?, ?, ?, ?, ?)
"""
_BEST = """
SELECT rowid FROM passages WHERE passages MATCH :query AND (:deck IS NULL OR deck = :deck)
ORDER BY bm25(passages, 5.0, 4.0, 2.0, 1.0), rowid LIMIT :limit
"""
MAX_FIELD = 1_500  # questions that one search scores; scoring is what takes the time

_SENTENCE = re.compile(r"(?<=[.!?:;])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Row:
    """One question of the corpus with its deck; ``number`` is its place, from 0."""

    number: int
    deck: Deck
    question: Question

    def citation(self) -> Citation:
        """Where the question stands."""
        return Citation(self.deck.id, self.question.section, self.question.id)


@dataclass(frozen=True, slots=True)
class Units:
    """A question's stems by place.

    ``places`` are the prompt, then the single sentences, key points, wordings, terms and
    sources, each with its stems in order; ``whole`` is all of them.
    """

    places: tuple[tuple[str, ...], ...]
    whole: frozenset[str]

    def holds_together(self, asked: frozenset[str]) -> bool:
        """Whether one place has all the stems, with at most two others in between."""
        return any(_has_window(place, asked) for place in self.places if asked.issubset(place))


def _has_window(place: Sequence[str], asked: frozenset[str]) -> bool:
    width = len(asked) + 2
    starts = range(max(1, len(place) - width + 1))
    return any(asked.issubset(place[start : start + width]) for start in starts)


def _core(question: Question) -> Iterator[str]:
    """What a question is about: its prompt, its key points and its terms' names."""
    yield question.prompt
    for point in question.key_points:
        yield point.text
    for term in question.terms:
        yield from (term.name, *term.aliases)


def _columns(question: Question) -> tuple[list[str], ...]:
    """The question's texts as the columns of the index, each a list of places."""
    points = [text for point in question.key_points for text in (point.text, *point.wordings)]
    terms = [f"{t.name} {' '.join(t.aliases)} {t.definition}" for t in question.terms]
    sources = [f"{source.title} {source.authors}" for source in question.sources]
    return [question.prompt], terms, points, [*_SENTENCE.split(question.reference), *sources]


class Corpus:
    """The questions of some decks. Not safe for several threads at once: its owner locks."""

    def __init__(self, decks: Sequence[Deck]) -> None:
        pairs = [(deck, question) for deck in decks for question in deck.questions()]
        self.rows = [Row(number, *pair) for number, pair in enumerate(pairs)]
        self.languages = sorted({deck.language for deck in decks})
        self._frequency: Counter[str] = Counter()
        self._places: list[tuple[tuple[str, ...], ...]] = []
        self._vocabulary: set[str] = set()
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.execute(_SCHEMA)
        # The texts go in as stems, so that every language is searched by its own stemmer.
        self._db.executemany(_INSERT, map(self._indexed, self.rows))
        self._speller = Speller(word for word in self._vocabulary if len(word) > 3)
        self.units = lru_cache(maxsize=2_000)(self._units)

    def close(self) -> None:
        """Frees the index; it can't be searched afterwards."""
        self._db.close()

    def _indexed(self, row: Row) -> tuple[int, str, str, str, str, str]:
        """A question's row for SQLite; its words are counted on the way."""
        columns = [
            [self._stems(text, row.deck.language) for text in column]
            for column in _columns(row.question)
        ]
        places = tuple(place for column in columns for place in column)
        self._places.append(places)
        self._frequency.update(frozenset(chain.from_iterable(places)))
        prompt, terms, points, reference = (" ".join(chain.from_iterable(c)) for c in columns)
        return row.number, prompt, terms, points, reference, row.deck.id

    def _stems(self, text: str, language: str) -> tuple[str, ...]:
        found = content_words(text)
        self._vocabulary.update(found)
        return tuple(stem(word, language) for word in found)

    def _units(self, number: int) -> Units:
        places = self._places[number]
        return Units(places, frozenset(chain.from_iterable(places)))

    def is_about(self, row: Row, asked: frozenset[str]) -> bool:
        """Whether all the stems stand in the question's prompt, key points or terms' names."""
        language = row.deck.language
        return asked.issubset(s for text in _core(row.question) for s in stems(text, language))

    def knows(self, word: str) -> bool:
        """Whether the word, in some form, stands anywhere in the questions."""
        return self._count(word) > 0

    def _count(self, word: str) -> int:
        """The number of questions that use the word in some form."""
        return max((self._frequency[stem(word, lang)] for lang in self.languages), default=0)

    def share(self, stemmed: str) -> float:
        """The share 0..1 of all questions that use a stem."""
        return self._frequency[stemmed] / max(1, len(self.rows))

    def weight(self, stemmed: str) -> float:
        """How telling a stem is: the rarer, the heavier, and heaviest if never used."""
        return math.log(1 + len(self.rows) / (self._frequency[stemmed] or 0.5))

    def corrected(self, word: str) -> str:
        """The word itself if the corpus knows it, else the known word it is likely a slip for."""
        return word if self.knows(word) else self._speller.closest(word) or word

    def candidates(self, asked: Collection[str], deck_id: str | None, limit: int) -> list[Row]:
        """The questions that use any of the words, best first by BM25.

        The rarest words choose: common ones are left out once the others fill the field.
        """
        stemmed = {stem(word, language) for word in asked for language in self.languages}
        counted = sorted((self._frequency[s], s) for s in stemmed if s in self._frequency)
        if not counted:
            return []
        used, total = [counted[0][1]], counted[0][0]
        for count, known in counted[1:]:
            total += count
            if total > MAX_FIELD:
                break
            used.append(known)
        query = " OR ".join(f'"{known}"' for known in used)
        values = {"query": query, "deck": deck_id, "limit": limit}
        return [self.rows[number] for (number,) in self._db.execute(_BEST, values)]
