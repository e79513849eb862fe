"""A text read a question at a time has the blocks that it has as a whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from content.blocks import MOST_TRIES, blocks
from content.items import plain

WHOLE = MarkdownIt("commonmark", {"html": False}).disable(["lheading", "inline", "reference"])
LINES = st.sampled_from(
    [
        *("## a", "### b {#x}", "#### Key points", "#", "##x", "\t### tab", " ### one"),
        *("text", "- item", "  more", "1. one", "- ### in", "> quote", "***", "", "    code"),
        *("```", "~~~", "  ```", "- ```", "   ~~~~", "> ```", "``` ` x", "<div>", "<!--", "-->"),
    ]
)


def flat(node: SyntaxTreeNode) -> tuple[object, ...]:
    text = node.content if node.type in {"inline", "fence", "code_block"} else ""
    return node.type, node.tag, text, tuple(map(flat, node.children))


def read_whole(text: str) -> list[object]:
    return [(flat(n), n.map and n.map[0]) for n in SyntaxTreeNode(WHOLE.parse(text)).children]


def read_in_pieces(text: str) -> list[object]:
    return [(flat(n), n.map and above + n.map[0]) for n, above in blocks(text)]


@given(st.lists(LINES, max_size=30).map("\n".join))
def test_pieces_have_the_blocks_and_lines_of_the_whole(text: str) -> None:
    assert read_in_pieces(text) == read_whole(text)


def test_a_fence_that_is_never_closed_goes_on_to_the_end() -> None:
    text = "## a\n```\n" + "## no heading\n" * (2 * MOST_TRIES)
    assert read_in_pieces(text) == read_whole(text)
    assert len(read_in_pieces(text)) == 2


@given(st.text(st.characters(codec="utf-8", exclude_characters="\\`*_[<&\r\0"), max_size=40))
def test_a_line_without_markup_is_what_it_says(text: str) -> None:
    [inline] = MarkdownIt("commonmark", {"html": False}).parseInline(text)
    said = [" " if each.type.endswith("break") else each.content for each in inline.children or ()]
    assert plain(text) == " ".join("".join(said).split())
