from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.boards import Standing, Window, first_date, ranked
from bot.domain.streaks import MOST_FREEZES, Streak, advance, streak_of

standings = st.lists(
    st.builds(
        Standing,
        member_id=st.integers(1, 10_000),
        member=st.text(min_size=1, max_size=8),
        points=st.integers(0, 5),
        answered=st.integers(1, 9),
    ),
    max_size=30,
    unique_by=lambda s: s.member_id,
)


def test_ties_share_a_rank_and_the_next_rank_is_skipped() -> None:
    board = ranked(
        [
            Standing(1, "Ada", 90, 1),
            Standing(2, "Bo", 70, 1),
            Standing(3, "Cy", 90, 2),
            Standing(4, "Di", 10, 1),
        ]
    )

    assert [(s.rank, s.member) for s in board] == [(1, "Ada"), (1, "Cy"), (3, "Bo"), (4, "Di")]


@given(standings)
def test_a_rank_is_one_more_than_the_members_with_more_points(given_: list[Standing]) -> None:
    board = ranked(given_)

    assert sorted(s.member_id for s in board) == sorted(s.member_id for s in given_)
    for standing in board:
        assert standing.rank == 1 + sum(s.points > standing.points for s in given_)


@given(standings, st.randoms())
def test_a_board_is_the_same_in_whatever_order_rows_come(
    given_: list[Standing], random: object
) -> None:
    shuffled = list(given_)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # Hypothesis's Random

    assert ranked(shuffled) == ranked(given_)


def test_windows_begin_where_people_expect() -> None:
    thursday = date(2026, 11, 26)

    assert first_date(Window.TODAY, thursday) == thursday
    assert first_date(Window.WEEK, thursday) == date(2026, 11, 23)
    assert first_date(Window.MONTH, thursday) == date(2026, 11, 1)
    assert first_date(Window.SEASON, thursday) == date(2026, 10, 1)
    assert first_date(Window.ROLLING30, thursday) == date(2026, 10, 28)
    assert first_date(Window.ALL, thursday) is None


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_every_window_holds_today_and_longer_ones_hold_shorter_ones(today: date) -> None:
    first = {window: first_date(window, today) for window in Window}

    assert all(start is None or start <= today for start in first.values())
    week, month, season = first[Window.WEEK], first[Window.MONTH], first[Window.SEASON]
    assert week is not None
    assert month is not None
    assert season is not None
    assert week.weekday() == 0
    assert today - week < timedelta(days=7)
    assert season <= month


def test_a_freeze_is_earned_every_seventh_round_and_two_are_kept() -> None:
    assert streak_of([True] * 6).freezes == 0
    assert streak_of([True] * 7).freezes == 1
    assert streak_of([True] * 30).freezes == 2


def test_a_freeze_covers_one_missed_round_and_then_the_streak_ends() -> None:
    week = streak_of([True] * 7)

    covered = advance(week, answered=False)
    ended = advance(covered, answered=False)

    assert covered == Streak(7, 7, 0)
    assert ended == Streak(0, 7, 0)


def test_missing_before_the_first_answer_costs_nothing() -> None:
    assert streak_of([False] * 9 + [True]) == Streak(1, 1, 0)


@given(st.lists(st.booleans(), max_size=120))
def test_a_streak_never_exceeds_answers_and_freezes_stay_in_bounds(rounds: list[bool]) -> None:
    streak = streak_of(rounds)

    assert 0 <= streak.current <= streak.best <= sum(rounds)
    assert 0 <= streak.freezes <= MOST_FREEZES


@given(st.lists(st.booleans(), max_size=60))
def test_answering_one_more_round_never_shortens_a_streak(rounds: list[bool]) -> None:
    before = streak_of(rounds)

    assert advance(before, answered=True).current == before.current + 1
    assert advance(before, answered=False).current in (0, before.current)


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_an_unbroken_run_at_the_end_is_always_part_of_the_streak(rounds: list[bool]) -> None:
    run = 0
    for answered in reversed(rounds):
        if not answered:
            break
        run += 1

    assert streak_of(rounds).current >= run
