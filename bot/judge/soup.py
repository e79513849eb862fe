"""Keyword soup: the right words in a heap, in a list, or in an order that says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from bot.domain.deck import Question
from bot.judge.drafting import asks_for_list
from bot.judge.rubric import Pair, Reading, Rubric
from bot.judge.text import Text, read
from bot.judge.words import RELATION_WORDS, words

# Fewer words than this may be the bare list that a prompt asks for.
SHORT_LIST = 20
# A reference with at least this share of joining words is prose, and asks for prose.
PROSE = 0.12
# Shuffled copies: nearly every word is the guide's, hardly any two stand together in it.
SHUFFLED_WORDS = 0.88
SHUFFLED_PAIRS = 0.18
ENOUGH_TO_SHUFFLE = 20

_JOINING = words(
    """not no never without between before after during while until every each all both only
    more less most many few other same under over above below always"""
)
_GLUE = words(
    """the a an of to in on at by for from with is are was were be as and or it its they you we i
    that this not can which"""
)
_MARK = re.compile(r"[^\w\s'\-/]|\n|\s-\s")
_RELATION = re.compile(r"\w\s?(?::|=|->|=>|\u2192|\()")
_APART = re.compile(r"[,.;:!?|/\u2022\u00b7\n+&]|\s[-*\u2013\u2014]\s")
# Little words that relate what stands around them, though they are no stop words.
_LINKING = words(
    "not no never without between before after during while until over under above below than"
)
# Words that string two terms together without relating them.
_STRINGING = words("and or the a an also plus etc too then")
_BREAK = re.compile(r"[.,;:!?\n]")
_ARTICLES = words("the an")
_NEVER_AFTER_AN_ARTICLE = words(
    """the a an of to in on at by for from with into is are was were be been has have had does do
    can could will would should and or but if because so it they he we you its their"""
)
_NEVER_AFTER_A_PREPOSITION = words(
    """is are was were be has have had does do can could will would should and or but of they he
    we i"""
)
_FORBIDDEN = {
    **dict.fromkeys(_ARTICLES, _NEVER_AFTER_AN_ARTICLE),
    **dict.fromkeys(words("of from with into for"), _NEVER_AFTER_A_PREPOSITION),
    **dict.fromkeys(words("is are was were"), words("of is are was were has have does do can")),
    "to": words("of is are was were and or has can does will"),
    "and": words("of and or"),
    "or": words("of and or"),
}
# After these a sentence can't end.
_OPEN = words("the an and or of from into")


def keyword_soup(rubric: Rubric, reading: Reading) -> bool:
    """Whether the reply is a heap of terms: no grammar, though the reference is prose.

    Terse notes survive: their short runs hold a verb or a relation such as a colon.
    """
    text = reading.text
    terms = sum(token.norm.isalpha() and len(token.norm) > 1 for token in text.tokens)
    if terms < 0.75 * len(text.tokens):
        return False  # a calculation
    if terms < 7 or _share(rubric.reference, _GLUE) < PROSE:
        return False
    if _shuffled(rubric, text) or _salad(text):
        return True
    if _sparse(text):
        return _heaped(text, rubric.question.prompt)
    brief = terms < SHORT_LIST and asks_for_list(rubric.question.prompt)
    return not brief and _listed(text)


def _sparse(text: Text) -> bool:
    """Whether there's next to none of what holds sentences together."""
    joining = _share(text, _JOINING) + sum(t.stop for t in text.tokens) / len(text.tokens)
    if len(text.tokens) >= 15:
        return joining < 0.16 and _share(text, _GLUE) < 0.06
    return joining < 0.12


def _heaped(text: Text, prompt: str) -> bool:
    """Whether words without grammar are no notes either: hardly a verb or a relation in them."""
    runs = _runs(text)
    longest = max(len(run) for run in runs)
    terms = sum(len(run) for run in runs)
    average = terms / len(runs)
    if longest >= 10 or (longest >= 8 and average >= 6):
        return True
    if terms < SHORT_LIST and asks_for_list(prompt):
        return False
    if len(runs) >= 8 and average <= 1.6:
        return True
    verbs = sum(token.norm in RELATION_WORDS for token in text.tokens)
    return verbs + len(_RELATION.findall(text.raw)) < terms / 8


