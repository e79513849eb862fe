"""How alike two texts' words are, letter by letter: soft recall and precision.

Every word is matched with the most similar word of the other text, so that inflections, typos,
compounds and words of one family count in part where they share no stem.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from bot.judge.text import Token, is_common, is_general, is_of_the_field

# Any two words share some letters: likeness counts from here, of 0..1.
FAINT = 0.15
# What a word of the question counts for: a reply that repeats it has said little.
ASKED = 0.15


@lru_cache(maxsize=4096)
def letter_groups(word: str) -> frozenset[str]:
    """The word's pairs and triples of letters, with its beginning and end marked."""
    marked = f"^{word}$"
    return frozenset(marked[i : i + n] for n in (2, 3) for i in range(len(marked) - n + 1))


def importance(token: Token, asked: frozenset[str]) -> float:
    """What a word counts for, 0..1: less if it is everyday English or taken from the question."""
    weight = 1.0
    if is_common(token):
        weight = 0.35
    elif is_general(token):
        weight = 0.5
    elif is_of_the_field(token):
        weight = 0.6
    return weight * ASKED if token.stem in asked else weight


class Alignment:
    """A reference's words, made ready for any number of replies."""

    def __init__(self, reference: Sequence[Token], asked: frozenset[str]) -> None:
        words = {token.norm: token for token in reference if not token.stop}
        self._asked = asked
        self._weights = [importance(token, asked) for token in words.values()]
        self._sizes = [len(letter_groups(norm)) for norm in words]
        self._by_group: dict[str, list[int]] = {}
        self._by_stem: dict[str, list[int]] = {}
        for number, (norm, token) in enumerate(words.items()):
            self._by_stem.setdefault(token.stem, []).append(number)
            for group in letter_groups(norm):
                self._by_group.setdefault(group, []).append(number)

    def of(
        self, reply: Sequence[Token], hits: Sequence[Mapping[str, float]]
    ) -> tuple[float, float]:
        """Precision and recall, each 0..1; ``hits`` as from ``Vocabulary.hits``.

        Precision is how alike the reply's words are to the reference's, weighted by what they
        count for; recall is the same the other way round.
        """
        seen: set[str] = set()
        best = [0.0] * len(self._weights)
        matched = total = 0.0
        for token, hit in zip(reply, hits, strict=True):
            if token.stop or token.norm in seen:
                continue
            seen.add(token.norm)
            weight = importance(token, self._asked)
            alike = self._alike(token, hit)
            for number, likeness in alike.items():
                best[number] = max(best[number], likeness)
            matched += weight * max(alike.values(), default=0.0)
            total += weight
        wanted = sum(self._weights)
        found = sum(w * likeness for w, likeness in zip(self._weights, best, strict=True))
        return matched / total if total else 0.0, found / wanted if wanted else 0.0

    def _alike(self, token: Token, hit: Mapping[str, float]) -> dict[int, float]:
        """How alike the word is to each of the reference's that it resembles at all."""
        groups = letter_groups(token.norm)
        shared: dict[int, int] = {}
        for group in groups:
            for number in self._by_group.get(group, ()):
                shared[number] = shared.get(number, 0) + 1
        out = {}
        for number, count in shared.items():
            likeness = 2 * count / (len(groups) + self._sizes[number])
            if likeness > FAINT:
                out[number] = (likeness - FAINT) / (1 - FAINT)
        for stem, strength in hit.items():
            for number in self._by_stem.get(stem, ()):
                out[number] = max(out.get(number, 0.0), strength)
        return out
