"""What commands share: settings, the library, and the database once it is ready."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING

from dotenv import dotenv_values

from bot.cli.output import CommandError, tell
from bot.domain.deck import Deck
from bot.logs import setup_logging
from bot.settings import Settings, SettingsError

if TYPE_CHECKING:
    from bot.ports import Grader, Library
    from bot.store import Store

DOTENV = ".env"
SHOWN = 12


def environment() -> dict[str, str]:
    """The environment over what ``.env`` in the working directory sets.

    Raises SettingsError if that file is no text.
    """
    try:
        # No interpolation: a password that holds ${...} means just that.
        found = dotenv_values(DOTENV, interpolate=False)
    except UnicodeDecodeError as error:
        raise SettingsError([f"{DOTENV}: this is no UTF-8 text. Save it as UTF-8."]) from error
    return {name: value for name, value in found.items() if value is not None} | dict(os.environ)


def load_settings(level: int = logging.WARNING) -> Settings:
    """Settings, with logging set up by them; warnings are told. Raises SettingsError."""
    settings = Settings.from_env(environment())
    setup_logging(settings.log, level, secrets=settings.secret_values())
    for warning in settings.warnings:
        tell(f"Warning: {warning}")
    return settings


def load_library(settings: Settings) -> Library:
    """The shipped decks and those of STUDYBOT_DECKS. Raises DeckError."""
    from content.library import Library  # builds a search index

    return Library(settings.decks)


def find_deck(library: Library, deck_id: str) -> Deck:
    """The deck with that id. Raises CommandError with the nearest ids."""
    deck = library.deck(deck_id)
    if deck is None:
        known = [each.id for each in library.decks()]
        raise CommandError(f"There is no deck “{deck_id}”.{_nearest(deck_id, known, 'decks')}")
    return deck


def unknown_question(deck: Deck, question_id: str) -> CommandError:
    """The failure to raise for a question id that a deck doesn't have."""
    known = [question.id for question in deck.questions()]
    hint = _nearest(question_id, known, "questions")
    return CommandError(f"The deck {deck.id} has no question “{question_id}”.{hint}")


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Store]:
    """The store of a database that is there and up to date. Raises StorageError if not."""
    from storage.database import open_store  # SQLAlchemy takes its time
    from storage.migrate import check

    url = settings.database_url.reveal()
    await check(url)
    store = await open_store(url)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_grader(settings: Settings, store: Store | None = None) -> AsyncIterator[Grader]:
    """The configured judge; without a store it recalls nothing and keeps no budget."""
    from bot.judge.grader import OfflineGrader  # loads stemmers and weights

    if not settings.uses_llm:
        yield OfflineGrader()
        return
    from adapters.llm.judging import llm_judge  # a second more, for the openai client

    async with llm_judge(settings, OfflineGrader(), store) as grader:
        yield grader


def _nearest(wanted: str, known: list[str], plural: str) -> str:
    near = get_close_matches(wanted.lower(), known, n=3, cutoff=0.5)
    if near:
        return f" Did you mean {' or '.join(near)}?"
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return f" The {plural} there: {', '.join(known[:SHOWN])}{more}." if known else ""
