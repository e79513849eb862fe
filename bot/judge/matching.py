"""Which words of a reply say which words of a reference: stems, synonyms, typos, compounds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.fuzz import ratio

from bot.judge.text import Text, Token, is_common, is_of_the_field, synonym_ids

EXACT = 1.0
SYNONYM = 0.8
NEAR = 0.75

Hits = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Background:
    """How many of ``texts`` passages hold each stem; rare stems weigh more."""

    counts: Mapping[str, int]
    texts: int

    @classmethod
    def of(cls, texts: Iterable[Text]) -> Background:
        """Count stems over passages, such as the questions and references of a deck."""
        counts: dict[str, int] = {}
        total = 0
        for text in texts:
            total += 1
            for stem in {token.stem for token in text.tokens}:
                counts[stem] = counts.get(stem, 0) + 1
        return cls(counts, total)

    def idf(self, stem: str) -> float:
        """0.5 (in every passage) .. 1.0 (in none)."""
        if self.texts < 2:
            return 1.0
        seen = self.counts.get(stem, 0)
        return 1.0 - 0.5 * math.log1p(seen) / math.log1p(self.texts)


NO_BACKGROUND = Background({}, 0)


def weights(
    tokens: Iterable[Token],
    demoted: frozenset[str] = frozenset(),
    background: Background = NO_BACKGROUND,
    demotion: float = 0.3,
) -> dict[str, float]:
    """Stem -> weight of the content words: everyday and question words count for less."""
    out: dict[str, float] = {}
    for token in tokens:
        if token.stop:
            continue
        weight = background.idf(token.stem)
        if is_common(token):
            weight *= 0.35
        elif is_of_the_field(token):
            weight *= 0.6
        if token.stem in demoted:
            weight *= demotion
        out[token.stem] = max(weight, out.get(token.stem, 0.0))
    return out


class Vocabulary:
    """The stems that replies are matched against."""

    def __init__(self, texts: Iterable[Text], language: str) -> None:
        self._stems: set[str] = set()
        self._groups: dict[int, list[str]] = {}
        self._initials: dict[str, list[str]] = {}
        self._pairs: dict[str, tuple[str, str]] = {}
        self._synonyms = synonym_ids(language)
        for text in texts:
            self._add(text.tokens)

    def _add(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            if token.stop or token.stem in self._stems:
                continue
            self._stems.add(token.stem)
            group = self._synonyms.get(token.stem)
            if group is not None:
                self._groups.setdefault(group, []).append(token.stem)
            if len(token.stem) >= 4:
                self._initials.setdefault(token.stem[0], []).append(token.stem)
        for left, right in pairwise(tokens):
            if left.end + 1 >= right.start and len(left.norm) + len(right.norm) > 5:
                self._pairs[left.norm + right.norm] = (left.stem, right.stem)

    def hits(self, reply: Text) -> list[dict[str, float]]:
        """For each token of the reply, the stems it stands for and how well (0..1)."""
        found: list[dict[str, float]] = []
        memo: dict[str, dict[str, float]] = {}
        for token in reply.tokens:
            if token.norm not in memo:
                memo[token.norm] = {} if token.stop else self._match(token)
            found.append(memo[token.norm])
        for n, (left, right) in enumerate(pairwise(reply.tokens)):
            joined = left.norm + right.norm
            if joined in self._stems and len(joined) > 4:
                found[n] = {**found[n], joined: EXACT}
        return found

    def _match(self, token: Token) -> dict[str, float]:
        known = token.stem in self._stems
        out = {token.stem: EXACT} if known else self._near(token.stem)
        pair = self._pairs.get(token.norm)
        if pair is not None:
            out.update(dict.fromkeys(pair, EXACT))
        group = self._synonyms.get(token.stem)
        for stem in self._groups.get(group, ()) if group is not None else ():
            out.setdefault(stem, SYNONYM)
        return out

    def _near(self, stem: str) -> dict[str, float]:
        """Stems that share a long beginning, or that differ by a typo."""
        out: dict[str, float] = {}
        if len(stem) < 4 or stem.isdigit():
            return out
        for other in self._initials.get(stem[0], ()):
            shorter = min(len(stem), len(other))
            if (shorter >= 5 and stem[: max(5, shorter - 1)] == other[: max(5, shorter - 1)]) or (
                shorter >= 5 and ratio(stem, other, score_cutoff=83) > 0
            ):
                out[other] = NEAR
        return out


def merged(hits: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The best strength of each stem over a stretch of tokens."""
    out: dict[str, float] = {}
    for hit in hits:
        for stem, strength in hit.items():
            if strength > out.get(stem, 0.0):
                out[stem] = strength
    return out


def coverage(wanted: Mapping[str, float], found: Hits) -> float:
    """The share 0..1 of the wanted weight that was found."""
    if wanted.keys().isdisjoint(found):
        return 0.0
    total = sum(wanted.values())
    return sum(weight * found.get(stem, 0.0) for stem, weight in wanted.items()) / total
