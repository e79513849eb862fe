"""Narrow guards: replies that don't try, restate the question, pile up words, or address the judge.

Each is meant to stay silent on honest answers; what they miss, the score still judges.
"""

from __future__ import annotations

import re

from bot.judge.drafting import asks_for_list
from bot.judge.matching import coverage
from bot.judge.rubric import Reading, Rubric
from bot.judge.text import MAX_CHARS, Text, fold, is_common, words_of
from bot.judge.words import RELATION_WORDS, words

RESTATED = "restated-question"
SOUP = "keyword-soup"
OFF_TOPIC = "off-topic"

# From this many different words on, a question and its reference show what is on topic.
ROOMY = 25
# Fewer words than this may be the bare list that a prompt asks for.
SHORT_LIST = 20

_JOINING = words(
    """not no never without between before after during while until every each all both only
    more less most many few other same under over above below always"""
)
_GLUE = words(
    """the a an of to in on at by for from with is are was were be as and or it its they you we i
    that this not can which"""
)
_MARK = re.compile(r"[^\w\s'\-/]|\n|\s-\s")
_NO_ANSWER = re.compile(
    r"(?:(?:sorry|um+|uh+|hmm+|well|so|honestly|ok|okay|lol|haha|hi|hello|hey|please|yeah)\s)*"
    r"(?:i\s(?:really\s|honestly\s|just\s)?(?:do\s?n[o']?t|dont|don't|have)\s(?:really\s)?"
    r"(?:know|no\s(?:idea|clue)|remember|get\sit|understand)(?:\s(?:this|that|it|sorry|yet|the\s"
    r"(?:answer|question)|this\sone|that\sone|anything|at\sall))*"
    r"|idk|dunno|dont\sknow|don't\sknow|no\s(?:idea|clue|answer|response|comment)|not\ssure|unsure"
    r"|nope|pass|skip|n\sa|test|testing|todo|tbd"
    r"|i\s(?:pass|skip|give\sup)|can't\ssay|cant\ssay|no\sthanks?|see\sabove|ditto"
    r"|keine\sahnung|weiss\snicht|je\sne\ssais\spas|no\sse|no\slo\sse|nao\ssei|non\slo\sso)"
    r"(?:\s(?:sorry|really|lol|haha|honestly|yet|tbh|at\sall|please|thanks|today|for\sme|me|man))*"
)


def is_contentless(text: str) -> bool:
    """Whether the text can't be an answer: no word in it, or only "idk", "no idea", "pass"."""
    said = words_of(fold(text[:MAX_CHARS])[0])
    if len(said) > 14:
        return False
    if not any(char.isalnum() for word in said for char in word):
        return True
    return _NO_ANSWER.fullmatch(" ".join(said)) is not None


def off_topic(rubric: Rubric, reading: Reading) -> bool:
    """Whether the reply has nothing to do with the question or its reference.

    A long reply may share one word with them by chance. Against a short reference only long
    replies are called off-topic: a right answer may well use none of its few words.
    """
    content = {token.stem: token for token in reading.text.content()}
    telling = {stem for stem, token in content.items() if not is_common(token)}
    known = len(rubric.plain.keys() | rubric.prompt_stems)
    if len(telling) < (3 if known >= ROOMY else 8):
        return False
    near = {
        token.stem
        for token, hit in zip(reading.text.tokens, reading.hits, strict=True)
        if token.stem in telling and hit
    } | (telling & rubric.prompt_stems)
    if not near:
        everyday = content.keys() - telling
        return known >= ROOMY or len(everyday & rubric.plain.keys()) < 2
    if len(near) > 1 or len(telling) < 6 or known < ROOMY:
        return False
    best = max((coverage(w, reading.whole) for p in rubric.points for w in p.wanted), default=0.0)
    return best < 0.35


def restated(rubric: Rubric, reading: Reading) -> bool:
    """Whether the reply hardly says anything beyond the question's own words."""
    content = {token.stem: token for token in reading.text.content()}
    asked = content.keys() & rubric.prompt_stems
    new = {stem: w for stem, w in rubric.plain.items() if stem not in rubric.prompt_stems}
    if len(new) < 4 or len(asked) < max(3, 0.5 * len(rubric.prompt_stems)):
        return False
    beyond = [token for stem, token in content.items() if stem not in rubric.prompt_stems]
    telling = [token for token in beyond if not is_common(token)]
    return (
        len(telling) <= max(1, len(content) // 8)
        and len(beyond) <= max(2, len(content) // 4)
        and coverage(new, reading.whole) < 0.08
    )


def keyword_soup(rubric: Rubric, reading: Reading) -> bool:
    """Whether the reply is a heap of terms: no grammar, though the reference is prose.

    Terse notes survive: their short runs hold a verb or a relation such as a colon.
    """
    terms = [token for token in reading.text.tokens if token.norm.isalpha() and len(token.norm) > 1]
    if len(terms) < 0.75 * len(reading.text.tokens):
        return False  # a calculation
    if len(terms) < 7 or _share(rubric.reference, _GLUE) < 0.12 or not _sparse(reading.text):
        return False
    runs = _runs(reading.text)
    longest = max(len(run) for run in runs)
    average = len(terms) / len(runs)
    relations = sum(token.norm in RELATION_WORDS for token in terms)
    marks = len(re.findall(r"\w\s?(?::|=|->|=>|\u2192|\()", reading.text.raw))
    if longest >= 10 or (longest >= 8 and average >= 6):
        return True
    if len(terms) < SHORT_LIST and asks_for_list(rubric.question.prompt):
        return False
    if len(runs) >= 8 and average <= 1.6:
        return True
    return relations + marks < len(terms) / 8


def _sparse(text: Text) -> bool:
    """Whether there's next to none of what holds sentences together."""
    joining = _share(text, _JOINING) + sum(t.stop for t in text.tokens) / len(text.tokens)
    if len(text.tokens) >= 15:
        return joining < 0.16 and _share(text, _GLUE) < 0.06
    return joining < 0.12


def _share(text: Text, words_counted: frozenset[str]) -> float:
    """The share 0..1 of the text's words that are among those."""
    found = sum(token.norm in words_counted for token in text.tokens)
    return found / max(1, len(text.tokens))


def _runs(text: Text) -> list[list[str]]:
    """The words between two marks of punctuation."""
    runs: list[list[str]] = [[]]
    previous = 0
    for token in text.tokens:
        if _MARK.search(text.raw[previous : token.start]) and runs[-1]:
            runs.append([])
        runs[-1].append(token.stem)
        previous = token.end
    return runs
