"""Guides in tables and in Anki's exports."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.domain.deck import KeyPoint, Question, Source, Term
from bot.domain.imports import DeckDraft
from bot.errors import InvalidError
from content.importing import FileReader
from content.importing.anki_package import MAX_UNPACKED

MODELS = {
    "1": {"name": "Basic", "flds": [{"name": "Front"}, {"name": "Back"}]},
    "2": {"name": "Cloze", "flds": [{"name": "Text"}, {"name": "Back Extra"}]},
    "3": {"name": "Mine", "flds": [{"name": "Id"}, {"name": "Question"}, {"name": "Answer"}]},
}
DECKS = {"1": {"name": "Default"}, "10": {"name": "ML::Basics"}, "11": {"name": "ML::Deep::Nets"}}
NOTES = (
    (1, 1, "What is <b>loss</b>?\x1fThe error:<ul><li>one &amp; all</li><li>two of it</li></ul>"),
    (2, 2, "The {{c1::sigmoid}} squashes to {{c2::0..1::a range}}.\x1fSee <i>logit</i>."),
    (3, 3, "n7\x1fWhat is depth?<br>[sound:x.mp3]\x1f<p>The number</p><p>of layers.</p>"),
)
PLACES = {1: 10, 2: 11, 3: 11}


def read(text: str | bytes, name: str = "cards.csv") -> DeckDraft:
    return FileReader().read(name, text.encode() if isinstance(text, str) else text)


def asked(draft: DeckDraft) -> list[tuple[str, str, str]]:
    return [(q.section, q.prompt, q.reference) for q in draft.deck.questions()]


def database(
    path: Path, schema: Sequence[str] = (), *, notes: Sequence[tuple[int, int, str]]
) -> bytes:
    older = (
        "CREATE TABLE col (models TEXT, decks TEXT)",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, mid INTEGER, flds TEXT)",
        "CREATE TABLE cards (id INTEGER PRIMARY KEY, nid INTEGER, did INTEGER, odid INTEGER)",
    )
    db = sqlite3.connect(path)
    for statement in schema or older:
        db.execute(statement)
    if not schema:
        db.execute("INSERT INTO col VALUES (?, ?)", (json.dumps(MODELS), json.dumps(DECKS)))
        db.executemany("INSERT INTO notes VALUES (?, ?, ?)", notes)
        rows = [(note[0], note[0], PLACES.get(note[0], 1)) for note in notes]
        db.executemany("INSERT INTO cards VALUES (?, ?, ?, 0)", rows)
    db.commit()
    db.close()
    return path.read_bytes()


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_table_is_read_by_its_header_whatever_separates_it(separator: str) -> None:
    header = ["Topic", "Question", "Reference answer", "Level"]
    rows = [["Alpha", "What is A?", '"A is\n- one thing\n- ""two"" things"', "hard"]]
    rows += [["Beta", "What is B?", "B", "1"], ["Alpha", "What is C?", "C", ""]]
    draft = read("\n".join(separator.join(row) for row in [header, *rows]))
    assert asked(draft) == [
        ("Alpha", "What is A?", 'A is\n\n- one thing\n- "two" things'),
        ("Alpha", "What is C?", "C"),
        ("Beta", "What is B?", "B"),
    ]
    assert [q.difficulty for q in draft.deck.questions()] == [3, 1, 1]
    assert draft.notes == ()


def test_a_table_may_give_all_that_a_deck_has() -> None:
    text = (
        "prompt,answer,key points,follow-ups,misconceptions,terms,sources\n"
        '"What is A?","It is *a*.","A is one (essential) (or: the first)\n- it has a_b",'
        '"Why?","It is b.","Ay (a; first): The one.","A book (Someone, 2017)"\n'
    )
    draft = read(text)
    (question,) = draft.deck.questions()
    assert draft.drafted == 0
    assert question == Question(
        id="what-is-a",
        prompt="What is A?",
        reference="It is *a*.",
        key_points=(
            KeyPoint("kp1", "A is one", essential=True, wordings=("the first",)),
            KeyPoint("kp2", "it has a_b"),
        ),
        section="Questions",
        follow_ups=("Why?",),
        misconceptions=("It is b.",),
        terms=(Term("Ay", ("a", "first"), "The one."),),
        sources=(Source("A book", "Someone", 2017),),
    )


def test_without_a_header_the_first_two_columns_are_taken_with_a_note() -> None:
    draft = read("What is A?,It is a.\nWhat is B?,It is b.\n")
    assert [prompt for _, prompt, _ in asked(draft)] == ["What is A?", "What is B?"]
    (note,) = draft.notes
    assert "the first is taken for the question" in note.message


def test_a_comma_that_nobody_quoted_is_put_back_with_a_note() -> None:
    draft = read("front,back\nWhat is A?,one, two, three\n")
    assert asked(draft) == [("Questions", "What is A?", "one, two, three")]
    assert [(n.line, n.message[:33]) for n in draft.notes] == [
        (2, "the rest was added to the answer:")
    ]


def test_rows_are_told_by_the_line_that_they_begin_on() -> None:
    draft = read('question,answer\n"What is A?","a\nb\nc"\nWhat is B?,\nWhat is a?,x\n')
    assert [(n.line, n.message) for n in draft.notes] == [
        (5, "left out: “What is B?” has no answer"),
        (6, "left out: “What is a?” was asked on line 2 already"),
    ]


def test_quotes_that_do_not_match_are_named_by_line() -> None:
    with pytest.raises(InvalidError, match=r"^cards.csv:3: the quotes of this row don't match"):
        read('question,answer\nWhat is A?,a\nWhat is B?,"b\nWhat is C?,c\n')


def test_a_malformed_key_point_is_named_by_line() -> None:
    with pytest.raises(InvalidError, match=r"^cards.csv:2: the weight “heavy” must be"):
        read("question,answer,key points\nWhat is A?,a,it is a (weight: heavy)\n")


def test_tabs_are_a_table_whatever_the_file_is_called() -> None:
    draft = read('What is A?\t"Quoted" text\nWhat is B?\tIt is b.\n', "quizlet.txt")
    assert [answer for *_, answer in asked(draft)] == ['"Quoted" text', "It is b."]


def test_anki_s_text_export_is_read_with_decks_as_sections() -> None:
    text = (
        "#separator:tab\n#html:true\n#deck column:3\n#tags column:4\n"
        "What is <b>loss</b>?\tThe error:<br><ul><li>one &lt;thing&gt;</li><li>two of it</li></ul>"
        "\tML::Basics\tx\n"
        '"The {{c1::sigmoid}} squashes to {{c2::0..1::a range}}."\t"See <img src=""a.png"">"'
        "\tML::Nets\t\n"
    )
    draft = read(text, "notes.txt")
    assert (draft.form, draft.deck.title) == ("an Anki text export", "ML")
    assert asked(draft) == [
        ("Basics", "What is loss?", "The error:\n\n- one <thing>\n- two of it"),
        ("Nets", "The [...] squashes to [a range].", "The sigmoid squashes to 0..1.\n\nSee"),
    ]
    assert [note.message for note in draft.notes] == [
        "1 note has pictures or sound, which were left out: check what is left of them"
    ]


def test_an_anki_package_is_read_with_decks_as_sections(tmp_path: Path) -> None:
    data = packed({"collection.anki2": database(tmp_path / "c.db", notes=NOTES), "media": b"{}"})
    draft = read(data, "ml.apkg")
    assert (draft.form, draft.deck.title) == ("an Anki package", "ML")
    assert asked(draft) == [
        ("Basics", "What is loss?", "The error:\n\n- one & all\n- two of it"),
        (
            "Deep: Nets",
            "The [...] squashes to [a range].",
            "The sigmoid squashes to 0..1.\n\nSee logit.",
        ),
        ("Deep: Nets", "What is depth?", "The number\n\nof layers."),
    ]


def test_a_package_with_names_in_tables_is_read_as_well(tmp_path: Path) -> None:
    schema = [
        "CREATE TABLE col (id INTEGER)",
        "CREATE TABLE notetypes (id INTEGER PRIMARY KEY, name TEXT)",
        "CREATE TABLE fields (ntid INTEGER, ord INTEGER, name TEXT, PRIMARY KEY (ntid, ord))",
        "CREATE TABLE decks (id INTEGER PRIMARY KEY, name TEXT)",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, mid INTEGER, flds TEXT)",
        "CREATE TABLE cards (id INTEGER PRIMARY KEY, nid INTEGER, did INTEGER, odid INTEGER)",
        "INSERT INTO fields VALUES (5, 0, 'Back'), (5, 1, 'Front')",
        "INSERT INTO decks VALUES (7, 'ML' || char(31) || 'Basics'), (8, 'ML' || char(31) || 'X')",
        "INSERT INTO notes VALUES (1, 5, 'The answer' || char(31) || 'The question?')",
        "INSERT INTO notes VALUES (2, 5, 'Another' || char(31) || 'What else?')",
        "INSERT INTO cards VALUES (1, 1, 99, 7), (2, 2, 8, 0)",
    ]
    data = packed({"collection.anki21": database(tmp_path / "c.db", schema, notes=())})
    assert asked(read(data, "x.apkg")) == [
        ("Basics", "The question?", "The answer"),
        ("X", "What else?", "Another"),
    ]


def test_a_package_in_the_newest_form_is_refused_with_the_way_out(tmp_path: Path) -> None:
    told = ((1, 1, "Please update to the latest Anki version, then import again.\x1f"),)
    stub = {"collection.anki2": database(tmp_path / "stub.db", notes=told)}
    for members in ({"collection.anki21b": b"(\xb5/\xfd...", **stub}, stub):
        with pytest.raises(InvalidError, match="tick “Support older Anki versions”"):
            read(packed(members), "new.apkg")


HOSTILE_SCHEMAS = {
    "no such table": ["CREATE TABLE other (x)"],
    "views": [
        "CREATE TABLE t (x)",
        "CREATE VIEW notes AS SELECT 1 AS id, 1 AS mid, 'a' AS flds",
        "CREATE VIEW cards AS SELECT 1 AS nid, 1 AS did, 0 AS odid",
        "CREATE VIEW col AS SELECT '{}' AS models, '{}' AS decks",
    ],
    "virtual tables": [
        "CREATE TABLE col (models, decks)",
        "CREATE TABLE cards (nid, did, odid)",
        "CREATE VIRTUAL TABLE notes USING fts5(id, mid, flds)",
    ],
    "other columns": [
        "CREATE TABLE col (x)",
        "CREATE TABLE cards (x)",
        "CREATE TABLE notes (x)",
    ],
    "other types": [
        "CREATE TABLE col (models, decks)",
        "CREATE TABLE cards (nid, did, odid)",
        "CREATE TABLE notes (id, mid, flds)",
        "INSERT INTO col VALUES ('[1]', '{\"x\": 1}')",
        "INSERT INTO notes VALUES (x'00', 'a', 7)",
    ],
    "deep json": [
        "CREATE TABLE col (models, decks)",
        "CREATE TABLE cards (nid, did, odid)",
        "CREATE TABLE notes (id, mid, flds)",
        "INSERT INTO col VALUES (replace(hex(zeroblob(100000)), '0', '['), '{}')",
    ],
}


@pytest.mark.parametrize("kind", HOSTILE_SCHEMAS)
def test_a_package_with_another_database_is_refused_in_words(kind: str, tmp_path: Path) -> None:
    data = database(tmp_path / "c.db", HOSTILE_SCHEMAS[kind], notes=())
    with pytest.raises(InvalidError, match=r"“x\.apkg”.*[Ee]xport the deck"):
        read(packed({"collection.anki2": data}), "x.apkg")


def test_a_damaged_package_is_refused_in_words(tmp_path: Path) -> None:
    whole = database(tmp_path / "c.db", notes=NOTES)
    damaged = whole[:4096] + b"\xff" * (len(whole) - 4096)
    archive = packed({"collection.anki2": whole})
    middle = len(archive) // 3
    broken = archive[:middle] + b"\x00" * 40 + archive[middle + 40 :]
    for data in (
        packed({"collection.anki2": damaged}),
        packed({"collection.anki2": b"no"}),
        broken,
    ):
        with pytest.raises(InvalidError, match="export the deck again"):
            read(data, "x.apkg")
    with pytest.raises(InvalidError, match="broken zip archive"):
        read(archive[:-30], "x.apkg")


def test_a_package_that_unpacks_to_too_much_is_refused() -> None:
    bomb = packed({"collection.anki2": bytes(MAX_UNPACKED + 1)})
    assert len(bomb) < 100_000
    for data in (bomb, claiming(bomb, 1_000)):
        with pytest.raises(InvalidError, match=r"over 50 MB|broken zip"):
            read(data, "x.apkg")


def claiming(archive: bytes, size: int) -> bytes:
    """The archive with a false size in both of its headers."""
    true, false = (MAX_UNPACKED + 1).to_bytes(4, "little"), size.to_bytes(4, "little")
    assert archive.count(true) == 2
    return archive.replace(true, false)
