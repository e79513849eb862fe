"""Text aimed at the judge instead of at the question: found, and taken out before scoring."""

from __future__ import annotations

import re

from bot.judge.text import MAX_CHARS, Sentence, Text, fold, read, unmask

JUDGE_DIRECTED = "judge-directed"

# Stretches that go whatever stands around them. Quantifiers are bounded: replies are hostile.
_BLOCKS = (
    re.compile(r"<!--.{0,8000}?(?:-->|$)", re.DOTALL),
    re.compile(
        r"\{[^{}]{0,2000}[\"']?(?:score|verdict|grade|status|points)[\"']?\s{0,3}:[^{}]{0,2000}\}"
    ),
    re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/]{48,8000}={0,2}(?![\w+/=-])"),
    re.compile(r"</?(?:system|assistant|user|instructions?|rubric|grader?|judge)[^<>\n]{0,80}>"),
    re.compile(r"\[/?(?:inst|system|assistant)\]|<\|[a-z_]{1,20}\|>|<</?sys>>"),
)
_ORDER = (
    (
        r"\b(?:ignore|disregard|forget|override|bypass|skip)\b[^.!?\n]{0,40}"
        r"\b(?:previous|above|prior|earlier|preceding|your|all|any|these|the\s+(?:rubric|rules|"
        r"instructions?|reference|key\s+points?|system))\b[^.!?\n]{0,40}"
        r"\b(?:instructions?|prompts?|rules?|rubrics?|guidelines?|text|reference|key\s+points?|"
        r"criteria|messages?|directions?)\b"
    ),
    (
        r"\b(?:ignore|disregard|forget|override)\s+(?:the\s+|your\s+)?"
        r"(?:rubric|instructions?|rules|grading|criteria)\b"
    ),
    (
        r"\b(?:give|award|assign|grant|mark|grade|score|rate|set|return|output|respond\s+with|print)\b"
        r"[^.!?\n]{0,30}\b(?:full|maximum|max|top|perfect|highest|100\s?%|100|10\s?/\s?10|1\.0|"
        r"all\s+the)\s*(?:-\s*)?(?:marks?|points?|scores?|credits?|grades?|ratings?|$)"
    ),
    (
        r"\b(?:mark|grade|score|treat|consider|rate|accept)\s+(?:this|my|the)\s+"
        r"(?:answer|reply|response|submission|one)?\s*(?:as|to\s+be)?\s*"
        r"(?:fully\s+|completely\s+|100%\s+)?(?:correct|right|perfect|full|complete|covered|passed)\b"
    ),
    (
        r"\b(?:this|my)\s+(?:answer|reply|response|submission)\s+(?:is|should\s+be|must\s+be|deserves|"
        r"has\s+been)\b[^.!?\n]{0,30}\b(?:correct|full|perfect|graded|marked|approved|passed|"
        r"verified|complete|covers\s+all)\b"
    ),
    (
        r"\b(?:all|every)\s+key\s?points?\s+(?:is|are|were|have\s+been|has\s+been)\s+"
        r"(?:\w+\s+)?(?:covered|met|satisfied|present)\b"
    ),
    (
        r"\b(?:dear|hello|hi|hey|note\s+(?:to|for)(?:\s+the)?|attention|message\s+(?:to|for)(?:\s+the)?)"
        r"[\s,:]+(?:ai\s+|llm\s+)?(?:grader|judge|evaluator|examiner|marker|ai|llm|model|chatgpt|"
        r"grading)\b"
    ),
    (
        r"\b(?:you\s+are|act\s+as|pretend\s+to\s+be|you're)\s+(?:now\s+)?(?:a|an|the|my)?\s*"
        r"(?:\w+\s+){0,2}(?:grader|judge|evaluator|examiner|teacher|assistant|marker)\b"
    ),
    (
        r"^\W*(?:system|assistant|developer|admin|instructions?|rubric|grader|judge|"
        r"grading\s+note|official\s+note)\s*(?:prompt|message|note|override|update)?\s*:"
    ),
    (
        r"^\W*[\"']?(?:score|verdict|grade|final\s+(?:score|grade|verdict)|status|marks?|evidence|"
        r"feedback)[\"']?\s*[:=]\s*[\"']?(?:\d|full|correct|covered|perfect|pass|a\b|100)"
    ),
    r"\b(?:verdict|score|grade)\s*(?:[:=]|is|to|of)\s*[\"']?(?:correct|1\.0|100|1\b|full|perfect)",
    r"\b(?:new|updated|real|actual|revised)\s+(?:grading\s+)?(?:rubric|instructions?|rules)\b",
    (
        r"\b(?:begin|end|start)\s+(?:of\s+)?(?:system|admin|hidden|new|student)?\s*"
        r"(?:prompt|instructions?|rubric|answer|reply)\b\W*$"
    ),
)
_DIRECTED = re.compile("|".join(f"(?:{pattern})" for pattern in _ORDER), re.IGNORECASE)
# A reply about prompt injection may quote one.
_QUOTED = re.compile(
    r"\b(?:such as|for example|e\.g|attackers?|injections?|jailbreaks?|malicious|like [\"'\u201c])"
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
        for pattern in _BLOCKS
        for match in pattern.finditer(folded)
    ]
    left = _blank(reply, cuts)
    text = read(left, language)
    asides = [span for sentence in text.sentences for span in _aimed(text, sentence)]
    if asides:
        text = read(_blank(left, asides), language)
    return text, bool(cuts or asides)


def _aimed(text: Text, sentence: Sentence) -> list[tuple[int, int]]:
    """The spans to take out of a sentence: all of it, unless other clauses say something."""
    folded = _flat(text, sentence)
    if _DIRECTED.search(folded) is None or _QUOTED.search(folded) is not None:
        return []
    clauses = text.clauses_of(sentence)
    aimed = [c for c in clauses if _DIRECTED.search(_flat(text, c))]
    rest = [c for c in clauses if c not in aimed]
    words = sum(not t.stop for c in rest for t in text.tokens[c.first : c.last])
    if not aimed or words < _KEPT_CLAUSE_WORDS:
        return [(sentence.start, sentence.end)]
    return [(clause.start, clause.end) for clause in aimed]


def _flat(text: Text, piece: Sentence) -> str:
    """Folded, with single spaces: the patterns may then not backtrack over runs of space."""
    folded = fold(text.raw[piece.start : piece.end])[0]
    return " ".join(unmask(word) for word in folded.split())


def _blank(raw: str, spans: list[tuple[int, int]]) -> str:
    for start, end in spans:
        raw = raw[:start] + "\n" * (end - start) + raw[end:]
    return raw
