"""Which language a guide is written in, told as the judge tells it of replies."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.judge.language import other_language
from bot.judge.words import STOP_WORDS

SAMPLE = 4_000  # characters
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)
SHARE = 0.2  # of a sample's letters in a script, English names and terms being the rest


def language_of(texts: Iterable[str], otherwise: str = "en") -> str:
    """The ISO 639-1 code of the one language that the texts can be in.

    ``otherwise`` if they can be in that, or where it stays open.
    """
    parts: list[str] = []
    length = 0
    for text in texts:
        parts.append(text)
        length += len(text)
        if length > SAMPLE:
            break
    sample = "\n".join(parts)[:SAMPLE]
    if not other_language(sample, otherwise):
        return otherwise
    letters = sum(map(str.isalpha, sample))
    for code, script in _SCRIPTS:
        if len(script.findall(sample)) > SHARE * letters:
            return code
    possible = [code for code in STOP_WORDS if not other_language(sample, code)]
    return possible[0] if len(possible) == 1 else otherwise
