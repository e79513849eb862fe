"""The eight lexical features that the offline judge's regression reads."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.judge.matching import coverage
from bot.judge.rubric import Reading, Rubric, known_share, pairs, trigrams

NAMES = (
    "overlap",
    "length",
    "pair_precision",
    "pair_recall",
    "precision",
    "recall",
    "letters",
    "points",
)


def features(rubric: Rubric, reading: Reading, points: Sequence[float]) -> tuple[float, ...]:
    """One value per name in ``NAMES``.

    ``points`` holds, per key point, how well it is covered (0..1). All but ``length`` lie in
    0..1; ``length`` is the log ratio of distinct words to the reference's, clipped to -2.5..1.
    """
    tokens = reading.text.content()
    recall = coverage(rubric.plain, reading.whole)
    focused = coverage(rubric.demoted, reading.whole)
    precision = known_share(rubric, reading.text.tokens, reading.hits)
    overlap = 2 * precision * focused / (precision + focused) if precision + focused else 0.0
    distinct = len({token.stem for token in tokens})
    length = math.log((1 + distinct) / (1 + len(rubric.plain)))
    found = pairs(_as_reference(reading))
    shared = len(found & rubric.pairs)
    grams = trigrams(tokens)
    letters = sum(min(count, grams.get(gram, 0)) for gram, count in rubric.grams.items())
    best = sorted(points, reverse=True)[: rubric.wanted]
    return (
        math.sqrt(overlap),
        min(1.0, max(-2.5, length)),
        shared / len(found) if found else 0.0,
        shared / len(rubric.pairs) if rubric.pairs else 0.0,
        precision,
        recall,
        letters / max(1, sum(rubric.grams.values())),
        sum(best) / max(1, len(best)),
    )


def _as_reference(reading: Reading) -> list[str]:
    """The reply's content words, each as the reference would say it where it can be told."""
    return [
        max(hit, key=lambda stem: (hit[stem], stem)) if hit else token.stem
        for token, hit in zip(reading.text.tokens, reading.hits, strict=True)
        if not token.stop
    ]
