"""Text aimed at the judge instead of at the question: found, and taken out before scoring."""

from __future__ import annotations

import re

from bot.judge.addressed import FOREIGN_TRIGGER, ORDER, OUTCOME, REPORTED, TRIGGERS
from bot.judge.disguise import disguised, hidden_spans
from bot.judge.text import MAX_CHARS, Sentence, Text, fold, read, unmask

JUDGE_DIRECTED = "judge-directed"

Span = tuple[int, int]

_TAG_WORDS = (
    r"(?:system|assistant|user|instructions?|rubric|grader?|judge|answer|reply|response|student"
    r"|prompt|input|output|verdict|score|status|result|untrusted)"
)
# Stretches that go whatever stands around them. Quantifiers are bounded: replies are hostile.
# Each is only looked for where the piece of text before it occurs.
_BLOCKS = (
    ("<!--", re.compile(r"<!--.{0,8000}?(?:-->|$)", re.DOTALL)),
    ("[//]:", re.compile(r"^\s{0,3}\[//\]:[^\n]{0,500}", re.MULTILINE)),
    (
        "{",
        re.compile(
            r"\{[^{}]{0,300}[\"']?(?:score|verdict|grade|status|points)[\"']?\s{0,3}:[^{}]{0,600}\}"
        ),
    ),
    ("</", re.compile(r"<(score|verdict|grade|status|result)>[^<>]{0,80}</\1>")),
    ("<", re.compile(rf"</?(?:\w{{1,12}}_)?{_TAG_WORDS}(?:_\w{{1,12}})?\b[^<>\n]{{0,80}}>")),
    ("[", re.compile(r"\[/?(?:inst|system|assistant)\]")),
    ("<", re.compile(r"<\|[a-z_]{1,20}\|>|<</?sys>>")),
)
# What a reader of rendered Markdown or HTML hardly sees: it goes if it is aimed at the judge.
_UNSEEN = (
    ("](", re.compile(r"\]\([^()\n\"']{0,300}[\"']([^\n\"']{1,300})[\"']\)")),
    ("![", re.compile(r"!\[([^\]\n]{1,300})\](?:\([^()\n]{0,300}\))?")),
    ("<", re.compile(r"<(?:span|div|p|font|small)\b[^<>\n]{0,120}>([^<>]{1,500})</")),
)
_KEPT_CLAUSE_WORDS = 4


def strip_directed(reply: str, language: str) -> tuple[Text, bool]:
    """The reply without what is aimed at the judge, and whether there was any.

    What is taken out becomes line breaks of the same length, so that spans stay those of the
    reply as it was written.
    """
    reply = reply[:MAX_CHARS]
    folded, where = fold(reply)
    cuts = [
        (where[match.start()], where[match.end() - 1] + 1)
        for match in (*_blocks(folded), *_unseen(folded))
        if match.end() > match.start()
    ]
    cuts += hidden_spans(reply)
    left = _blank(reply, cuts)
    text = read(left, language)
    asides = _asides(text)
    if asides:
        text = read(_blank(left, asides), language)
    return text, bool(cuts or asides)


def _blocks(folded: str) -> list[re.Match[str]]:
    return [match for sign, block in _BLOCKS if sign in folded for match in block.finditer(folded)]


def _unseen(folded: str) -> list[re.Match[str]]:
    return [
        match
        for sign, unseen in _UNSEEN
        if sign in folded
        for match in unseen.finditer(folded)
        if _is_aimed(" ".join(match.group(1).split()))
    ]


def _asides(text: Text) -> list[Span]:
    """What is aimed at the judge, sentence by sentence. A sentence said again is looked at once."""
    known: dict[str, bool] = {}
    spans: list[Span] = []
    for sentence in text.sentences:
        said = text.raw[sentence.start : sentence.end]
        if said not in known:
            known[said] = _may_be_aimed(text, sentence) and _is_aimed(_flat(text, sentence))
        if known[said]:
            spans += _aimed(text, sentence)
    return spans


def _may_be_aimed(text: Text, sentence: Sentence) -> bool:
    """Whether it is worth a closer look: most honest sentences have no word of the patterns."""
    tokens = text.tokens[sentence.first : sentence.last]
    if any(token.norm in TRIGGERS or FOREIGN_TRIGGER in token.norm for token in tokens):
        return True
    return not all(token.norm.isascii() for token in tokens) or disguised(tokens) is not None


def _is_aimed(flat: str) -> bool:
    if OUTCOME.search(flat) is not None:
        return True
    return ORDER.search(flat) is not None and REPORTED.search(flat) is None


def _aimed(text: Text, sentence: Sentence) -> list[Span]:
    """The spans to take out of a sentence: all of it, unless other clauses say something."""
    clauses = text.clauses_of(sentence)
    known: dict[str, bool] = {}
    aimed: list[Sentence] = []
    words = 0
    for clause in clauses:
        said = text.raw[clause.start : clause.end]
        if said not in known:
            known[said] = _is_aimed(_flat(text, clause))
        if known[said]:
            aimed.append(clause)
        else:
            words += sum(not t.stop for t in text.tokens[clause.first : clause.last])
    if not aimed or words < _KEPT_CLAUSE_WORDS:
        return [(sentence.start, sentence.end)]
    return [(clause.start, clause.end) for clause in aimed]


def _flat(text: Text, piece: Sentence) -> str:
    """Folded, with single spaces: the patterns may then not backtrack over runs of space."""
    plain = disguised(text.tokens[piece.first : piece.last])
    if plain is not None:
        return plain
    folded = fold(text.raw[piece.start : piece.end])[0]
    return " ".join(unmask(word) for word in folded.split())


def _blank(raw: str, spans: list[Span]) -> str:
    for start, end in spans:
        raw = raw[:start] + "\n" * (end - start) + raw[end:]
    return raw
