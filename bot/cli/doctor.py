"""``studybot doctor``: is everything in order, and if not, what to do."""

from __future__ import annotations

from dataclasses import asdict

import typer

from bot.cli.checks import examine
from bot.cli.finding import Finding
from bot.cli.options import Json
from bot.cli.output import print_json, say


def doctor(*, as_json: Json = False) -> None:
    """Check settings, database, decks, judge and more: a line each, with the mend.

    Exits 1 if anything failed.
    """
    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            say(_line(finding))
    well = all(finding.ok for finding in findings)
    if as_json:
        print_json({"ok": well, "checks": [asdict(finding) for finding in findings]})
    if not well:
        raise typer.Exit(1)


def _line(finding: Finding) -> str:
    sign = "ok  " if finding.ok else "FAIL"
    mend = f" -> {finding.mend}" if finding.mend else ""
    return f"{sign} {finding.check}: {finding.detail}{mend}"