def _listed(text: Text) -> bool:
    """Whether nearly all words are only strung together, whatever little words stand between.

    "And" and articles relate nothing, and neither does a frame that comes again and again, as
    in "there is a cache and there is a query and there is a key".
    """
    frames: set[str] = set()
    links = related = strung = 0
    for between, apart in _links(text):
        links += 1
        if between <= _STRINGING:
            strung += apart or bool(between)
            continue
        frame = " ".join(sorted(between)) if apart or "and" in between else ""
        strung += frame in frames
        related += frame not in frames
        frames |= {frame} if frame else set()
    if links < 10 or related > 0.1 * links:
        return False
    verbs = {token.norm for token in text.tokens} & RELATION_WORDS
    relations = len(verbs) + len(_RELATION.findall(text.raw))
    return strung >= 0.8 * links or (strung >= 0.4 * links and relations < links / 8)


def _links(text: Text) -> Iterator[tuple[set[str], bool]]:
    """Between each word of content and the next: the little words, and whether marks part them."""
    previous: int | None = None
    between: set[str] = set()
    for token in text.tokens:
        if token.stop or token.norm in _LINKING:
            between.add(token.norm)
            continue
        if previous is not None:
            yield between, _APART.search(text.raw[previous : token.start]) is not None
        previous, between = token.end, set()


def _salad(text: Text) -> bool:
    """Whether the little words stand where English never has them, as in shuffled sentences."""
    seen = wrong = 0
    for token, follower in pairwise(text.tokens):
        forbidden = _FORBIDDEN.get(token.norm)
        if forbidden is None or text.raw[follower.start : follower.end].isupper():
            continue  # IS and IT are also names
        seen += 1
        if _BREAK.search(text.raw[token.end : follower.start]):
            wrong += token.norm in _OPEN
        else:
            wrong += follower.norm in forbidden
    return wrong >= 3 and wrong >= 0.2 * seen


def _shuffled(rubric: Rubric, text: Text) -> bool:
    """Whether the reply holds the guide's own words, but in an order of which it has nothing."""
    stems = [token.stem for token in text.tokens]
    if len(stems) < ENOUGH_TO_SHUFFLE:
        return False
    known, pairs = _guide(rubric.question, rubric.language)
    if sum(stem in known for stem in stems) < SHUFFLED_WORDS * len(stems):
        return False
    together = sum(pair in pairs for pair in pairwise(stems))
    return together < SHUFFLED_PAIRS * (len(stems) - 1)


@lru_cache(maxsize=512)
def _guide(question: Question, language: str) -> tuple[frozenset[str], frozenset[Pair]]:
    """All words that the guide has on the question, and all pairs that stand together in it."""
    texts = [question.prompt, question.reference]
    texts += [wording for point in question.key_points for wording in (point.text, *point.wordings)]
    stems = [[token.stem for token in read(text, language).tokens] for text in texts]
    known = frozenset(stem for each in stems for stem in each)
    return known, frozenset(pair for each in stems for pair in pairwise(each))


def _share(text: Text, words_counted: frozenset[str]) -> float:
    """The share 0..1 of the text's words that are among those."""
    found = sum(token.norm in words_counted for token in text.tokens)
    return found / max(1, len(text.tokens))


def _runs(text: Text) -> list[list[str]]:
    """The words between two marks of punctuation; figures and single letters don't count."""
    runs: list[list[str]] = [[]]
    previous = 0
    for token in text.tokens:
        if _MARK.search(text.raw[previous : token.start]) and runs[-1]:
            runs.append([])
        runs[-1].append(token.stem)
        previous = token.end
    return runs
