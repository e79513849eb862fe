"""Questions as they stood in a file, made into a deck: limits, ids, drafted key points."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from bot.domain.deck import Deck, KeyPoint, Question, Section
from bot.domain.imports import DeckDraft, ImportNote
from bot.errors import InvalidError
from bot.judge.drafting import points_to_keep
from content.errors import DeckError
from content.importing.guide import (
    MAX_ANSWER,
    MAX_PROMPT,
    MAX_QUESTIONS,
    SECTION,
    Entry,
    Guide,
)
from content.importing.matching import Earlier, same_key
from content.importing.tongue import language_of
from content.items import key_point, source, term
from content.parser import MAX_BYTES, parse
from content.words import content_words, stems, words
from content.writing import inline, to_markdown

Item = TypeVar("Item")
Watch = Callable[[Sequence[Entry]], Iterable[Entry]]

MAX_TITLE = 150
SHOWN = 5
ID_WORDS = 5

EXAMPLE = "1. What is a staging area?\nIt holds the changes that the next commit will record."


def draft_of(
    name: str,
    guide: Guide,
    title: str | None = None,
    earlier: Deck | None = None,
    watch: Watch = iter,
) -> DeckDraft:
    """The deck that a guide makes; ``watch`` passes the questions on as they are worked at.

    Raises InvalidError if there is no question that can be used.
    """
    entries = _usable(name, guide)
    building = _Building(name, guide, entries, earlier)
    deck = building.deck(_title(name, guide, title), watch)
    text, drafted = to_markdown(deck), building.drafted
    if len(text.encode()) > MAX_BYTES:
        text, drafted = to_markdown(building.without_drafts(deck)), 0
        guide.note("no key points were drafted: the deck is too big, judges draft them as they go")
    if len(text.encode()) > MAX_BYTES:
        limit = MAX_BYTES // 1_000_000
        raise InvalidError(f"{name}: makes a deck of over {limit} MB: split it into several files.")
    try:
        deck = parse(text, name).deck
    except DeckError as error:
        raise InvalidError(
            f"{name}: can't be written as a deck file: {error.problems[0].message}"
        ) from error
    return DeckDraft(deck, text, guide.form, drafted, _sorted_notes(guide))


def _sorted_notes(guide: Guide) -> tuple[ImportNote, ...]:
    return tuple(sorted(guide.notes, key=lambda note: note.line or 0))


def _title(name: str, guide: Guide, title: str | None) -> str:
    stem = re.sub(r"[\s_-]+", " ", name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0])
    found = " ".join((title or guide.title or stem).split())
    return found[:MAX_TITLE].strip() or "Imported guide"


def _usable(name: str, guide: Guide) -> list[Entry]:
    """The questions with an answer, each once. Raises InvalidError where none or too many are."""
    if not guide.entries:
        raise InvalidError(
            f"{name}: no question was found. Looked for numbered questions, “Q:” and “A:” lines,"
            " headings, bold lines, toggles and lines that end with a question mark, each with"
            f" its answer below. For example:\n\n{EXAMPLE}"
        )
    if len(guide.entries) > MAX_QUESTIONS:
        raise InvalidError(
            f"{name}: has {len(guide.entries):,} questions, and a deck takes {MAX_QUESTIONS:,}:"
            " split it into several files."
        )
    kept = list(_unique(guide))
    if not kept:
        raise InvalidError(
            f"{_where(name, guide.entries[0].line)}: {len(guide.entries)} questions were found"
            " (the first of them here), but none has an answer: write each answer below its"
            f" question. For example:\n\n{EXAMPLE}"
        )
    if problems := [problem for entry in kept for problem in _too_long(name, entry)]:
        more = f"\n... and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise InvalidError("\n".join(problems[:SHOWN]) + more)
    return kept


def _unique(guide: Guide) -> Iterator[Entry]:
    seen: dict[str, int] = {}
    for entry in guide.entries:
        line = entry.line or None
        shown = f"“{entry.prompt[:60]}”"
        if not entry.prompt:
            guide.note("left out: the question has no text", line)
        elif not entry.answer:
            guide.note(f"left out: {shown} has no answer", line)
        elif (key := same_key(entry.prompt)) in seen:
            first = f" on line {seen[key]}" if seen[key] else " before"
            guide.note(f"left out: {shown} was asked{first} already", line)
        else:
            seen[key] = entry.line
            yield entry


def _where(name: str, line: int) -> str:
    return f"{name}:{line}" if line else name


def _too_long(name: str, entry: Entry) -> Iterator[str]:
    where = _where(name, entry.line)
    if len(entry.prompt) > MAX_PROMPT:
        yield (
            f"{where}: the question “{entry.prompt[:40]}...” has {len(entry.prompt):,} characters:"
            f" shorten it to {MAX_PROMPT}."
        )
    if len(entry.answer) > MAX_ANSWER:
        yield (
            f"{where}: the answer to “{entry.prompt[:40]}” has {len(entry.answer):,} characters:"
            f" shorten it to {MAX_ANSWER:,}, or make two questions of it."
        )


def slug_of(text: str, otherwise: str) -> str:
    """An id for a text: its telling words, or a digest where it has none in Latin letters."""
    found = list(dict.fromkeys(w for w in content_words(text) if w.isascii()))[:ID_WORDS]
    if len(found) < 2:
        found = [w for w in words(text) if w.isascii()][:ID_WORDS]
    telling = "-".join(found)[:56].strip("-")
    if telling and len(words(text)) < 2 * len(found) + 8:
        return telling
    digest = hashlib.sha256(" ".join(words(text)).encode()).hexdigest()[:8]
    return telling or f"{otherwise}-{digest}"


class _Building:
    """Makes one deck; ids are given out once."""

    def __init__(
        self, name: str, guide: Guide, entries: Sequence[Entry], earlier: Deck | None
    ) -> None:
        self.name = name
        self.guide = guide
        self.entries = entries
        self.earlier = Earlier(earlier, entries) if earlier else None
        self.taken = {question.id for question in earlier.questions()} if earlier else set()
        self.counts: dict[str, int] = {}
        self.language = earlier.language if earlier else self._language()
        self.drafts: dict[str, int] = {}

    def _language(self) -> str:
        found = language_of(f"{entry.prompt}\n{entry.answer}" for entry in self.entries)
        if found != "en":
            self.guide.note(f"the language is taken to be “{found}”: correct it if it is another")
        return found

    def deck(self, title: str, watch: Watch) -> Deck:
        """The deck, with key points drafted where neither file nor earlier deck has any."""
        sections: dict[str, list[Question]] = {}
        for place, entry in enumerate(watch(self.entries)):
            question = self._question(place, entry)
            sections.setdefault(question.section, []).append(question)
        old = self.earlier.deck if self.earlier else None
        return Deck(
            id=old.id if old else slug_of(title, "guide"),
            title=title,
            sections=tuple(Section(name, tuple(found)) for name, found in sections.items()),
            language=self.language,
            licence=old.licence if old else "",
            intro=self.guide.intro,
        )

    @property
    def drafted(self) -> int:
        """The number of key points that were drafted."""
        return sum(self.drafts.values())

    def without_drafts(self, deck: Deck) -> Deck:
        """The deck with only the key points that somebody wrote."""

        def bare(question: Question) -> Question:
            return replace(question, key_points=()) if question.id in self.drafts else question

        sections = (Section(s.title, tuple(map(bare, s.questions))) for s in deck.sections)
        return replace(deck, sections=tuple(sections))

    def _question(self, place: int, entry: Entry) -> Question:
        old = self.earlier.question(place) if self.earlier else None
        question = Question(
            id=old.id if old else self._new_id(entry.prompt),
            prompt=entry.prompt,
            reference=entry.answer,
            key_points=self._given_points(entry),
            section=" ".join(entry.section.split())[:MAX_TITLE].strip() or SECTION,
            difficulty=entry.difficulty,
            follow_ups=entry.follow_ups,
            misconceptions=entry.misconceptions,
            terms=self._read(entry, entry.terms, term),
            sources=self._read(entry, entry.sources, source),
        )
        if old is not None and same_key(old.reference) == same_key(entry.answer):
            question = _with_what_was_added(question, old)
        if not question.key_points:
            points = self._draft(question)
            self.drafts[question.id] = len(points)
            question = replace(question, key_points=points)
        return question

    def _given_points(self, entry: Entry) -> tuple[KeyPoint, ...]:
        numbers = itertools.count(1)
        return self._read(entry, entry.key_points, lambda raw: key_point(raw, f"kp{next(numbers)}"))

    def _read(
        self, entry: Entry, texts: Sequence[str], reader: Callable[[str], Item]
    ) -> tuple[Item, ...]:
        """List items in a deck file's small syntax. Raises InvalidError with the entry's line."""
        try:
            return tuple(reader(inline(text)) for text in texts)
        except ValueError as error:
            raise InvalidError(f"{_where(self.name, entry.line)}: {error}.") from error

    def _draft(self, question: Question) -> tuple[KeyPoint, ...]:
        """Drafted key points; none of words so common that no reply could be told by them."""
        drafted = points_to_keep(question, self.language)
        telling = [point.text for point in drafted if stems(point.text, self.language)]
        return tuple(KeyPoint(f"kp{n}", text) for n, text in enumerate(telling, 1))

    def _new_id(self, prompt: str) -> str:
        """The prompt's slug, numbered where an earlier question or another one has it."""
        wanted = found = slug_of(prompt, "q")
        while found in self.taken:
            self.counts[wanted] = self.counts.get(wanted, 1) + 1
            found = f"{wanted}-{self.counts[wanted]}"
        self.taken.add(found)
        return found


def _with_what_was_added(question: Question, old: Question) -> Question:
    """The question with what the earlier deck has of it, where the new file gives nothing."""
    return replace(
        question,
        key_points=question.key_points or old.key_points,
        follow_ups=question.follow_ups or old.follow_ups,
        misconceptions=question.misconceptions or old.misconceptions,
        terms=question.terms or old.terms,
        sources=question.sources or old.sources,
    )
