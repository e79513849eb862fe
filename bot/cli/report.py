"""``studybot judge report``: how far the judge agrees with a group's own organisers."""

from __future__ import annotations

import asyncio
import math
from typing import Annotated, Any

import typer

from bot.cli.context import load_settings, open_database
from bot.cli.options import Json
from bot.cli.output import console, print_json, say
from bot.cli.people import find_group
from bot.domain.appeals import Agreement
from bot.judge.agreement import VERDICTS, Report, reports
from bot.settings import Settings


def report(
    group: Annotated[
        str | None, typer.Option(metavar="GROUP", help="A group's name or number; all if none.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Compare the judge with the humans who decided appeals and spot checks, by judge version.

    The judge's score is the one before a group's corrections were learned from.
    """
    found = reports(asyncio.run(_agreement(load_settings(), group)))
    if as_json:
        print_json([_data(each) for each in found])
        return
    if not found:
        say("No grade of a judge was looked at by a human yet: /study appeals and /study grade.")
    for each in found:
        _show(each)


async def _agreement(settings: Settings, group: str | None) -> list[Agreement]:
    async with open_database(settings) as store, store.read() as tx:
        found = await find_group(tx, group) if group else None
        return await tx.regrades.agreement(found.id if found else None)


def _data(found: Report) -> dict[str, Any]:
    judge = found.judge
    return {
        "judge": {"kind": judge.kind, "model": judge.model, "version": judge.version},
        "n": found.n,
        "appeals": found.appeals,
        "spot_checks": found.n - found.appeals,
        "qwk": None if math.isnan(found.qwk) else round(found.qwk, 4),
        "rmse": round(found.rmse, 4),
        "bias": round(found.bias, 4),
        "same_verdict": found.same_verdict,
        "confusion": {
            mine.value: {theirs.value: found.confusion[mine, theirs] for theirs in VERDICTS}
            for mine in VERDICTS
        },
    }


def _show(found: Report) -> None:
    from rich import box  # only tables pay for it
    from rich.table import Table

    judge = found.judge
    say(f"{judge.kind} judge, {judge.model}, version {judge.version}")
    checks = found.n - found.appeals
    say(
        f"  looked at by humans: {_counted(found.n, 'grade')} "
        f"({_counted(found.appeals, 'appeal')}, {_counted(checks, 'spot check')})"
    )
    agreed = "undefined" if math.isnan(found.qwk) else f"{found.qwk:.2f}"
    say(f"  QWK {agreed}, RMSE {found.rmse:.2f}, judge minus human {found.bias:+.2f}")
    say(f"  the same verdict in {found.same_verdict} of {found.n}")
    table = Table("judge \\ human", box=box.SIMPLE)
    for verdict in VERDICTS:
        table.add_column(verdict.value, justify="right")
    for mine in VERDICTS:
        counts = (str(found.confusion[mine, theirs]) for theirs in VERDICTS)
        table.add_row(mine.value, *counts)
    console().print(table)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
