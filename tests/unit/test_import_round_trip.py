"""Decks written as Markdown and read back: every text stays what it is."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.deck import Deck, KeyPoint, Question, Section, Source, Term
from bot.errors import InvalidError
from content.importing import FileReader
from content.importing.decoding import cleaned
from content.library import SHIPPED, deck_files
from content.parser import load_deck, parse
from content.writing import to_markdown

HOSTILE = [
    "# ", "## ", "### ", "#### Key points", "---", "***", "___", "- ", "* ", "+ ", "1. ", "1) ",
    "> ", "```", "~~~", "`", "``", "*", "**", "_", "__init__", "a_b", "[", "](", ")", "(", "!",
    "[x]: http://y", "<b>", "</b>", "<!--", "-->", "<script>", "<http://a.b>", "&amp;", "&#35;",
    "&", "{#", "{#id}", "}", "(essential)", "(or: ", "(weight: 2)", "(or:", ":", ";", "\\", "\\#",
    "|", "| --- |", "=", "===", "Key points:", "Difficulty: 2", "difficulty: x", "Terms", "id: x",
    "…", "“", "é", "数", "🙂", "'", '"', "%", "$", "?", ".", "Sources", " (2017)", "(A, 2017)",
]  # fmt: skip
PIECES = st.lists(
    st.sampled_from(HOSTILE) | st.sampled_from([" ", "  "]) | st.text(max_size=4),
    min_size=1,
    max_size=8,
).map("".join)


def on_one_line(text: str) -> str:
    return " ".join(cleaned(text).split())


LINES = PIECES.map(on_one_line).filter(bool)
IDS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
PARAGRAPHS = LINES
BULLETS = st.lists(LINES, min_size=1, max_size=3).map(lambda xs: "\n".join(f"- {x}" for x in xs))
NUMBERED = st.lists(LINES, min_size=1, max_size=3).map(
    lambda xs: "\n".join(f"{n}. {x}" for n, x in enumerate(xs, 1))
)
CODE = st.lists(PIECES.map(cleaned), min_size=1, max_size=4).map(
    lambda xs: "\n".join(xs).strip("\n")
)
REFERENCES = st.lists(
    (PARAGRAPHS | BULLETS | NUMBERED | CODE).filter(bool), min_size=1, max_size=4
).map("\n\n".join)
ALIASES = LINES.map(lambda x: x.translate(str.maketrans("", "", ";()"))).map(on_one_line)
TERMS = st.builds(
    Term,
    name=LINES,
    aliases=st.lists(ALIASES.filter(bool), max_size=2).map(tuple),
    definition=st.just("") | LINES,
)
SOURCES = st.builds(
    Source,
    title=LINES.filter(lambda t: not t.endswith(")")),
    authors=st.sampled_from(["", "Vaswani et al.", "A_b & *C*"]),
    year=st.just(2017),
)


@st.composite
def questions(draw: st.DrawFn, number: int, section: str) -> Question:
    points = draw(
        st.lists(st.tuples(LINES, st.lists(LINES, max_size=2), st.booleans()), max_size=3)
    )
    return Question(
        id=f"{draw(IDS)}-{number}",
        prompt=draw(LINES),
        reference=draw(REFERENCES),
        key_points=tuple(
            KeyPoint(f"kp{n}", text, draw(st.sampled_from([1.0, 0.5, 2.0])), must, tuple(others))
            for n, (text, others, must) in enumerate(points, 1)
        ),
        section=section,
        difficulty=draw(st.sampled_from([1, 2, 3])),
        follow_ups=tuple(draw(st.lists(LINES, max_size=2))),
        misconceptions=tuple(draw(st.lists(LINES, max_size=2))),
        terms=tuple(draw(st.lists(TERMS, max_size=2))),
        sources=tuple(draw(st.lists(SOURCES, max_size=1))),
    )


@st.composite
def decks(draw: st.DrawFn) -> Deck:
    titles = draw(st.lists(LINES, min_size=1, max_size=2))
    return Deck(
        id=draw(IDS),
        title=draw(LINES),
        sections=tuple(
            Section(title, tuple(draw(questions(10 * n + m, title)) for m in range(2)))
            for n, title in enumerate(titles)
        ),
        language=draw(st.sampled_from(["en", "de", "no"])),
        licence=draw(st.just("") | LINES),
        intro=draw(st.just("") | REFERENCES),
    )


@settings(max_examples=100, deadline=None)
@given(decks())
def test_a_deck_of_hostile_texts_is_read_back_as_it_was(deck: Deck) -> None:
    assert parse(to_markdown(deck)).deck == deck


@pytest.mark.parametrize("path", deck_files(SHIPPED), ids=lambda path: path.stem)
def test_a_shipped_deck_is_read_back_as_it_was(path: Path) -> None:
    deck = load_deck(path)
    written = to_markdown(deck)
    assert parse(written).deck == deck
    assert to_markdown(parse(written).deck) == written


def test_two_lists_side_by_side_stay_two() -> None:
    reference = "- one\n- two\n\n- three\n\n1. four\n\n1. five\n\nSix."
    question = Question("q", "Prompt", reference, (), section="S")
    deck = Deck("d", "D", (Section("S", (question,)),))
    assert parse(to_markdown(deck)).deck == deck


def test_ordinary_text_is_written_without_escapes() -> None:
    reference = "It uses snake_case, C#, 50% of O(n^2) & more - e.g. a/b; see the docs!"
    question = Question("q", "What's new (in short)?", reference, (), section="S")
    assert "\\" not in to_markdown(Deck("d", "D", (Section("S", (question,)),)))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(PIECES, PIECES), min_size=1, max_size=5), st.sampled_from(["md", "txt"]))
def test_what_is_imported_says_nothing_but_its_own_questions(
    pairs: list[tuple[str, str]], ending: str
) -> None:
    text = "\n".join(f"{n}. Why {on_one_line(q)}?\n{a}" for n, (q, a) in enumerate(pairs, 1))
    try:
        draft = FileReader().read(f"x.{ending}", text.encode("utf-8", "replace"))
    except InvalidError as error:
        assert str(error)  # noqa: PT017 - both outcomes are allowed, no other is
        return
    assert parse(draft.text).deck == draft.deck
    assert all(q.prompt and q.reference for q in draft.deck.questions())


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode), st.sampled_from(
    ["a.txt", "a.md", "a.csv", "a.tsv", "a.apkg", "a"]
))  # fmt: skip
def test_any_bytes_are_a_deck_or_refused_in_words(data: bytes, name: str) -> None:
    try:
        draft = FileReader().read(name, data)
    except InvalidError as error:
        assert str(error)  # noqa: PT017 - both outcomes are allowed, no other is
        return
    assert parse(draft.text).deck == draft.deck
