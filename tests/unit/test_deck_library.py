"""The library: which decks are there, and what it refuses to guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.errors import DeckError
from content.library import Library

DECK = """---
id: {id}
title: {title}
---
## Section
### What is a {title}? {{#what}}
A {title} is a thing.
#### Terms
- {title}: A thing.
"""


def write(folder: Path, name: str, deck_id: str, title: str) -> None:
    folder.mkdir(exist_ok=True)
    text = DECK.format(id=deck_id, title=title)
    (folder / name).write_text(text, encoding="utf-8")


def test_shipped_decks_come_first_then_folders_by_file_name(tmp_path: Path) -> None:
    write(tmp_path / "b", "2.md", "two", "Spoon")
    write(tmp_path / "b", "1.md", "one", "Fork")
    write(tmp_path / "a", "9.md", "nine", "Knife")
    (tmp_path / "b" / "README.md").write_text("not a deck", encoding="utf-8")
    library = Library([tmp_path / "b", tmp_path / "a", tmp_path / "b"])
    assert [deck.id for deck in library.decks()][-3:] == ["one", "two", "nine"]
    assert library.decks()[0].id == "llm-interviews"
    found = library.deck("two")
    assert found is not None
    assert found.title == "Spoon"
    assert library.deck("three") is None


def test_two_files_with_one_deck_id_are_both_named(tmp_path: Path) -> None:
    write(tmp_path, "1.md", "same", "Fork")
    write(tmp_path, "2.md", "same", "Spoon")
    with pytest.raises(DeckError, match=r"2\.md:1: the deck id “same” is that of .*1\.md"):
        Library([tmp_path], shipped=False)


def test_all_problems_of_all_files_and_folders_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "1.md").write_text("no deck", encoding="utf-8")
    (tmp_path / "2.md").write_bytes(b"\xff")
    with pytest.raises(DeckError) as caught:
        Library([tmp_path / "gone", tmp_path], shipped=False)
    told = str(caught.value)
    assert "there is no such folder" in told
    assert "1.md:1: there is no front matter" in told
    assert "2.md:1: is not UTF-8" in told


def test_one_deck_can_be_asked_alone(tmp_path: Path) -> None:
    write(tmp_path, "1.md", "one", "Fork")
    write(tmp_path, "2.md", "two", "Spoon")
    library = Library([tmp_path], shipped=False)
    assert library.explain("fork").sources[0].deck == "one"
    assert not library.explain("fork", "two").found
    assert not library.explain("fork", "three").found
    assert library.suggest("", "two") == ["Spoon"]


def test_a_library_without_decks_says_that_nothing_is_covered() -> None:
    library = Library([], shipped=False)
    assert library.decks() == ()
    assert not library.explain("lora, in plain words please").found
    assert library.suggest("lo") == []
