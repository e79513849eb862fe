"""The commands that need no database, as a user's shell runs them."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot.__main__ import main

DECK = "llm-interviews"
QUESTION = "fine-tuning-methods"
GOOD = (
    "Full fine-tuning updates all weights. LoRA freezes the pretrained weights and trains a "
    "low-rank update beside them. QLoRA does so over a base model quantized to 4 bits."
)


class Typed(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Studybot = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def studybot(tmp_path: Path) -> Studybot:
    """Runs the command line in an empty folder, with nothing configured."""

    def run(*arguments: str, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("STUDYBOT_", "OPENAI_"))}
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=tmp_path,
            env=kept | {"PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "100"} | env,
            input=stdin,
            capture_output=True,
            check=False,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in out + err
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    return run


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Typed]]:
    """The same within this process, for the many ways to type something wrong."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    handlers, level = list(root.handlers), root.level
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith(("STUDYBOT_", "OPENAI_"))]:
        monkeypatch.delenv(name)

    def run(*arguments: str) -> Typed:
        monkeypatch.setattr(sys, "argv", ["studybot", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return Typed(int(ended.value.code or 0), shown.out, shown.err)

    yield run
    root.handlers[:], root.level = handlers, level
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(capture=False)


def grade(studybot: Studybot, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return studybot("grade", "--deck", DECK, "--question", QUESTION, *arguments, "--json", **more)


def test_the_help_names_every_command_and_each_explains_itself(studybot: Studybot) -> None:
    shown = studybot("--help")
    commands = ["run", "deck", "grade", "explain", "doctor", "db", "export", "forget"]
    assert shown.returncode == 0
    for command in commands:
        assert f" {command} " in shown.stdout
    assert "--host" in studybot("run", "--help").stdout
    assert "backup" in studybot("db", "--help").stdout


def test_the_version_is_one_line(studybot: Studybot) -> None:
    assert studybot("--version").stdout.startswith("studybot 0.")


def test_decks_are_listed_with_their_counts(studybot: Studybot) -> None:
    (deck,) = json.loads(studybot("deck", "list", "--json").stdout)
    assert set(deck) == {"id", "title", "sections", "questions"}
    assert deck["id"] == DECK
    assert deck["sections"] >= 3
    assert deck["questions"] >= 7
    assert QUESTION in studybot("deck", "list", "--questions").stdout
    assert DECK in studybot("deck", "list").stdout


def test_a_folder_of_ones_own_adds_its_decks(studybot: Studybot, tmp_path: Path) -> None:
    absent = studybot("deck", "list", STUDYBOT_DECKS=str(tmp_path / "nowhere"))
    assert absent.returncode == 1
    assert "there is no such folder" in absent.stderr


def test_a_term_is_explained_with_its_source(studybot: Studybot) -> None:
    found = json.loads(studybot("explain", "lora", "--json").stdout)
    assert set(found) == {"term", "found", "title", "text", "sources", "related"}
    assert found["found"] is True
    assert found["sources"][0]["deck"] == DECK
    told = studybot("explain", "lora").stdout
    assert f"from {DECK}" in told


def test_a_term_that_the_guide_lacks_is_said_to_be_missing(studybot: Studybot) -> None:
    done = studybot("explain", "zebra", "crossing", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert (found["term"], found["found"], found["sources"]) == ("zebra crossing", False, [])
    assert found["related"]


def test_an_answer_is_graded_from_an_option_a_file_or_stdin(
    studybot: Studybot, tmp_path: Path
) -> None:
    (tmp_path / "answer.txt").write_text(GOOD, encoding="utf-8")
    texts = [
        grade(studybot, "--answer", GOOD).stdout,
        grade(studybot, "--answer-file", "answer.txt").stdout,
        grade(studybot, "--answer-file", "-", stdin=GOOD.encode()).stdout,
        grade(studybot, "--answer", "-", stdin=GOOD.encode()).stdout,
    ]
    assert len(set(texts)) == 1
    found = json.loads(texts[0])
    assert set(found) == {"score", "verdict", "state", "points", "feedback", "judge"}
    assert 0 < found["score"] <= 1
    assert found["judge"]["kind"] == "offline"
    covered = [p for p in found["points"] if p["status"] == "covered"]
    assert covered
    assert all(p["evidence"] in GOOD for p in covered)


def test_a_grade_is_told_to_people_point_by_point(studybot: Studybot) -> None:
    told = studybot("grade", "--deck", DECK, "--question", QUESTION, "--answer", GOOD).stdout
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
def test_what_is_no_answer_gets_a_clear_message(
    typed: Callable[..., Typed], tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "answer").write_bytes(content)
    asked = ["grade", "--deck", DECK, "--question", QUESTION, "--json"]
    done = typed(*asked, "--answer-file", "answer")
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert done.err.count("\n") == 1


def test_giving_up_is_an_answer_that_scores_nothing(studybot: Studybot) -> None:
    found = json.loads(grade(studybot, "--answer", "I don't know").stdout)
    assert (found["score"], found["verdict"]) == (0.0, "incorrect")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["grade", "--deck", "llm-interview", "--question", "x", "--answer", "y"], 1, DECK),
        (["grade", "--deck", DECK, "--question", "fine-tuning", "--answer", "y"], 1, QUESTION),
        (["grade", "--deck", DECK, "--question", QUESTION], 2, "--answer-file"),
        (["grade", "--deck", DECK, "--question", "q", "--answer-file", "no.txt"], 1, "no.txt"),
        (["grade", "--deck", DECK, "--question", "q", "--answer-file", "."], 1, "directory"),
        (["explain", "lora", "--deck", "nope"], 1, DECK),
        (["explain", " "], 2, "such as lora"),
        (["explain"], 2, "TERM"),
        (["deck", "lint", "no-such.md"], 1, "no-such.md"),
        (["deck", "shuffle"], 2, "shuffle"),
        (["run", "--roles", "http,chef"], 2, "chef"),
        (["run", "--host", "0.0.0.0"], 2, "STUDYBOT_WEB_PASSWORD"),  # noqa: S104 - is refused
        (["--port", "99999"], 2, "--port"),
        (["export", "--group", "x", "--to", "xml"], 2, "--to json"),
    ],
)
def test_what_was_typed_wrong_is_told_with_what_would_do(
    typed: Callable[..., Typed], arguments: list[str], code: int, words: str
) -> None:
    done = typed(*arguments)
    assert (done.code, done.out) == (code, "")
    assert words in done.err


def test_bad_settings_are_all_named_and_secrets_are_not_shown(
    studybot: Studybot, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        "SLACK_BOT_TOKEN=made-up-secret\nSTUDYBOT_LOG=xml\nSTUDYBOT_JUDGE=guess\n"
    )
    done = studybot("explain", "lora", STUDYBOT_JUDGE="oracle")
    assert (done.returncode, done.stdout) == (2, "")
    for part in ("SLACK_BOT_TOKEN", "STUDYBOT_LOG", "“oracle”"):
        assert part in done.stderr
    assert "made-up-secret" not in done.stderr


def test_a_setting_file_is_read_but_the_environment_wins(
    studybot: Studybot, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("STUDYBOT_JUDGE=oracle\nSTUDYBOT_JUGDE=offline\n")
    done = studybot("explain", "lora", "--json", STUDYBOT_JUDGE="offline")
    assert json.loads(done.stdout)["found"] is True
    assert "Did you mean STUDYBOT_JUDGE?" in done.stderr
    (tmp_path / ".env").write_bytes(b"STUDYBOT_JUDGE=\xff\xfe")
    assert "UTF-8" in studybot("explain", "lora").stderr


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
