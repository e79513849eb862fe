"""Guides that groups bring themselves: read, shown, stored at an organiser's word, kept at hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import PurePath

from bot.domain.deck import Deck
from bot.domain.group import Group, Member
from bot.domain.imports import DeckDraft
from bot.domain.stored import Drafted, Imported, NewDraft, Shelved, StoredDeck, StoredDraft
from bot.errors import ConflictError, InvalidError, NotFoundError
from bot.store import Tx
from bot.study.services import Services
from bot.study.shelves import deck_by_id, deck_of, decks_of, refresh

LARGEST_FILE = 5_000_000
"""Bytes of a file that is read."""
ENDINGS = (".md", ".txt", ".csv", ".tsv", ".apkg")
DRAFT_LIVES = timedelta(days=1)
MOST_DECKS = 50
"""Decks that a group may have of its own."""
LONGEST_TITLE = 200
_HOW = "/study deck import reads the file again."
_DECIDED = (
    "This import was decided already, or it is over a day old. /study deck list shows what is "
    f"there; {_HOW}"
)


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file that somebody handed over, not yet fetched.

    ``size`` is in bytes, as told; ``read`` fetches it and raises InvalidError if that fails.
    """

    name: str
    size: int
    read: Callable[[], Awaitable[bytes]]


def check_file(name: str, size: int) -> None:
    """Raises InvalidError for a file that is not even fetched."""
    endings = ", ".join(ENDINGS[:-1]) + f" or {ENDINGS[-1]}"
    if PurePath(name).suffix.casefold() not in ENDINGS:
        raise InvalidError(
            f"“{name[:60]}” is not a file that I read. Guides end in {endings}: save yours as one "
            "of these, such as plain text or Markdown."
        )
    if size > LARGEST_FILE:
        raise InvalidError(
            f"“{name[:60]}” has {size / 1e6:.1f} MB; a guide may have {LARGEST_FILE // 10**6} MB. "
            "Leave out what isn't text, or split it into several guides."
        )
    if not size:
        raise InvalidError(f"“{name[:60]}” is empty. Save the guide first, then send it again.")


async def draft(
    services: Services,
    group: Group,
    member: Member,
    file: GivenFile,
    *,
    title: str | None = None,
    deck_id: str | None = None,
) -> Drafted:
    """Read a file and keep what was understood until an organiser decides.

    ``deck_id`` names the group's own deck that it is a new version of; without it, one with the
    same id or title is. Raises InvalidError or NotFoundError; nothing is kept then.
    """
    check_file(file.name, file.size)
    if title is not None and len(title) > LONGEST_TITLE:
        raise InvalidError(f"A title has at most {LONGEST_TITLE} characters.")
    own = await _own_decks(services, group)
    before = await _named(services, group, own, deck_id) if deck_id else None
    data = await file.read()
    check_file(file.name, len(data))
    read = await _read(services, file.name, data, title, before)
    if before is None:
        before = _same(own, read.deck)
        if before is not None:
            read = await _read(services, file.name, data, title, before)
    if before is None and len(own) >= MOST_DECKS:
        raise ConflictError(f"This group has {MOST_DECKS} guides, which is the most it may have.")
    wanted = before.id if before else read.deck.id
    new = NewDraft(group.id, member.id, wanted, file.name[:LONGEST_TITLE], read.text, _report(read))
    async with services.store.write() as tx:
        draft_id = await tx.decks.add_draft(new, services.clock())
    in_use = before is not None and before.id == group.deck_id
    return Drafted(draft_id, read, new.source, before, in_use)


async def _own_decks(services: Services, group: Group) -> list[Deck]:
    await refresh(services)
    ids = services.library.own(group.id)
    return [await deck_by_id(services, each) or Deck(each, each, ()) for each in ids]


async def _named(services: Services, group: Group, own: Collection[Deck], deck_id: str) -> Deck:
    deck = await deck_of(services, group, deck_id)
    if deck.id not in {each.id for each in own}:
        raise InvalidError(
            f"“{deck.title}” comes with studybot, so no import can change it. Leave out deck= to "
            "bring a guide of your own."
        )
    return deck


