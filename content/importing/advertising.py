"""Lines at the end of a page that sell something or lead elsewhere, and say nothing."""

from __future__ import annotations

import re

_CALLS = re.compile(
    r"(?:practi[cs]e|sign up|subscribe|try|get|start|join|download|book|share|follow|click|learn"
    r"|read|buy|enrol+|register|check out|upgrade|ready|put|test|want|looking|need|discover|explore"
    r"|visit|become|unlock|access|prepare|ace|boost|take|see|contact|like|thank you|thanks"
    r"|improve)\b",
    re.IGNORECASE,
)
_SIGNS = (
    re.compile(r"\b(?:our|us|we)\b", re.IGNORECASE),
    re.compile(
        r"\b(?:mock interviews?|ai interviewer|interview coach|free trial|newsletter|premium|course"
        r"|bootcamp|webinar|ebook|e-book|discount|coupon|pricing|subscription|sign up|for free"
        r"|today|no credit card|app store|our app|mailing list|inbox|linkedin|twitter|youtube"
        r"|instagram|facebook|patreon|buy me a coffee|github star|give (?:it|us) a star"
        r"|related articles?|read next|see also|back to top|more questions)\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\byour (?:knowledge|skills?|inbox|dream|next|career|interviews?|friends)\b", re.IGNORECASE
    ),
    re.compile(r"https?://|www\.", re.IGNORECASE),
)
_CERTAIN = re.compile(
    r"(?:\u00a9|\(c\)|copyright)\s*\d{4}|all rights reserved|^\W*(?:advertisement|sponsored)\W*$"
    r"|terms of (?:service|use)|privacy policy|cookie (?:policy|settings)"
    r"|^\W*(?:share|tweet|comments?|related posts?|leave a (?:reply|comment))\W*$",
    re.IGNORECASE,
)
MAX_WORDS = 40


def sells(text: str) -> bool:
    """Whether a line looks like advertising or a page's footer."""
    line = text.strip().lstrip("-*\u2022#> ")
    if _CERTAIN.search(line):
        return True
    if len(line.split()) > MAX_WORDS:
        return False
    signs = sum(sign.search(line) is not None for sign in _SIGNS)
    return signs >= 2 or (signs == 1 and _CALLS.match(line) is not None)
