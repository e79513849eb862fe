"""Near copies: how much of a reply's wording is another text's."""

from __future__ import annotations

from bot.judge.text import fold, words_of

SHINGLE = 5
MIN_WORDS = 12


def near_copy(reply: str, other: str) -> float:
    """The share 0..1 of the reply's five-word shingles that ``other`` has too.

    0.0 when the reply has fewer than 12 words: short answers agree by chance. Case, width,
    punctuation and invisible characters don't count.
    """
    mine = words_of(fold(reply)[0])
    if len(mine) < MIN_WORDS:
        return 0.0
    theirs = _shingles(words_of(fold(other)[0]))
    own = _shingles(mine)
    return len(own & theirs) / len(own)


def _shingles(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)}
