"""A guide imported again: what stays the same keeps its ids, and what was added by hand."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.deck import Deck, KeyPoint, Question, Section, Term
from bot.domain.imports import DeckDraft
from content.importing import FileReader

GUIDE = """\
A guide to search

Basics

1. What is an inverted index?
It maps each term to the documents that hold it.
2. How do shards differ from replicas?
Shards split the documents. Replicas repeat a shard.

Ranking

3. Explain the BM25 ranking function
It weighs rare terms more than common ones.
"""
POINTS = (KeyPoint("mine", "Terms map to documents", essential=True),)


def read(text: str, earlier: Deck | None = None, title: str | None = None) -> DeckDraft:
    return FileReader().read("guide.txt", text.encode(), title=title, earlier=earlier)


def ids(deck: Deck) -> list[str]:
    return [question.id for question in deck.questions()]


def edited() -> Deck:
    """The imported deck after somebody worked on its first question."""
    deck = read(GUIDE).deck
    first, *others = deck.sections[0].questions
    worked = replace(
        first,
        id="my-own-id",
        key_points=POINTS,
        follow_ups=("What about updates?",),
        misconceptions=("It maps documents to terms.",),
        terms=(Term("Posting list"),),
    )
    section = Section(deck.sections[0].title, (worked, *others))
    return replace(deck, id="kept", licence="MIT", sections=(section, *deck.sections[1:]))


def question(deck: Deck, question_id: str) -> Question:
    found = deck.question(question_id)
    assert found is not None, ids(deck)
    return found


def test_ids_are_made_of_the_prompt_and_each_is_given_once() -> None:
    text = (
        "1. What is A?\na\n2. What is: the A of B?\nb\n3. What is A, of b\nc\n4. 什么是数据?\nd\n"
    )
    first, second = read(text).deck, read(text).deck
    assert ids(first) == ids(second)
    assert len(set(ids(first))) == 4
    assert ids(first)[0] == "what-is-a"


def test_the_same_file_again_gives_the_same_deck_with_what_was_added() -> None:
    earlier = edited()
    assert read(GUIDE, earlier).deck == earlier


def test_a_question_s_own_work_goes_when_its_answer_has_changed() -> None:
    earlier = edited()
    again = read(GUIDE.replace("It maps each term", "It leads from terms"), earlier).deck
    changed = question(again, "my-own-id")
    assert [point.text for point in changed.key_points] == [
        "It leads from terms to the documents that hold it"
    ]
    assert changed.terms == ()


def test_close_wording_keeps_the_id() -> None:
    earlier = edited()
    text = GUIDE.replace("What is an inverted index?", "What's an inverted index")
    text = text.replace("It maps each term", "Every term leads")
    assert "my-own-id" in ids(read(text, earlier).deck)


def test_another_wording_in_the_same_place_with_the_same_answer_keeps_the_id() -> None:
    text = GUIDE.replace("Explain the BM25 ranking function", "Why are some words worth more?")
    again = read(text, edited()).deck
    assert ids(again) == ids(edited())
    assert question(again, ids(again)[2]).prompt == "Why are some words worth more?"


def test_a_question_between_two_that_are_alike_is_a_new_one() -> None:
    earlier = read("1. What is model A1?\nOne.\n2. What is model A2?\nTwo.\n").deck
    again = read("1. What is model A3?\nThree.\n", earlier).deck
    assert ids(again)[0] not in ids(earlier)


def test_moved_questions_keep_their_ids_and_new_ones_never_take_an_old_id() -> None:
    earlier = read(GUIDE).deck
    text = (
        "A guide to search\n\nBasics\n\n1. Explain the BM25 ranking function\n"
        "It weighs rare terms more than common ones.\n"
        "2. Inverted index: what can it not do?\nIt can't find words by their middle.\n"
    )
    again = read(text, earlier).deck
    assert ids(again)[0] == ids(earlier)[2]
    assert ids(again)[1] not in ids(earlier)


def test_the_deck_keeps_its_id_and_licence_under_another_title() -> None:
    again = read(GUIDE, edited(), title="Search").deck
    assert (again.id, again.title, again.licence) == ("kept", "Search", "MIT")


def test_key_points_of_the_new_file_win() -> None:
    table = "question,answer,key points\nWhat is A?,It is a.,{}\n"
    reader = FileReader()
    earlier = reader.read("x.csv", table.format("It is old").encode()).deck
    again = reader.read("x.csv", table.format("It is new").encode(), earlier=earlier).deck
    (point,) = next(again.questions()).key_points
    assert point.text == "It is new"