def _same(own: Collection[Deck], deck: Deck) -> Deck | None:
    """The deck of the group that a file is another version of."""
    same_id = [each for each in own if each.id == deck.id]
    same_title = [each for each in own if each.title.casefold() == deck.title.casefold()]
    return next(iter([*same_id, *same_title]), None)


async def _read(
    services: Services, name: str, data: bytes, title: str | None, earlier: Deck | None
) -> DeckDraft:
    read = services.deck_reader.read
    async with services.reading:
        return await asyncio.to_thread(read, name, data, title=title, earlier=earlier)


def _report(read: DeckDraft) -> dict[str, object]:
    return {
        "title": read.deck.title,
        "form": read.form,
        "drafted": read.drafted,
        "notes": [[note.message, note.line] for note in read.notes],
    }


async def accept(
    services: Services, group: Group, member: Member, draft_id: int, *, use: bool
) -> Imported:
    """Store a draft as the group's deck; with ``use`` its next questions come from it.

    Raises NotFoundError or ConflictError if it was decided already or is too old.
    """
    now = services.clock()
    async with services.store.write() as tx:
        waiting = await _taken(tx, group, draft_id, now)
        stored = await _store(services, tx, waiting, member, now)
        current = await tx.groups.get(group.id, lock=use)
        earlier = current is not None and current.deck_id == stored.deck_id
        if use and current is not None:
            await tx.groups.update(replace(current, deck_id=stored.deck_id))
    await refresh(services)
    deck = await deck_by_id(services, stored.deck_id)
    if deck is None:
        raise ConflictError("That guide was stored, but it can't be read. Import it again.")
    return Imported(deck, stored.version, use or earlier, earlier)


async def _store(
    services: Services, tx: Tx, waiting: StoredDraft, member: Member, now: datetime
) -> StoredDeck:
    """Under the id that was shown, or the next one that no other group and no file has."""
    files = {deck.id for deck in services.library.decks()}
    for number in count(1):
        deck_id = waiting.deck_id if number == 1 else f"{waiting.deck_id}-{number}"
        if deck_id in files:
            continue
        stored = await tx.decks.put(
            deck_id, waiting.group_id, waiting.source, waiting.text, member.id, now
        )
        if stored is not None:
            return stored
    raise AssertionError("numbers don't end")


async def discard(services: Services, group: Group, draft_id: int) -> str:
    """Delete a draft; its title. Raises as ``accept`` does."""
    async with services.store.write() as tx:
        waiting = await _taken(tx, group, draft_id, services.clock())
    return str(waiting.report["title"])


async def _taken(tx: Tx, group: Group, draft_id: int, now: datetime) -> StoredDraft:
    """A draft as ``open_draft`` finds it, deleted: of two who decide at once, one gets it."""
    waiting = await open_draft(tx, group, draft_id, now)
    if not await tx.decks.delete_draft(waiting.id):
        raise NotFoundError(_DECIDED)
    return waiting


async def open_draft(tx: Tx, group: Group, draft_id: int, now: datetime) -> StoredDraft:
    """A group's draft that can still be decided. Raises NotFoundError or ConflictError."""
    found = await tx.decks.draft(draft_id)
    if found is None or found.group_id != group.id:
        raise NotFoundError(_DECIDED)
    if now - found.created_at > DRAFT_LIVES:
        raise ConflictError(f"This import is over a day old, so it has expired. {_HOW}")
    return found


async def shelf(services: Services, group: Group) -> list[Shelved]:
    """Every deck that the group can use, with who brought it."""
    async with services.store.read() as tx:
        stored = {each.deck_id: each for each in await tx.decks.of_group(group.id)}
        people = {each.id: each for each in await tx.members.in_group(group.id)}
    return [
        Shelved(
            deck,
            deck.id == group.deck_id,
            own := stored.get(deck.id),
            people.get(own.updated_by or 0) if own else None,
        )
        for deck in await decks_of(services, group)
    ]
