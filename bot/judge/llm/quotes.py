"""Quotes: where in the reply the words stand that a model says it read there."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 400
_ELISION = re.compile(r"\s*(?:\[\s*\.\.\.\s*\]|\.{3,}|\u2026)\s*")
_EDGES = " \t\r\n\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb.,;:!?()"
# What was aimed at the judge became line breaks: words on both sides of it stand nowhere.
_TAKEN_OUT = re.compile(r"\n{4,}")
_UNSEEN = ("Mn", "Me", "Cf")
# Signs that models and phones write in different ways.
_ALIKE = {ord(sign): "'" for sign in '"`\u2018\u2019\u201a\u201b\u201c\u201d\u201e'} | {
    ord(sign): "-" for sign in "\u2010\u2011\u2012\u2013\u2014\u2212"
}


class Quotable:
    """A reply, made ready to look for quotes in it."""

    def __init__(self, reply: str) -> None:
        self._reply = reply
        self._flat, self._at = _flat(reply)

    def find(self, quote: str) -> str | None:
        """The reply's own words for a quote, or None if they are not there.

        Case, spacing, the form of quotation marks and dashes, and marks that hardly show
        (accents set apart, vowel points, joiners, soft hyphens) don't count. A quote may
        leave words out in its middle; its parts must then follow each other.
        """
        parts = [_flat(part.strip(_EDGES))[0].strip() for part in _ELISION.split(quote)]
        parts = [part for part in parts if any(c.isalnum() for c in part)]
        if not parts:
            return None
        begin, place = -1, 0
        for part in parts:
            found = self._whole_words(part, place)
            if found < 0:
                return None
            begin = found if begin < 0 else begin
            place = found + len(part)
        end = self._at[place - 1] + 1
        while end < len(self._reply) and unicodedata.combining(self._reply[end]):
            end += 1  # the last letter's own accent
        pieces = _TAKEN_OUT.split(self._reply[self._at[begin] : end])
        return max((piece.strip() for piece in pieces), key=len)[:LONGEST].strip()

    def _whole_words(self, part: str, start: int) -> int:
        """Where the part begins and ends with a word; -1 if nowhere."""
        found = self._flat.find(part, start)
        while found >= 0:
            before = self._flat[found - 1 : found] if found else ""
            after = self._flat[found + len(part) : found + len(part) + 1]
            if not (_joins(before, part[0]) or _joins(part[-1], after)):
                return found
            found = self._flat.find(part, found + 1)
        return -1


def _joins(left: str, right: str) -> bool:
    """Whether two characters are parts of one word; scripts without spaces have no such words."""
    return left.isalnum() and right.isalnum() and left.isascii() and right.isascii()


def _flat(text: str) -> tuple[str, list[int]]:
    """The text casefolded, with single spaces, and where each of its characters came from.

    Members' devices write é as one character or as two, and models copy neither that nor
    what can't be seen: so marks and format characters are left out.
    """
    out: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        if char.isspace():
            if out and out[-1] != " ":
                out.append(" ")
                places.append(place)
            continue
        for folded in unicodedata.normalize("NFKD", char).translate(_ALIKE).casefold():
            if unicodedata.category(folded) not in _UNSEEN:
                out.append(folded)
                places.append(place)
    return "".join(out), places
