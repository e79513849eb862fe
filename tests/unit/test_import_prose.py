"""Guides as people have them in text files, Markdown, Notion and documents."""

from __future__ import annotations

import pytest

from bot.domain.deck import Deck
from bot.domain.imports import DeckDraft
from content.importing import FileReader
from content.linter import ERROR, lint
from content.parser import parse
from tests.unit.test_deck_parser import DECK

GUIDE = """\
Interview questions on search: a guide
Everything that is asked about search engines.
This guide covers the essentials.
Indexes
1. What is an inverted index?
An inverted index maps each term to the documents that hold it. Lookups take the term's list.
2. How do shards differ from replicas?
Two ways to copy:
- Shards: split the documents over machines
- Replicas: repeat a shard for safety
Ranking
3. Explain BM25
BM25 weighs rare terms more, and levels off with repetition.
Practice with our AI Mock Interview today.
Sign up for our newsletter.
"""


def read(text: str, name: str = "guide.txt", **kwargs: Deck | str) -> DeckDraft:
    return FileReader().read(name, text.encode(), **kwargs)  # type: ignore[arg-type]


def shape(draft: DeckDraft) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(s.title, [(q.prompt, q.reference) for q in s.questions]) for s in draft.deck.sections]


def prompts(draft: DeckDraft) -> list[str]:
    return [question.prompt for question in draft.deck.questions()]


def test_a_plain_guide_is_read_with_title_intro_sections_and_answers() -> None:
    draft = read(GUIDE)
    assert draft.form == "plain text"
    assert draft.deck.title == "Interview questions on search: a guide"
    assert draft.deck.intro == (
        "Everything that is asked about search engines.\n\nThis guide covers the essentials."
    )
    assert shape(draft) == [
        (
            "Indexes",
            [
                (
                    "What is an inverted index?",
                    (
                        "An inverted index maps each term to the documents that hold it."
                        " Lookups take the term's list."
                    ),
                ),
                (
                    "How do shards differ from replicas?",
                    (
                        "Two ways to copy:\n\n- Shards: split the documents over machines\n"
                        "- Replicas: repeat a shard for safety"
                    ),
                ),
            ],
        ),
        (
            "Ranking",
            [
                (
                    "Explain BM25",
                    "BM25 weighs rare terms more, and levels off with repetition.",
                )
            ],
        ),
    ]


def test_advertising_at_the_end_is_left_out_and_told_by_line() -> None:
    notes = [(note.line, note.message) for note in read(GUIDE).notes]
    assert notes == [
        (14, "left out, looks like advertising"),
        (15, "left out, looks like advertising"),
    ]


def test_key_points_are_drafted_by_sentence_and_bullet() -> None:
    draft = read(GUIDE)
    points = {q.id: [p.text for p in q.key_points] for q in draft.deck.questions()}
    assert points["inverted-index"] == [
        "An inverted index maps each term to the documents that hold it",
        "Lookups take the term's list",
    ]
    assert points["shards-replicas"] == [
        "Shards \u2013 split the documents over machines",
        "Replicas \u2013 repeat a shard for safety",
    ]
    assert draft.drafted == 5


def test_an_imported_guide_has_nothing_that_the_linter_refuses() -> None:
    found = lint(parse(read(GUIDE).text))
    assert [finding for finding in found if finding.level == ERROR] == []


