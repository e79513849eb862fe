"""Which misspelling stands for which known word: strict, so that other words stay themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

MAX_KEY = 60


def _edits(length: int) -> int:
    """How many edits a word of that many letters may be away from what was meant."""
    if length < 6:
        return 1
    return 2 if length < 11 else 3


def _without_doubles(word: str) -> str:
    return "".join(c for i, c in enumerate(word) if i == 0 or c != word[i - 1])


def _is_slip(typed: str, known: str) -> bool:
    """Whether ``typed`` is likely a slip for ``known``, its edit distance being small enough.

    In short words a changed letter makes another word (BART is not BERT), so only swapped or
    doubled letters count there; in longer ones the first letter must hold.
    """
    if sorted(typed) == sorted(known) or _without_doubles(typed) == _without_doubles(known):
        return True
    shorter = min(len(typed), len(known))
    if shorter < 5 or typed[0] != known[0]:
        return False
    return shorter > 5 or len(typed) != len(known)


class Speller:
    """Finds the known words that a misspelling is likely to stand for."""

    def __init__(self, known: Iterable[str]) -> None:
        # A slip keeps the first letter or swaps it with the second, so few words are compared.
        self._filed: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word in sorted(set(known)):
            if 3 <= len(word) <= MAX_KEY:
                self._filed[word[0], len(word)].append(word)

    def closest(self, typed: str) -> str | None:
        """The nearest known word, or None if none is near; ties go to the alphabet's first."""
        if not 3 <= len(typed) <= MAX_KEY:
            return None
        cutoff = _edits(len(typed))
        lengths = range(len(typed) - cutoff, len(typed) + cutoff + 1)
        pools = [self._filed.get((c, n), ()) for c in dict.fromkeys(typed[:2]) for n in lengths]
        found: list[tuple[int, str]] = []
        for pool in filter(None, pools):
            near = process.extract(
                typed, pool, scorer=OSA.distance, score_cutoff=cutoff, limit=None
            )
            found += [(int(edits), word) for word, edits, _ in near if _is_slip(typed, word)]
        return min(found)[1] if found else None
