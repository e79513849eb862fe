"""Two terms in each other's place: within one key point, or between two of them.

Narrow on purpose: a point is only contradicted when its own words come back, in its own order,
with two of its terms exchanged, or when they are said of what another point is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from bot.judge.matching import coverage, merged, weights
from bot.judge.rubric import Rubric
from bot.judge.text import Sentence, Text, Token, read, stem

COMPARING = frozenset({"than", "unlike", "whereas", "while", "but"})
_PASSIVE = frozenset({"by"})
# How much of a point's words must come back in the exchanged order, and how many more than in
# the right one.
EXCHANGED = 0.8
MORE_THAN_RIGHT = 2
LONGEST = 24
# How much of what one point says must be said of another's subject, and how much more than of
# what that other point says.
SAID_OF_ANOTHER = 0.75
CLEARLY_MORE = 0.2
SAID_RIGHTLY = 0.6
NEARLY = 0.1
# Clauses of the guide in a row that are known as one statement.
RUN = 6

# Words that stand for each other's opposite in technical prose, one pair a line.
_OPPOSITES = """
    high low
    higher lower
    raise lower
    raises lowers
    rise fall
    rises falls
    rising falling
    increase decrease
    increases decreases
    increases reduces
    large small
    larger smaller
    long short
    longer shorter
    fast slow
    faster slower
    more less
    more fewer
    well badly
    good bad
    better worse
    first last
    before after
    early late
    left right
    seen new
    seen unseen
    old new
    training validation
    training test
    client server
    sender receiver
    public private
    encoder decoder
    positive negative
    positives negatives
    input output
    sharpens flattens
    sharp flat
    frequent rare
    start end
"""


@dataclass(frozen=True, slots=True)
class Swap:
    """The point that is contradicted, and where in the reply."""

    point: int
    where: Sentence


class Swaps:
    """A question's terms that can be exchanged, made ready."""

    def __init__(self, rubric: Rubric, negations: frozenset[str]) -> None:
        self._rubric = rubric
        self._negations = negations
        self._opposites = _opposites(rubric.language)
        terms = _one_word_terms(rubric)
        self._pairs = tuple(
            tuple((text, pair) for text in point.texts for pair in self._exchangeable(text, terms))
            for point in rubric.points
        )
        # Points drafted from a reference have the heads of its lists, which promise nothing.
        self._subjects = () if rubric.drafted else _subjects_of(rubric)
        self._named = frozenset(self._subjects) - {""}
        self._headed = {n for n, point in enumerate(rubric.points) if _head(point.texts[0])}
        self._predicates = tuple(
            tuple(self._predicate(text) for text in point.texts) for point in rubric.points
        )
        texts = (rubric.reference, *(text for point in rubric.points for text in point.texts))
        self._right = frozenset(stems for text in texts for stems in _said_in(text))

    def _predicate(self, text: Text) -> _Predicate:
        wanted = weights(token for token in text.tokens if token.stem not in self._named)
        few = len(wanted) < 3
        return _Predicate({} if few else wanted, self._is_negated(text.tokens))

    def _exchangeable(self, text: Text, terms: frozenset[str]) -> Iterator[tuple[str, str]]:
        names = _names(text, terms)
        if len(names) == 2 and _paired(text, *names):
            yield names[0], names[1]
        held = [token.stem for token in text.tokens]
        for first, second in combinations(dict.fromkeys(held), 2):
            if frozenset((first, second)) in self._opposites:
                yield first, second

    def find(self, reply: Text, done: set[int | None]) -> Iterator[Swap]:
        """The points, other than those ``done``, that the reply says with terms exchanged."""
        said_of_another = self._said_of_another(reply) if self._named else {}
        for number, pairs in enumerate(self._pairs):
            if number in done:
                continue
            found = (self._swapped(text, pair, reply) for text, pair in pairs)
            where = next((piece for piece in found if piece is not None), None)
            where = where or said_of_another.get(number)
            if where is not None:
                yield Swap(number, where)

    def _swapped(self, point: Text, pair: tuple[str, str], reply: Text) -> Sentence | None:
        """The sentence that says the point with the two words in each other's place."""
        right = [t.stem for t in point.tokens if not t.stop or t.norm in COMPARING]
        if len(right) > LONGEST:
            return None
        first, second = pair
        negated = self._is_negated(point.tokens)
        swapped = [{first: second, second: first}.get(stem, stem) for stem in right]
        wanted = len(set(right))
        for sentence in reply.sentences:
            if self._is_right(reply, sentence):
                continue
            window = reply.tokens[sentence.first : sentence.last]
            stems = [t.stem for t in window if not t.stop or t.norm in COMPARING][:60]
            if not {first, second} <= set(stems) or self._is_negated(window) != negated:
                continue
            if any(t.norm in _PASSIVE for t in window):
                continue
            wrong, correct = common(swapped, stems), common(right, stems)
            if wrong >= EXCHANGED * wanted and wrong >= correct + MORE_THAN_RIGHT:
                return sentence
        return None

    def _said_of_another(self, reply: Text) -> dict[int, Sentence]:
        """Points whose words are said of another point's subject, and nowhere of their own.

        A point that has a head is taken at its word; of others, two must be exchanged.
        """
        hits = self._rubric.vocabulary.hits(reply)
        rightly: set[int] = set()
        wrongly: dict[int, tuple[str, Sentence]] = {}
        for about, piece in self._statements(reply):
            said = merged(hits[piece.first : piece.last])
            negated = self._is_negated(reply.tokens[piece.first : piece.last])
            shares = [_share(each, said, negated=negated) for each in self._predicates]
            own = max(s for s, each in zip(shares, self._subjects, strict=True) if each == about)
            enough = max(SAID_OF_ANOTHER, own + CLEARLY_MORE)
            right = self._is_right(reply, piece)
            for number, (subject, share) in enumerate(zip(self._subjects, shares, strict=True)):
                if subject == about and share >= max(SAID_RIGHTLY, max(shares) - NEARLY):
                    rightly.add(number)
                elif not right and share >= enough and subject not in ("", about):
                    wrongly.setdefault(number, (about, piece))
        said_of = {(self._subjects[n], about) for n, (about, _) in wrongly.items()}
        return {
            n: piece
            for n, (about, piece) in wrongly.items()
            if n not in rightly and (n in self._headed or (about, self._subjects[n]) in said_of)
        }

    def _statements(self, reply: Text) -> Iterator[tuple[str, Sentence]]:
        """Stretches of a sentence with the subject that they name first.

        What stands right behind a head ("QLoRA: quantised LoRA") is said of the head.
        """
        for sentence in reply.sentences:
            pieces: list[tuple[str, Sentence]] = []
            for clause in reply.clauses_of(sentence):
                tokens = reply.tokens[clause.first : clause.last]
                named = next((t.stem for t in tokens if t.stem in self._named), "")
                before, piece = pieces[-1] if pieces else ("", clause)
                headed = before and _is_head(reply, piece)
                if pieces and (headed or not named):
                    pieces[-1] = (before, _both(piece, clause))
                else:
                    pieces.append((named, clause))
            yield from ((named, piece) for named, piece in pieces if named)

    def _is_right(self, reply: Text, piece: Sentence) -> bool:
        """Whether the guide says that in the same words."""
        return _stems(reply, piece) in self._right

    def _is_negated(self, tokens: Iterable[Token]) -> bool:
        return sum(token.norm in self._negations for token in tokens) % 2 == 1


