"""How far a place was dealt with is never said to be further than it is."""

from __future__ import annotations

from datetime import UTC, datetime

from adapters.discord.seen import Seen

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CHANNEL, THREAD = 7, 100


def _taken(seen: Seen) -> dict[str, str | None]:
    return {place.place: place.last_seen for place in seen.take(NOW)}


def test_the_newest_message_counts_and_is_told_once() -> None:
    seen = Seen()
    for message_id in (101, 103, 102):
        seen.note(CHANNEL, THREAD, message_id)
    assert _taken(seen) == {"100": "103"}
    assert _taken(seen) == {}


def test_a_message_that_is_still_dealt_with_holds_back_those_after_it() -> None:
    seen = Seen()
    with seen.busy(THREAD, 102), seen.busy(THREAD, 101):
        with seen.busy(THREAD, 103):
            pass
        seen.note(CHANNEL, THREAD, 103)
        assert _taken(seen) == {"100": "100"}
    seen.note(CHANNEL, THREAD, 103)
    assert _taken(seen) == {"100": "103"}


def test_the_same_message_told_twice_is_busy_until_both_are_done() -> None:
    seen = Seen()
    with seen.busy(THREAD, 101):
        with seen.busy(THREAD, 101):
            pass
        seen.note(CHANNEL, THREAD, 105)
        assert _taken(seen) == {"100": "100"}


def test_what_came_before_a_loss_tells_nothing_any_more() -> None:
    seen = Seen()
    seen.note(CHANNEL, THREAD, 101)
    seen.note(CHANNEL, 200, 201)
    seen.forget(THREAD)
    assert _taken(seen) == {"200": "201"}
    seen.note(CHANNEL, 200, 202)
    seen.clear()
    assert _taken(seen) == {}
