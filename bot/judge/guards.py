"""Narrow guards: replies that don't try, restate the question, pile up words, or address the judge.

Each is meant to stay silent on honest answers; what they miss, the score still judges.
"""

from __future__ import annotations

import re

from bot.judge import soup
from bot.judge.matching import coverage
from bot.judge.rubric import Reading, Rubric
from bot.judge.text import MAX_CHARS, fold, is_common, is_general, words_of
from bot.judge.words import CHAT_WORDS

RESTATED = "restated-question"
SOUP = "keyword-soup"
OFF_TOPIC = "off-topic"

# From this many different words on, a question and its reference show what is on topic.
ROOMY = 25

LONGEST_TALK = 30
"""Words."""

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


def small_talk(reading: Reading) -> bool:
    """Whether the reply is talk among people: a greeting, a question to the others, a complaint.

    It has no word of any subject, and one that people use among themselves; or it asks.
    """
    said = reading.text.content()
    if not said or len(reading.text.tokens) > LONGEST_TALK:
        return False
    talk = [token for token in said if token.norm in CHAT_WORDS]
    if any(not is_common(t) and not is_general(t) for t in said if t not in talk):
        return False
    asks = reading.text.raw.rstrip().endswith("?") and len(reading.text.sentences) == 1
    # Somebody may ask whether their answer is right, too.
    return bool(talk) or (asks and not any(reading.hits))


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
    """Whether the reply piles up the right words instead of saying anything with them."""
    return soup.keyword_soup(rubric, reading)
