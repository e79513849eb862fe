"""What ``/explain`` answers: a passage of the guide with its source, or an honest no."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a passage stands: the deck's id, the section's title, the question's id."""

    deck: str
    section: str
    question: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The guide's words on ``term`` (as asked).

    ``title`` is the term's display name, or the prompt of the question that fits best. Where
    the guide doesn't cover the term, ``found`` is False, ``text`` says so and there are no
    sources. ``related`` names terms to look up next, the nearest first.
    """

    term: str
    found: bool
    title: str
    text: str
    sources: tuple[Citation, ...] = ()
    related: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The explanation as JSON-ready data, the same everywhere."""
        return {
            "term": self.term,
            "found": self.found,
            "title": self.title,
            "text": self.text,
            "sources": [asdict(source) for source in self.sources],
            "related": list(self.related),
        }
