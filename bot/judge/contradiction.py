"""Wrong statements: a deck's misconception said by the reply, or two named terms swapped.

Nothing else is called a contradiction. General rules about negation do harm on real answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.judge.matching import Vocabulary, coverage, merged, weights
from bot.judge.rubric import Rubric
from bot.judge.swaps import Swaps, common
from bot.judge.text import Sentence, Text, Token, read, snippet
from bot.judge.words import words

# How much of a misconception's weight, and of the words that set it apart, must be said.
SAID = 0.62
SAID_APART = 0.6
NEGATIONS = words(
    """no not never none neither nor without cannot can't don't doesn't didn't isn't aren't
    wasn't weren't won't wouldn't couldn't shouldn't hasn't haven't unlike dont doesnt isnt
    wont cant arent avoids avoid rather instead nobody nothing hardly false wrong incorrect
    untrue myth misconception mistaken mistake wrongly"""
)
_CUES_AFTER = words("""false wrong incorrect untrue myth misconception mistake mistaken""")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A wrong statement found in the reply, and the number of the point it goes against."""

    statement: str
    evidence: str
    point: int | None


@dataclass(frozen=True, slots=True)
class _Wrong:
    statement: str
    text: Text
    wanted: Mapping[str, float]
    apart: Mapping[str, float]
    negated: bool
    point: int | None


class Misconceptions:
    """A question's misconceptions and named terms, made ready."""

    def __init__(self, rubric: Rubric) -> None:
        self._rubric = rubric
        texts = [read(text, rubric.language) for text in rubric.question.misconceptions]
        self._vocabulary = Vocabulary(texts, rubric.language)
        self._wrong = tuple(
            self._prepare(statement, text)
            for statement, text in zip(rubric.question.misconceptions, texts, strict=True)
        )
        self._swaps = Swaps(rubric, NEGATIONS)

    def _prepare(self, statement: str, text: Text) -> _Wrong:
        wanted = weights(text.tokens)
        scores = [
            max(coverage(wanted, dict.fromkeys(wording, 1.0)) for wording in point.wanted)
            for point in self._rubric.points
        ]
        best = max(range(len(scores)), key=scores.__getitem__, default=None)
        point = best if best is not None and scores[best] >= 0.3 else None
        known = set() if best is None else set(self._rubric.points[best].wanted[0])
        apart = {stem: weight for stem, weight in wanted.items() if stem not in known}
        return _Wrong(statement, text, wanted, apart, _negated(text.tokens), point)

    def find(self, reply: Text) -> list[Contradiction]:
        """The misconceptions that the reply states, then the terms that it swaps."""
        found = []
        if self._wrong:
            hits = self._vocabulary.hits(reply)
            across = any(len(wrong.text.sentences) > 1 for wrong in self._wrong)
            said = [
                (piece, merged(hits[piece.first : piece.last]))
                for piece in _windows(reply, across=across)
                if any(hits[piece.first : piece.last])
            ]
            for wrong in self._wrong:
                evidence = self._said(wrong, reply, hits, said)
                if evidence is not None:
                    found.append(Contradiction(wrong.statement, evidence, wrong.point))
        return [*found, *self._swapped(reply, {c.point for c in found})]

    def _said(
        self,
        wrong: _Wrong,
        reply: Text,
        hits: Sequence[Mapping[str, float]],
        said: Sequence[tuple[Sentence, Mapping[str, float]]],
    ) -> str | None:
        """The reply's words that state the misconception, if any of its stretches do."""
        for piece, words_said in said:
            if coverage(wrong.wanted, words_said) < SAID:
                continue
            if wrong.apart and coverage(wrong.apart, words_said) < SAID_APART:
                continue
            tokens = _matched_stretch(reply, piece, hits, wrong.wanted)
            if _negated(tokens) == wrong.negated and self._closer(wrong, tokens):
                return snippet(reply.raw, piece.start, piece.end)
        return None

    def _closer(self, wrong: _Wrong, tokens: Sequence[Token]) -> bool:
        """Whether the words come in the misconception's order rather than the guide's."""
        stems = _stems(tokens)
        wrongly = _agreement(_stems(wrong.text.tokens), stems)
        rightly = [
            _agreement(_stems(text.tokens), stems)
            for point in self._rubric.points
            for text in point.texts
        ]
        rightly += [
            _agreement(_stems(self._rubric.reference.tokens[s.first : s.last]), stems)
            for s in self._rubric.reference.sentences
        ]
        return wrongly > max(rightly, default=0.0) + 0.02

    def _swapped(self, reply: Text, done: set[int | None]) -> Iterator[Contradiction]:
        for swap in self._swaps.find(reply, done):
            quoted = snippet(reply.raw, swap.where.start, swap.where.end)
            yield Contradiction(self._rubric.points[swap.point].point.text, quoted, swap.point)


def _windows(reply: Text, *, across: bool) -> list[Sentence]:
    """Every clause, two neighbouring clauses of one sentence, and every sentence.

    With ``across`` also every two neighbouring sentences.
    """
    windows = list(reply.clauses)
    for sentence in reply.sentences:
        inside = reply.clauses_of(sentence)
        windows += [Sentence(a.start, b.end, a.first, b.last) for a, b in pairwise(inside)]
    if across:
        windows += [Sentence(a.start, b.end, a.first, b.last) for a, b in pairwise(reply.sentences)]
    return [*windows, *reply.sentences]


def _matched_stretch(
    reply: Text, piece: Sentence, hits: Sequence[Mapping[str, float]], wanted: Mapping[str, float]
) -> Sequence[Token]:
    """The tokens from a little before the first match to the last, with any verdict after it."""
    matched = [n for n in range(piece.first, piece.last) if wanted.keys() & hits[n].keys()]
    begin = max(_sentence_of(reply, piece).first, matched[0] - 5)
    end = matched[-1] + 1
    after = reply.tokens[end : min(end + 4, _sentence_of(reply, piece).last)]
    verdict = [token for token in after if token.norm in _CUES_AFTER]
    return [*reply.tokens[begin:end], *verdict]


def _sentence_of(reply: Text, piece: Sentence) -> Sentence:
    return next((s for s in reply.sentences if s.first <= piece.first < s.last), piece)


def _negated(tokens: Iterable[Token]) -> bool:
    return sum(token.norm in NEGATIONS for token in tokens) % 2 == 1


def _stems(tokens: Iterable[Token]) -> list[str]:
    return [t.stem for t in tokens if not t.stop][:60]


def _agreement(statement: Sequence[str], said: Sequence[str]) -> float:
    """How much of both is one common sequence: 2 LCS / (length + length)."""
    if not statement or not said:
        return 0.0
    return 2 * common(statement, said) / (len(statement) + len(said))
