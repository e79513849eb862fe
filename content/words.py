"""Words of a text: folded, stemmed, and without those that carry no meaning of their own."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache

import snowballstemmer

# Function words, and the words people wrap around the thing they ask about.
STOP = frozenset(
    """
    a about above after again against all also although always am an and another any anyone are as
    at be because been before being below best better between both but by can cannot could did do
    does doing done don down during each either else etc ever every explain explained
    few for from further get gets getting give given go goes good had has have having he hello help
    her here hi him his how however i if in instead into is it its itself just kind know let like
    ll lot lots make makes making many matter matters may me mean meaning means meant might more
    most much must my need needs no nor not now of off often on once one only onto or other our out
    over own per please quite rather re really s same see shall she should show simple simply since
    so some someone something sort still such t tell than thank thanks that the their them then
    there therefore these they thing things this those though through thus to too two under
    understand until up upon us use used uses using usually ve versus very via vs want was way we
    well were what whats when where whether which while who whole whom whose why will with within
    without word words work works would yes you your
    define definition describe difference differences different differ compare comparison
    happen happens able around became become becomes
    eli5 quick overview basics concept intro introduction stand stands acronym term terms
    example examples idea important importance point purpose useful role main briefly detail details
    advantage advantages benefit benefits question answered component components part parts step
    steps stage stages type types kinds ways stop avoid prevent
    """.split()  # noqa: SIM905 - one quoted word a line would hide the list
)

_WORD = re.compile(r"[^\W_]+")
_ACRONYMS = re.compile(r"[bcdfghjklmnpqrtvwxz]{2,}s")  # LLMs, RNNs: Snowball leaves their s
_LANGUAGES = {
    "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
_stemming = threading.Lock()  # a Snowball stemmer keeps the word it works on in itself


@lru_cache(maxsize=16)
def _stemmer(language: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(_LANGUAGES[language])


@lru_cache(maxsize=200_000)
def stem(word: str, language: str = "en") -> str:
    """The word's Snowball stem; the word itself where the language has no stemmer."""
    if language not in _LANGUAGES:
        return word
    if language == "en" and _ACRONYMS.fullmatch(word):
        return word[:-1]
    with _stemming:
        return str(_stemmer(language).stemWord(word))


def words(text: str) -> list[str]:
    """The words of a text in order: lower case, without accents, punctuation or emoji."""
    if text.isascii():
        return _WORD.findall(text.lower())
    folded = unicodedata.normalize("NFKD", text).casefold()
    return _WORD.findall("".join(c for c in folded if not unicodedata.combining(c)))


def content_words(text: str) -> list[str]:
    """The words that carry meaning, in order, repeats kept."""
    return [word for word in words(text) if word not in STOP]


def stems(text: str, language: str = "en") -> list[str]:
    """The stems of the words that carry meaning, in order, repeats kept."""
    return [stem(word, language) for word in content_words(text)]


def compact(text: str) -> str:
    """A key under which “Self-Attention”, “self attention” and “selfattention” are the same."""
    return "".join(words(text))


def slug(text: str) -> str:
    """A suggestion for an id: the first few words that carry meaning."""
    found = [word for word in content_words(text) if word.isascii()][:4]
    return "-".join(found)[:64].strip("-") or "my-question"
