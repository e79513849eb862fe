"""Three plain measures of likeness that any judge should beat, for comparison only."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.judge.text import fold, words_of

Words = Sequence[str]


@dataclass(frozen=True, slots=True)
class Compared:
    """An answer and its reference, as words."""

    said: Words
    wanted: Words

    @classmethod
    def of(cls, answer: str, reference: str) -> Compared:
        """Both texts folded and cut into words."""
        return cls(words_of(fold(answer)[0]), words_of(fold(reference)[0]))


Baseline = Callable[[Compared], float]
"""Gives 0..1 for how alike the two are."""


def token_f1(pair: Compared) -> float:
    """F1 over the bags of words."""
    return _f1((Counter(pair.said) & Counter(pair.wanted)).total(), pair)


def rouge_l(pair: Compared) -> float:
    """F1 of the longest common subsequence of words (ROUGE-L)."""
    best = [0] * (len(pair.wanted) + 1)
    for word in pair.said:
        before = 0
        for n, other in enumerate(pair.wanted, 1):
            above = best[n]
            best[n] = before + 1 if word == other else max(above, best[n - 1])
            before = above
    return _f1(best[-1], pair)


def tfidf_cosine(pairs: Sequence[Compared]) -> Baseline:
    """The cosine of TF-IDF vectors, document frequencies counted over all the different texts."""
    texts = {tuple(text) for pair in pairs for text in (pair.said, pair.wanted)}
    seen = Counter(word for text in texts for word in set(text))
    idf = {word: math.log((1 + len(texts)) / (1 + count)) for word, count in seen.items()}

    def vector(text: Words) -> dict[str, float]:
        return {word: n * idf.get(word, 0.0) for word, n in Counter(text).items()}

    def cosine(pair: Compared) -> float:
        left, right = vector(pair.said), vector(pair.wanted)
        norms = math.hypot(*left.values()) * math.hypot(*right.values())
        shared = sum(weight * right.get(word, 0.0) for word, weight in left.items())
        return shared / norms if norms else 0.0

    return cosine


def baselines(pairs: Sequence[Compared]) -> dict[str, Baseline]:
    """The measures by name, those that need it fitted on the pairs."""
    return {"token_f1": token_f1, "rouge_l": rouge_l, "tfidf_cosine": tfidf_cosine(pairs)}


def _f1(shared: float, pair: Compared) -> float:
    """F1 of that many shared words."""
    return 2 * shared / max(1, len(pair.said) + len(pair.wanted))
