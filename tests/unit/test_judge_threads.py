"""Replies that are judged at the same time don't disturb one another."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.judge.text import stem

ENDINGS = ("ization", "ational", "fulness", "iveness", "ing", "ed", "ies", "ously", "ement", "")
WORDS = [f"{a}{b}{end}" for a in ("norm", "gener", "hope") for b in "abcdlrst" for end in ENDINGS]


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads take turns so often that they meet in the middle of a word."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_words_are_stemmed_alike_in_many_threads(hurried: None) -> None:
    del hurried
    stem.cache_clear()
    alone = [stem(word) for word in WORDS]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            stem.cache_clear()
            for together in pool.map(lambda _: [stem(word) for word in WORDS], range(8)):
                assert together == alone
