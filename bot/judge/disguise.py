"""Text that is written so as not to be read: encoded, mirrored, spelt out or invisible."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Sequence

from bot.judge.text import Token

_BASE64 = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/]{20,8000}={0,2}(?![\w+/=-])")
_HEX = re.compile(r"(?<!\w)(?:[0-9a-fA-F]{2} ?){16,4000}(?!\w)")
# Tag characters copy ASCII without being seen. A flag of few of them (Scotland) is no message.
_TAGS = re.compile("[\U000e0020-\U000e007f]{8,}")
# An override turns what follows around; replies in right-to-left scripts have no need of one.
_MIRRORED = re.compile("[\u202d\u202e][^\u202c\n]{1,8000}\u202c?")
_SURELY_ENCODED = 48
_LEET = str.maketrans("0134578@$", "oieastbas")
_LEETISH = re.compile(r"[a-z@$]*[0-9@$][a-z0-9@$]*[a-z][a-z0-9@$]*|[a-z]+[0-9@$][a-z0-9@$]*")
_TELLING = frozenset(
    {
        *("ignore", "disregard", "forget", "instructions", "rubric", "rules", "prompt", "marks"),
        *("points", "score", "grade", "grader", "judge", "correct", "verdict", "credit", "answer"),
    }
)
# Words of the patterns run together, and how they are told apart again.
_RUN_TOGETHER = (
    *("ignore", "disregard", "forget", "all", "the", "previous", "prior", "instructions"),
    *("instruction", "rubric", "rules", "and", "give", "me", "this", "my", "answer", "reply"),
    *("full", "marks", "maximum", "max", "perfect", "points", "score", "credit", "mark", "grade"),
    *("as", "is", "to", "correct", "verdict", "please", "100", "output", "award", "you", "must"),
)
_PIECES = re.compile("|".join(sorted(_RUN_TOGETHER, key=len, reverse=True)))


def hidden_spans(raw: str) -> list[tuple[int, int]]:
    """Where the text holds encoded, invisible or mirrored stretches, as spans of ``raw``."""
    spans = [match.span() for match in _BASE64.finditer(raw) if _is_base64(match.group())]
    spans += [match.span() for match in _HEX.finditer(raw) if _is_hex(match.group())]
    if not raw.isascii():
        spans += [match.span() for match in _TAGS.finditer(raw)]
        spans += [match.span() for match in _MIRRORED.finditer(raw)]
    return spans


def _is_base64(text: str) -> bool:
    """Whether the run decodes to readable text, or is too long for anything but a code."""
    if len(text.rstrip("=")) >= _SURELY_ENCODED:
        return True
    if text.islower() or text.isupper() or text.istitle():
        return False
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return False
    return _is_readable(decoded)


def _is_hex(text: str) -> bool:
    return _is_readable(bytes.fromhex(text))


def _is_readable(data: bytes) -> bool:
    return data.isascii() and data.decode("ascii").isprintable() and b" " in data


def disguised(tokens: Sequence[Token]) -> str | None:
    """What the words say once a disguise is taken off; None where they wear none.

    Knows letters set apart, digits for letters, words written backwards, and ROT13.
    """
    if len(tokens) < 4:
        return None
    said = [token.norm for token in tokens]
    if sum(len(word) == 1 and word.isascii() for word in said) >= max(10, 0.7 * len(said)):
        return " ".join(_PIECES.findall("".join(said)))
    if sum(_LEETISH.fullmatch(word) is not None for word in said) >= 2:
        plain = [word.translate(_LEET) for word in said]
        if len(_TELLING.intersection(plain)) >= 2:
            return " ".join(plain)
    if any(token.stop for token in tokens):
        return None
    whole = " ".join(said)
    plain_texts = (whole[::-1], codecs.encode(whole, "rot13"))
    return next((p for p in plain_texts if len(_TELLING.intersection(p.split())) >= 2), None)
