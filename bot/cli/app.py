"""The command line's table of contents."""

from __future__ import annotations

from typing import Annotated

import typer

from bot import __version__
from bot.cli import data, db, decks, discord, doctor, explain, grade, judge, regrade, run
from bot.cli.output import say


def start(arguments: list[str]) -> None:
    """Run the command line; ``studybot --port 9000`` means ``studybot run --port 9000``."""
    first = arguments[0] if arguments else "-"
    if first.startswith("-") and first not in ("--help", "--version"):
        arguments = ["run", *arguments]
    app(arguments, prog_name="studybot")


def _version(*, wanted: bool) -> None:
    if wanted:
        say(f"studybot {__version__}")
        raise typer.Exit


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def studybot(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A study group's daily question, graded answers and leaderboards.

    Without a command, studybot runs: see `studybot run --help`. Settings come from the
    environment or from .env in this folder; .env.example lists them.
    """


app.command()(run.run)
app.add_typer(decks.app, name="deck")
app.command()(grade.grade)
app.add_typer(judge.app, name="judge")
app.command()(regrade.regrade)
app.command()(explain.explain)
app.command()(doctor.doctor)
app.add_typer(db.app, name="db")
app.add_typer(discord.app, name="discord")
app.command()(data.export)
app.command()(data.forget)
