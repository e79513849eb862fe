"""The commands that need no database, as a user types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.command_line import Typed, typing_in

DECK = "llm-interviews"
QUESTION = "fine-tuning-methods"
GOOD = (
    "Full fine-tuning updates all weights. LoRA freezes the pretrained weights and trains a "
    "low-rank update beside them. QLoRA does so over a base model quantized to 4 bits."
)
GRADE = ("grade", "--deck", DECK, "--question", QUESTION)
Command = Callable[..., Typed]


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    with typing_in(tmp_path, monkeypatch, capsys) as run:
        yield run


@pytest.fixture
def process(tmp_path: Path) -> Command:
    """Runs the command line as a process, in an empty folder."""

    def run(*arguments: str, stdin: bytes = b"", **env: str) -> Typed:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("STUDYBOT_", "OPENAI_"))}
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=tmp_path,
            env=kept | {"PYTHONPATH": str(Path(__file__).parents[2])} | env,
            input=stdin,
            capture_output=True,
            check=False,
        )
        return Typed(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


def test_the_help_names_every_command(process: Command) -> None:
    shown = process("--help")
    assert (shown.code, shown.err) == (0, "")
    for command in ("run", "deck", "grade", "explain", "doctor", "db", "export", "forget"):
        assert f" {command} " in shown.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--help"], "--host"),
        (["deck", "--help"], "lint"),
        (["db", "--help"], "backup"),
        (["forget", "--help"], "--yes"),
        (["--version"], "studybot 0."),
    ],
)
def test_each_command_explains_itself(typed: Command, arguments: list[str], words: str) -> None:
    shown = typed(*arguments)
    assert shown.code == 0
    assert words in shown.out


def test_decks_are_listed_with_their_counts(typed: Command) -> None:
    (deck,) = json.loads(typed("deck", "list", "--json").out)
    assert set(deck) == {"id", "title", "sections", "questions"}
    assert deck["id"] == DECK
    assert deck["sections"] >= 3
    assert deck["questions"] >= 7
    assert QUESTION in typed("deck", "list", "--questions").out
    assert DECK in typed("deck", "list").out


def test_a_folder_of_ones_own_adds_its_decks(typed: Command) -> None:
    Path(".env").write_text("STUDYBOT_DECKS=nowhere\n")
    absent = typed("deck", "list")
    assert (absent.code, absent.out) == (1, "")
    assert "there is no such folder" in absent.err


def test_the_shipped_decks_have_nothing_to_mend(typed: Command) -> None:
    done = typed("deck", "lint", "--json")
    assert (done.code, json.loads(done.out)) == (0, [])


def test_a_deck_with_errors_is_told_by_file_and_line(typed: Command) -> None:
    Path("mine.md").write_text("# A deck without its front matter\n")
    done = typed("deck", "lint", "mine.md")
    assert done.code == 1
    assert done.out.startswith("mine.md:1: error: ")
    (finding,) = json.loads(typed("deck", "lint", "absent.md", "--json").out)
    assert (finding["file"], finding["level"]) == ("absent.md", "error")


def test_a_term_is_explained_with_its_source(typed: Command) -> None:
    found = json.loads(typed("explain", "lora", "--json").out)
    assert set(found) == {"term", "found", "title", "text", "sources", "related"}
    assert found["found"] is True
    assert found["sources"][0]["deck"] == DECK
    assert f"from {DECK}" in typed("explain", "lora", "--deck", DECK).out


def test_a_term_that_the_guide_lacks_is_said_to_be_missing(typed: Command) -> None:
    done = typed("explain", "zebra", "crossing", "--json")
    found = json.loads(done.out)
    assert done.code == 0
    assert (found["term"], found["found"], found["sources"]) == ("zebra crossing", False, [])
    assert found["related"]


def test_an_answer_is_graded_from_an_option_a_file_or_stdin(
    typed: Command, process: Command
) -> None:
    Path("answer.txt").write_text(GOOD, encoding="utf-8")
    texts = [
        typed(*GRADE, "--answer", GOOD, "--json").out,
        typed(*GRADE, "--answer-file", "answer.txt", "--json").out,
        process(*GRADE, "--answer-file", "-", "--json", stdin=GOOD.encode()).out,
        process(*GRADE, "--answer", "-", "--json", stdin=GOOD.encode()).out,
    ]
    assert len(set(texts)) == 1
    found = json.loads(texts[0])
    assert set(found) == {"score", "verdict", "state", "points", "feedback", "judge"}
    assert 0 < found["score"] <= 1
    assert found["judge"]["kind"] == "offline"
    covered = [p for p in found["points"] if p["status"] == "covered"]
    assert covered
    assert all(p["evidence"] in GOOD for p in covered)


def test_a_grade_is_told_to_people_point_by_point(typed: Command) -> None:
    told = typed(*GRADE, "--answer", GOOD).out
    assert "of 100 points (offline judge" in told
    assert "+ covered:" in told


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no words"),
        ("🎉 🎉".encode(), "no words"),
        (b"a" * 100_000, "8,000"),
        (b"word " * 2_000, "8,000"),
        (b"\x00\x01 binary \xff\xfe", "plain text"),
        (b"hello \x00\x01 there", "plain text"),
    ],
    ids=["empty", "emoji", "100 kB", "too long", "binary", "controls"],
)
def test_what_is_no_answer_gets_a_clear_message(typed: Command, content: bytes, words: str) -> None:
    Path("answer").write_bytes(content)
    done = typed(*GRADE, "--answer-file", "answer", "--json")
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert done.err.count("\n") == 1


def test_giving_up_is_an_answer_that_scores_nothing(typed: Command) -> None:
    found = json.loads(typed(*GRADE, "--answer", "I don't know", "--json").out)
    assert (found["score"], found["verdict"]) == (0.0, "incorrect")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["grade", "--deck", "llm-interview", "--question", "x", "--answer", "y"], 1, DECK),
        (["grade", "--deck", DECK, "--question", "fine-tuning", "--answer", "y"], 1, QUESTION),
        ([*GRADE], 2, "--answer-file"),
        ([*GRADE, "--answer", "x", "--answer-file", "y"], 2, "--answer-file"),
        ([*GRADE, "--answer-file", "no.txt"], 1, "no.txt"),
        ([*GRADE, "--answer-file", "."], 1, "directory"),
        (["explain", "lora", "--deck", "nope"], 1, DECK),
        (["explain", " "], 2, "such as lora"),
        (["explain", "x" * 300], 2, "such as lora"),
        (["explain"], 2, "TERM"),
        (["deck", "shuffle"], 2, "shuffle"),
        (["run", "--roles", "http,chef"], 2, "chef"),
        (["run", "--host", "0.0.0.0"], 2, "STUDYBOT_WEB_PASSWORD"),  # noqa: S104 - is refused
        (["--port", "99999"], 2, "--port"),
        (["export", "--group", "x", "--to", "xml"], 2, "--to json"),
    ],
)
def test_what_was_typed_wrong_is_told_with_what_would_do(
    typed: Command, arguments: list[str], code: int, words: str
) -> None:
    done = typed(*arguments)
    assert (done.code, done.out) == (code, "")
    assert words in done.err


def test_bad_settings_are_all_named_and_secrets_are_not_shown(
    process: Command, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        "SLACK_BOT_TOKEN=made-up-secret\nSTUDYBOT_LOG=xml\nSTUDYBOT_JUDGE=guess\n"
    )
    done = process("explain", "lora", STUDYBOT_JUDGE="oracle")
    assert (done.code, done.out) == (2, "")
    for part in ("SLACK_BOT_TOKEN", "STUDYBOT_LOG", "“oracle”"):
        assert part in done.err
    assert "made-up-secret" not in done.err
    assert "Traceback" not in done.err


def test_a_misspelt_setting_is_warned_about_beside_the_data(typed: Command) -> None:
    Path(".env").write_text("STUDYBOT_JUGDE=offline\n")
    done = typed("explain", "lora", "--json")
    assert json.loads(done.out)["found"] is True
    assert "Did you mean STUDYBOT_JUDGE?" in done.err


def test_a_setting_file_that_is_no_text_is_told(typed: Command) -> None:
    Path(".env").write_bytes(b"STUDYBOT_JUDGE=\xff\xfe")
    done = typed("explain", "lora")
    assert done.code == 2
    assert "UTF-8" in done.err


def test_a_model_that_isnt_there_is_stood_in_for_and_the_reason_is_told(typed: Command) -> None:
    Path(".env").write_text("STUDYBOT_JUDGE=llm\nOPENAI_BASE_URL=http://127.0.0.1:9/v1\n")
    done = typed(*GRADE, "--answer", GOOD)
    assert done.code == 0
    assert "provisional" in done.out
    assert "OPENAI_BASE_URL" in done.err


def test_a_reader_that_leaves_early_sees_no_complaint(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "bot", "explain", "lora", "--json"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, b"")
