"""Forms with files (RFC 7578), as browsers send them; the guard has bounded their size."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PARAMETER = re.compile(r';\s*([a-z]+)="([^"]*)"', re.IGNORECASE)
MOST_PARTS = 20
LONGEST_HEAD = 4_096
LONGEST_TYPE = 200
LONGEST_BOUNDARY = 70
"""RFC 2046, section 5.1.1."""


@dataclass(frozen=True, slots=True)
class Part:
    """One field. ``filename`` is None for what was typed, "" where no file was chosen."""

    name: str
    data: bytes
    filename: str | None = None


def parts_of(content_type: str, body: bytes) -> list[Part]:
    """The fields of a multipart/form-data body, in order. Raises ValueError if it is none."""
    boundary = _boundary(content_type)
    # A delimiter stands at the beginning of a line: the first line may have none before it.
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise ValueError("the form's end is missing")
    if len(pieces) - 2 > MOST_PARTS:
        raise ValueError("the form has too many fields")
    return [_part(piece) for piece in pieces[1:-1]]


def _boundary(content_type: str) -> bytes:
    """Told with few words: the library's parser of headers takes seconds for hostile ones."""
    kind, *parameters = content_type[: LONGEST_TYPE + 1].split(";")
    if len(content_type) > LONGEST_TYPE or kind.strip().lower() != "multipart/form-data":
        raise ValueError("not a form with files")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        boundary = value.strip().strip('"')
        if name.strip().lower() == "boundary" and 0 < len(boundary) <= LONGEST_BOUNDARY:
            return boundary.encode("latin-1", "replace")
    raise ValueError("the form's boundary is missing")


def _part(piece: bytes) -> Part:
    head, gap, data = piece.partition(b"\r\n\r\n")
    if not gap or len(head) > LONGEST_HEAD:
        raise ValueError("a field's head can't be read")
    # Browsers write names in UTF-8 as they are.
    told = _disposition(head.decode("utf-8", "replace"))
    if "name" not in told:
        raise ValueError("a field has no name")
    return Part(told["name"], data, told.get("filename"))


def _disposition(head: str) -> dict[str, str]:
    """The parameters of the field's Content-Disposition."""
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return {key.lower(): _unescaped(text) for key, text in _PARAMETER.findall(value)}
    return {}


def _unescaped(text: str) -> str:
    """Browsers escape these three and nothing else (WHATWG HTML, multipart form data)."""
    for code, sign in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n")):
        text = text.replace(code, sign)
    return text
