"""Is a reply written in the deck's language? Told from scripts and function words alone.

Technical English runs through replies in every language, so content words say nothing here:
only function words that the two languages don't share are counted.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

from bot.judge.profiles import BORROWED, MORE_FUNCTION_WORDS, STUDY_WORDS
from bot.judge.text import MAX_CHARS, fold, words_of
from bot.judge.words import COMMON_WORDS, STOP_WORDS

MIN_LETTERS = 4
FOREIGN_SCRIPT_SHARE = 0.25
ENOUGH_EVIDENCE = 1.5
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
            return True
    elif scripts[home] / total >= FOREIGN_SCRIPT_SHARE / 2:
        return language == "zh" and _has_kana(folded)
    return _function_words_differ(words_of(folded)[:MAX_WORDS], language)


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


def _function_words_differ(words: list[str], language: str) -> bool:
    own = _PROFILES.get(language)
    if own is None and language in _SCRIPT_OF_LANGUAGE:
        own = frozenset()  # its script was expected and isn't there
    if own is None or len(words) < 3:
        return False
    counts = Counter(words)
    return any(
        _clearly(counts, profile, own) for name, profile in _PROFILES.items() if name != language
    )


def _clearly(counts: Counter[str], theirs: frozenset[str], own: frozenset[str]) -> bool:
    """Whether the words that only ``theirs`` has clearly outweigh those that only ``own`` has."""
    foreign = [word for word in counts if word in theirs and word not in own]
    solid = [word for word in foreign if word not in BORROWED and len(word) > 1]
    if not solid:
        return False
    evidence = len(solid) + 0.5 * (len(foreign) - len(solid))
    against = sum(word in own and word not in theirs for word in counts)
    share = sum(counts[word] for word in foreign) / counts.total()
    return evidence >= ENOUGH_EVIDENCE and evidence > 1.5 * against and share >= 0.1
