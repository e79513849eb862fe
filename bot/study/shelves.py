"""Decks at hand: those of files always, a group's own read from the database when it is needed.

At start only ids and versions of groups' own decks are known. One is parsed when it is first
asked for and indexed when it is first searched; those that were used last are held.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta

from bot.domain.deck import Deck
from bot.domain.explain import Explanation
from bot.domain.group import Group
from bot.domain.stored import StoredDeck
from bot.errors import InvalidError, NotFoundError
from bot.store import Tx
from bot.study.notices import tell_organisers
from bot.study.services import Services

log = logging.getLogger(__name__)

_OVERLAP = timedelta(minutes=10)
"""How far apart processes' clocks and commits may be for a change to be seen."""


async def refresh(services: Services) -> None:
    """Learn which decks are stored; organisers hear of those whose id a file has by now."""
    known = services.library.versions()
    newest = max((each.updated_at for each in known.values()), default=None)
    async with services.store.read() as tx:
        there = await tx.decks.versions(newest - _OVERLAP if newest else None)
    behind = {
        deck_id: each
        for deck_id, each in there.items()
        if deck_id not in known or known[deck_id].version < each.version
    }
    services.library.know(behind)
    for deck in services.library.decks():
        if deck.id in behind:
            await _load(services, deck.id)


async def deck_by_id(services: Services, deck_id: str) -> Deck | None:
    """The deck with that id, whosever it is; None if there is none that can be read."""
    held = services.library.deck(deck_id)
    return held or await _load(services, deck_id)


async def _load(services: Services, deck_id: str) -> Deck | None:
    """Read a stored deck; organisers hear of one that can't be used. Not within a transaction."""
    async with services.loading:
        held = services.library.deck(deck_id)
        if held is not None and deck_id not in _of_files(services):
            return held  # who waited for the same deck
        async with services.store.read() as tx:
            stored = await tx.decks.get(deck_id)
        if stored is None:
            return None
        try:
            return await asyncio.to_thread(services.library.take_in, stored)
        except InvalidError as error:
            problem = str(error)
    async with services.store.write() as tx:
        await _tell(tx, stored, problem)
    return None


def _of_files(services: Services) -> dict[str, Deck]:
    return {deck.id: deck for deck in services.library.decks()}


async def _tell(tx: Tx, stored: StoredDeck, problem: str) -> None:
    log.warning("the stored deck %s is left out: %s", stored.deck_id, problem)
    text = (
        f"{problem}. The guide “{stored.deck_id}” is left out until then. Import it again with "
        f"/study deck import deck={stored.deck_id}, or choose another with /study deck use."
    )
    key = f"deck:{stored.deck_id}:{stored.version}"
    await tell_organisers(tx, stored.group_id, key, "A guide can't be read any more", text)


def names_of(services: Services, group: Group | None) -> Mapping[str, str]:
    """Titles by id of the decks that a group sees, as far as they are at hand; else its id.

    None: those that all groups see.
    """
    titles = {deck.id: deck.title for deck in services.library.decks()}
    for deck_id in services.library.own(group.id) if group else ():
        deck = services.library.deck(deck_id)
        titles[deck_id] = deck.title if deck else deck_id.replace("-", " ")
    return titles


async def decks_of(services: Services, group: Group) -> list[Deck]:
    """The decks that a group sees: those of files, then its own by id."""
    own = [await deck_by_id(services, each) for each in services.library.own(group.id)]
    return [*services.library.decks(), *(deck for deck in own if deck is not None)]


async def deck_of(services: Services, group: Group, wanted: str | None = None) -> Deck:
    """The group's deck, or one that it sees by its id or title.

    Raises NotFoundError naming the decks that it sees.
    """
    name = group.deck_id if wanted is None else wanted
    if name not in names_of(services, group):
        await refresh(services)
    if name in names_of(services, group):
        deck = await deck_by_id(services, name)
        named = [] if deck is None else [deck]
    else:
        title = name.casefold()
        named = [d for d in await decks_of(services, group) if d.title.casefold() == title]
    if len(named) != 1:
        raise _no_deck(services, group, name)
    return named[0]


def _no_deck(services: Services, group: Group, name: str) -> NotFoundError:
    names = ", ".join(names_of(services, group)) or "none"
    return NotFoundError(f"There is no deck “{name[:60]}”. Decks here: {names}.")


async def deck_to_ask(services: Services, tx: Tx, group: Group) -> Deck:
    """The group's deck, within a transaction: what isn't at hand is read in it.

    Whoever can loads it before, since others wait meanwhile. Raises NotFoundError.
    """
    if group.deck_id in names_of(services, group):
        held = services.library.deck(group.deck_id)
        if held is not None:
            return held
    stored = await tx.decks.get(group.deck_id)
    if stored is None or stored.group_id != group.id:
        raise _no_deck(services, group, group.deck_id)
    try:
        return await asyncio.to_thread(services.library.take_in, stored)
    except InvalidError as error:
        await _tell(tx, stored, str(error))
        raise _no_deck(services, group, group.deck_id) from error


async def make_ready(services: Services, round_id: int) -> None:
    """Load the deck that a round asks from, before the transaction that chooses."""
    if not services.library.versions():
        return
    async with services.store.read() as tx:
        round_ = await tx.rounds.get(round_id)
        group = await tx.groups.get(round_.group_id) if round_ else None
    if group is not None:
        await deck_by_id(services, group.deck_id)


async def explain(services: Services, term: str, deck: Deck | None) -> Explanation:
    """What a deck, or all those that everybody sees, say of a term."""
    if deck is None or services.library.ready(deck.id):
        return services.library.explain(term, deck)
    async with services.loading:
        return await asyncio.to_thread(services.library.explain, term, deck)


def suggest(services: Services, prefix: str, deck_id: str | None, limit: int) -> list[str]:
    """Terms for what is being typed; a deck that isn't ready is made so meanwhile."""
    if deck_id is None or services.library.ready(deck_id):
        return services.library.suggest(prefix, deck_id, limit)

    async def prepare() -> None:
        deck = await deck_by_id(services, deck_id)
        if deck is not None:
            async with services.loading:
                await asyncio.to_thread(services.library.prepare, deck)

    services.background.begin(f"index of {deck_id}", prepare)
    return []
