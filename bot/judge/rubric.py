"""A question made ready for the offline judge: vocabularies and weights, computed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.domain.deck import KeyPoint, Question
from bot.judge.alignment import Alignment
from bot.judge.drafting import draft_key_points, wanted_points
from bot.judge.matching import Background, Vocabulary, coverage, merged, weights
from bot.judge.polarity import Polarity
from bot.judge.text import Text, Token, read

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PointRubric:
    """A key point and, for each way to say it, the weights of its words."""

    point: KeyPoint
    texts: tuple[Text, ...]
    wanted: tuple[Mapping[str, float], ...]


@dataclass(frozen=True, slots=True)
class Rubric:
    """What the offline judge knows of a question.

    ``drafted`` is True when the key points were drawn from the reference; of those the
    prompt asks for ``wanted``. ``plain`` weighs the reference's words; ``pairs`` counts its
    pairs of neighbouring words, which may be stop words.
    """

    question: Question
    language: str
    drafted: bool
    wanted: int
    points: tuple[PointRubric, ...]
    prompt: Text
    prompt_stems: frozenset[str]
    reference: Text
    vocabulary: Vocabulary
    plain: Mapping[str, float]
    pairs: Counter[Pair]
    alignment: Alignment
    polarity: Polarity


@dataclass(frozen=True, slots=True)
class Reading:
    """A reply, matched against a rubric: hits by token, by sentence, and over the whole.

    ``relevance`` is, by sentence, the share 0..1 of its weight that the rubric knows.
    """

    text: Text
    hits: Sequence[Mapping[str, float]]
    sentences: Sequence[Mapping[str, float]]
    relevance: Sequence[float]
    whole: Mapping[str, float]


def prepare(question: Question, language: str = "en") -> Rubric:
    """Everything that can be computed before a reply is seen."""
    prompt = read(question.prompt, language)
    reference = read(question.reference, language)
    key_points = draft_key_points(question, language)
    drafted = not question.key_points
    texts = [[read(w, language) for w in (p.text, *p.wordings)] for p in key_points]
    stems = frozenset(token.stem for token in prompt.tokens if not token.stop)
    background = Background.of(_joined(group) for group in texts)
    echoes = stems if drafted else stems - _telling_apart(stems, background)
    points = tuple(
        PointRubric(
            point, tuple(group), tuple(weights(t.tokens, echoes, background) for t in group)
        )
        for point, group in zip(key_points, texts, strict=True)
    )
    return Rubric(
        question=question,
        language=language,
        drafted=drafted,
        wanted=wanted_points(question.prompt, len(points)) if drafted else len(points),
        points=points,
        prompt=prompt,
        prompt_stems=stems,
        reference=reference,
        vocabulary=Vocabulary([reference, *(t for group in texts for t in group)], language),
        plain=weights(reference.tokens),
        pairs=pairs(reference.tokens),
        alignment=Alignment(reference.tokens, stems),
        polarity=Polarity(reference, stems, language),
    )


def _telling_apart(stems: frozenset[str], background: Background) -> set[str]:
    """Words of the prompt that name what some key points are about and others are not.

    Where a question compares things, a fact about one of them must not count for another.
    """
    return {stem for stem in stems if 0 < background.counts.get(stem, 0) <= background.texts / 2}


def _joined(group: Sequence[Text]) -> Text:
    tokens = tuple(token for text in group for token in text.tokens)
    return Text("", tokens, (), ())


def look(rubric: Rubric, reply: Text) -> Reading:
    """Match the reply's words against the rubric's."""
    hits = rubric.vocabulary.hits(reply)
    sentences = [merged(hits[s.first : s.last]) for s in reply.sentences]
    relevance = [
        known_share(rubric, reply.tokens[s.first : s.last], hits[s.first : s.last])
        for s in reply.sentences
    ]
    return Reading(reply, hits, sentences, relevance, merged(sentences))


def known_share(
    rubric: Rubric, tokens: Sequence[Token], hits: Sequence[Mapping[str, float]]
) -> float:
    """The share 0..1 of the tokens' weight that the rubric's words account for."""
    wanted = weights(tokens, rubric.prompt_stems, demotion=0.2)
    known: dict[str, float] = {}
    for token, hit in zip(tokens, hits, strict=True):
        known[token.stem] = max(known.get(token.stem, 0.0), max(hit.values(), default=0.0))
    return coverage(wanted, known)


def pairs(tokens: Iterable[Token]) -> Counter[Pair]:
    """How often each two stems stand side by side."""
    return Counter(pairwise(token.stem for token in tokens))
