"""``studybot db``: the database's shape, and copies of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.context import load_settings
from bot.cli.output import CommandError, say

app = typer.Typer(no_args_is_help=True)


@app.callback()
def database() -> None:
    """Migrate the database, copy it, bring a copy back."""


@app.command()
def upgrade() -> None:
    """Bring the database's tables up to date; `studybot run` does so by itself."""
    from storage.migrate import upgrade as migrate  # SQLAlchemy takes its time

    settings = load_settings()
    asyncio.run(migrate(settings.database_url.reveal()))
    say(f"{settings.database_label} is up to date.")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the copy.")],
) -> None:
    """Copy the whole database to FILE, consistent even while studybot runs."""
    from storage.backup import backup as copy

    settings = load_settings()
    asyncio.run(copy(settings.database_url.reveal(), file))
    say(f"Copied {settings.database_label} to {file}.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A copy made by db backup.")],
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a database that holds data.")
    ] = False,
) -> None:
    """Bring back a copy. Stop studybot first."""
    from storage.backup import restore as bring_back

    settings = load_settings()
    if not file.is_file():
        raise CommandError(f"{file}: there is no such file.")
    asyncio.run(bring_back(settings.database_url.reveal(), file, force=force))
    say(f"Restored {settings.database_label} from {file}.")
