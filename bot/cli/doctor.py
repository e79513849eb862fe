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

    Exits 1 if anything failed; a note is no failure.
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
    mend = f" -> {finding.mend}" if finding.mend else ""
    sign = "FAIL" if not finding.ok else "note" if mend else "ok  "
    return f"{sign} {finding.check}: {finding.detail}{mend}"
