"""Is a reply written in the deck's language? Told from scripts and function words alone.

Technical English runs through replies in every language, so content words say nothing here:
only function words that the two languages don't share are counted.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from bot.judge.profiles import BORROWED, MORE_FUNCTION_WORDS, STUDY_WORDS
from bot.judge.text import MAX_CHARS, fold, words_of
from bot.judge.words import COMMON_WORDS, STOP_WORDS, words

MIN_LETTERS = 4
FOREIGN_SCRIPT_SHARE = 0.25
ENOUGH_EVIDENCE = 1.5
# Where nothing speaks for the deck's language, one longer word of another is enough.
ENOUGH_UNOPPOSED = 1.0
UNOPPOSED_WORDS = 5
# So many words of the deck's language are no jargon in a foreign sentence: it is the reply's.
PLENTY = 6
MAX_WORDS = 600

_SCRIPT_OF_LANGUAGE = {
    "ar": "ARABIC",
    "be": "CYRILLIC",
    "bg": "CYRILLIC",
    "bn": "BENGALI",
    "el": "GREEK",
    "fa": "ARABIC",
    "he": "HEBREW",
    "hi": "DEVANAGARI",
    "ja": "CJK",
    "ka": "GEORGIAN",
    "ko": "HANGUL",
    "mr": "DEVANAGARI",
    "ru": "CYRILLIC",
    "sr": "CYRILLIC",
    "ta": "TAMIL",
    "te": "TELUGU",
    "th": "THAI",
    "uk": "CYRILLIC",
    "ur": "ARABIC",
    "zh": "CJK",
}
_ONE_SCRIPT = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "KATAKANA-HIRAGANA": "CJK"}
# A Chinese or Japanese character says about as much as three letters, a Korean one as two.
_LETTERS_PER_SIGN = {"CJK": 3, "HANGUL": 2}

_MARKED = re.compile(r"[^\W\d_]*[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1ea0-\u1ef9][^\W\d_]*")
_ENGLISH_MARKED = words(
    """na\u00efve na\u00efvely caf\u00e9 r\u00e9sum\u00e9 fa\u00e7ade clich\u00e9 \u00e0"""
)

_FUNCTION_WORDS = {**STOP_WORDS, **MORE_FUNCTION_WORDS, "en": STOP_WORDS["en"] | COMMON_WORDS}
_PROFILES = {
    name: words | STUDY_WORDS.get(name, frozenset()) for name, words in _FUNCTION_WORDS.items()
}


def other_language(reply: str, language: str = "en") -> bool:
    """Whether the reply is clearly in another language than ``language`` (ISO 639-1).

    Where there is too little to go by, or the deck's language has no profile here, the
    answer is no: a wrong abstention annoys more than a grade that an appeal can mend.
    """
    folded = fold(reply[:MAX_CHARS])[0]
    scripts = _scripts(folded)
    total = sum(scripts.values())
    if total < MIN_LETTERS:
        return False
    home = _SCRIPT_OF_LANGUAGE.get(language, "LATIN")
    if home == "LATIN":
        foreign = total - scripts["LATIN"] - scripts["GREEK"]
        greek = scripts["GREEK"] if scripts["GREEK"] > 8 else 0
        if (foreign + greek) / total >= FOREIGN_SCRIPT_SHARE:
            return foreign > scripts["LATIN"] or not _has_plenty(words_of(folded), language)
    elif scripts[home] / total >= FOREIGN_SCRIPT_SHARE / 2:
        return language == "zh" and _has_kana(folded)
    said = words_of(folded)[:MAX_WORDS]
    marked = _marked(reply) if language == "en" else 0
    return _function_words_differ(said, marked, language)


def _has_plenty(said: list[str], language: str) -> bool:
    """Whether the words hold enough function words of the language to be written in it."""
    return len(STOP_WORDS.get(language, frozenset()).intersection(said)) >= PLENTY


def _marked(reply: str) -> int:
    """How many different words have letters with marks, which English words hardly ever do."""
    if reply.isascii():
        return 0
    return len({word.lower() for word in _MARKED.findall(reply[:MAX_CHARS])} - _ENGLISH_MARKED)


def _scripts(folded: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for char, times in Counter(folded).items():
        script = _script(char)
        if script:
            counts[script] += times * _LETTERS_PER_SIGN.get(script, 1)
    return counts


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    if char.isascii():
        return "LATIN" if char.isalpha() else ""
    if not char.isalpha():
        return ""
    name = unicodedata.name(char, "").split(" ")[0]
    return _ONE_SCRIPT.get(name, name)


def _has_kana(folded: str) -> bool:
    return sum("\u3041" <= char <= "\u30ff" for char in folded) >= 3


def _function_words_differ(said: list[str], marked: int, language: str) -> bool:
    own = _PROFILES.get(language)
    if own is None and language in _SCRIPT_OF_LANGUAGE:
        own = frozenset()  # its script was expected and isn't there
    if own is None or len(said) < 3:
        return False
    counts = Counter(said)
    if marked >= 2 and marked > 0.15 * len(counts) and marked > 2 * len(own & counts.keys()):
        return True
    return any(
        _clearly(counts, profile, own, marked)
        for name, profile in _PROFILES.items()
        if name != language
    )


def _clearly(
    counts: Counter[str], theirs: frozenset[str], own: frozenset[str], marked: int
) -> bool:
    """Whether the words that only ``theirs`` has clearly outweigh those that only ``own`` has."""
    foreign = [word for word in counts if word in theirs and word not in own]
    solid = [word for word in foreign if word not in BORROWED and len(word) > 1]
    if not solid:
        return False
    evidence = len(solid) + 0.5 * (len(foreign) - len(solid)) + 0.5 * min(marked, 2)
    against = sum(word in own and word not in theirs for word in counts)
    share = sum(counts[word] for word in foreign) / counts.total()
    enough = ENOUGH_EVIDENCE
    if not against and len(counts) >= UNOPPOSED_WORDS and max(map(len, solid)) >= 5:
        enough = ENOUGH_UNOPPOSED
    return evidence >= enough and evidence > 1.5 * against and share >= 0.1
