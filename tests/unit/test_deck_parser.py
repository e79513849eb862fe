"""Decks as authors write them: what is read, and how mistakes are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.deck import KeyPoint, Source, Term
from content.errors import DeckError
from content.items import ID_RULE, key_point, plain, source, term
from content.parser import MAX_BYTES, parse, parse_file

DECK = """---
id: git-basics
title: Git for beginners
language: en
licence: CC-BY-4.0
---

A *short* introduction.

## Everyday work

### What is the **staging area** for? {#staging-area}

Difficulty: 2

The staging area holds the changes that the `next commit` will record.

- You add changes with [git add](https://example.org).
- A commit can hold *just some* of them.

#### Key points

- It holds what the next commit will record (essential)
  (or: it is what will be committed)
  (or: the index (a draft) of the next commit)
- Changes are added with git add (weight: 0.5) {#git-add}

#### Follow-ups
- How do you take a change out again?

Misconceptions:
- A commit always records every change.

**Terms**

- Staging area (index; the cache): The draft of the
  next commit.
- Commit: A recorded state: with a message.

#### Sources

- Pro Git (Chacon and Straub, 2014)
- The manual

## Branches

### What is a branch? {#branch}

A name that moves along with new commits.
"""


def problems_of(text: str) -> list[str]:
    with pytest.raises(DeckError) as caught:
        parse(text, "deck.md")
    return [str(problem) for problem in caught.value.problems]


def test_a_deck_is_read_with_all_its_parts() -> None:
    deck = parse(DECK).deck
    assert (deck.id, deck.title, deck.language) == ("git-basics", "Git for beginners", "en")
    assert (deck.licence, deck.intro) == ("CC-BY-4.0", "A short introduction.")
    assert [section.title for section in deck.sections] == ["Everyday work", "Branches"]
    question = deck.question("staging-area")
    assert question is not None
    assert question.prompt == "What is the staging area for?"
    assert question.difficulty == 2
    assert question.section == "Everyday work"
    assert question.reference == (
        "The staging area holds the changes that the next commit will record.\n\n"
        "- You add changes with git add.\n- A commit can hold just some of them."
    )
    assert question.key_points == (
        KeyPoint(
            "kp1",
            "It holds what the next commit will record",
            essential=True,
            wordings=("it is what will be committed", "the index (a draft) of the next commit"),
        ),
        KeyPoint("git-add", "Changes are added with git add", weight=0.5),
    )
    assert question.follow_ups == ("How do you take a change out again?",)
    assert question.misconceptions == ("A commit always records every change.",)
    assert question.terms == (
        Term("Staging area", ("index", "the cache"), "The draft of the next commit."),
        Term("Commit", (), "A recorded state: with a message."),
    )
    assert question.sources == (
        Source("Pro Git", "Chacon and Straub", 2014),
        Source("The manual"),
    )


def test_what_is_left_out_has_a_default() -> None:
    question = parse(DECK).deck.question("branch")
    assert question is not None
    assert question.difficulty == 1
    assert (question.key_points, question.terms, question.sources) == ((), (), ())


def test_items_know_their_line() -> None:
    parsed = parse(DECK)
    lines = DECK.split("\n")
    assert "{#staging-area}" in lines[parsed.line("staging-area") - 1]
    assert "{#git-add}" in lines[parsed.line("staging-area", "key points", 1) - 1]
    assert "Commit:" in lines[parsed.line("staging-area", "terms", 1) - 1]
    assert parsed.line("branch", "terms", 9) == parsed.line("branch")
    assert parsed.line("nowhere") == 1


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deck.md"
    path.write_bytes(b"\xef\xbb\xbf" + DECK.replace("\n", "\r\n").encode())
    assert parse_file(path).deck == parse(DECK).deck


def test_editing_the_text_keeps_every_id() -> None:
    edited = DECK.replace("holds what the next commit will record", "is a draft of the next commit")
    ids = [[p.id for p in q.key_points] for q in parse(edited).deck.questions()]
    assert ids == [["kp1", "git-add"], []]


def test_a_rule_below_a_paragraph_does_not_make_it_a_section() -> None:
    deck = parse(DECK + "More words.\n---\nStill the answer.\n").deck
    assert len(deck.sections) == 2
    question = deck.question("branch")
    assert question is not None
    assert question.reference.endswith("Still the answer.")


def test_every_problem_is_told_with_its_line_and_what_to_do() -> None:
    broken = """---
id: Bad Id
title: Broken
---
## One
### No id here
Text.
#### Key points
- Fact (weight: heavy)
- (essential)
- Fact (or: never closed
### Twice {#twice}
Text.
#### Keypoints
- Fact
### Twice again {#twice}
Difficulty: 9
#### Terms
Not a list.
## Empty
"""
    assert problems_of(broken) == [
        f"deck.md:1: the front matter needs an id: {ID_RULE}",
        "deck.md:6: the question has no id: end its line with {#id}",
        "deck.md:9: the weight “heavy” must be a number above 0 and at most 100",
        "deck.md:10: the key point has no text: write the fact before its marks",
        "deck.md:11: the bracket before “or: never closed” never closes",
        (
            "deck.md:14: “keypoints” is no known list: use one of Key points, Follow-ups,"
            " Misconceptions, Terms, Sources"
        ),
        "deck.md:16: the question has no reference answer: write it below",
        "deck.md:16: the id “twice” was used on line 12: choose another",
        "deck.md:17: the difficulty “9” must be 1, 2 or 3",
        "deck.md:19: write the terms as a list, each line beginning with “- ”",
        "deck.md:20: the section “Empty” has no question: add one below",
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("---\nid: git-basics", "id: git-basics", "there is no front matter"),
        ("licence: CC-BY-4.0\n---", "licence: CC-BY-4.0", "the front matter never ends"),
        ("title: Git for beginners", "title: [", "is not valid YAML"),
        ("title: Git for beginners", "titel: Git", "unknown key “titel”"),
        ("title: Git for beginners\n", "", "needs a title"),
        ("language: en", "language: english", "two-letter code"),
        ("A *short* introduction.", "# Git", "belongs in the front matter"),
        ("## Everyday work\n", "", "stands in no section"),
        ("#### Follow-ups", "##### Follow-ups", "no deeper than ####"),
        ("{#git-add}", "{#kp1}", "two key points have the id “kp1”"),
        ("{#git-add}", "{#Git Add}", "the id “Git Add” is malformed"),
        ("{#branch}", "{#branch} {#two}", "two {#id} marks"),
        ("#### Sources", "#### Terms", "two lists of terms"),
        ("- The manual", "- The manual\n  - nested", "takes plain lines"),
        ("## Branches", "## Branches\n\nWords between.", "belongs to no question"),
    ],
)
def test_a_mistake_is_named(old: str, new: str, told: str) -> None:
    assert old in DECK
    problems = problems_of(DECK.replace(old, new, 1))
    assert any(told in problem for problem in problems)


def test_a_language_that_yaml_takes_for_a_truth_value_is_a_language() -> None:
    assert parse(DECK.replace("language: en", "language: no")).deck.language == "no"


def hostile_files() -> Iterator[tuple[str, bytes, str]]:
    yield "empty", b"", "there is no front matter"
    yield "binary", bytes(range(256)) * 40, "UTF-8"
    yield "zeros", b"\x00" * 1000, "control character"
    yield "utf-16", DECK.encode("utf-16"), "UTF-8"
    yield "latin-1", DECK.replace("short", "kürz").encode("latin-1"), "UTF-8"
    yield "huge", b"a" * (MAX_BYTES + 1), "5 MB"
    yield "deep yaml", b"---\nid: " + b"[" * 3000 + b"\n---\n", "YAML"
    yield "endless paragraph", DECK.encode() + b"word " * 10_000, "characters"
    yield "brackets", DECK.encode() + b"\n" + b"[" * 19_000 + b"\n### x", "no id"
    yield "deep list", DECK.encode() + b"- " * 5_000 + b"\n### x", "no id"
    yield "deep quote", DECK.encode() + b">" * 5_000 + b"\n### x", "no id"


@pytest.mark.parametrize(("name", "data", "told"), list(hostile_files()))
def test_a_hostile_file_is_refused_in_words(
    name: str, data: bytes, told: str, tmp_path: Path
) -> None:
    path = tmp_path / f"{name}.md"
    path.write_bytes(data)
    with pytest.raises(DeckError, match=told) as caught:
        parse_file(path)
    assert all(problem.file == str(path) for problem in caught.value.problems)


def test_a_missing_file_and_a_folder_are_refused_in_words(tmp_path: Path) -> None:
    for path in (tmp_path / "none.md", tmp_path):
        with pytest.raises(DeckError, match="can't be opened"):
            parse_file(path)


def test_a_long_list_of_problems_is_shortened_when_shown() -> None:
    questions = "".join(f"### Question {n}\nText.\n" for n in range(50))
    with pytest.raises(DeckError) as caught:
        parse(f"---\nid: d\ntitle: D\n---\n## S\n{questions}")
    assert len(caught.value.problems) == 50
    assert str(caught.value).endswith("... and 30 more problems")


PIECES = st.sampled_from(
    ["---\n", "id: x\n", "title: T\n", "## S\n", "### Q {#q}\n", "### Q\n", "#### Key points\n",
     "- ", "(or: ", "(weight: ", ")", "(essential)", "{#", "}", "\n", "\n\n", "#### Terms\n", ":",
     " (", "; ", "*", "`", "[", "](", "> ", "1. ", "    ", "```\n", "Difficulty: ", "&amp;", "\t",
     "<b>", "\\", "🙂", "\r", "!!timestamp x", "&a [*a]", "#### Sources\n- A (B, 2017)\n"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(PIECES | st.text(max_size=5), max_size=60).map("".join)))
def test_any_text_is_a_deck_or_a_deck_error(text: str) -> None:
    framed = f"---\nid: x\ntitle: T\n---\n## S\n### Q {{#q}}\nText.\n{text}"
    for candidate in (text, f"---\n{text}\n---\n", framed):
        try:
            deck = parse(candidate).deck
        except DeckError as error:
            assert error.problems  # noqa: PT017 - both outcomes are allowed, no other is
        else:
            assert all(q.id and q.prompt and q.reference for q in deck.questions())


@given(
    st.text(alphabet="abc ,.;'?0123456789", min_size=1).filter(lambda t: t.strip(" 0123456789."))
)
def test_plain_words_come_through_a_key_point_unchanged(text: str) -> None:
    point = key_point(f"{text} (or: {text}) (essential)", "kp1")
    assert point.text == " ".join(plain(text).split())
    assert point.wordings == (plain(text),)


def test_terms_and_sources_forgive_brackets_and_colons() -> None:
    quadratic = term("Quadratic cost (O(n^2); n squared): Work: it grows.")
    assert quadratic == Term("Quadratic cost", ("O(n^2)", "n squared"), "Work: it grows.")
    assert term("Alias-only (other name)") == Term("Alias-only", ("other name",), "")
    assert term("Ratio: a (b) c") == Term("Ratio", (), "a (b) c")
    assert source("BLEU (2002)") == Source("BLEU", "", 2002)
    assert source("A study (of things)") == Source("A study (of things)")
    for broken in ("Open (alias", "Name (alias) definition", ": definition"):
        with pytest.raises(ValueError, match=r"term|alias"):
            term(broken)
