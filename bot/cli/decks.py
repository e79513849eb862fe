"""``studybot deck``: the decks at hand, what is wrong with them, and how to bring more."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.context import load_library, load_settings
from bot.cli.deck_import import import_deck
from bot.cli.options import Json
from bot.cli.output import console, print_json, say, tell
from bot.domain.deck import Deck

app = typer.Typer(no_args_is_help=True)
app.command("import")(import_deck)


@app.callback()
def decks() -> None:
    """List decks, check them, and import guides."""


@app.command("list")
def list_decks(
    *,
    questions: Annotated[
        bool, typer.Option("--questions", help="List every question with its id.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the decks: id, title, and how many sections and questions each has."""
    found = load_library(load_settings()).decks()
    if as_json:
        print_json([_summary(deck, questions=questions) for deck in found])
    elif questions:
        for deck in found:
            _show_questions(deck)
    else:
        _show_table([_summary(deck) for deck in found])


@app.command()
def lint(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Deck files or folders; all decks if none."),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Check decks, naming file and line of everything to mend. Exits 1 if there is an error."""
    from bot.judge.offline import OfflineJudge
    from content.library import SHIPPED
    from content.linter import ERROR
    from content.linter import lint as check

    settings = load_settings()
    findings = check(paths or [SHIPPED, *settings.decks], OfflineJudge().judge)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            say(str(finding))
        tell(f"{len(findings)} to mend." if findings else "All is well.")
    if any(finding.level == ERROR for finding in findings):
        raise typer.Exit(1)


def _summary(deck: Deck, *, questions: bool = False) -> dict[str, Any]:
    listed = list(deck.questions())
    summary: dict[str, Any] = {
        "id": deck.id,
        "title": deck.title,
        "sections": len(deck.sections),
        "questions": len(listed),
    }
    if questions:
        summary["list"] = [
            {"id": q.id, "section": q.section, "prompt": q.prompt, "difficulty": q.difficulty}
            for q in listed
        ]
    return summary


def _show_table(rows: list[dict[str, Any]]) -> None:
    from rich import box  # only tables pay for it
    from rich.table import Table

    table = Table("id", "title", box=box.SIMPLE)
    for heading in ("sections", "questions"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(row["id"], row["title"], str(row["sections"]), str(row["questions"]))
    console().print(table)


def _show_questions(deck: Deck) -> None:
    say(f"{deck.id}: {deck.title}")
    for section in deck.sections:
        say(f"  {section.title}")
        for question in section.questions:
            say(f"    {question.id}: {question.prompt}")
