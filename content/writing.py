"""Writes a deck as the Markdown file that ``content.parser`` reads back to the same deck."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.domain.deck import Deck, KeyPoint, Question, Source, Term
from content.items import closing
from content.parser import LABELS

# What inline Markdown would take for its own. An underscore inside a word is just that.
_INLINE = re.compile(
    r"""[\\`*\[\]<]          # escapes, code, emphasis, links, autolinks
    | (?<![^\W_])_ | _(?![^\W_])
    | &(?=[#\w])             # entities
    | (?<![^\s{])\#          # a heading's closing marks, and the mark of an id
    """,
    re.VERBOSE,
)
_BLOCK_START = re.compile(r"[-+>~=]|\d{1,9}(?=[.)])")
_MARK = re.compile(r"\((?=\s*(?:essential\s*\)|weight\s*:|or\s*:))", re.IGNORECASE)
_DIFFICULTY = re.compile(r"difficulty\s*:", re.IGNORECASE)
_NUMBERED = re.compile(r"(\d{1,9})\. (\S.*)")
_PLAIN_VALUE = re.compile(r"[A-Za-z][A-Za-z0-9 ,.()+-]*")
_UNPRINTABLE = re.compile(
    r"[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def to_markdown(deck: Deck) -> str:
    """The deck as a Markdown deck file; every deck that was parsed comes back unchanged.

    Texts that the format has no way to say (two spaces in a prompt, a semicolon in an alias)
    come back as the parser reads them.
    """
    parts = [_front_matter(deck), *_blocks(deck.intro)]
    for section in deck.sections:
        parts.append(f"## {inline(section.title)}")
        for question in section.questions:
            parts += _question(question)
    return "\n\n".join(parts) + "\n"


def inline(text: str) -> str:
    """Plain text on one line, so escaped that Markdown sees no mark in it."""
    return _INLINE.sub(r"\\\g<0>", " ".join(text.split()))


def _front_matter(deck: Deck) -> str:
    values = {"id": deck.id, "title": deck.title, "language": deck.language}
    if deck.licence:
        values["licence"] = deck.licence
    lines = [f"{name}: {_value(value)}" for name, value in values.items()]
    return "\n".join(["---", *lines, "---"])


def _value(text: str) -> str:
    """A YAML scalar: bare where that is safe, else in double quotes."""
    if _PLAIN_VALUE.fullmatch(text) and text == text.strip():
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = _UNPRINTABLE.sub(lambda found: "\\u" + format(ord(found[0]), "04x"), quoted)
    return f'"{escaped}"'


def _question(question: Question) -> Iterator[str]:
    yield f"### {inline(question.prompt)} {{#{question.id}}}"
    if question.difficulty != 1:
        yield f"Difficulty: {question.difficulty}"
    yield from _blocks(question.reference)
    points = [_key_point(point, n) for n, point in enumerate(question.key_points, 1)]
    yield from _list("Key points", points)
    yield from _list("Follow-ups", map(_item, question.follow_ups))
    yield from _list("Misconceptions", map(_item, question.misconceptions))
    yield from _list("Terms", map(_term, question.terms))
    yield from _list("Sources", map(_source, question.sources))


def _list(label: str, items: Iterable[str]) -> Iterator[str]:
    lines = [f"- {item}" for item in items]
    if lines:
        yield f"#### {label}"
        yield "\n".join(lines)


def _item(text: str) -> str:
    """The text of a paragraph or list item: its beginning doesn't start another block."""
    escaped = inline(text)
    if match := _BLOCK_START.match(escaped):
        at = match.end() if match[0][0].isdigit() else 0
        return f"{escaped[:at]}\\{escaped[at:]}"
    return escaped


def _key_point(point: KeyPoint, number: int) -> str:
    parts = [_MARK.sub("&#40;", _item(point.text))]
    if point.essential:
        parts.append("(essential)")
    if point.weight != 1:
        parts.append(f"(weight: {point.weight!r})")
    if point.id != f"kp{number}":
        parts.append(f"{{#{point.id}}}")
    wordings = [f"\n  (or: {_bracketed(inline(wording))})" for wording in point.wordings]
    return " ".join(parts) + "".join(wordings)


def _bracketed(text: str) -> str:
    """Text to stand in brackets: its own are kept if every one of them is closed."""
    whole = f"({text})"
    if closing(whole, 0) == len(whole) - 1:
        return text
    return text.replace("(", "&#40;").replace(")", "&#41;")


def _term(term: Term) -> str:
    name = _item(term.name).replace(":", "&#58;").replace(" (", " &#40;")
    aliases = "; ".join(map(inline, term.aliases))
    head = f"{name} ({aliases})" if aliases else name
    return f"{head}: {inline(term.definition)}" if term.definition else head


def _source(source: Source) -> str:
    if source.year is None:
        return _item(source.title)
    about = f"{source.authors}, {source.year}" if source.authors else f"{source.year}"
    return f"{_item(source.title)} ({inline(about)})"


def _blocks(text: str) -> list[str]:
    """A text of paragraphs, lists and code as Markdown blocks."""
    if not text:
        return []
    pieces = text.split("\n\n")
    if any(piece.strip("\n") != piece or not piece for piece in pieces):
        return [_fence(text)]  # blank lines that only code has
    written: list[str] = []
    code: list[str] = []
    for piece in pieces:
        block = _block(piece, after=written[-1] if written and not code else "")
        if block is None:
            code.append(piece)
            continue
        written += [_fence("\n\n".join(code))] if code else []
        written.append(block)
        code = []
    return [*written, _fence("\n\n".join(code))] if code else written


def _block(piece: str, after: str) -> str | None:
    """One block, None for what only a code block can hold.

    A list takes other marks than a list right before it, or they would join.
    """
    lines = piece.split("\n")
    if any(line != " ".join(line.split()) for line in lines):
        return None
    if all(line.startswith("- ") for line in lines):
        mark = "*" if after.startswith("- ") else "-"
        return "\n".join(f"{mark} {_item(line[2:])}" for line in lines)
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    if all(found and int(found[1]) == n for n, found in enumerate(numbered, 1)):
        mark = ")" if after.startswith("1. ") else "."
        return "\n".join(f"{n}{mark} {_item(f[2])}" for n, f in enumerate(numbered, 1) if f)
    if len(lines) > 1 or _is_label(piece):
        return None
    return _item(piece)


def _is_label(line: str) -> bool:
    """Whether a deck file would take the line for the head of a list, or for a difficulty."""
    return line.rstrip(":").strip().lower() in LABELS or _DIFFICULTY.match(line) is not None


def _fence(text: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}\n{text}\n{marks}"
