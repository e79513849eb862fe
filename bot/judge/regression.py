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


def fit(
    rows: Sequence[Sequence[float]],
    scores: Sequence[float],
    shares: Sequence[float],
    penalty: float = 0.1,
) -> Regression:
    """Ridge regression of the scores on the rows' values, each row counting for its share.

    ``penalty`` is relative to features scaled to unit variance. Raises ValueError without rows.
    """
    if not rows:
        raise ValueError("There are no rows to fit to.")
    total = sum(shares)
    size = len(rows[0])
    means = [sum(w * r[k] for w, r in zip(shares, rows, strict=True)) / total for k in range(size)]
    level = sum(w * s for w, s in zip(shares, scores, strict=True)) / total
    gram = [[0.0] * size for _ in range(size)]
    moment = [0.0] * size
    for row, score, share in zip(rows, scores, shares, strict=True):
        centred = [value - mean for value, mean in zip(row, means, strict=True)]
        for j, left in enumerate(centred):
            moment[j] += share / total * left * (score - level)
            for k, right in enumerate(centred):
                gram[j][k] += share / total * left * right
    for k in range(size):
        gram[k][k] += penalty * gram[k][k] + 1e-9
    return Regression(level, tuple(means), tuple(_solve(gram, moment)))


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
