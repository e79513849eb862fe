"""``studybot export`` and ``studybot forget``: what a group's people are owed."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.context import load_settings, open_database
from bot.cli.output import CommandError, say
from bot.cli.people import find_group, find_member
from bot.cli.tables import FORMATS, files_of
from bot.settings import Settings


def export(
    group: Annotated[str, typer.Option(metavar="GROUP", help="The group's name or number.")],
    to: Annotated[str, typer.Option(metavar="FORMAT,...", help="json, csv or both.")] = "json",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="A folder, or a .json file; JSON alone can go to stdout."
        ),
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Write down all that a group has: members, rounds, answers, grades, scores.

    JSON alone is printed unless --out is given; CSV is one file a table, in a folder.
    """
    formats = _formats(to)
    settings = load_settings()
    name, files = asyncio.run(_files(settings, group, formats))
    if out is None and formats == ["json"]:
        say(files["group.json"].rstrip("\n"), raw=True)
        return
    if out is not None and out.suffix == ".json" and formats == ["json"]:
        targets = {out: files["group.json"]}
    else:
        folder = out or Path(f"export-{_slug(name)}")
        targets = {folder / file: text for file, text in files.items()}
    _write(targets, force=force)


def forget(
    member: Annotated[str, typer.Option(metavar="MEMBER", help="The member's name or number.")],
    group: Annotated[
        str | None, typer.Option(metavar="GROUP", help="Their group, where names repeat.")
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Erase a member and all that is theirs, for good: accounts, answers, grades, scores."""
    asyncio.run(_forget(load_settings(), member, group, yes=yes))


def _formats(to: str) -> list[str]:
    wanted = [part.strip().lower() for part in to.split(",") if part.strip()]
    if not wanted or set(wanted) - set(FORMATS):
        raise CommandError("Use --to json, --to csv or --to json,csv.", 2)
    return sorted(set(wanted), reverse=True)


async def _files(settings: Settings, group: str, formats: list[str]) -> tuple[str, dict[str, str]]:
    async with open_database(settings) as store:
        async with store.read() as tx:
            found = await find_group(tx, group)
        return found.name, files_of(await store.export(found.id), formats)


def _write(targets: dict[Path, str], *, force: bool) -> None:
    there = [path for path in targets if path.exists()]
    if there and not force:
        raise CommandError(f"{there[0]} is there already. Use --force or another --out.")
    for path, text in targets.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        say(str(path))


def _slug(name: str) -> str:
    return re.sub(r"[^\w-]+", "-", name).strip("-").lower() or "group"


async def _forget(settings: Settings, member: str, group: str | None, *, yes: bool) -> None:
    async with open_database(settings) as store:
        async with store.read() as tx:
            groups = {each.id: each for each in await tx.groups.everyone()}
            within = await find_group(tx, group) if group else None
            found = await find_member(tx, member, within, groups)
        name = f"{found.name} of {groups[found.group_id].name}"
        if not yes:
            _confirm(name)
        async with store.write() as tx:
            await tx.members.erase(found.id)
    say(f"Erased {name} (member {found.id}) with all accounts, answers, grades and scores.")


def _confirm(name: str) -> None:
    if not sys.stdin.isatty():
        raise CommandError(f"This erases {name} for good. Say so with --yes.")
    if not typer.confirm(f"Erase {name} for good?", err=True):
        raise CommandError("Nothing was erased.")
