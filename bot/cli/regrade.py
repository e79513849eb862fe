"""``studybot regrade``: grade again what was graded by another judge, or by an older reference."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.context import (
    find_deck,
    load_library,
    load_settings,
    open_database,
    open_grader,
    unknown_question,
)
from bot.cli.options import Json
from bot.cli.output import CommandError, print_json, say, tell
from bot.cli.people import find_group
from bot.cli.progress import progress
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.study.regrading import Plan
    from bot.study.services import Services

OFFLINE_AT_ONCE = 2
# What a database's whole numbers hold.
MOST_ID = 2**63 - 1


def regrade(
    answer: Annotated[
        int | None,
        typer.Option(metavar="NUMBER", min=1, max=MOST_ID, help="One answer, by its number."),
    ] = None,
    question: Annotated[
        str | None, typer.Option(metavar="QUESTION", help="One question; needs --deck.")
    ] = None,
    deck: Annotated[str | None, typer.Option(metavar="DECK", help="One deck.")] = None,
    group: Annotated[
        str | None, typer.Option(metavar="GROUP", help="One group's answers, by name or number.")
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: Json = False,
) -> None:
    """Bring grades up to date with the configured judge and the decks as they are now.

    What it will cost is said first. A grade that is up to date is left alone, so a run that
    was stopped goes on where it was. A human's word always stands.
    """
    if question is not None and deck is None:
        raise CommandError("Name the question's deck as well, with --deck.", 2)
    scope = _Scope(answer, group, deck, question)
    asyncio.run(_regrade(load_settings(), scope, yes=yes, as_json=as_json))


@dataclass(frozen=True, slots=True)
class _Scope:
    """Which answers are meant, as typed."""

    answer: int | None
    group: str | None
    deck: str | None
    question: str | None


async def _regrade(settings: Settings, scope: _Scope, *, yes: bool, as_json: bool) -> None:
    from bot.study.services import Services
    from bot.study.shelves import refresh

    async with AsyncExitStack() as stack:
        library = load_library(settings)
        store = await stack.enter_async_context(open_database(settings))
        grader = await stack.enter_async_context(open_grader(settings, store))
        services = Services(store, library, grader, lambda: datetime.now(UTC), {})
        await refresh(services)
        await _check_deck(services, scope)
        planned = await _plan(services, scope)
        if planned.revision_ids:
            _confirm(planned, yes=yes)
        slots = settings.llm_concurrency if settings.uses_llm else OFFLINE_AT_ONCE
        ended = await _work_through(services, planned.revision_ids, slots)
    _tell_end(planned, ended, as_json=as_json)


async def _check_deck(services: Services, scope: _Scope) -> None:
    from bot.study.shelves import deck_by_id

    if scope.deck is None:
        return
    deck = await deck_by_id(services, scope.deck) or find_deck(services.library, scope.deck)
    if scope.question is not None and deck.question(scope.question) is None:
        raise unknown_question(deck, scope.question)


async def _plan(services: Services, scope: _Scope) -> Plan:
    from bot.study.regrading import plan

    group_id = None
    async with services.store.read() as tx:
        if scope.group is not None:
            group_id = (await find_group(tx, scope.group)).id
        if scope.answer is not None and await tx.answers.get(scope.answer) is None:
            raise CommandError(
                f"There is no answer #{scope.answer}. studybot export tells their numbers."
            )
    return await plan(
        services,
        answer_id=scope.answer,
        group_id=group_id,
        deck_id=scope.deck,
        question_id=scope.question,
    )


def _confirm(planned: Plan, *, yes: bool) -> None:
    count, cost = len(planned.revision_ids), planned.estimate
    what = f"{count} {'grade' if count == 1 else 'grades'} to bring up to date"
    price = (
        f"about {cost.prompt_tokens + cost.completion_tokens:,} tokens and ${cost.cost_usd:.2f}"
        if cost.calls
        else "nothing to pay"
    )
    tell(f"{what}: {price}.")
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("Say that you want this with --yes.")
    if not typer.confirm("Go on?", err=True):
        raise CommandError("Nothing was changed.")


async def _work_through(
    services: Services, revision_ids: Sequence[int], slots: int
) -> Counter[str]:
    """Regrade them, some at once; how many ended how."""
    from bot.study.regrading import regrade as regrade_one

    left, ended = iter(revision_ids), Counter[str]()
    with progress("Regrading", len(revision_ids)) as advance:

        async def work() -> None:
            for revision_id in left:
                outcome = await regrade_one(services, revision_id, mended=True)
                ended[outcome.value] += 1
                advance()

        async with asyncio.TaskGroup() as group:
            for _ in range(min(slots, len(revision_ids))):
                group.create_task(work())
    return ended


def _tell_end(planned: Plan, ended: Counter[str], *, as_json: bool) -> None:
    from bot.study.regrading import Regraded

    if as_json:
        numbers = {outcome.value: ended[outcome.value] for outcome in Regraded}
        print_json({"planned": len(planned.revision_ids), **numbers})
    elif not planned.revision_ids:
        say("Every grade is up to date.")
    else:
        parts = [f"{ended[outcome.value]} {outcome.value}" for outcome in Regraded]
        say(f"Done: {', '.join(parts)}. Running studybots tell members whose points changed.")
    if ended[Regraded.LATER.value]:
        raise CommandError(
            f"{ended[Regraded.LATER.value]} could not be graded now. Run this again to go on."
        )
