from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.schedule import (
    EVERY_DAY,
    Due,
    RoundKind,
    Schedule,
    catch_up_ends,
    closing_time,
    instant,
    next_occurrence,
    occurrences,
    zone_of,
)
from bot.errors import InvalidError

ZONES = [
    "UTC",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Pago_Pago",
    "Pacific/Kiritimati",
    "Pacific/Apia",
    "America/Nuuk",
    "Africa/Casablanca",
]


def daily(
    zone: str,
    at: time,
    *,
    days: frozenset[int] = EVERY_DAY,
    skip: frozenset[date] = frozenset(),
) -> Schedule:
    return Schedule(1, RoundKind.DAILY, zone, at, days, skip)


def posted_between(schedule: Schedule, first: date, last: date) -> list[Due]:
    start = datetime.combine(first, time(0), ZoneInfo(schedule.zone)) - timedelta(seconds=1)
    end = datetime.combine(last, time(23, 59, 59), ZoneInfo(schedule.zone))
    return list(occurrences(schedule, start.astimezone(UTC), end.astimezone(UTC)))


def wall(due: Due, zone: str) -> str:
    return f"{due.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("zone", "at", "day", "expected_utc"),
    [
        # Spring forward: 02:30 does not exist and posts an hour (or half an hour) later.
        ("America/New_York", time(2, 30), date(2026, 3, 8), "2026-03-08T07:30"),
        ("Europe/London", time(1, 30), date(2026, 3, 29), "2026-03-29T01:30"),
        ("Australia/Lord_Howe", time(2, 15), date(2026, 10, 4), "2026-10-03T15:45"),
        # Autumn: the first of the two is meant.
        ("America/New_York", time(1, 30), date(2026, 11, 1), "2026-11-01T05:30"),
        ("Europe/London", time(1, 30), date(2026, 10, 25), "2026-10-25T00:30"),
        ("Australia/Lord_Howe", time(1, 45), date(2026, 4, 5), "2026-04-04T14:45"),
        # Odd offsets and both sides of the date line.
        ("Asia/Kathmandu", time(9), date(2026, 6, 1), "2026-06-01T03:15"),
        ("Pacific/Pago_Pago", time(9), date(2026, 6, 1), "2026-06-01T20:00"),
        ("Pacific/Kiritimati", time(9), date(2026, 6, 1), "2026-05-31T19:00"),
    ],
)
def test_a_wall_clock_time_is_the_right_instant(
    zone: str, at: time, day: date, expected_utc: str
) -> None:
    expected = datetime.fromisoformat(expected_utc).replace(tzinfo=UTC)

    assert instant(day, at, zone) == expected
    assert posted_between(daily(zone, at), day, day) == [Due(day, expected)]


def test_a_time_that_does_not_exist_posts_as_much_later_as_the_clock_jumped() -> None:
    [due] = posted_between(
        daily("America/New_York", time(2, 30)), date(2026, 3, 8), date(2026, 3, 8)
    )

    assert wall(due, "America/New_York") == "2026-03-08 03:30"
    assert due.local_date == date(2026, 3, 8)


def test_half_an_hour_of_lord_howe_posts_half_an_hour_later() -> None:
    [due] = posted_between(
        daily("Australia/Lord_Howe", time(2, 15)), date(2026, 10, 4), date(2026, 10, 4)
    )

    assert wall(due, "Australia/Lord_Howe") == "2026-10-04 02:45"


def test_a_time_that_happens_twice_posts_once() -> None:
    dues = posted_between(
        daily("America/New_York", time(1, 30)), date(2026, 10, 31), date(2026, 11, 2)
    )

    assert [due.local_date.day for due in dues] == [31, 1, 2]


def test_a_date_that_a_zone_dropped_has_no_round() -> None:
    dues = posted_between(daily("Pacific/Apia", time(9)), date(2011, 12, 29), date(2011, 12, 31))

    assert [due.local_date.day for due in dues] == [29, 31]


