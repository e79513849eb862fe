"""Key-point coverage: how well each point is said, and in which words of the reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.judge.matching import coverage
from bot.judge.rubric import PointRubric, Reading
from bot.judge.text import Text, snippet

# A fact spread over two sentences, or over the whole reply, is a weaker sign that it is meant.
NEIGHBOURS = 0.95
SCATTERED = 0.75
# What a second sentence has to add before the two are read as one.
WORTH_JOINING = 0.1
ROOM_FOR_EVIDENCE = 400


@dataclass(frozen=True, slots=True)
class Found:
    """How well a point is covered (0..1), and the exact words that say it."""

    share: float
    evidence: str | None


def find_point(point: PointRubric, reading: Reading) -> Found:
    """The best match of any wording of the point in any sentence of the reply, or in two."""
    best, where, words = 0.0, range(0), point.wanted[0] if point.wanted else {}
    seen: set[frozenset[str]] = set()
    for number, hits in enumerate(reading.sentences):
        key = frozenset(hits)
        if not hits or key in seen:
            continue
        seen.add(key)
        follower = reading.sentences[number + 1] if number + 1 < len(reading.sentences) else {}
        for wanted in point.wanted:
            share, length = _share(wanted, hits, follower)
            share *= _trust(reading.relevance[number])
            if share > best + 1e-9:
                best, where, words = share, range(number, number + length), wanted
    scattered = SCATTERED * _trust(max(reading.relevance, default=0.0))
    for wanted in point.wanted:
        best = max(best, scattered * coverage(wanted, reading.whole))
    if not where:
        return Found(best, None)
    return Found(best, _evidence(reading, where, words))


def _trust(relevance: float) -> float:
    """Lower for sentences about something else, which share words with any point by chance."""
    return min(1.0, 0.5 + relevance)


def _share(
    wanted: Mapping[str, float], hits: Mapping[str, float], follower: Mapping[str, float]
) -> tuple[float, int]:
    """How much of the point a sentence says, and whether it takes one sentence or two to say it."""
    alone = coverage(wanted, hits)
    if not follower or alone >= NEIGHBOURS:
        return alone, 1
    both = {stem: max(hits.get(stem, 0.0), follower.get(stem, 0.0)) for stem in wanted}
    joined = NEIGHBOURS * coverage(wanted, both)
    if joined > max(alone, coverage(wanted, follower)) + WORTH_JOINING:
        return joined, 2
    return alone, 1


def _evidence(reading: Reading, numbers: range, wanted: Mapping[str, float]) -> str | None:
    """The clauses of those sentences, from the first that hits a wanted word to the last."""
    text = reading.text
    clauses = [
        clause
        for number in numbers
        for clause in text.clauses_of(text.sentences[number])
        if any(wanted.keys() & reading.hits[n].keys() for n in range(clause.first, clause.last))
    ]
    if not clauses:
        return None
    end = min(clauses[-1].end, text.sentences[numbers[-1]].end)
    return evidence_of(text, clauses[0].start, end)


def evidence_of(text: Text, start: int, end: int) -> str | None:
    """Those words of the reply, without stray punctuation and not too many; None if none."""
    return snippet(text.raw, start, end)[:ROOM_FOR_EVIDENCE].strip() or None
