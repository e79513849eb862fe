"""Our own deck files: kept as they are, with every mark that their authors put in."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.domain.deck import Deck
from bot.domain.imports import DeckDraft, ImportNote
from bot.errors import InvalidError
from content.errors import DeckError
from content.importing.guide import MAX_ANSWER, MAX_PROMPT, MAX_QUESTIONS
from content.parser import ParsedDeck, parse
from content.writing import to_markdown

_FRONT = re.compile(r"---[ \t]*\n(?P<keys>.*?)\n---[ \t]*(?:\n|$)", re.DOTALL)
_ID = re.compile(r"^id[ \t]*:", re.MULTILINE)
_QUESTION = re.compile(r"^ {0,3}### .*\{#[^{}\n]*\}", re.MULTILINE)


def is_deck_file(text: str) -> bool:
    """Whether somebody meant the text to be a deck file, well written or not."""
    front = _FRONT.match(text)
    return bool(front and _ID.search(front["keys"]) and _QUESTION.search(text))


def read_deck_file(
    name: str, text: str, title: str | None, earlier: Deck | None, notes: list[ImportNote]
) -> DeckDraft:
    """The deck as its author wrote it. Raises InvalidError with all that is wrong in it."""
    try:
        parsed = parse(text, name)
    except DeckError as error:
        raise InvalidError(str(error)) from error
    _check_sizes(parsed)
    deck = replace(
        parsed.deck,
        id=earlier.id if earlier else parsed.deck.id,
        title=title or parsed.deck.title,
    )
    if deck != parsed.deck:
        text = to_markdown(deck)
        deck = parse(text, name).deck
    return DeckDraft(deck, text, "a studybot deck", 0, tuple(notes))


def _check_sizes(parsed: ParsedDeck) -> None:
    questions = list(parsed.deck.questions())
    if len(questions) > MAX_QUESTIONS:
        raise InvalidError(
            f"{parsed.file}: has {len(questions):,} questions, and a deck takes"
            f" {MAX_QUESTIONS:,}: split it into several files."
        )
    for question in questions:
        where = f"{parsed.file}:{parsed.line(question.id)}"
        if len(question.prompt) > MAX_PROMPT:
            raise InvalidError(
                f"{where}: the question has {len(question.prompt):,} characters: shorten it to"
                f" {MAX_PROMPT}."
            )
        if len(question.reference) > MAX_ANSWER:
            raise InvalidError(
                f"{where}: the answer has {len(question.reference):,} characters: shorten it to"
                f" {MAX_ANSWER:,}."
            )
