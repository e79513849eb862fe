"""How well judged scores agree with human ones: Pearson, Spearman, QWK and RMSE."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

BINS = 6


def pearson(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Pearson's r, -1..1; NaN with fewer than two pairs or where one side is constant.

    Raises ValueError if the lengths differ.
    """
    _same_length(xs, ys)
    if len(xs) < 2:
        return math.nan
    mean_x, mean_y = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
    cross = math.fsum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    spread_x = math.fsum((x - mean_x) ** 2 for x in xs)
    spread_y = math.fsum((y - mean_y) ** 2 for y in ys)
    if spread_x <= 1e-18 or spread_y <= 1e-18:
        return math.nan
    return max(-1.0, min(1.0, cross / math.sqrt(spread_x * spread_y)))


def spearman(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Spearman's rho: Pearson's r of the ranks, ties sharing their mean rank."""
    return pearson(_ranks(xs), _ranks(ys))


def qwk(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Cohen's kappa with quadratic weights over scores 0..1 binned to 0..5; NaN if undefined.

    Raises ValueError if the lengths differ.
    """
    _same_length(xs, ys)
    if not xs:
        return math.nan
    left, right = [_bin(x) for x in xs], [_bin(y) for y in ys]
    observed = sum((a - b) ** 2 for a, b in zip(left, right, strict=True)) / len(left)
    counts_left, counts_right = Counter(left), Counter(right)
    expected = (
        sum(
            counts_left[a] * counts_right[b] * (a - b) ** 2
            for a in range(BINS)
            for b in range(BINS)
        )
        / len(left) ** 2
    )
    return math.nan if expected == 0 else 1.0 - observed / expected


def rmse(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The root of the mean squared difference; NaN of nothing.

    Raises ValueError if the lengths differ.
    """
    _same_length(xs, ys)
    if not xs:
        return math.nan
    return math.sqrt(math.fsum((x - y) ** 2 for x, y in zip(xs, ys, strict=True)) / len(xs))


def _same_length(xs: Sequence[float], ys: Sequence[float]) -> None:
    if len(xs) != len(ys):
        raise ValueError(f"Give as many scores as human scores, not {len(xs)} and {len(ys)}.")


def _bin(score: float) -> int:
    return int(min(1.0, max(0.0, score)) * (BINS - 1) + 0.5)


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    begin = 0
    while begin < len(order):
        end = begin
        while end < len(order) and values[order[end]] == values[order[begin]]:
            end += 1
        for index in order[begin:end]:
            ranks[index] = (begin + end + 1) / 2
        begin = end
    return ranks
