"""What could be better about a deck, by file and line, before a study group finds out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.domain.deck import Deck, KeyPoint, Question
from bot.domain.grading import GradingTask, Judgement, PointStatus, Verdict, verdict_of
from content.errors import DeckError, Problem
from content.library import deck_files
from content.parser import ParsedDeck, parse_file
from content.words import compact, stems, words

ERROR = "error"
WARNING = "warning"
REFERENCE_WORDS = range(60, 181)
KEY_POINTS = range(3, 8)
STATED_FROM = 0.5  # the share of a key point's stems that its reference must have

Grade = Callable[[GradingTask], Judgement]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend in a deck; ``level`` is error or warning, ``line`` counts from 1."""

    file: str
    line: int
    level: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level}: {self.message}"


def lint(
    decks: Path | ParsedDeck | Iterable[Path | ParsedDeck], grade: Grade | None = None
) -> list[Finding]:
    """All findings about some decks: files, folders of them, or decks already parsed.

    With ``grade``, a judge also reads every reference answer and misconception. Never raises
    for anything that is in a file: what can't be read is a finding too.
    """
    given = [decks] if isinstance(decks, Path | ParsedDeck) else decks
    findings: list[Finding] = []
    parsed = list(_read(given, findings))
    for number, found in enumerate(parsed):
        findings += _check_deck(found)
        findings += _check_against(found, parsed[:number])
        if grade is not None:
            findings += _check_judged(found, grade)
    return sorted(findings, key=lambda finding: (finding.file, finding.line))


def _read(given: Iterable[Path | ParsedDeck], findings: list[Finding]) -> Iterator[ParsedDeck]:
    """The decks that can be read; the problems of the others become findings."""
    files: dict[Path, None] = {}
    for item in given:
        if isinstance(item, ParsedDeck):
            yield item
            continue
        try:
            files.update((path, None) for path in deck_files(item))
        except DeckError as error:
            findings += map(_finding, error.problems)
    for path in files:
        try:
            yield parse_file(path)
        except DeckError as error:
            findings += map(_finding, error.problems)


def _finding(problem: Problem) -> Finding:
    return Finding(problem.file, problem.line, ERROR, problem.message)


def _check_deck(parsed: ParsedDeck) -> Iterator[Finding]:
    """What the text itself shows, with no judge."""
    deck = parsed.deck
    for question in deck.questions():
        for level, line, message in _check_question(parsed, question, deck.language):
            yield Finding(parsed.file, line, level, message)
    yield from _check_terms(parsed)


def _check_question(
    parsed: ParsedDeck, question: Question, language: str
) -> Iterator[tuple[str, int, str]]:
    line = parsed.line(question.id)
    length = len(words(question.reference))
    if length not in REFERENCE_WORDS:
        wanted = f"{REFERENCE_WORDS.start} to {REFERENCE_WORDS.stop - 1}"
        yield WARNING, line, f"the reference has {length} words: {wanted} read best in a chat"
    count = len(question.key_points)
    if count not in KEY_POINTS:
        wanted = f"{KEY_POINTS.start} to {KEY_POINTS.stop - 1}"
        yield WARNING, line, f"the question has {count} key points: {wanted} grade most fairly"
    if count and not any(point.essential for point in question.key_points):
        yield WARNING, line, "no key point is (essential): mark what a correct answer can't miss"
    stated = frozenset(stems(question.reference, language))
    for index, point in enumerate(question.key_points):
        if not _is_stated(point, stated, language):
            where = parsed.line(question.id, "key points", index)
            message = f"the reference doesn't state “{point.text}”: add it there, or drop the point"
            yield ERROR, where, message


def _is_stated(point: KeyPoint, stated: frozenset[str], language: str) -> bool:
    """Whether the reference has most of the words of the point, or of one of its wordings."""
    for wording in (point.text, *point.wordings):
        found = set(stems(wording, language))
        if len(found & stated) >= STATED_FROM * max(1, len(found)):
            return True
    return False


def _check_terms(parsed: ParsedDeck) -> Iterator[Finding]:
    """Names that can never be looked up, because another term or alias has them already."""
    owners: dict[str, str] = {}
    for line, name in _names(parsed):
        key = compact(name)
        if key in owners:
            message = f"“{name}” is a dead name: “{owners[key]}” comes first, so delete it"
            yield Finding(parsed.file, line, ERROR, message)
        owners.setdefault(key, name)


def _names(parsed: ParsedDeck) -> Iterator[tuple[int, str]]:
    """Every name and alias of the deck's terms with its line, in order."""
    for question in parsed.deck.questions():
        for index, term in enumerate(question.terms):
            line = parsed.line(question.id, "terms", index)
            yield from ((line, name) for name in (term.name, *term.aliases))


def _check_against(parsed: ParsedDeck, earlier: Iterable[ParsedDeck]) -> Iterator[Finding]:
    """Ids that an earlier deck has, too."""
    for other in earlier:
        if other.deck.id == parsed.deck.id:
            message = f"the deck id “{parsed.deck.id}” is that of {other.file}: change one of them"
            yield Finding(parsed.file, 1, ERROR, message)
        for shared in _ids(other.deck) & _ids(parsed.deck):
            message = f"the question id “{shared}” is also used in {other.file}: rename one"
            yield Finding(parsed.file, parsed.line(shared), WARNING, message)


def _ids(deck: Deck) -> set[str]:
    return {question.id for question in deck.questions()}


def _check_judged(parsed: ParsedDeck, grade: Grade) -> Iterator[Finding]:
    """Where the judge disagrees with the deck about what is right."""
    language = parsed.deck.language
    for question in parsed.deck.questions():
        judgement = grade(GradingTask(question, question.reference, language))
        if verdict_of(judgement.score) is not Verdict.CORRECT:
            message = f"the judge doesn't grade the reference as correct{_why(judgement)}"
            yield Finding(parsed.file, parsed.line(question.id), ERROR, message)
        for index, wrong in enumerate(question.misconceptions):
            score = grade(GradingTask(question, wrong, language)).score
            if verdict_of(score) is Verdict.CORRECT:
                line = parsed.line(question.id, "misconceptions", index)
                message = "the judge grades this misconception as correct: word it more sharply"
                yield Finding(parsed.file, line, ERROR, message)


def _why(judgement: Judgement) -> str:
    if judgement.score is None:
        return f": it was not graded ({judgement.reason or 'no reason given'})"
    missed = [p.text for p in judgement.points if p.status is not PointStatus.COVERED]
    named = "; ".join(f"“{text}”" for text in missed)
    return f" ({judgement.score:.2f}): reword {named}" if named else f" ({judgement.score:.2f})"
