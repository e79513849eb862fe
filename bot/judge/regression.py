"""A linear regression small enough to ship as a table of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Regression:
    """``intercept`` plus ``weights`` times what each feature differs from its mean."""

    intercept: float
    means: tuple[float, ...]
    weights: tuple[float, ...]

    def predict(self, values: Sequence[float]) -> float:
        """The score 0..1 that humans would likely give; ``values`` as in ``features.NAMES``."""
        terms = zip(self.weights, values, self.means, strict=True)
        raw = self.intercept + sum(weight * (value - mean) for weight, value, mean in terms)
        return min(1.0, max(0.0, raw))


@dataclass(frozen=True, slots=True)
class Sample:
    """One row to fit to: its values, the human score, the question, and what it counts for."""

    values: Sequence[float]
    score: float
    question: str = ""
    share: float = 1.0


def fit(samples: Sequence[Sample], penalty: float = 0.1, within: float = 0.0) -> Regression:
    """Ridge regression of the scores on the values, each row counting for its share.

    ``penalty`` is relative to features scaled to unit variance. ``within`` (0..1) is how much of
    each question's own mean is taken off first, as with random effects: at 1 only differences
    between answers to one question count. Raises ValueError without rows.
    """
    if not samples:
        raise ValueError("There are no rows to fit to.")
    centre = _mean(samples)
    level, means = centre[-1], centre[:-1]
    size = len(means)
    offsets = _offsets(samples, centre, within)
    total = sum(sample.share for sample in samples)
    gram = [[0.0] * size for _ in range(size)]
    moment = [0.0] * size
    for sample in samples:
        offset = offsets[sample.question]
        centred = [v - o for v, o in zip(sample.values, offset, strict=False)]
        off, share = sample.score - offset[-1], sample.share / total
        for j, left in enumerate(centred):
            moment[j] += share * left * off
            for k, right in enumerate(centred):
                gram[j][k] += share * left * right
    for k in range(size):
        gram[k][k] += penalty * gram[k][k] + 1e-9
    return Regression(level, tuple(means), tuple(_solve(gram, moment)))


def _offsets(
    samples: Sequence[Sample], centre: Sequence[float], within: float
) -> dict[str, list[float]]:
    """What is taken off each question's values and score."""
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(sample.question, []).append(sample)
    return {
        question: [c + within * (m - c) for c, m in zip(centre, _mean(group), strict=True)]
        for question, group in groups.items()
    }


def _mean(samples: Sequence[Sample]) -> list[float]:
    """The weighted mean of the values and, last, of the scores."""
    total = sum(sample.share for sample in samples)
    rows = [
        [sample.share * value for value in (*sample.values, sample.score)] for sample in samples
    ]
    return [sum(column) / total for column in zip(*rows, strict=True)]


def _solve(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """Gaussian elimination; the ridge keeps the matrix regular, so no pivoting is needed."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for k in range(size):
        for j in range(k + 1, size):
            factor = rows[j][k] / rows[k][k]
            rows[j] = [a - factor * b for a, b in zip(rows[j], rows[k], strict=True)]
    out = [0.0] * size
    for k in reversed(range(size)):
        known = sum(rows[k][j] * out[j] for j in range(k + 1, size))
        out[k] = (rows[k][size] - known) / rows[k][k]
    return out
