"""The judge measured from the command line: on graded answers, and with the adversarial set."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Typed, typing_in

Command = Callable[..., Typed]
PROMPT = "Why does a web server put a cache in front of its database?"
REFERENCE = (
    "A cache keeps answers that were asked for lately in memory, so most requests never reach the"
    " database. That makes pages faster and takes load off the database. The price is that a page"
    " may be out of date until its entry expires."
)
FULL = (
    "Answers that were asked for lately are kept in memory, so most requests don't reach the"
    " database at all. Pages get faster and the database has less load. The drawback is that a"
    " page may be out of date until the entry expires."
)
HALF = "The cache keeps answers in memory, so pages are faster."
WRONG = "It encrypts the traffic between the browser and the server with a certificate."
FIGURES = {"pearson", "spearman", "qwk", "rmse"}


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    with typing_in(tmp_path, monkeypatch, capsys) as run:
        yield run


def row(answer: str, score: float | None = None, **more: Any) -> dict[str, Any]:
    scored = {} if score is None else {"score": score}
    return {"question": PROMPT, "reference": REFERENCE, "answer": answer, **scored, **more}


ROWS = [row(FULL, 1.0, id="full"), row(HALF, 0.5, id=7), row(WRONG, 0), row(REFERENCE, 1)]


def written(rows: list[dict[str, Any]], name: str = "rows.jsonl") -> str:
    Path(name).write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    return name


def test_agreement_with_humans_is_measured_beside_plain_measures(typed: Command) -> None:
    done = typed("judge", "eval", written(ROWS), "--json")
    found = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert found["judge"]["kind"] == "offline"
    assert (found["n"], found["graded"], found["ungraded"], found["compared"]) == (4, 4, 0, 4)
    assert found["pearson"] > 0.9
    assert found["spearman"] > 0.9
    assert found["qwk"] > 0.7
    assert found["rmse"] < 0.3
    assert found["ms_per_answer"] > 0
    assert found["cost"] == 0
    assert set(found["baselines"]) == {"token_f1", "rouge_l", "tfidf_cosine"}
    assert all(set(each) == FIGURES for each in found["baselines"].values())


def test_people_get_a_table_of_the_same(typed: Command) -> None:
    told = typed("judge", "eval", written(ROWS), "--judge", "offline").out
    assert "4 answers, 4 graded, 4 of them with a human score" in told
    for words in ("offline judge", "token F1", "ROUGE-L", "TF-IDF cosine", "pearson"):
        assert words in told


def test_each_row_s_grade_is_written_with_its_id_or_line(typed: Command) -> None:
    rows = [*ROWS, row("idk"), row("Der Server fragt die Datenbank dann nicht mehr so oft.")]
    done = typed("judge", "eval", written(rows), "--rows", "out.jsonl", "--json")
    assert json.loads(done.out)["ungraded"] == 1
    lines = [json.loads(line) for line in Path("out.jsonl").read_text("utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["full", 7, 3, 4, 5, 6]
    grades = [line["grade"] for line in lines]
    assert all(
        set(grade) == {"score", "verdict", "state", "points", "feedback", "judge"}
        for grade in grades
    )
    assert [grade["verdict"] for grade in grades[3:]] == ["correct", "incorrect", "ungraded"]
    assert grades[3]["score"] == 1.0, "a copy of the reference is graded at its face value"


def test_rows_without_a_human_score_are_graded_but_not_compared(typed: Command) -> None:
    found = json.loads(typed("judge", "eval", written([row(FULL), row(HALF)]), "--json").out)
    assert (found["n"], found["graded"], found["compared"]) == (2, 2, 0)
    assert all(found[figure] is None for figure in FIGURES)
    assert all(each == dict.fromkeys(FIGURES) for each in found["baselines"].values())


def test_key_points_and_misconceptions_of_a_row_are_what_it_is_judged_by(typed: Command) -> None:
    points = [
        "Answers are kept in memory",
        {"text": "Pages are faster", "weight": 2, "or": "it is quicker", "essential": True},
        {"text": "A page may be out of date", "or": ["you may see old data"]},
    ]
    wrong = ["A cache encrypts what it stores."]
    rows = [
        row("It is quicker.", key_points=points),
        row("A cache encrypts what it stores.", key_points=points, misconceptions=wrong),
    ]
    typed("judge", "eval", written(rows), "--rows", "out.jsonl")
    first, second = (
        json.loads(line)["grade"] for line in Path("out.jsonl").read_text("utf-8").splitlines()
    )
    assert [point["status"] for point in first["points"]] == ["missing", "covered", "missing"]
    assert [point["text"] for point in first["points"]][1] == "Pages are faster"
    assert second["verdict"] == "incorrect"


def test_a_mark_of_byte_order_and_blank_lines_do_no_harm(typed: Command) -> None:
    lines = "\r\n\r\n".join(json.dumps(each) for each in ROWS)
    Path("rows.jsonl").write_bytes(b"\xef\xbb\xbf" + lines.encode() + b"\r\n  \n")
    done = typed("judge", "eval", "rows.jsonl", "--json")
    assert (done.code, json.loads(done.out)["n"]) == (0, 4)


def test_an_answer_too_long_is_cut_and_that_is_told(typed: Command) -> None:
    done = typed("judge", "eval", written([row("word " * 2_000, 0)]), "--json")
    assert "Answers cut to 8,000 characters: 1" in done.err
    assert json.loads(done.out)["graded"] == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"question": "?"', "no JSON"),
        ("[1, 2]", "no JSON object"),
        (json.dumps({**ROWS[0], "question": " "}), "“question” is missing"),
        (json.dumps({**ROWS[0], "reference": 3}), "“reference” is missing"),
        (json.dumps({"question": "?", "reference": "!"}), "“answer” must be a text"),
        (json.dumps({**ROWS[0], "score": 5}), "divide it by the highest mark"),
        (json.dumps({**ROWS[0], "score": "1"}), "“score” must be a number"),
        (json.dumps({**ROWS[0], "score": True}), "“score” must be a number"),
        ('{"question": "?", "reference": "!", "answer": "", "score": NaN}', "0 to 1"),
        (json.dumps({**ROWS[0], "id": ["a"]}), "“id” must be"),
        (json.dumps({**ROWS[0], "key_points": "one"}), "“key_points” must be a list"),
        (json.dumps({**ROWS[0], "key_points": [3]}), "key point 1 must be a text"),
        (json.dumps({**ROWS[0], "key_points": ["a", {"text": ""}]}), "key point 2 has no text"),
        (json.dumps({**ROWS[0], "key_points": [{"text": "a", "wt": 2}]}), "key point 1 has “wt”"),
        (json.dumps({**ROWS[0], "key_points": [{"text": "a", "weight": 0}]}), "above 0"),
        (json.dumps({**ROWS[0], "key_points": [{"text": "a", "essential": 1}]}), "true or false"),
        (json.dumps({**ROWS[0], "misconceptions": [""]}), "“misconceptions” must be a list"),
    ],
)
def test_a_bad_line_is_told_before_anything_is_judged(
    typed: Command, line: str, words: str
) -> None:
    Path("rows.jsonl").write_text(f"{json.dumps(ROWS[0])}\n\n{line}\n", encoding="utf-8")
    done = typed("judge", "eval", "rows.jsonl", "--rows", "out.jsonl", "--json")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("rows.jsonl:3: ")
    assert words in done.err
    assert not Path("out.jsonl").exists()


def test_all_bad_lines_are_told_at_once_up_to_twenty(typed: Command) -> None:
    Path("rows.jsonl").write_text("{\n" * 30)
    done = typed("judge", "eval", "rows.jsonl")
    assert len(done.err.splitlines()) == 21
    assert "and 10 more lines" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["eval", "absent.jsonl"], 1, "absent.jsonl"),
        (["eval", "empty.jsonl"], 1, "there are no rows"),
        (["eval", "latin.jsonl"], 1, "latin.jsonl:2: this is no UTF-8"),
        (["eval", "rows.jsonl", "--judge", "human"], 2, "offline or llm"),
        (["eval", "rows.jsonl", "--judge", "llm"], 2, "OPENAI_API_KEY"),
        (["eval", "rows.jsonl", "--rows", "rows.jsonl"], 2, "name another file"),
        (["eval", "rows.jsonl", "--rows", "no/such/out.jsonl"], 1, "no/such/out.jsonl"),
        (["eval"], 2, "FILE"),
        (["check", "--judge", "llm"], 2, "OPENAI_API_KEY"),
    ],
)
def test_what_was_typed_wrong_is_told_with_what_would_do(
    typed: Command, arguments: list[str], code: int, words: str
) -> None:
    written(ROWS)
    Path("empty.jsonl").write_text("\n")
    Path("latin.jsonl").write_bytes(json.dumps(ROWS[0]).encode() + b"\n{\xe9}\n")
    done = typed("judge", *arguments)
    assert (done.code, done.out) == (code, "")
    assert words in done.err


def test_the_shipped_set_finds_no_hole_in_the_offline_judge(typed: Command) -> None:
    done = typed("judge", "check", "--json")
    found = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert set(found) == {"judge", "n", "passed", "kinds", "failures"}
    assert found["n"] >= 170
    assert found["passed"] == found["n"] - len(found["failures"])
    assert found["n"] == sum(kind["n"] for kind in found["kinds"].values())
    assert found["passed"] >= 0.9 * found["n"]
    assert not any(failure["hole"] for failure in found["failures"])
    for failure in found["failures"]:
        assert set(failure) == {"id", "kind", "expected", "verdict", "score", "hole"}
        assert failure["verdict"] not in failure["expected"] or "copy" in failure["kind"]


def test_people_get_a_table_by_kind_and_the_misses(typed: Command) -> None:
    done = typed("judge", "check")
    assert done.code == 0
    for words in ("injection", "keyword-soup", "near-copy", "passed", "offline judge"):
        assert words in done.out
