"""What ``/explain`` answers: a term's definition, or the passage that fits a question best.

Everything told is the guide's own words. A query counts as covered when it names a term, or
when its telling words stand together in one place of the guide; rare words weigh more, and
words that the guide never uses weigh most, so that a query about something else finds nothing.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.domain.deck import Deck
from bot.domain.explain import Explanation
from content.corpus import Corpus, Row
from content.terms import TermBook, TermEntry
from content.words import content_words, stem, stems, words

MAX_QUERY = 1_000  # characters of a query that are read; a longer one is cut, not refused
MAX_WORDS = 16
CANDIDATES = 12
RELATED = 5
MAX_DEFINITIONS = 3
SHOWN_QUERY = 60

_SENTENCE = 4  # telling words from which a query is taken for a sentence, not a name
_COMMON = 0.4  # a word in more questions than this share says little on its own


@dataclass(frozen=True, slots=True)
class _Query:
    """A query's telling words, corrected; ``framed`` if more words stood around them."""

    words: tuple[str, ...]
    mentions: tuple[TermEntry, ...]
    framed: bool


@dataclass(frozen=True, slots=True)
class _Match:
    """How well a question fits a query, in shares 0..1 of the query's weight."""

    row: Row
    whole: float  # found anywhere in the question
    place: float  # found together in its best single place
    prompt: float  # found in its prompt
    mentioned: float  # the share of the terms named in the query that this question defines

    @property
    def score(self) -> float:
        return self.whole + self.place + 0.3 * self.prompt + 0.8 * self.mentioned


