"""What studybot says about the guides that groups bring: previews, lists, what was stored."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.deck import Deck, Question, Section
from bot.domain.imports import ImportNote
from bot.domain.stored import Drafted, Imported, Shelved
from bot.messages.message import (
    Action,
    Block,
    Button,
    Code,
    Facts,
    Inline,
    Item,
    Items,
    Mark,
    Mention,
    Message,
    Strong,
    Tone,
    When,
    item,
    paragraph,
    shortened,
)

SECTIONS, QUESTIONS, POINTS, NOTES = 4, 3, 5, 10
_PROMPT, _NOTE, _TITLE = 90, 160, 120


def how_message() -> Message:
    """How a guide is handed over, where none came along."""
    forms = Items(
        (
            item("Markdown or plain text: ", Code(".md"), ", ", Code(".txt")),
            item("tables of questions and answers: ", Code(".csv"), ", ", Code(".tsv")),
            item("Anki decks: ", Code(".apkg")),
        ),
        heading="What I read, up to 5 MB",
    )
    how = paragraph(
        "Send your guide with the command: on Discord as its option ",
        Code("file"),
        ", in the web playground under Guides.",
    )
    then = paragraph("I show what I understood of it, and nothing is kept before you say yes.")
    return Message("Bring your own guide", (how, forms, then))


def draft_message(drafted: Drafted) -> Message:
    """What was understood of a file, to say yes or no to."""
    deck = drafted.draft.deck
    blocks: list[Block] = [Facts(_facts(drafted))]
    if drafted.draft.notes:
        blocks.append(_notes(drafted.draft.notes))
    blocks += _sections(deck)
    sample = next((q for q in deck.questions() if q.key_points), None)
    if drafted.draft.drafted and sample is not None:
        blocks.append(_sample(sample))
    verb = "Update" if drafted.before else "Import"
    return Message(
        title=f"{verb} “{shortened(deck.title, _TITLE)}”?",
        blocks=tuple(blocks),
        buttons=_buttons(drafted, verb),
        footer="Nothing is kept before you decide. These buttons work for a day.",
        tone=Tone.QUESTION,
    )


def _facts(drafted: Drafted) -> tuple[tuple[str, tuple[Inline, ...]], ...]:
    read = drafted.draft
    facts: list[tuple[str, tuple[Inline, ...]]] = [
        ("File", (f"{shortened(drafted.source, _PROMPT)}, read as {read.form}",)),
        ("Holds", (holds(read.deck),)),
    ]
    if read.drafted:
        text = f"{read.drafted:,} key points, from the answers: look at them, grades go by them"
        if read.drafted == 1:
            text = "1 key point, from the answer: look at it, grades go by it"
        facts.append(("Drafted", (text,)))
    if drafted.before is not None:
        kept = sum(1 for q in read.deck.questions() if drafted.before.question(q.id))
        fresh = sum(1 for _ in read.deck.questions()) - kept
        facts.append(
            (
                "Updates",
                (
                    Code(drafted.before.id),
                    f": {kept} kept, {fresh} new",
                ),
            )
        )
    return tuple(facts)


def holds(deck: Deck) -> str:
    """A deck's size in words."""
    questions, sections = sum(1 for _ in deck.questions()), len(deck.sections)
    return (
        f"{questions:,} {'question' if questions == 1 else 'questions'} in "
        f"{sections:,} {'section' if sections == 1 else 'sections'}"
    )


def _notes(notes: Sequence[ImportNote]) -> Items:
    shown = [
        item(*_line_of(note), shortened(note.message, _NOTE), mark=Mark.PARTIAL)
        for note in notes[:NOTES]
    ]
    return Items((*shown, *_more(len(notes) - len(shown))), heading="Worth a look")


def _line_of(note: ImportNote) -> tuple[Inline, ...]:
    return (Strong(f"line {note.line:,}"), ": ") if note.line else ()


