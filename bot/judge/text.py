"""Text as the offline judge sees it: tokens with stems that remember their place in the reply."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import snowballstemmer

from bot.judge.synonyms import SYNONYMS
from bot.judge.words import COMMON_WORDS, FIELD_WORDS, GENERAL_WORDS, STOP_WORDS

MAX_CHARS = 8_000
MAX_TOKEN = 48

_SNOWBALL = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}

# Letters of other scripts that pass for Latin ones, folded only inside mixed-script words.
_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0458\u0455\u04bb\u0501\u051b\u051d"
    "\u03bf\u03b1\u03b9\u03bd\u03c1\u03c5\u0131\u0261",
    "aeopcxyijshdqwoaivpuig",
)
# Latin letters that don't decompose into a base and a mark.
_LATIN = {
    "\u0142": "l",
    "\u00f8": "o",
    "\u0131": "i",
    "\u0111": "d",
    "\u00e6": "ae",
    "\u00df": "ss",
}
_LINES = str.maketrans("\n\r\t", "   ")
_MARKS = "\u0300-\u036f\u064b-\u0652\u0900-\u0963\u0981-\u0d7f\u0e31-\u0e4e"
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}_])[\w{_MARKS}])+(?:'[a-z]{{1,2}}(?!\w)|\^\d)?|%")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)|[\n\r;\u2022\u3002\uff01\uff1f]+|\s[-*\u2013]\s")
_CLAUSE_END = re.compile(
    r"[,:\u2014]+|\s\(|\)\s|\s(?=(?:but|while|whereas|although|because|however|which)\s)",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^[\s\-*\u2022\u2013>#.)]+|^\s*\(?\d{1,2}[.)]\s+")


@dataclass(frozen=True, slots=True)
class Token:
    """One word: ``norm`` as written but folded, ``stem`` for matching, its span in the original."""

    norm: str
    stem: str
    start: int
    end: int
    stop: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch ``start:end`` of the original text and its tokens ``first:last``."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Text:
    """A text of at most 8,000 characters, taken apart."""

    raw: str
    tokens: tuple[Token, ...]
    sentences: tuple[Sentence, ...]
    clauses: tuple[Sentence, ...]

    def clauses_of(self, sentence: Sentence) -> Sequence[Sentence]:
        """The clauses that begin inside the sentence."""
        begin = bisect_left(self.clauses, sentence.first, key=lambda clause: clause.first)
        end = bisect_left(self.clauses, sentence.last, key=lambda clause: clause.first)
        return self.clauses[begin:end]

    def content(self) -> list[Token]:
        """The tokens that are not stop words."""
        return [token for token in self.tokens if not token.stop]


def fold(raw: str) -> tuple[str, Sequence[int]]:
    """``raw`` lower-cased and NFKC-folded, and for each folded character its index in ``raw``.

    Zero-width and control characters vanish, so that they can't split a word.
    """
    if raw.isascii() and raw.translate(_LINES).isprintable():
        return raw.lower(), range(len(raw))
    out: list[str] = []
    where: list[int] = []
    for index, char in enumerate(raw):
        for folded in _fold_char(char):
            out.append(folded)
            where.append(index)
    return "".join(out), where


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    if char in "\n\r\t":
        return "\n" if char != "\t" else " "
    if char in "\u2018\u2019\u02bc\u00b4`":
        return "'"
    if unicodedata.category(char) in {"Cf", "Cc", "Cs", "Co", "Cn"}:
        return ""
    folded = unicodedata.normalize("NFKC", char).lower()
    folded = _LATIN.get(folded, folded)
    base = unicodedata.normalize("NFD", folded)
    if base and base[0].isascii():
        # Latin letters lose their accents; other scripts keep marks that are letters to them.
        return "".join(c for c in base if not unicodedata.combining(c))
    return folded if not "\u0300" <= char <= "\u036f" else ""


# Replies are judged in threads, and a stemmer keeps the word that it works on in itself.
_STEMMING = Lock()


@lru_cache(maxsize=65_536)
def stem(word: str, language: str = "en") -> str:
    """The word's snowball stem; the word itself where the language has no stemmer."""
    algorithm = _SNOWBALL.get(language)
    if algorithm is None or len(word) <= 2 or len(word) > MAX_TOKEN or word.isdigit():
        return word[:MAX_TOKEN]
    with _STEMMING:
        return str(_stemmer(algorithm).stemWord(word))


