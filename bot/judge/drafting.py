"""Key points for questions that have only a reference answer: one per sentence or bullet."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.domain.deck import KeyPoint, Question
from bot.judge.text import read, snippet

MAX_POINTS = 12
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "a": 1}
_WANTED = re.compile(
    r"\b(?:at least|name|give|list|state|describe|mention|any|discuss|provide)\s+(?:at least\s+)?"
    r"(?:the\s+)?(one|two|three|four|five|six|[1-6])\b"
)

_ITEM = re.compile(r"(?:- |\d+\. )(.*)")
_HEAD = re.compile(r"^([^\W_]+):\s+(?=\S)")
_LISTING = re.compile(r"\b(?:name|list|state|enumerate|mention)\b")


def draft_key_points(question: Question, language: str = "en") -> tuple[KeyPoint, ...]:
    """The question's own key points, or else one per sentence or bullet of its reference.

    A stretch with fewer than two words of content (a heading, a stray number) is joined to
    the one after it. At most 12 points; what is left over goes to the last.
    """
    if question.key_points:
        return question.key_points
    text = read(question.reference, language)
    spans: list[tuple[int, int]] = []
    pending: int | None = None
    for sentence in text.sentences:
        start = sentence.start if pending is None else pending
        words = text.tokens[sentence.first : sentence.last]
        if sum(not word.stop for word in words) < 2 or text.raw[: sentence.end].endswith(":"):
            pending = start
            continue
        pending = None
        spans.append((start, sentence.end))
    if pending is not None or not spans:
        spans.append((0 if pending is None else pending, len(text.raw)))
    if len(spans) > MAX_POINTS:
        spans = [*spans[: MAX_POINTS - 1], (spans[MAX_POINTS - 1][0], spans[-1][1])]
    texts = [snippet(text.raw, start, end) for start, end in spans]
    kept = [piece for piece in texts if piece] or [question.reference.strip()]
    return tuple(KeyPoint(id=f"kp{n}", text=piece) for n, piece in enumerate(kept, 1))


def points_to_keep(question: Question, language: str = "en") -> tuple[KeyPoint, ...]:
    """Key points as they can stand in a deck file, where an organiser will edit them.

    A list gives one for each item, or one in all if its items are single words; a line that
    only leads to a list goes with it, and code gives none. A one-word head gets a dash for its
    colon: a deck's own points are compared by such heads, and these promise nothing of the kind.
    """
    texts: list[str] = []
    lead = ""
    for block in question.reference.split("\n\n"):
        items = _items(block)
        if items:
            texts += _of_list(lead, items)
        elif "\n" not in block and not block.endswith(":"):
            part = replace(question, reference=block, key_points=())
            texts += [point.text for point in draft_key_points(part, language)]
        lead = block if block.endswith(":") and "\n" not in block else ""
    texts = [_HEAD.sub("\\1 \u2013 ", text) for text in dict.fromkeys(texts) if _says(text)]
    texts = [*texts[: MAX_POINTS - 1], "; ".join(texts[MAX_POINTS - 1 :])]
    points = tuple(KeyPoint(id=f"kp{n}", text=text) for n, text in enumerate(texts, 1) if text)
    return points or draft_key_points(replace(question, key_points=()), language)


def _items(block: str) -> list[str]:
    """The items of a list; none if the block is something else."""
    found = [_ITEM.match(line) for line in block.split("\n")]
    return [match[1].strip() for match in found if match] if all(found) else []


def _of_list(lead: str, items: list[str]) -> list[str]:
    if any(" " in item for item in items):
        return [snippet(item, 0, len(item)) for item in items]
    return [f"{lead} {', '.join(items)}".strip()]


def _says(text: str) -> bool:
    return any(char.isalnum() for char in text)


def wanted_points(prompt: str, drafted: int) -> int:
    """How many of the drafted points the prompt asks for ("name two of ..."); else all."""
    match = _WANTED.search(prompt.lower())
    if match is None:
        return drafted
    word = match.group(1)
    return min(drafted, int(word) if word.isdigit() else _NUMBERS[word])


def asks_for_list(prompt: str) -> bool:
    """Whether the prompt asks to name things: a bare list is then a fair answer."""
    return _LISTING.search(prompt.lower()) is not None