def _sections(deck: Deck) -> list[Block]:
    shown: list[Block] = [_section(section) for section in deck.sections[:SECTIONS]]
    more = len(deck.sections) - len(shown)
    if more > 0:
        shown.append(paragraph(f"and {more:,} more {'section' if more == 1 else 'sections'}"))
    return shown


def _section(section: Section) -> Items:
    shown = [item(shortened(q.prompt, _PROMPT)) for q in section.questions[:QUESTIONS]]
    more = _more(len(section.questions) - len(shown))
    return Items((*shown, *more), heading=shortened(section.title, _PROMPT))


def _more(number: int) -> tuple[Item, ...]:
    return (item(f"and {number:,} more"),) if number > 0 else ()


def _sample(question: Question) -> Items:
    """One question's key points, so that it shows what a grade would go by."""
    shown = [item(shortened(point.text, _NOTE)) for point in question.key_points[:POINTS]]
    more = _more(len(question.key_points) - len(shown))
    heading = f"Key points of “{shortened(question.prompt, _PROMPT)}”"
    return Items((*shown, *more), heading=heading)


def _buttons(drafted: Drafted, verb: str) -> tuple[Button, ...]:
    both = Button(Action.IMPORT_USE, f"{verb} and use", drafted.id, primary=True)
    alone = Button(Action.IMPORT, verb, drafted.id, primary=drafted.in_use)
    return (
        *(() if drafted.in_use else (both,)),
        alone,
        Button(Action.IMPORT_SHOW, "All key points", drafted.id),
        Button(Action.IMPORT_DISCARD, "Discard", drafted.id),
    )


def imported_message(done: Imported) -> Message:
    """What was stored, and from when on it is asked from."""
    verb = "Imported" if done.version == 1 else "Updated"
    spans: list[Inline] = [holds(done.deck), ". "]
    if done.in_use:
        spans.append("The group uses it: the next question comes from it, today's stays.")
    else:
        spans += ["Nothing else changes until ", Code(f"/study deck use {done.deck.id}"), "."]
    title = f"{verb}: {shortened(done.deck.title, _TITLE)}"
    return Message(title, (paragraph(*spans),), tone=Tone.CORRECT)


def discarded_message(title: str) -> Message:
    """What became of a draft that got a no."""
    text = paragraph("Nothing of it was kept.")
    return Message(f"Discarded: {shortened(title, _TITLE)}", (text,))


def points_message(title: str, name: str) -> Message:
    """What comes along with a draft's file."""
    words = (
        f"{name} is the guide as I understood it. Correct the key points in it where they are "
        "off, then import that file instead."
    )
    return Message(f"All key points: {shortened(title, _TITLE)}", (paragraph(words),))


def shelf_message(shelved: Sequence[Shelved]) -> Message:
    """The decks that a group can use."""
    lines = tuple(_line(each) for each in shelved)
    how = paragraph(
        Code("/study deck use"), " changes to another, ", Code("/study deck import"), " brings one."
    )
    return Message("Guides of this group", (Items(lines), how))


def _line(each: Shelved) -> Item:
    spans: list[Inline] = [
        Strong(shortened(each.deck.title, _TITLE)),
        " ",
        Code(each.deck.id),
        f" · {holds(each.deck)}",
    ]
    if each.stored is not None:
        by: Inline = Mention(each.by.id, each.by.name) if each.by else "a former member"
        version = f" · version {each.stored.version}" if each.stored.version > 1 else ""
        spans += [" · imported by ", by, " ", When(each.stored.updated_at), version]
    if each.in_use:
        spans += [" · ", Strong("in use")]
    return item(*spans, mark=Mark.COVERED if each.in_use else Mark.DOT)


def using_message(deck: Deck, *, before: bool) -> Message:
    """From when on a deck is asked from."""
    if before:
        text = f"{holds(deck)}. Nothing changes."
        return Message(f"In use already: {shortened(deck.title, _TITLE)}", (paragraph(text),))
    text = f"{holds(deck)}. The next question comes from it; today's stays as it is."
    return Message(f"Now in use: {shortened(deck.title, _TITLE)}", (paragraph(text),))