@lru_cache(maxsize=32)
def _stemmer(algorithm: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(algorithm)


def unmask(word: str) -> str:
    """The folded word with look-alikes of other scripts as Latin letters, if it mixes scripts."""
    if word.isascii() or not any("a" <= char <= "z" for char in word):
        return word
    return word.translate(_LOOKALIKES)


@lru_cache(maxsize=65_536)
def _word(norm: str, language: str) -> tuple[str, str, bool]:
    norm = unmask(norm)
    base = norm.split("'")[0] if language == "en" and not norm.endswith("n't") else norm
    stops = STOP_WORDS.get(language, frozenset())
    return norm, stem(base, language), norm in stops or base in stops


def read(raw: str, language: str = "en") -> Text:
    """Take ``raw`` apart. Reads the first 8,000 characters; linear in their number."""
    raw = raw[:MAX_CHARS]
    folded, where = fold(raw)
    tokens: list[Token] = []
    starts: list[int] = []
    for match in _TOKEN.finditer(folded):
        norm, stemmed, stop = _word(match.group()[:MAX_TOKEN].replace("^", ""), language)
        begin, end = where[match.start()], where[match.end() - 1] + 1
        tokens.append(Token(norm, stemmed, begin, end, stop))
        starts.append(match.start())
    sentences = _pieces(folded, where, starts, [m.end() for m in _SENTENCE_END.finditer(folded)])
    cuts = sorted(
        {m.end() for m in _CLAUSE_END.finditer(folded)}
        | {m.end() for m in _SENTENCE_END.finditer(folded)}
    )
    return Text(raw, tuple(tokens), sentences, _pieces(folded, where, starts, cuts))


def words_of(folded: str) -> list[str]:
    """The words of an already folded text."""
    return [match.group()[:MAX_TOKEN] for match in _TOKEN.finditer(folded)]


def _pieces(
    folded: str, where: Sequence[int], starts: list[int], cuts: list[int]
) -> tuple[Sentence, ...]:
    """The stretches between the cuts that hold at least one token."""
    pieces: list[Sentence] = []
    first = begin = 0
    for cut in [*cuts, len(folded)]:
        last = first
        while last < len(starts) and starts[last] < cut:
            last += 1
        if last > first:
            pieces.append(Sentence(where[begin], where[cut - 1] + 1, first, last))
            begin = cut
        first = last
    return tuple(pieces)


def snippet(raw: str, start: int, end: int) -> str:
    """``raw[start:end]`` without a leading bullet and surrounding space or stray punctuation."""
    piece = raw[start:end]
    return _BULLET.sub("", piece).strip(" \t\r\n,;:").removesuffix(".")


def is_common(token: Token) -> bool:
    """Whether the token is an everyday word that says little about a subject."""
    return token.norm in COMMON_WORDS


def is_general(token: Token) -> bool:
    """Whether the token, or another form of it, is a word of general English."""
    return token.stem in _general_stems()


@lru_cache(maxsize=1)
def _general_stems() -> frozenset[str]:
    return frozenset(stem(word) for word in GENERAL_WORDS)


def is_of_the_field(token: Token) -> bool:
    """Whether any text on computing may hold the word."""
    return token.norm in FIELD_WORDS


@lru_cache(maxsize=8)
def synonym_ids(language: str = "en") -> dict[str, int]:
    """Stem -> number of its synonym group; empty for languages without a table."""
    if language != "en":
        return {}
    ids: dict[str, int] = {}
    for number, group in enumerate(SYNONYMS):
        for word in group.split():
            ids.setdefault(stem(word, language), number)
    return ids
