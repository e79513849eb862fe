"""The library: which decks are there, and what it refuses to guess."""

from __future__ import annotations

import gc
import sqlite3
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.stored import DeckVersion, StoredDeck
from bot.errors import InvalidError
from content.errors import DeckError
from content.library import Library

NOW = datetime(2026, 6, 1, tzinfo=UTC)
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
MORE = "### And what is it for? {#for}\nFor soup.\n"


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
    assert not library.explain("fork", library.deck("two")).found
    assert library.suggest("", "two") == ["Spoon"]


def test_a_library_without_decks_says_that_nothing_is_covered() -> None:
    library = Library([], shipped=False)
    assert library.decks() == ()
    assert not library.explain("lora, in plain words please").found
    assert library.suggest("lo") == []


def stored(deck_id: str, title: str, group_id: int = 1, version: int = 1) -> StoredDeck:
    text = DECK.format(id="whatever", title=title)
    return StoredDeck(deck_id, group_id, "own.txt", text, version, NOW, 7)


def test_a_groups_own_deck_is_told_of_in_its_name_alone(tmp_path: Path) -> None:
    write(tmp_path, "1.md", "one", "Fork")
    library = Library([tmp_path], shipped=False)
    own = library.take_in(stored("own", "Ladle"))
    theirs = library.take_in(stored("theirs", "Whisk", 2))
    assert [deck.id for deck in library.decks()] == ["one"]
    assert library.own(1) == ("own",)
    assert library.own(2) == ("theirs",)
    assert library.own(3) == ()
    assert library.explain("ladle", own).sources[0].deck == "own"
    assert not library.explain("ladle").found
    assert not library.explain("whisk", own).found
    assert library.suggest("") == ["Fork"]
    library.prepare(theirs)
    assert library.suggest("", "theirs") == ["Whisk"]


def test_a_known_deck_costs_nothing_before_it_is_taken_in() -> None:
    library = Library([], shipped=False)
    library.know({"own": DeckVersion(1, NOW, 1)})
    assert library.own(1) == ("own",)
    assert library.deck("own") is None
    assert not library.ready("own")
    assert library.suggest("", "own") == []
    deck = library.take_in(stored("own", "Ladle"))
    assert library.deck("own") is deck
    assert not library.ready("own")
    library.prepare(deck)
    assert library.ready("own")
    assert library.suggest("", "own") == ["Ladle"]


def test_a_new_version_takes_the_olds_place_and_an_old_one_does_not() -> None:
    library = Library([], shipped=False)
    library.take_in(stored("own", "Ladle"))
    library.know({"own": DeckVersion(2, NOW, 1)})
    assert library.deck("own") is None
    library.take_in(stored("own", "Ladle"))
    assert library.deck("own") is None
    library.take_in(stored("own", "Whisk", version=2))
    deck = library.take_in(stored("own", "Ladle"))
    assert deck.title == "Whisk"
    assert library.deck("own") is deck
    assert library.explain("whisk", deck).found
    assert not library.explain("ladle", deck).found
    library.know({"own": DeckVersion(1, NOW, 1)})
    assert library.versions() == {"own": DeckVersion(2, NOW, 1)}


def test_decks_that_were_not_used_for_longest_are_let_go() -> None:
    library = Library([], shipped=False, most_decks=2)
    for name in ("a", "b"):
        library.take_in(stored(name, "Ladle"))
    assert library.deck("a") is not None
    library.take_in(stored("c", "Ladle"))
    assert [name for name in "abc" if library.deck(name)] == ["a", "c"]
    assert library.own(1) == ("a", "b", "c")


def test_big_decks_are_let_go_sooner_and_the_newest_never() -> None:
    library = Library([], shipped=False, most_questions=1)
    for name in ("a", "b"):
        library.take_in(stored(name, "Ladle"))
    assert [name for name in "ab" if library.deck(name)] == ["b"]
    big = library.take_in(replace(stored("big", "Ladle"), text=stored("big", "Ladle").text + MORE))
    assert library.deck("big") is big


def test_a_deck_that_was_let_go_can_still_be_searched_by_who_has_it() -> None:
    library = Library([], shipped=False, most_decks=1)
    deck = library.take_in(stored("own", "Ladle"))
    library.take_in(stored("other", "Whisk"))
    assert library.explain("ladle", deck).found
    assert not library.ready("own")


@pytest.mark.parametrize(
    ("deck_id", "text", "told"),
    [
        ("odd", "no deck", "own.txt:1: there is no front matter"),
        ("one", DECK.format(id="x", title="Whisk"), "a deck file has the id “one”"),
    ],
)
def test_a_stored_deck_that_can_not_be_used_is_told(
    tmp_path: Path, deck_id: str, text: str, told: str
) -> None:
    write(tmp_path, "1.md", "one", "Fork")
    library = Library([tmp_path], shipped=False)
    with pytest.raises(InvalidError, match=told):
        library.take_in(replace(stored(deck_id, "Whisk"), text=text))
    found = library.deck(deck_id)
    assert found is None or found.title == "Fork"


def test_searches_go_on_while_a_deck_is_taken_in() -> None:
    library = Library([], shipped=False)
    deck = library.take_in(stored("own", "Ladle"))
    ended = threading.Event()
    answers: list[bool] = []

    def search() -> None:
        while not ended.is_set():
            answers.append(library.explain("ladle", library.deck("own") or deck).found)

    with ThreadPoolExecutor(2) as pool:
        searching = pool.submit(search)
        for version in range(2, 30):
            library.take_in(stored("own", "Ladle", version=version))
        ended.set()
        searching.result()
    assert answers
    assert all(answers)


def test_an_index_that_nobody_uses_any_more_is_freed() -> None:
    library = Library([], shipped=False)
    deck = library.take_in(stored("own", "Ladle"))
    index = weakref.ref(library._index_of(deck))
    assert index() is library._index_of(deck)
    deck = library.take_in(stored("own", "Whisk", version=2))
    gc.collect()
    assert index() is None
    library.prepare(deck)
    library.close()
    with pytest.raises(sqlite3.ProgrammingError):
        library.explain("what is a whisk for, in plain words", deck)
