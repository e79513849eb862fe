"""The HTML of a flashcard as lines of text, with bullets and numbers where it has lists."""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>|<![^<>]*>")
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_SOUND = re.compile(r"\[(?:sound:[^\]\n]*|anki:play:[^\]\n]*)\]")
_BREAKS = {"br", "div", "tr", "ul", "ol", "dl", "dt", "dd", "table", "section", "details"}
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "hr"}
_SILENT = {"script", "style"}
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def text_of(source: str) -> str:
    """What a reader would see; takes time linear in the length."""
    if "<" not in source and "&" not in source:
        return _SOUND.sub("", source).strip()
    out: list[str] = []
    lists: list[int] = []  # the next number of each open ordered list, 0 for a bullet list
    silent, verbatim, position = "", 0, 0
    for tag in _TAG.finditer(source):
        if not silent:
            out.append(_words(source[position : tag.start()], verbatim=verbatim > 0))
        position = tag.end()
        closing, name = tag[1] == "/", (tag[2] or "").lower()
        if name in _SILENT:
            silent = "" if closing and name == silent else (silent or name)
        elif not silent:
            verbatim = max(0, verbatim + (-1 if closing else 1)) if name == "pre" else verbatim
            out.append(_mark(name, tag[3] or "", lists, closing=closing))
    if not silent:
        out.append(_words(source[position:], verbatim=verbatim > 0))
    lines = (line.rstrip() for line in "".join(out).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _words(text: str, *, verbatim: bool) -> str:
    found = _SOUND.sub("", html.unescape(text)).replace("\xa0", " ")
    return found if verbatim else re.sub(r"\s+", " ", found)


def _mark(name: str, attributes: str, lists: list[int], *, closing: bool) -> str:
    """What stands in the text for a tag."""
    if name in {"ul", "ol"}:
        if closing:
            del lists[-1:]
        else:
            lists.append(int(name == "ol"))
        return "\n"
    if name == "li":
        return "" if closing else _bullet(lists)
    if name == "pre":
        return "\n```\n"
    if name in {"td", "th"}:
        return "" if closing else " "
    if name == "img" and (alt := _ALT.search(attributes)):
        return f" {html.unescape(alt[1] or alt[2] or '')} "
    if name in _PARAGRAPHS:
        return "\n\n"
    return "\n" if name in _BREAKS else ""


def _bullet(lists: list[int]) -> str:
    if not lists or not lists[-1]:
        return "\n- "
    lists[-1] += 1
    return f"\n{lists[-1] - 1}. "
