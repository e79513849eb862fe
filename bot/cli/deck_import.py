"""``studybot deck import``: somebody's guide, made into a deck file."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.context import load_settings
from bot.cli.options import Json
from bot.cli.output import CommandError, console, print_json, say, tell
from bot.cli.progress import progress
from bot.domain.deck import Deck
from bot.domain.imports import DeckDraft, ImportNote
from bot.errors import InvalidError

if TYPE_CHECKING:
    from content.importing.guide import Entry

FOLDER = Path("decks")
FIRST = 3  # questions that the preview shows
NOTES = 20  # notes that it shows
LONG = 300  # questions from which on there is a progress bar


def import_deck(
    file: Annotated[
        Path,
        typer.Argument(help="Plain text, Markdown, CSV, or an export from Anki or Notion."),
    ],
    *,
    title: Annotated[
        str | None, typer.Option(help="The deck's title; its id is made of it.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The folder for the deck file; the first of STUDYBOT_DECKS, or ./decks, if none.",
            file_okay=False,
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Replace an older file unasked.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show, but write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Make a deck of a guide you have. Exits 1 naming file and line of what can't be read.

    Shows what was understood, then writes it as a deck file for you to edit. Importing a later
    version over it keeps the ids of the questions, and the key points that you edited.
    """
    settings = load_settings()
    folder = out or next(iter(settings.decks), FOLDER)
    data = _bytes_of(file)
    draft, target = _read(file, data, title, folder)
    _check_id(draft.deck, target, settings.decks)
    if not as_json:
        _preview(draft)
    if not dry_run:
        _write(target, draft.text, yes=yes)
    if as_json:
        print_json(_summary(draft, None if dry_run else target))
    elif not dry_run:
        _tell_what_next(target, settings.decks)


def _bytes_of(file: Path) -> bytes:
    """The file's bytes. Raises CommandError for what is too big before it is read."""
    from content.importing.guide import MAX_FILE

    with file.open("rb") as opened:
        if os.fstat(opened.fileno()).st_size <= MAX_FILE:
            data = opened.read(MAX_FILE + 1)
            if len(data) <= MAX_FILE:
                return data
    limit = MAX_FILE // 1_000_000
    raise CommandError(f"{file}: is over {limit} MB: split it into several files.")


def _read(file: Path, data: bytes, title: str | None, folder: Path) -> tuple[DeckDraft, Path]:
    """The draft, and the file it goes to; what is in that file already is the earlier deck."""
    from content.importing import FileReader
    from content.parser import load_deck

    reader = FileReader(_watched)
    try:
        draft = reader.read(str(file), data, title=title)
        target = folder / f"{draft.deck.id}.md"
        if target.is_file() and not _is_same(file, target):
            draft = reader.read(str(file), data, title=title, earlier=load_deck(target))
    except InvalidError as error:
        raise CommandError(str(error)) from error
    return draft, target


def _is_same(file: Path, target: Path) -> bool:
    return file.resolve() == target.resolve()


def _watched(entries: Sequence[Entry]) -> Iterable[Entry]:
    if len(entries) < LONG:
        return entries
    return _drawn(entries)


def _drawn(entries: Sequence[Entry]) -> Iterator[Entry]:
    with progress("Drafting key points", len(entries)) as step:
        for entry in entries:
            yield entry
            step()


def _check_id(deck: Deck, target: Path, folders: Iterable[Path]) -> None:
    """Raises CommandError where another deck has the id, so that studybot wouldn't start."""
    from content.front_matter import read_front_matter
    from content.library import SHIPPED, deck_files

    found = [SHIPPED, target.parent, *folders]
    paths = {p.resolve(): p for folder in found if folder.is_dir() for p in deck_files(folder)}
    paths.pop(target.resolve(), None)
    for path in paths.values():
        text = path.read_text(encoding="utf-8", errors="replace")
        if read_front_matter(text).id == deck.id:
            raise CommandError(
                f"The deck id {deck.id} is that of {path}: give this one another --title, or"
                " change the id in its front matter."
            )


def _preview(draft: DeckDraft) -> None:
    deck = draft.deck
    count = sum(1 for _ in deck.questions())
    say(f"{deck.title} ({deck.id}), read as {draft.form}: {_counted(count, 'question')}")
    _show_sections(deck)
    for question in list(deck.questions())[:FIRST]:
        say(f"{question.prompt}")
        for point in question.key_points:
            say(f"  - {point.text}")
        say()
    if count > FIRST:
        say(f"... and {_counted(count - FIRST, 'more question')}")
    for note in draft.notes[:NOTES]:
        say(_told(note))
    if len(draft.notes) > NOTES:
        say(f"... and {_counted(len(draft.notes) - NOTES, 'more note')}")
    if draft.drafted:
        say(f"{_counted(draft.drafted, 'key point')} drafted from the answers: look them through.")


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _show_sections(deck: Deck) -> None:
    from rich import box  # only tables pay for it
    from rich.table import Table

    table = Table("section", box=box.SIMPLE)
    table.add_column("questions", justify="right")
    for section in deck.sections:
        table.add_row(section.title, str(len(section.questions)))
    console().print(table)


def _told(note: ImportNote) -> str:
    return f"line {note.line}: {note.message}" if note.line else note.message


def _write(target: Path, text: str, *, yes: bool) -> None:
    """Puts the file in place as a whole. Raises CommandError if an older one is to stay."""
    if target.is_file():
        if target.read_bytes() == text.encode():
            return
        if not yes:
            _confirm(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        dir=target.parent, prefix=f".{target.stem[:40]}-", suffix=".tmp"
    )
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(name).chmod(target.stat().st_mode if target.is_file() else 0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _confirm(target: Path) -> None:
    if not sys.stdin.isatty():
        raise CommandError(f"{target} is there already: add --yes to replace it.")
    if not typer.confirm(f"Replace {target}?", err=True):
        raise CommandError("Nothing was written.")


def _tell_what_next(target: Path, folders: Sequence[Path]) -> None:
    tell(f"Wrote {target}. Edit it as you like, then check it with: studybot deck lint {target}")
    if target.parent.resolve() not in {folder.resolve() for folder in folders}:
        listed = os.pathsep.join(str(folder) for folder in (*folders, target.parent))
        tell(f"For studybot to know the deck, set STUDYBOT_DECKS={listed}")


def _summary(draft: DeckDraft, target: Path | None) -> dict[str, Any]:
    deck = draft.deck
    return {
        "id": deck.id,
        "title": deck.title,
        "form": draft.form,
        "sections": len(deck.sections),
        "questions": sum(1 for _ in deck.questions()),
        "drafted": draft.drafted,
        "notes": [{"line": note.line, "message": note.message} for note in draft.notes],
        "file": None if target is None else str(target),
    }