@pytest.mark.parametrize(
    "text",
    [
        "1. What is A?\nIt is a.\n2. What is B?\nIt is b.\n",
        "1) What is A?\nIt is a.\n\n2) What is B?\nIt is b.",
        "Q: What is A?\nA: It is a.\nQ: What is B?\nA: It is b.",
        "Q1: What is A?\nA1: It is a.\nQ2: What is B?\nA2: It is b.",
        "Question 1: What is A?\nAnswer: It is a.\n\nQuestion 2: What is B?\nAnswer: It is b.",
        "## What is A?\nIt is a.\n## What is B?\nIt is b.",
        "### 1. What is A?\n\nIt is a.\n\n### 2. What is B?\n\nIt is b.",
        "1. ### What is A?\n\n   It is a.\n\n2. ### What is B?\n\n   It is b.",
        "**1. What is A?**\n\nIt is a.\n\n**2. What is B?**\n\nIt is b.",
        "**What is A?**\nIt is a.\n\n**What is B?**\nIt is b.",
        "**Q1. What is A?**\n\n**Answer:** It is a.\n\n**Q2. What is B?**\n\n**Answer:** It is b.",
        "- What is A?\n    - It is a.\n- What is B?\n    - It is b.",
        "- **What is A?**\n\n    It is a.\n\n- **What is B?**\n\n    It is b.",
        "▸ What is A?\n    It is a.\n▸ What is B?\n    It is b.",
        "What is A?\nIt is a.\n\nWhat is B?\nIt is b.",
        (
            "<details><summary>What is A?</summary>\n\nIt is a.\n\n</details>\n\n"
            "<details>\n<summary>What is B?</summary>\n<p>\n\nIt is b.\n\n</p>\n</details>"
        ),
        "What is A?\n==========\nIt is a.\n\nWhat is B?\n==========\nIt is b.\n",
    ],
)
def test_every_usual_way_to_mark_questions_is_known(text: str) -> None:
    ((_, found),) = shape(read(text))
    said = [(prompt, answer.removeprefix("- ")) for prompt, answer in found]
    assert said == [("What is A?", "It is a."), ("What is B?", "It is b.")]


def test_numbers_may_start_again_in_each_section_and_lists_stay_in_their_answers() -> None:
    text = (
        "Python\n\nBasics\n\n1) What is a list?\nAn ordered collection. To make one:\n"
        "1. write brackets\n2. put values in\n2) What is a tuple?\nA list that can't change.\n\n"
        "Advanced\n\n1) What is a generator?\nA lazy iterator.\n"
    )
    assert shape(read(text)) == [
        (
            "Basics",
            [
                (
                    "What is a list?",
                    ("An ordered collection. To make one:\n\n1. write brackets\n2. put values in"),
                ),
                ("What is a tuple?", "A list that can't change."),
            ],
        ),
        ("Advanced", [("What is a generator?", "A lazy iterator.")]),
    ]


def test_the_only_line_of_an_answer_is_no_heading() -> None:
    draft = read("1. What is 2 + 2?\nFour\n2. What is 3 + 3?\nSix\n")
    assert shape(draft) == [("Questions", [("What is 2 + 2?", "Four"), ("What is 3 + 3?", "Six")])]


def test_markdown_loses_its_marks_and_keeps_its_code() -> None:
    text = (
        "# JS\n\n## Contents\n\n1. [What is a closure?](#closure)\n\n## Basics\n\n"
        "### What is a closure?\n\nA function **with** its [scope](https://x.org).\n\n"
        "```js\nlet a = 1;\n\n# no heading\n```\n\n#### More\n\n1. one thing\n2. two things\n\n"
        "## Conclusion\n\nThanks for reading.\n"
    )
    draft = read(text, "js.md")
    assert (draft.form, draft.deck.title) == ("Markdown", "JS")
    assert shape(draft) == [
        (
            "Basics",
            [
                (
                    "What is a closure?",
                    (
                        "A function with its scope.\n\nlet a = 1;\n\n# no heading\n\nMore\n\n"
                        "1. one thing\n2. two things"
                    ),
                )
            ],
        )
    ]
    assert [(n.line, n.message) for n in draft.notes] == [
        (24, "left out: “Conclusion” is no question")
    ]


def test_headings_that_ask_nothing_are_questions_where_nothing_else_can_be() -> None:
    text = "# Guide\n\n## A\n\n### Attention\n\nWeights.\n\n### BERT\n\nAn encoder.\n"
    assert shape(read(text, "g.md")) == [
        ("A", [("Attention", "Weights."), ("BERT", "An encoder.")])
    ]