def test_a_time_pushed_over_midnight_keeps_its_date() -> None:
    # Nuuk sets its clocks from 23:00 to 24:00 on the last Saturday of March (since 2024).
    zone = "America/Nuuk"
    dues = posted_between(daily(zone, time(23, 30)), date(2026, 3, 27), date(2026, 3, 29))

    assert [due.local_date.day for due in dues] == [27, 28, 29]
    assert wall(dues[1], zone) == "2026-03-29 00:30"


@given(
    zone=st.sampled_from(ZONES),
    at=st.times().map(lambda t: t.replace(second=0, microsecond=0, tzinfo=None)),
    first=st.dates(date(2010, 1, 1), date(2030, 12, 1)),
    length=st.integers(1, 40),
)
def test_every_existing_date_has_exactly_one_round(
    zone: str, at: time, first: date, length: int
) -> None:
    last = first + timedelta(days=length)
    schedule = daily(zone, at)
    start = instant(first, at, zone) - timedelta(microseconds=1)
    dues = list(occurrences(schedule, start, instant(last, at, zone)))

    dates = [due.local_date for due in dues]
    instants = [due.at for due in dues]
    skipped = {date(2011, 12, 30)} if zone == "Pacific/Apia" else set()
    wanted = [first + timedelta(days=n) for n in range(length + 1)]
    assert dates == [day for day in wanted if day not in skipped]
    assert instants == sorted(set(instants))


@given(
    zone=st.sampled_from(ZONES),
    at=st.times().map(lambda t: t.replace(second=0, microsecond=0, tzinfo=None)),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    skip=st.frozensets(st.dates(date(2026, 1, 1), date(2026, 3, 1)), max_size=20),
    after=st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 20)),  # noqa: DTZ001 - made aware below
)
def test_the_next_round_is_later_on_an_allowed_day_and_none_lies_between(
    zone: str, at: time, days: frozenset[int], skip: frozenset[date], after: datetime
) -> None:
    schedule = daily(zone, at, days=days, skip=skip)
    moment = after.replace(tzinfo=UTC)

    due = next_occurrence(schedule, moment)

    assert due is not None
    assert due.at > moment
    assert due.local_date.weekday() in days
    assert due.local_date not in skip
    assert list(occurrences(schedule, moment, due.at)) == [due]


def test_a_schedule_without_days_is_never_due() -> None:
    schedule = daily("UTC", time(9), days=frozenset())

    assert next_occurrence(schedule, datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_catching_up_ends_after_the_window_or_at_local_midnight() -> None:
    morning = Due(date(2026, 6, 1), instant(date(2026, 6, 1), time(9), "Asia/Kathmandu"))
    evening = Due(date(2026, 6, 1), instant(date(2026, 6, 1), time(22), "Asia/Kathmandu"))

    assert catch_up_ends(morning, "Asia/Kathmandu", 6) == morning.at + timedelta(hours=6)
    assert catch_up_ends(evening, "Asia/Kathmandu", 6) == evening.at + timedelta(hours=2)


def test_a_round_closes_at_the_next_days_posting_time_even_over_a_clock_change() -> None:
    opened = instant(date(2026, 3, 7), time(9), "America/New_York")

    closes = closing_time(opened, date(2026, 3, 7), time(9), "America/New_York")

    assert closes == instant(date(2026, 3, 8), time(9), "America/New_York")
    assert closes - opened == timedelta(hours=23)


def test_a_round_posted_late_stays_open_for_twelve_hours() -> None:
    opened = datetime(2026, 6, 1, 23, 50, tzinfo=UTC)

    assert closing_time(opened, date(2026, 6, 1), time(0), "UTC") == opened + timedelta(hours=12)


def test_zone_names_are_understood_in_any_case_and_nearest_ones_offered() -> None:
    assert zone_of("europe/berlin").key == "Europe/Berlin"
    assert zone_of(" America/New York ").key == "America/New_York"
    with pytest.raises(InvalidError, match="Europe/Berlin"):
        zone_of("Europe/Berlinn")


@given(st.text(max_size=80))
def test_no_zone_name_breaks_anything(name: str) -> None:
    try:
        zone_of(name)
    except InvalidError as error:
        assert "IANA" in str(error)  # noqa: PT017 - any zone that exists is fine too