@dataclass(frozen=True, slots=True)
class _Predicate:
    """What a wording says of its subject."""

    wanted: Mapping[str, float]
    negated: bool


def _share(predicates: Sequence[_Predicate], said: Mapping[str, float], *, negated: bool) -> float:
    return max((coverage(p.wanted, said) for p in predicates if p.negated == negated), default=0.0)


def _is_head(text: Text, piece: Sentence) -> bool:
    return text.raw[text.tokens[piece.last - 1].end :].startswith(":")


def _both(first: Sentence, last: Sentence) -> Sentence:
    return Sentence(first.start, last.end, first.first, last.last)


def _stems(text: Text, piece: Sentence) -> tuple[str, ...]:
    """All of a stretch's stems, so that nothing that turns its meaning is left out."""
    return tuple(token.stem for token in text.tokens[piece.first : piece.last])


def _said_in(text: Text) -> Iterator[tuple[str, ...]]:
    """The sentences of a text and their clauses, up to a few in a row, as stems."""
    for sentence in text.sentences:
        yield _stems(text, sentence)
        clauses = text.clauses_of(sentence)
        for begin, first in enumerate(clauses):
            for last in clauses[begin : begin + RUN]:
                yield _stems(text, _both(first, last))


def _head(text: Text) -> str:
    """The stem of the one word that a point is headed by ("Durability: ..."), if any."""
    first = next((token for token in text.tokens if not token.stop), None)
    return first.stem if first and text.raw[first.end :].startswith(":") else ""


def _subjects_of(rubric: Rubric) -> tuple[str, ...]:
    """By point, the stem of what it is about, if the points are about different things; else "".

    That is its head, or the word of the question at its beginning that tells it from others.
    """
    groups = [{t.stem for text in point.texts for t in text.tokens} for point in rubric.points]
    telling = {
        stem
        for stem in rubric.prompt_stems
        if sum(stem in group for group in groups) <= 0.6 * len(groups)
    }
    subjects = []
    for point in rubric.points:
        content = [token.stem for token in point.texts[0].tokens if not token.stop][:2]
        asked = next((stem for stem in content if stem in telling), "")
        subjects.append(_head(point.texts[0]) or asked)
    return tuple(subjects) if len({*subjects} - {""}) > 1 else ("",) * len(subjects)


def _opposites(language: str) -> frozenset[frozenset[str]]:
    if language != "en":
        return frozenset()
    pairs = (line.split() for line in _OPPOSITES.strip().splitlines())
    return frozenset(frozenset(stem(word, language) for word in pair) for pair in pairs)


def _one_word_terms(rubric: Rubric) -> frozenset[str]:
    """The stems of the question's terms and aliases that are single words."""
    names = [name for term in rubric.question.terms for name in (term.name, *term.aliases)]
    read_names = [read(name, rubric.language).tokens for name in names]
    return frozenset(tokens[0].stem for tokens in read_names if len(tokens) == 1)


def _names(point: Text, terms: frozenset[str]) -> list[str]:
    """The stems of the point's names: words with a capital inside, or the deck's terms."""
    found = [
        token.stem
        for token in point.tokens
        if not token.stop
        and (
            token.stem in terms or any(c.isupper() for c in point.raw[token.start + 1 : token.end])
        )
    ]
    return list(dict.fromkeys(found))


def _paired(point: Text, first: str, second: str) -> bool:
    """Whether each name has words of its own, or the two are compared: then order matters."""
    stems = [t.stem for t in point.tokens]
    begin, middle = stems.index(first), stems.index(second)
    between = point.tokens[begin + 1 : middle]
    after = point.tokens[middle + 1 :]
    told = sum(not t.stop for t in between)
    return told > 0 and (any(not t.stop for t in after) or any(t.norm == "than" for t in between))


def common(left: Sequence[str], right: Sequence[str]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(right) + 1)
    for item in left:
        before = 0
        for n, other in enumerate(right, 1):
            above = row[n]
            row[n] = before + 1 if item == other else max(above, row[n - 1])
            before = above
    return row[-1]
