"""The seven lexical features that the offline judge's regression reads."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.judge.rubric import Reading, Rubric, pairs

NAMES = ("overlap", "precision", "length", "substance", "points", "phrasing", "opposed")

# Beyond these, length says no more: about a fiftieth and four times the reference's.
SHORTEST, LONGEST = -4.0, 1.4


def features(rubric: Rubric, reading: Reading, points: Sequence[float]) -> tuple[float, ...]:
    """One value per name in ``NAMES``.

    ``overlap`` is the harmonic mean of ``precision`` and recall of the words, aligned by their
    letters; ``length`` and ``substance`` are log ratios to the reference's number of words and
    of different content words, clipped to -4..1.4; ``points`` is how well the key points
    are covered, as given per point (0..1); ``phrasing`` is the share of the reference's pairs
    of neighbouring words; ``opposed`` the share of it that the reply says the opposite of.
    """
    text, reference = reading.text, rubric.reference
    precision, recall = rubric.alignment.of(text.tokens, reading.hits)
    overlap = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    distinct = len({token.stem for token in text.content()})
    shared = (pairs(text.tokens) & rubric.pairs).total()
    best = sorted(points, reverse=True)[: rubric.wanted]
    return (
        overlap,
        precision,
        _log_ratio(len(text.tokens), len(reference.tokens)),
        _log_ratio(distinct, len(rubric.plain)),
        sum(best) / max(1, len(best)),
        shared / max(1, rubric.pairs.total()),
        rubric.polarity.opposed(text),
    )


def _log_ratio(left: int, right: int) -> float:
    return min(LONGEST, max(SHORTEST, math.log((1 + left) / (1 + right))))
