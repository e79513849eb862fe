"""Leaderboards: windows and ranks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum


class Window(StrEnum):
    """The dates whose rounds a leaderboard counts."""

    TODAY = "today"
    WEEK = "week"
    MONTH = "month"
    SEASON = "season"
    ROLLING30 = "rolling30"
    ALL = "all"


WINDOW_TITLES = {
    Window.TODAY: "Today",
    Window.WEEK: "This week",
    Window.MONTH: "This month",
    Window.SEASON: "This season",
    Window.ROLLING30: "Last 30 days",
    Window.ALL: "All time",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A Member's points in a Window. ``streak`` counts posted rounds answered in a row."""

    member_id: int
    member: str
    points: int
    answered: int
    streak: int = 0
    rank: int = 0


def first_date(window: Window, today: date) -> date | None:
    """The first local date that a window counts; None counts everything.

    Weeks begin on Monday (ISO 8601). A season is a calendar quarter.
    """
    match window:
        case Window.TODAY:
            return today
        case Window.WEEK:
            return today - timedelta(days=today.weekday())
        case Window.MONTH:
            return today.replace(day=1)
        case Window.SEASON:
            return today.replace(month=today.month - (today.month - 1) % 3, day=1)
        case Window.ROLLING30:
            return today - timedelta(days=29)
        case Window.ALL:
            return None


def ranked(standings: Sequence[Standing]) -> list[Standing]:
    """Standings by points, with shared ranks for ties (1, 1, 3: "standard competition").

    Members with equal points are listed by name, so that a board is the same each time.
    """
    order = sorted(standings, key=lambda s: (-s.points, s.member.casefold(), s.member_id))
    result: list[Standing] = []
    for place, standing in enumerate(order, start=1):
        tied = bool(result) and result[-1].points == standing.points
        result.append(replace(standing, rank=result[-1].rank if tied else place))
    return result
