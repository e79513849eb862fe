"""How strictly a group's organisers grade, learned from the grades that they corrected."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from bot.domain.grading import Calibration

# Fewer corrections than this say more about the answers than about who graded them.
MIN_PAIRS = 20
# The ridge, as if this many corrections had agreed with the judge ...
AGREEING = 5.0
# ... and had been spread around their mean by this variance (scores 0..1).
SPREAD = 0.2
LEAST_SLOPE, MOST_SLOPE = 0.25, 2.0


def learn(pairs: Sequence[tuple[float, float]]) -> Calibration | None:
    """The calibration from (judge's raw score, organiser's score) pairs of one group, each 0..1.

    Least squares of the differences between the two on the judge's score, with a ridge that
    draws both the mean difference and the slope's distance from 1 to nothing: the same as
    adding five made-up pairs on which both agreed. The slope stays
    within 0.25 .. 2, so that a better answer never gets a lower score, whatever the pairs say.
    None for fewer than 20 pairs.
    """
    if len(pairs) < MIN_PAIRS:
        return None
    middle = fmean(judged for judged, _ in pairs)
    above = fmean(human - judged for judged, human in pairs)
    cross = spread = 0.0
    for judged, human in pairs:
        cross += (judged - middle) * (human - judged - above)
        spread += (judged - middle) ** 2
    slope = 1 + cross / (spread + AGREEING * SPREAD)
    slope = min(MOST_SLOPE, max(LEAST_SLOPE, slope))
    level = above * len(pairs) / (len(pairs) + AGREEING)
    return Calibration(offset=level + middle - slope * middle, slope=slope)
