"""A Markdown text's blocks, read a question at a time.

A whole guide's syntax tree is half a million objects for 6,000 questions. Python's collector
stops every thread to look through them, so no more of it is held than one question's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

# Setext headings are off, so that a rule under a paragraph doesn't turn it into a section;
# inline parsing is done by ``content.items.plain`` after a block's size was checked.
_BLOCKS = MarkdownIt("commonmark", {"html": False}).disable(["lheading", "inline", "reference"])
_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_FENCE = re.compile(r"```|~~~")
_PROBE = "### end"
MOST_TRIES = 20
"""Headings after which a fence that isn't closed is taken to go on to the text's end."""


def blocks(text: str) -> Iterator[tuple[SyntaxTreeNode, int]]:
    """The top-level blocks in order, each with the line from 0 that its ``map`` counts from."""
    line = 0
    for stretch, tokens in _stretches(text):
        for node in SyntaxTreeNode(tokens).children:
            yield node, line
        line += stretch.count("\n")


def _stretches(text: str) -> Iterator[tuple[str, list[Token]]]:
    """The text cut before headings, with what each piece holds.

    A heading without an indent ends every block but a fence of code: where one may be open,
    it is tried whether a heading is seen as one.
    """
    begin = tries = 0
    for match in _HEADING.finditer(text):
        end = match.start()
        if end == begin or tries == MOST_TRIES:
            continue
        stretch = text[begin:end]
        if _FENCE.search(stretch):
            probed = _BLOCKS.parse(stretch + _PROBE)
            if probed[-1].type != "heading_close" or probed[-1].level:
                tries += 1
                continue
            tokens = probed[:-3]
        else:
            tokens = _BLOCKS.parse(stretch)
        yield stretch, tokens
        begin, tries = end, 0
    yield text[begin:], _BLOCKS.parse(text[begin:])
