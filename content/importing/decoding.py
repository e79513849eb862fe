"""Bytes to text: encodings told apart, and characters removed that nobody can see."""

from __future__ import annotations

import codecs
import re

from bot.domain.imports import ImportNote
from bot.errors import InvalidError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 4_000  # bytes that are looked at for UTF-16 without a mark
_NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Zero-width signs, soft hyphens, marks that turn the direction of text, tags, private BOMs.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
    # A joiner is part of emoji and of Indic and Arabic words; between Latin letters it hides.
    "|(?<![^\x00-\u02ff])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\u02ff])"
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff]")
FEW = 8  # control characters that any text may have
MAX_CONTROLS = 0.02  # the share of a text from which on it must be something else


def decode(name: str, data: bytes) -> tuple[str, list[ImportNote]]:
    """The text of a file with plain line ends, and what was done to get it.

    Raises InvalidError where the bytes are no text that can be told.
    """
    notes: list[ImportNote] = []
    text = clean(_decoded(name, data, notes), notes)
    return text, notes


def clean(text: str, notes: list[ImportNote]) -> str:
    """Text with plain spaces and line ends, without hidden and control characters."""
    text = _SPACES.sub(" ", _NEWLINES.sub("\n", text))
    for pattern, kind in ((_HIDDEN, "invisible"), (_CONTROL, "control")):
        if found := pattern.search(text):
            line = text.count("\n", 0, found.start()) + 1
            text, count = pattern.subn("", text)
            them = "character was" if count == 1 else "characters were"
            message = f"{count} {kind} {them} removed, the first of them here"
            notes.append(ImportNote(message, line))
    return text


def cleaned(text: str) -> str:
    """The same for one short text, with nothing told."""
    return clean(text, [])


def _decoded(name: str, data: bytes, notes: list[ImportNote]) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(name, data[len(mark) :], encoding, notes)
    if guessed := _unmarked_utf16(data):
        return _strict(name, data, guessed, notes)
    return _strict(name, data, "utf-8", notes)


def _strict(name: str, data: bytes, encoding: str, notes: list[ImportNote]) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            message = f"“{name}” is broken {encoding.upper()} text: save it as UTF-8 and try again."
            raise InvalidError(message) from error
        text = _windows(name, data, notes)
    controls = len(_CONTROL.findall(text))
    if controls > max(FEW, MAX_CONTROLS * len(text)):
        raise InvalidError(
            f"“{name}” is no text: save the guide as plain text, Markdown or CSV and try again."
        )
    return text


def _unmarked_utf16(data: bytes) -> str | None:
    """UTF-16 by where its zeros are: Latin text has one in every second byte."""
    sample = data[:_SAMPLE]
    if len(sample) < 4 or len(data) % 2:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _windows(name: str, data: bytes, notes: list[ImportNote]) -> str:
    """Text that is not UTF-8: Windows-1252, in some lines or in all of them."""
    lines = data.split(b"\n")
    decoded: list[str] = []
    foreign: list[int] = []
    utf8 = 0
    for number, line in enumerate(lines, 1):
        try:
            decoded.append(line.decode("utf-8"))
            utf8 += not line.isascii()
        except UnicodeDecodeError:
            decoded.append(_line_of_windows(name, line, number))
            foreign.append(number)
    if utf8:
        message = (
            f"the file mixes encodings: {len(foreign)} of its lines were read as Windows-1252,"
            " the first of them here; check their accents"
        )
        notes.append(ImportNote(message, foreign[0]))
    else:
        notes.append(ImportNote("read as Windows-1252, since it is not UTF-8: check the accents"))
    return "\n".join(decoded)


def _line_of_windows(name: str, line: bytes, number: int) -> str:
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError as error:
        message = (
            f"{name}:{number}: is neither UTF-8 nor Windows-1252 text: save the file as UTF-8"
            " and try again."
        )
        raise InvalidError(message) from error
