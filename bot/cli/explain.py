"""``studybot explain``: what the guide says of a term."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.context import find_deck, load_library, load_settings
from bot.cli.options import Json
from bot.cli.output import CommandError, print_json, say

LONGEST_TERM = 200


def explain(
    term: Annotated[list[str], typer.Argument(metavar="TERM", help="A term or a short question.")],
    deck: Annotated[
        str | None, typer.Option(metavar="DECK", help="Look in this deck only.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Look a term up in the guide, with its source.

    Typing errors and other names of a term are understood. What the guide doesn't cover is
    said to be so, with the nearest terms.
    """
    wanted = " ".join(" ".join(term).split())
    if not wanted or len(wanted) > LONGEST_TERM:
        raise CommandError(f"Name a term of 1 to {LONGEST_TERM} characters, such as lora.", 2)
    library = load_library(load_settings())
    found = library.explain(wanted, find_deck(library, deck) if deck else None)
    if as_json:
        print_json(found.to_json())
        return
    say(found.title)
    say(found.text)
    for source in found.sources:
        say(f"  from {source.deck}: {source.section} ({source.question})")
    if found.related and found.found:
        say(f"See also: {', '.join(found.related)}")
