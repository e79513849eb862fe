"""Files that can't be read as guides: refused in words that say what to do."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest

from bot.errors import InvalidError
from content.importing import FileReader
from content.importing.guide import MAX_FILE
from tests.unit.test_deck_parser import DECK


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return out.getvalue()


def unreadable() -> Iterator[tuple[str, bytes, str]]:
    yield "empty.txt", b"", "is empty"
    yield "blank.txt", b" \r\n\t\n", "is empty"
    yield "mark.txt", b"\xef\xbb\xbf\n", "is empty"
    yield "big.txt", b"a" * (MAX_FILE + 1), "over 5 MB: split it"
    yield "guide.pdf", b"%PDF-1.7\n...", "is a PDF: save it as plain text or Markdown"
    yield "guide.docx", zipped("word/document.xml"), "is a Word document: save it as plain text"
    yield "guide.xlsx", zipped("xl/workbook.xml"), "is an Excel sheet: save the sheet as CSV"
    yield "guide.odt", zipped("content.xml"), "is an OpenDocument file"
    yield "notion.zip", zipped("Export/Guide.md"), "unpack it and import the files in it"
    yield "other.zip", zipped("a.bin"), "a zip archive without a guide"
    yield "broken.apkg", b"PK\x03\x04 no more", "is a broken zip archive"
    yield "photo.png", b"\x89PNG\r\n\x1a\n...", "is a picture (PNG)"
    yield "photo.jpg", b"\xff\xd8\xff\xe0...", "is a picture (JPEG)"
    yield "old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old Office document"
    yield "rich.rtf", b"{\\rtf1 hello}", "is a rich text document"
    yield "collection.anki2", b"SQLite format 3\x00...", "is a database: in Anki, choose Export"
    yield "page.html", b"<!DOCTYPE html><html><body>1. What?</body></html>", "is a web page"
    yield "noise.txt", bytes(range(1, 32)) * 50, "is no text"
    yield "utf16.txt", "1. Was?".encode("utf-16") + b"\x00", "is broken UTF-16-LE text"
    yield "neither.txt", b"1. What is \x81\x8d?\nIt is.\n", "neither.txt:1: is neither UTF-8 nor"
    yield "prose.txt", b"Once upon a time.\nThe end.\n", "no question was found. Looked for"
    yield "bare.txt", b"Guide\n1. What is A?\n2. What is B?\n", "bare.txt:2: 2 questions were"
    yield "long.txt", b"1. Why " + b"so " * 200 + b"?\nIt is.", "long.txt:1: the question “Why so"
    yield "wide.txt", b"Hi\n1. Why?\n" + b"so it is. " * 500, "wide.txt:2: the answer to “Why?”"
    yield "broken.md", DECK.replace("{#branch}", "").encode(), "broken.md:47: the question has no"
    yield "own.md", DECK.replace("A name that", "Very " * 900).encode(), "own.md:47: the answer has"
    yield "sep.txt", b"#separator:wat\na\tb\n", "sep.txt:1: the separator “wat” is not known"
    yield "col.txt", b"#separator:tab\n#deck column:x\na\tb\n", "must name a column by number"


@pytest.mark.parametrize(
    ("name", "data", "told"), [pytest.param(*each, id=each[0]) for each in unreadable()]
)
def test_what_is_no_guide_is_refused_in_words(name: str, data: bytes, told: str) -> None:
    with pytest.raises(InvalidError) as caught:
        FileReader().read(name, data)
    assert told in str(caught.value)
    assert name in str(caught.value)


def test_more_questions_than_a_deck_takes_are_refused() -> None:
    text = "\n".join(f"{n}. Why {n}?\nSo." for n in range(1, 10_002))
    with pytest.raises(InvalidError, match=r"has 10,001 questions, and a deck takes 10,000"):
        FileReader().read("many.txt", text.encode())


def test_as_many_questions_as_a_deck_takes_are_read() -> None:
    text = "\n".join(f"{n}. Why {n}?\nIt is reason {n}." for n in range(1, 10_001))
    draft = FileReader().read("many.txt", text.encode())
    ids = {question.id for question in draft.deck.questions()}
    assert len(ids) == 10_000


def test_a_deck_too_big_for_drafted_points_goes_without_them() -> None:
    words = "something or other about attention and memory in networks"
    rows = [f"{n}. Why {n}?\n{f'{words} {n}. ' * 50}" for n in range(1, 1_200)]
    draft = FileReader().read("big.txt", "\n".join(rows).encode())
    assert draft.drafted == 0
    assert all(question.key_points == () for question in draft.deck.questions())
    assert any("no key points were drafted" in note.message for note in draft.notes)


def test_an_answer_that_is_missing_is_told_and_the_rest_is_read() -> None:
    draft = FileReader().read("x.txt", b"1. What is A?\n2. What is B?\nIt is b.\n")
    assert [q.prompt for q in draft.deck.questions()] == ["What is B?"]
    assert [(n.line, n.message) for n in draft.notes] == [
        (1, "left out: “What is A?” has no answer")
    ]
