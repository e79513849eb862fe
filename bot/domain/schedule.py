"""When a group's rounds and recaps are due. Pure; instants are aware UTC datetimes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bot.errors import InvalidError

EVERY_DAY = frozenset(range(7))
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SHORTEST_ROUND = timedelta(hours=12)
_A_DAY = timedelta(days=1)


class RoundKind(StrEnum):
    """What a scheduled post is. With the group and local date it names a round uniquely."""

    DAILY = "daily"
    RECAP = "recap"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Wall-clock times at which a group's rounds of one kind are due.

    ``days`` are weekdays, 0 = Monday. ``next_at`` is the next due instant, None for never.
    """

    group_id: int
    kind: RoundKind
    zone: str
    at: time
    days: frozenset[int] = EVERY_DAY
    skip_dates: frozenset[date] = field(default_factory=frozenset)
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """One due instant with the local date that it belongs to."""

    local_date: date
    at: datetime


def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises InvalidError with the nearest names."""
    wanted = name.strip()
    known = _zone_names()
    key = known.get(wanted.casefold().replace(" ", "_"))
    if key is None:
        near = get_close_matches(wanted.casefold(), known, n=3, cutoff=0.5)
        hint = f" Did you mean {' or '.join(known[n] for n in near)}?" if near else ""
        raise InvalidError(
            f"“{wanted[:60]}” is not a time zone I know.{hint} Use an IANA name such as "
            "Europe/Berlin or America/New_York."
        )
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidError(f"The time zone {key} can't be loaded on this machine.") from error


@lru_cache(maxsize=1)
def _zone_names() -> dict[str, str]:
    return {name.casefold(): name for name in sorted(available_timezones())}


def instant(day: date, at: time, zone: str) -> datetime:
    """When it is ``at`` o'clock on ``day`` in ``zone``, as UTC.

    A time that doesn't exist is as much later as the clock jumped (RFC 5545, 3.3.5); of
    one that happens twice the first is meant. Both follow from fold=0 (PEP 495).
    """
    return datetime.combine(day, at.replace(fold=0), zone_of(zone)).astimezone(UTC)


def local_date(moment: datetime, zone: str) -> date:
    """The calendar date of an instant in a zone."""
    return moment.astimezone(zone_of(zone)).date()


def occurrences(schedule: Schedule, after: datetime, until: datetime) -> Iterator[Due]:
    """Every due instant with ``after < instant <= until``, in order."""
    zone = zone_of(schedule.zone)
    # A day on each side covers times that a clock change pushes over midnight.
    day = after.astimezone(zone).date() - _A_DAY
    last = until.astimezone(zone).date() + _A_DAY
    while day <= last:
        due = _on(schedule, day, zone)
        if due is not None and after < due.at <= until:
            yield due
        day += _A_DAY


def next_occurrence(schedule: Schedule, after: datetime) -> Due | None:
    """The first due instant later than ``after``; None if no weekday is left to post on."""
    if not schedule.days:
        return None
    horizon = after + timedelta(days=8 + len(schedule.skip_dates))
    # Skipped dates can at most cover that many occurrences, a week apart for one weekday.
    horizon += timedelta(weeks=len(schedule.skip_dates))
    return next(occurrences(schedule, after, horizon), None)


def _on(schedule: Schedule, day: date, zone: ZoneInfo) -> Due | None:
    if day.weekday() not in schedule.days or day in schedule.skip_dates:
        return None
    at = datetime.combine(day, schedule.at.replace(fold=0), zone).astimezone(UTC)
    wall = at.astimezone(zone).replace(tzinfo=None)
    # A zone that crosses the date line can drop a whole date (Pacific/Apia, 2011-12-30).
    if wall - datetime.combine(day, schedule.at.replace(fold=0)) >= _A_DAY:
        return None
    return Due(day, at)


def catch_up_ends(due: Due, zone: str, hours: int) -> datetime:
    """The last instant at which a due round may still be posted: same local date, window open."""
    midnight = instant(due.local_date + _A_DAY, time(0), zone)
    latest = due.at + timedelta(hours=hours)
    # A due time that a clock change pushed past midnight keeps a minute of its own.
    return max(min(latest, midnight), due.at + timedelta(minutes=1))


def closing_time(opened: datetime, day: date, at: time, zone: str) -> datetime:
    """When a round of ``day`` closes: at the next day's posting time, 12 hours at the least."""
    return max(instant(day + _A_DAY, at, zone), opened + SHORTEST_ROUND)