def test_our_own_deck_file_is_kept_as_it_is() -> None:
    draft = read(DECK, "git.md")
    assert (draft.text, draft.deck) == (DECK, parse(DECK).deck)
    assert (draft.form, draft.drafted, draft.notes) == ("a studybot deck", 0, ())


def test_a_title_that_is_given_is_the_deck_s() -> None:
    assert read(GUIDE, title="Search, again").deck.title == "Search, again"
    own = read(DECK, "git.md", title="Git")
    assert (own.deck.title, own.deck.id) == ("Git", "git-basics")
    assert parse(own.text).deck == own.deck


def test_without_a_title_the_file_s_name_is_one() -> None:
    assert read("1. What?\nThat.", "my_notes-2.txt").deck.title == "my notes 2"


def test_a_difficulty_line_is_taken_as_such() -> None:
    (question,) = read("1. What is A?\nDifficulty: hard\nIt is a.").deck.questions()
    assert (question.difficulty, question.reference) == (3, "It is a.")


def test_wrapped_lines_are_joined_and_short_lines_are_not() -> None:
    (question,) = read(
        "1. What is A?\nA long line that was wrapped by somebody's editor and\n"
        "goes on here.\nRed\nGreen\n"
    ).deck.questions()
    assert question.reference == (
        "A long line that was wrapped by somebody's editor and goes on here.\n\nRed\n\nGreen"
    )


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_every_usual_encoding_is_read(encoding: str) -> None:
    text = "Café notes\r\n\r\n1. Why is it “naïve”?\r\nBecause Zoë said so \u2013 twice.\r\n"
    draft = FileReader().read("x.txt", text.encode(encoding))
    (question,) = draft.deck.questions()
    assert question.prompt == "Why is it “naïve”?"
    assert question.reference == "Because Zoë said so \u2013 twice."
    told = [note.message for note in draft.notes]
    windows = ["read as Windows-1252, since it is not UTF-8: check the accents"]
    assert told == (windows if encoding == "cp1252" else [])


def test_mixed_encodings_are_repaired_with_a_note() -> None:
    data = "1. Was ist Größe?\nEin Maß.\n".encode() + "2. Wer übt?\nWir.\n".encode("cp1252")
    draft = FileReader().read("x.txt", data)
    assert prompts(draft) == ["Was ist Größe?", "Wer übt?"]
    assert (3, "the file mixes encodings") in [(n.line, n.message[:24]) for n in draft.notes]


def test_characters_that_nobody_sees_are_removed_with_a_note() -> None:
    draft = read("1. What is\u00a0A?\u200b\nIt \u202eis\u2066 a.\x0bAnd b.\x07\n")
    (question,) = draft.deck.questions()
    assert (question.prompt, question.reference) == ("What is A?", "It is a.\n\nAnd b.")
    assert [(n.line, n.message) for n in draft.notes] == [
        (1, "3 invisible characters were removed, the first of them here"),
        (3, "1 control character was removed, the first of them here"),
    ]


def test_joiners_stay_where_a_script_or_an_emoji_needs_them() -> None:
    family, persian = "👨\u200d👩\u200d👧", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    (question,) = read(f"1. What is {family}?\nA family. {persian}").deck.questions()
    assert family in question.prompt
    assert persian in question.reference


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("1. Was ist ein Speicher?\nEr hält die Daten, die das Programm gerade braucht.", "de"),
        ("1. Qu'est-ce que la mémoire ?\nC'est une zone dans laquelle on garde les données.", "fr"),
        ("1. 什么是注意力机制?\n注意力机制让模型关注重要的部分。", "zh"),
        ("1. What is memory?\nIt holds what the program needs.", "en"),
    ],
)
def test_the_language_is_told_from_the_text(text: str, language: str) -> None:
    assert read(text).deck.language == language
