"""One line of what ``studybot doctor`` reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. ``mend`` says what to do, "" where nothing is to be done.

    What is ``ok`` and has a ``mend`` is a note: studybot works, and would do more with it.
    """

    check: str
    ok: bool
    detail: str
    mend: str = ""
