"""Streaks and freezes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FREEZE_EVERY = 7
MOST_FREEZES = 2


@dataclass(frozen=True, slots=True)
class Streak:
    """Posted rounds answered in a row; ``freezes`` cover one missed round each."""

    current: int = 0
    best: int = 0
    freezes: int = 0


def advance(streak: Streak, *, answered: bool) -> Streak:
    """The streak after one more posted round has closed (or has been answered).

    A freeze is earned with every 7th round in a row, at most 2 are kept. A missed round
    takes a freeze and leaves the streak as it is; without one the streak ends.
    """
    if answered:
        current = streak.current + 1
        earned = 1 if current % FREEZE_EVERY == 0 else 0
        return Streak(
            current, max(streak.best, current), min(MOST_FREEZES, streak.freezes + earned)
        )
    if streak.current == 0:
        return streak
    if streak.freezes:
        return Streak(streak.current, streak.best, streak.freezes - 1)
    return Streak(0, streak.best, 0)


def streak_of(answered: Iterable[bool]) -> Streak:
    """The streak after these posted rounds, oldest first."""
    streak = Streak()
    for each in answered:
        streak = advance(streak, answered=each)
    return streak
