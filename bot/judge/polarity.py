"""Whether a reply says of a thing what the reference says, or its opposite.

Only a feature for the regression: it lowers a score a little and claims nothing. A rule that
called such replies wrong would often err.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from bot.judge.alignment import importance
from bot.judge.text import Text, Token, stem
from bot.judge.words import NEGATING, NOT_NEGATED, OPPOSITES

# A negation turns round the next words of its sentence, as far as this.
REACH = 2
PLAIN, NEGATED = 1, 2
_PREFIXES = ("un", "non", "dis", "in", "im", "ir", "a")

# A thing that is said is a stem, or the number of a pair of opposites.
Thing = str | int


@lru_cache(maxsize=1)
def _opposites() -> Mapping[str, tuple[tuple[int, int], ...]]:
    """Stem -> the pairs it belongs to and on which side."""
    found: dict[str, set[tuple[int, int]]] = {}
    for number, (one, other) in enumerate(OPPOSITES):
        for side, words in ((PLAIN, one), (NEGATED, other)):
            for word in words.split():
                found.setdefault(stem(word), set()).add((number, side))
    return {word: tuple(sorted(sides)) for word, sides in found.items()}


def _turned(side: int) -> int:
    return PLAIN + NEGATED - side


def things_said(text: Text, language: str = "en") -> dict[Thing, int]:
    """What the text speaks of, and whether it is said plainly (1), negated (2) or both ways (3).

    Empty for languages other than English.
    """
    said: dict[Thing, int] = {}
    if language != "en":
        return said
    for sentence in text.sentences:
        left = 0
        for token in text.tokens[sentence.first : sentence.last]:
            if token.norm in NEGATING:
                left = REACH
                continue
            found = list(_things(token))
            for thing, side in found:
                said[thing] = said.get(thing, 0) | (_turned(side) if left else side)
            left -= bool(found and left)
    return said


def _things(token: Token) -> Iterator[tuple[Thing, int]]:
    """The pairs of opposites that a word stands in, the word itself, and what it negates."""
    yield from _opposites().get(token.stem, ())
    if token.stop:
        return
    yield token.stem, PLAIN
    if token.norm not in NOT_NEGATED:
        for prefix in _PREFIXES:
            base = token.stem.removeprefix(prefix)
            if len(base) >= 4 and base != token.stem:
                yield base, NEGATED
                return


class Polarity:
    """What a reference says, made ready for any number of replies."""

    def __init__(self, reference: Text, asked: frozenset[str], language: str) -> None:
        self._language = language
        self._said = things_said(reference, language)
        tokens = {token.stem: token for token in reference.tokens if not token.stop}
        self._weights = {
            thing: importance(tokens[thing], asked) if thing in tokens else 1.0
            for thing in self._said
        }
        # What a prefix negates ("confirmed" in "unconfirmed") stands in no word of its own.
        own = [thing for thing in self._said if thing in tokens or isinstance(thing, int)]
        self._total = sum(self._weights[thing] for thing in own)

    def opposed(self, reply: Text) -> float:
        """The share 0..1 of the reference's weight of which the reply says the opposite."""
        said = things_said(reply, self._language)
        against = [
            weight
            for thing, weight in self._weights.items()
            if thing in said and not said[thing] & self._said[thing]
        ]
        return min(1.0, sum(against) / self._total) if against else 0.0
