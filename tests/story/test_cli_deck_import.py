"""``studybot deck import`` as people run it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from content.importing.guide import MAX_FILE
from content.parser import load_deck
from tests.support.command_line import Typed, typing_in

GUIDE = """\
Search engines
Indexes
1. What is an inverted index?
An inverted index maps each term to the documents that hold it.
2. How do shards differ from replicas?
Shards split the documents over machines. Replicas repeat a shard for safety.
Ranking
3. Explain BM25
BM25 weighs rare terms more, and levels off with repetition.
4. What is recall?
Recall is the share of relevant documents that were found.
Sign up for our newsletter today.
"""
ID = "search-engines"
Command = Callable[..., Typed]


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    (tmp_path / "guide.txt").write_text(GUIDE, encoding="utf-8")
    with typing_in(tmp_path, monkeypatch, capsys) as run:
        yield run


def deck_path(folder: Path) -> Path:
    return folder / "decks" / f"{ID}.md"


def test_a_guide_becomes_a_deck_file_that_the_linter_passes(typed: Command, tmp_path: Path) -> None:
    done = typed("deck", "import", "guide.txt")
    assert done.code == 0, done.err
    deck = load_deck(deck_path(tmp_path))
    assert [(s.title, len(s.questions)) for s in deck.sections] == [("Indexes", 2), ("Ranking", 2)]
    checked = typed("deck", "lint", str(deck_path(tmp_path)))
    assert checked.code == 0, checked.out


def test_what_was_understood_is_shown(typed: Command) -> None:
    shown = typed("deck", "import", "guide.txt", "--dry-run").out
    assert f"Search engines ({ID}), read as plain text: 4 questions" in shown
    assert "Indexes" in shown
    assert "What is an inverted index?" in shown
    assert "  - Replicas repeat a shard for safety" in shown
    assert "... and 1 more question\n" in shown
    assert "line 12: left out, looks like advertising" in shown
    assert "5 key points drafted from the answers: look them through." in shown


def test_a_dry_run_writes_nothing(typed: Command, tmp_path: Path) -> None:
    assert typed("deck", "import", "guide.txt", "--dry-run").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["guide.txt"]


def test_json_says_it_all_and_nothing_else(typed: Command) -> None:
    done = typed("deck", "import", "guide.txt", "--json")
    assert json.loads(done.out) == {
        "id": ID,
        "title": "Search engines",
        "form": "plain text",
        "sections": 2,
        "questions": 4,
        "drafted": 5,
        "notes": [{"line": 12, "message": "left out, looks like advertising"}],
        "file": str(Path("decks") / f"{ID}.md"),
    }
    dry = typed("deck", "import", "guide.txt", "--json", "--dry-run")
    assert json.loads(dry.out)["file"] is None


def test_the_folder_is_the_first_of_the_settings_or_the_one_named(
    typed: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = typed("deck", "import", "guide.txt", "--out", "mine").err
    assert "set STUDYBOT_DECKS=mine" in told
    assert (tmp_path / "mine" / f"{ID}.md").is_file()
    (tmp_path / "mine" / f"{ID}.md").unlink()
    monkeypatch.setenv("STUDYBOT_DECKS", os.pathsep.join(["mine", "other"]))
    (tmp_path / "other").mkdir()
    told = typed("deck", "import", "guide.txt").err
    assert "STUDYBOT_DECKS" not in told
    assert (tmp_path / "mine" / f"{ID}.md").is_file()


def test_an_imported_deck_is_listed_once_its_folder_is_set(
    typed: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed("deck", "import", "guide.txt")
    monkeypatch.setenv("STUDYBOT_DECKS", "decks")
    assert ID in typed("deck", "list").out


def test_an_older_file_is_replaced_only_if_said_so(typed: Command, tmp_path: Path) -> None:
    typed("deck", "import", "guide.txt")
    before = deck_path(tmp_path).read_text(encoding="utf-8")
    changed = GUIDE.replace("What is recall?", "What does recall tell?")
    (tmp_path / "guide.txt").write_text(changed, encoding="utf-8")
    refused = typed("deck", "import", "guide.txt")
    assert refused.code == 1
    assert "is there already: add --yes to replace it" in refused.err
    assert deck_path(tmp_path).read_text(encoding="utf-8") == before
    assert typed("deck", "import", "guide.txt", "--yes").code == 0
    assert "What does recall tell?" in deck_path(tmp_path).read_text(encoding="utf-8")
    assert [path.name for path in deck_path(tmp_path).parent.iterdir()] == [f"{ID}.md"]


def test_importing_again_keeps_ids_and_what_was_edited(typed: Command, tmp_path: Path) -> None:
    typed("deck", "import", "guide.txt")
    path = deck_path(tmp_path)
    text = path.read_text(encoding="utf-8")
    edited = text.replace("- Recall is the share", "- Recall (essential) is the share")
    edited = edited.replace("{#what-is-recall}", "{#recall}")
    assert edited != text
    path.write_text(edited, encoding="utf-8")
    (tmp_path / "guide.txt").write_text(GUIDE.replace("4. What is", "4. So, what is"), "utf-8")
    done = typed("deck", "import", "guide.txt", "--yes")
    assert done.code == 0, done.err
    question = load_deck(path).question("recall")
    assert question is not None
    assert question.prompt == "So, what is recall?"
    assert question.key_points[0].essential


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("none.txt", None, "none.txt: No such file or directory."),
        ("guide.pdf", b"%PDF-1.4", "“guide.pdf” is a PDF: save it as plain text or Markdown"),
        ("big.txt", b"a" * (MAX_FILE + 1), "big.txt: is over 5 MB: split it"),
        ("bad.csv", b'question,answer\nWhy?,"so\n', "bad.csv:2: the quotes of this row"),
        ("bare.txt", b"1. Why?\n2. How?\n", "bare.txt:1: 2 questions were found"),
    ],
)
def test_what_can_t_be_read_is_named_with_file_and_line(
    typed: Command, tmp_path: Path, name: str, data: bytes | None, told: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    done = typed("deck", "import", name)
    assert (done.code, done.out) == (1, "")
    assert told in done.err
    assert not (tmp_path / "decks").exists()


def test_an_id_that_another_deck_has_is_refused(typed: Command, tmp_path: Path) -> None:
    text = "---\nid: llm-interviews\ntitle: T\n---\n## S\n### Why? {#why}\nBecause it is so.\n"
    (tmp_path / "own.md").write_text(text, encoding="utf-8")
    done = typed("deck", "import", "own.md")
    assert done.code == 1
    assert "The deck id llm-interviews is that of" in done.err


def test_a_broken_older_file_is_never_replaced(typed: Command, tmp_path: Path) -> None:
    deck_path(tmp_path).parent.mkdir()
    deck_path(tmp_path).write_text("half a deck", encoding="utf-8")
    done = typed("deck", "import", "guide.txt", "--yes")
    assert done.code == 1
    assert f"{ID}.md:1: there is no front matter" in done.err
    assert deck_path(tmp_path).read_text(encoding="utf-8") == "half a deck"


def test_terminal_controls_in_a_guide_are_not_obeyed(typed: Command, tmp_path: Path) -> None:
    (tmp_path / "sly.txt").write_text("1. Why \x1b[31mred?\nIt \x1b]0;x\x07is.", encoding="utf-8")
    assert "\x1b" not in typed("deck", "import", "sly.txt").out
