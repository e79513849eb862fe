from __future__ import annotations

import csv
import io
import json

import pytest

from bot.cli.tables import as_csv, files_of, tables_of

DATA = {
    "group": {"id": 1, "name": "Reading circle", "settings": {"answers": "both"}},
    "members": [
        {"id": 4, "name": "Ada", "accounts": [{"id": 9, "platform": "web"}]},
        {"id": 5, "name": "Bob", "accounts": []},
    ],
    "answers": [
        {
            "id": 7,
            "member_id": 4,
            "revisions": [{"id": 8, "text": "one\ntwo", "grades": [{"id": 3, "flags": []}]}],
        }
    ],
    "scores": [],
}


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_rows_inside_rows_become_tables_that_name_their_parent() -> None:
    tables = tables_of(DATA)
    assert tables["group"] == [{"id": 1, "name": "Reading circle", "settings_answers": "both"}]
    assert tables["members"] == [{"id": 4, "name": "Ada"}, {"id": 5, "name": "Bob"}]
    assert tables["accounts"] == [{"member_id": 4, "id": 9, "platform": "web"}]
    assert tables["revisions"] == [{"answer_id": 7, "id": 8, "text": "one\ntwo"}]
    assert tables["grades"] == [{"revision_id": 8, "id": 3, "flags": []}]


def test_there_is_a_file_a_table_and_one_for_json() -> None:
    files = files_of(DATA, ["json", "csv"])
    assert set(files) == {
        "group.json",
        "group.csv",
        "members.csv",
        "accounts.csv",
        "answers.csv",
        "revisions.csv",
        "grades.csv",
    }
    assert json.loads(files["group.json"]) == DATA
    assert read(files["revisions.csv"])[0]["text"] == "one\ntwo"
    assert set(files_of(DATA, ["json"])) == {"group.json"}


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\tx", "\rx", "  =1", "\uff1d1", '=HYPERLINK("x")']
)
def test_no_cell_can_act_as_a_formula(text: str) -> None:
    (row,) = read(as_csv([{"name": text, text: "x"}]))
    assert row["name"] == f"'{text}"
    assert f"'{text}" in row


def test_numbers_and_missing_values_stay_what_they_are() -> None:
    first, second = read(as_csv([{"a": -1, "b": None, "c": True}, {"a": 0.5, "d": ["x"]}]))
    assert first == {"a": "-1", "b": "", "c": "true", "d": ""}
    assert second == {"a": "0.5", "b": "", "c": "", "d": '["x"]'}
