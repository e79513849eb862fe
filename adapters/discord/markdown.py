"""Text that Discord shows as it was written, and cuts that break nothing."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"https?://[^\s<>|*`()\[\]\\]+")
_SPECIAL = re.compile(r"[\\*_~`|<>@\[\]]")
_LINE_START = re.compile(r"^(\s*)([-+#]|\d{1,9}(?=[.)]))", re.MULTILINE)
APOSTROPHE = "'"
_HALF_TAG = re.compile(r"<[^<>]*$")


def escaped(text: str) -> str:
    """Plain text as Discord's markdown: nothing in it is formatting, a mention or an emoji.

    Addresses stay as they are, so that they can be clicked.
    """
    parts = []
    end = 0
    for found in _ADDRESS.finditer(text):
        parts += [_escaped(text[end : found.start()]), found.group()]
        end = found.end()
    return _LINE_START.sub(_at_line_start, "".join([*parts, _escaped(text[end:])]))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def _at_line_start(found: re.Match[str]) -> str:
    """Headings and lists begin with a sign, or with a number and a sign that follows it."""
    space, sign = found.groups()
    if sign.isdecimal():
        # The sign after the number is what a backslash can stand before.
        return f"{space}{sign}\\"
    return f"{space}\\{sign}"


def code(text: str) -> str:
    """Text in the form of something to type; it can't hold the sign that ends it."""
    return f"`{text.replace('`', APOSTROPHE)}`" if text else ""


def quoted(markdown: str) -> str:
    """Lines with a bar before them."""
    return "\n".join(f"> {line}" for line in markdown.split("\n"))


def cut(markdown: str, length: int) -> str:
    """The markdown, cut with an ellipsis where it is longer than that many characters.

    No escape, timestamp or stressed word is cut in two.
    """
    if len(markdown) <= length:
        return markdown
    if length <= 0:
        return ""
    kept = _HALF_TAG.sub(_unless_escaped, markdown[: length - 1])
    trailing = len(kept) - len(kept.rstrip("\\"))
    if trailing % 2:
        kept = kept[:-1]
    kept = kept.rstrip()
    for sign in ("**", "`"):
        if _count(kept, sign) % 2:
            kept = kept[: _last(kept, sign)].rstrip()
    return f"{kept}…"


def _unless_escaped(found: re.Match[str]) -> str:
    before = found.string[: found.start()]
    backslashes = len(before) - len(before.rstrip("\\"))
    return found.group() if backslashes % 2 else ""


def _places(markdown: str, sign: str) -> list[int]:
    """Where a sign stands that is not escaped."""
    pattern = re.compile(rf"\\.|({re.escape(sign)})", re.DOTALL)
    return [found.start() for found in pattern.finditer(markdown) if found.group(1)]


def _count(markdown: str, sign: str) -> int:
    return len(_places(markdown, sign))


def _last(markdown: str, sign: str) -> int:
    return _places(markdown, sign)[-1]