class SearchIndex:
    """Explains and suggests terms from decks; may be called from any thread.

    It is freed when it is closed, or when nobody uses it any more: an index that another took
    the place of may still be searched by whoever had it.
    """

    def __init__(self, decks: Sequence[Deck]) -> None:
        self._lock = threading.Lock()  # held for every use of the corpus and its caches
        self._corpus = Corpus(decks)
        self._book = lru_cache(maxsize=64)(self._make_book)
        self._free = weakref.finalize(self, self._corpus.close)

    def close(self) -> None:
        """Frees the index; it can't be used afterwards."""
        with self._lock:
            self._free()

    def _make_book(self, deck_id: str | None) -> TermBook:
        return TermBook(
            TermEntry(term, row.question, row.deck, row.number)
            for row in self._corpus.rows
            if deck_id is None or deck_id == row.deck.id
            for term in row.question.terms
        )

    def suggest(self, prefix: str, deck_id: str | None = None, limit: int = 25) -> list[str]:
        """Up to ``limit`` term names for what is being typed; names that begin so come first."""
        with self._lock:
            return self._book(deck_id).suggest(prefix, limit)

    def explain(self, term: str, deck_id: str | None = None) -> Explanation:
        """What the guide says of a term, or of a question in plain words. Never raises."""
        asked = term[:MAX_QUERY]
        with self._lock:
            book = self._book(deck_id)
            if entry := book.lookup(asked) or book.lookup_misspelt(asked):
                return self._defined(term, entry)
            query = self._query(asked, book)
            best = self._best(query, deck_id)
            if best is None:
                return self._missing(term, book, query)
            return self._passage(term, best.row, query)

    def _query(self, asked: str, book: TermBook) -> _Query:
        telling = content_words(asked)
        corrected = dict.fromkeys(self._corpus.corrected(word) for word in telling[:MAX_WORDS])
        found = tuple(corrected)
        framed = len(words(asked)) >= len(telling) + 2
        return _Query(found, tuple(book.mentions(found)), framed)

    def _best(self, query: _Query, deck_id: str | None) -> _Match | None:
        """The question that fits a query best, if it covers it."""
        rows = self._corpus.candidates(query.words, deck_id, CANDIDATES)
        rows += [self._corpus.rows[entry.row] for entry in query.mentions[:MAX_DEFINITIONS]]
        unique = {row.number: row for row in rows}.values()
        matches = [self._match(row, query) for row in unique]
        best = max(matches, key=lambda match: match.score, default=None)
        return best if best and self._covers(best, query) else None

    def _match(self, row: Row, query: _Query) -> _Match:
        asked = frozenset(stem(word, row.deck.language) for word in query.words)
        weights = {stemmed: self._corpus.weight(stemmed) for stemmed in asked}
        total = sum(weights.values())

        def share(found: Iterable[str]) -> float:
            return sum(weights[stemmed] for stemmed in asked.intersection(found)) / total

        units = self._corpus.units(row.number)
        own = [entry for entry in query.mentions if entry.row == row.number]
        return _Match(
            row=row,
            whole=share(units.whole),
            place=max(map(share, units.places)),
            prompt=share(units.places[0]),
            mentioned=len(own) / max(1, len(query.mentions)),
        )

    def _covers(self, match: _Match, query: _Query) -> bool:
        """Whether a match is about the query, rather than sharing a chance word with it."""
        language = match.row.deck.language
        asked = frozenset(stem(word, language) for word in query.words)
        if len(asked) == 1:
            [only] = asked
            common = self._corpus.share(only) > _COMMON and len(self._corpus.rows) > 2
            return not common and self._corpus.is_about(match.row, asked)
        if query.mentions and (match.whole >= 0.5 or self._defines_two(match, query)):
            return True
        if len(asked) >= _SENTENCE:
            return match.whole >= 0.45 and match.place >= 0.3
        if self._corpus.units(match.row.number).holds_together(asked):
            return True
        if self._corpus.is_about(match.row, asked):
            return True
        return query.framed and match.whole >= 0.6 and match.place >= 0.5

    @staticmethod
    def _defines_two(match: _Match, query: _Query) -> bool:
        """Whether the question defines two or more of the terms that a query compares."""
        return match.mentioned * len(query.mentions) > 1.5

    def _defined(self, asked: str, entry: TermEntry) -> Explanation:
        """A term's definition with the passage of its question that tells the most of it."""
        row = self._corpus.rows[entry.row]
        passage = self._best_passage(row, " ".join(entry.names()))
        texts = dict.fromkeys(text for text in (entry.term.definition, passage) if text)
        others = [t.name for t in entry.question.terms if t.name != entry.term.name]
        return Explanation(
            term=asked,
            found=True,
            title=entry.term.name,
            text="\n\n".join(texts),
            sources=(row.citation(),),
            related=tuple(others[:RELATED]),
        )

    def _passage(self, asked: str, row: Row, query: _Query) -> Explanation:
        """The definitions of the terms a query names, and the best passage of a question."""
        defined = [entry for entry in query.mentions if entry.term.definition][:MAX_DEFINITIONS]
        texts = [f"{entry.term.name}: {entry.term.definition}" for entry in defined]
        texts.append(self._best_passage(row, " ".join(query.words)))
        rows = (row, *(self._corpus.rows[entry.row] for entry in defined))
        named = [entry.term.name for entry in query.mentions]
        others = [t.name for t in row.question.terms if t.name not in named]
        return Explanation(
            term=asked,
            found=True,
            title=row.question.prompt,
            text="\n\n".join(dict.fromkeys(texts)),
            sources=tuple(dict.fromkeys(row.citation() for row in rows)),
            related=tuple([*named, *others][:RELATED]),
        )

    def _best_passage(self, row: Row, about: str) -> str:
        """The piece of a reference answer that tells the most of ``about``."""
        language = row.deck.language
        weights = {stemmed: self._corpus.weight(stemmed) for stemmed in stems(about, language)}
        pieces = _pieces(row.question.reference)
        tells = [sum(weights.get(s, 0.0) for s in set(stems(p, language))) for p in pieces]
        return pieces[tells.index(max(tells))]

    def _missing(self, asked: str, book: TermBook, query: _Query) -> Explanation:
        """An honest no, with the nearest terms."""
        subject = " ".join(asked[:MAX_QUERY].split())
        if len(subject) > SHOWN_QUERY:
            subject = subject[: SHOWN_QUERY - 1].rstrip() + "…"
        named = [entry.term.name for entry in query.mentions]
        near = list(dict.fromkeys([*named, *book.nearest(asked, RELATED)]))[:RELATED]
        text = f"The guide doesn't cover “{subject}”." if subject else "Name a term to explain."
        if near:
            text += f" The nearest terms it has: {', '.join(near)}."
        return Explanation(asked, found=False, title=subject, text=text, related=tuple(near))


def _pieces(reference: str) -> list[str]:
    """A reference answer in pieces to quote: its paragraphs and list items."""
    pieces: list[str] = []
    for block in reference.split("\n\n"):
        lines = block.split("\n")
        listed = all(line.startswith("- ") for line in lines)
        pieces += [line.removeprefix("- ") for line in lines] if listed else [block]
    return pieces
