"""Key-point coverage: how well each point is said, and in which words of the reply."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.judge.matching import coverage, merged
from bot.judge.rubric import PointRubric, Reading
from bot.judge.text import Text, snippet

# A fact spread over two sentences, or over the whole reply, is a weaker sign that it is meant.
NEIGHBOURS = 0.95
SCATTERED = 0.75
# What a second sentence has to add before the two are read as one.
WORTH_JOINING = 0.1
# A quote leaves out clauses that add less than the rest of this share.
NEARLY_ALL = 0.93
# One of two sentences is quoted alone if it says this much of what both say.
MOST = 0.75
ROOM_FOR_EVIDENCE = 400
_CONJUNCTION = re.compile(r"(?:and|but|or)\s+(?=\S)", re.IGNORECASE)


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
    """The fewest neighbouring clauses of those sentences that say nearly as much as all do."""
    text = reading.text
    clauses, said, ends = [], [], 0
    for number in _telling(reading, numbers, wanted):
        for clause in text.clauses_of(text.sentences[number]):
            hits = merged(reading.hits[clause.first : clause.last])
            if wanted.keys() & hits.keys():
                clauses.append(clause)
                said.append(hits)
                ends = text.sentences[number].end
    if not clauses:
        return None
    begin = len(said) - _enough(said[::-1], wanted)
    last = begin + _enough(said[begin:], wanted) - 1
    return evidence_of(text, clauses[begin].start, min(clauses[last].end, ends))


def _telling(reading: Reading, numbers: range, wanted: Mapping[str, float]) -> range:
    """The one of two sentences that says most of what both do, or else both."""
    said = [reading.sentences[number] for number in numbers]
    shares = [coverage(wanted, hits) for hits in said]
    best = max(range(len(shares)), key=shares.__getitem__)
    alone = shares[best] >= MOST * coverage(wanted, merged(said))
    return numbers[best : best + 1] if alone else numbers


def _enough(said: Sequence[Mapping[str, float]], wanted: Mapping[str, float]) -> int:
    """How many of the pieces, from the first on, it takes to say nearly as much as all do."""
    needed = NEARLY_ALL * coverage(wanted, merged(said))
    found: dict[str, float] = {}
    for number, hits in enumerate(said, 1):
        for stem, strength in hits.items():
            found[stem] = max(strength, found.get(stem, 0.0))
        if coverage(wanted, found) >= needed:
            return number
    return len(said)


def evidence_of(text: Text, start: int, end: int) -> str | None:
    """Those words of the reply, without stray punctuation and not too many; None if none."""
    words = snippet(text.raw, start, end)
    return words[_joining(words) :][:ROOM_FOR_EVIDENCE].strip() or None


def _joining(words: str) -> int:
    """The length of an "and" or "but" that the words begin with."""
    match = _CONJUNCTION.match(words)
    return match.end() if match else 0
