from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.run import parse
from bot.commands.table import COMMANDS
from bot.errors import InvalidError, NotFoundError, StudyError
from bot.study.groups import parse_days, parse_time


@pytest.mark.parametrize(
    ("line", "name", "values"),
    [
        ("/explain lora", "explain", {"term": "lora"}),
        ("/EXPLAIN low-rank  adaptation", "explain", {"term": "low-rank adaptation"}),
        ("/explain term=lora", "explain", {"term": "lora"}),
        ("/explain a=b in attention", "explain", {"term": "a=b in attention"}),
        ("/leaderboard", "leaderboard", {}),
        ("/leaderboard month", "leaderboard", {"window": "month"}),
        ("/study leaderboard month", "leaderboard", {"window": "month"}),
        ("/study explain lora", "explain", {"term": "lora"}),
        ("/study post", "study post", {}),
        ("/study deck list", "study deck list", {}),
        ("/Study Deck  use  biology", "study deck use", {"deck": "biology"}),
        ("/study deck use deck=biology", "study deck use", {"deck": "biology"}),
        (
            "/study setup time=09:00 zone=Europe/Berlin",
            "study setup",
            {"time": "09:00", "zone": "Europe/Berlin"},
        ),
        ('/study setup days="every day"', "study setup", {"days": "every day"}),
        ("/study setup answers=SEALED", "study setup", {"answers": "sealed"}),
        ("/study grade", "study grade", {}),
        ("/study grade #12", "study grade", {"answer": "#12"}),
        ("/study grade 12 80", "study grade", {"answer": "12", "score": "80"}),
        (
            "/study grade 12 80 nice work, both of you",
            "study grade",
            {"answer": "12", "score": "80", "note": "nice work, both of you"},
        ),
        (
            "/study grade “Ada Lovelace” correct",
            "study grade",
            {"answer": "Ada Lovelace", "score": "correct"},
        ),
        (
            "/study grade 80 answer=12 well put",
            "study grade",
            {"answer": "12", "score": "80", "note": "well put"},
        ),
        ("/appeal I did say “why”", "appeal", {"reason": "I did say “why”"}),
    ],
)
def test_a_line_is_taken_apart(line: str, name: str, values: dict[str, str]) -> None:
    command, given_values = parse(line)

    assert (command.name, given_values) == (name, values)


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        ("/explian lora", NotFoundError, "/explain"),
        ("/study pots", NotFoundError, "post"),
        ("/study", NotFoundError, "setup"),
        ("/study deck", NotFoundError, "/study deck goes with one of: import, list, use"),
        ("/study deck impotr", NotFoundError, "import, list, use"),
        ("/study deck use", InvalidError, "/study deck use needs a deck"),
        ("/study deck list all", InvalidError, "/study deck list"),
        ("/explain", InvalidError, "/explain lora"),
        ("/", InvalidError, "/help"),
        ("/study setup tomorrow", InvalidError, "/study setup time="),
        ("/study setup answers=loud", InvalidError, "thread, sealed, both"),
        ("/study setup time=", InvalidError, "time="),
        ("/study post now", InvalidError, "/study post"),
        ("/" + "x" * 2_000, InvalidError, "1,000"),
    ],
)
def test_a_line_that_is_wrong_says_how_to_type_it(
    line: str, error: type[StudyError], hint: str
) -> None:
    with pytest.raises(error) as caught:
        parse(line)

    assert hint in str(caught.value)


@given(st.text(max_size=200))
def test_no_line_breaks_the_parser(line: str) -> None:
    try:
        parse(line)
    except StudyError as error:
        assert str(error)  # noqa: PT017 - lines that parse are fine too


def test_every_command_says_what_it_does_and_shows_an_example_that_parses() -> None:
    for command in COMMANDS:
        assert command.summary
        assert parse(command.example)[0] is command


DEVANAGARI = "\N{DEVANAGARI DIGIT ZERO}9:00"


@pytest.mark.parametrize(("text", "expected"), [("09:00", time(9)), ("7:05", time(7, 5))])
def test_times_are_read(text: str, expected: time) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize("text", ["24:00", "9", "09:60", "9am", "", DEVANAGARI, "-1:00", "09:000"])
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidError, match="HH:MM"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("Mon, Wed, Friday", {0, 2, 4}),
        ("sat-mon", {5, 6, 0}),
        ("every day", set(range(7))),
        ("weekends", {5, 6}),
    ],
)
def test_days_are_read(text: str, days: set[int]) -> None:
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["", "mo", "someday", "mon-", ","])
def test_what_names_no_days_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidError, match="mon-fri"):
        parse_days(text)
