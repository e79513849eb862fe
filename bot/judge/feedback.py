"""What a judge says of a reply in words of ours: plain, at most 600 characters."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.grading import PointGrade, PointStatus, Verdict, verdict_of

MAX_FEEDBACK = 600
CLOSING = "Graded by the offline judge, which compares words and can err."
_NAME = 110
_OPENINGS = {
    Verdict.CORRECT: "Well done, that's a correct answer.",
    Verdict.PARTIAL: "Good start: part of the answer is there.",
    Verdict.INCORRECT: "Not there yet.",
    Verdict.UNGRADED: "This one stays ungraded for now.",
}


def explain(
    score: float, points: Sequence[PointGrade], notes: Sequence[str], closing: str = CLOSING
) -> str:
    """The verdict, what was covered, what was missed, any notes, and who graded it."""
    parts = [_OPENINGS[verdict_of(score)], *notes]
    room = MAX_FEEDBACK - len(closing) - sum(len(part) + 1 for part in parts) - 1
    for label, status in (
        ("Contradicted", PointStatus.CONTRADICTED),
        ("Missing", PointStatus.MISSING),
        ("Only touched on", PointStatus.PARTIAL),
        ("Covered", PointStatus.COVERED),
    ):
        line = _line(label, [p.text for p in points if p.status is status])
        if line and len(line) + 1 <= room:
            parts.insert(1, line)
            room -= len(line) + 1
    return " ".join([*parts, closing]).strip()


def plain(*sentences: str) -> str:
    """Sentences that need no points, with who graded at the end."""
    return " ".join([*sentences, CLOSING])[:MAX_FEEDBACK]


def _line(label: str, texts: Sequence[str]) -> str:
    if not texts:
        return ""
    named = [shorten(text) for text in texts[:2]]
    more = len(texts) - len(named)
    tail = f"; and {more} more" if more else ""
    return f"{label}: {'; '.join(named)}{tail}."


def shorten(text: str) -> str:
    """The text's first 110 characters or fewer, cut at a word."""
    text = " ".join(text.split()).rstrip(".")
    if len(text) <= _NAME:
        return text
    return text[:_NAME].rsplit(" ", 1)[0].rstrip(",;:") + "\u2026"
