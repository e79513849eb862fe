"""The offline judge: no key, no network, no model; words compared, milliseconds an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.domain.deck import Question
from bot.domain.grading import (
    CORRECT_FROM,
    PARTIAL_FROM,
    Calibration,
    GradingTask,
    JudgeInfo,
    Judgement,
    PointGrade,
    PointStatus,
    weighted_sum,
)
from bot.judge import feedback, guards
from bot.judge.contradiction import Contradiction, Misconceptions
from bot.judge.directed import JUDGE_DIRECTED, strip_directed
from bot.judge.features import features
from bot.judge.language import other_language
from bot.judge.points import Found, evidence_of, find_point
from bot.judge.regression import Regression
from bot.judge.rubric import Reading, Rubric, look, prepare
from bot.judge.weights import FITTED

VERSION = "2"
INFO = JudgeInfo(kind="offline", model="lexical", version=VERSION)
MISCONCEPTION = "misconception"

# A point counts as covered from this share of its words; the better the whole reply looks to
# the regression, the fewer of them must be the guide's own.
COVERED_FROM = 0.56
TOUCHED_FROM = 0.34
LENIENCE = 0.2
# What the regression makes of a fair answer: its mean over human-graded ones.
FAIR = 0.68
# Drafted points of which this share is said, word for word, need no regression.
PLAINLY_SAID = 0.9
# How much of the score is the points' weighted sum; the rest is the regression's.
SUM_SHARE = 0.93
JUST_BELOW_CORRECT = 0.79
JUST_BELOW_PARTIAL = 0.39
WITH_MISCONCEPTION = 0.6


@dataclass(frozen=True, slots=True)
class _Prepared:
    rubric: Rubric
    misconceptions: Misconceptions


# A prepared question takes about 0.4 MB.
@lru_cache(maxsize=128)
def _prepared(question: Question, language: str) -> _Prepared:
    rubric = prepare(question, language)
    return _Prepared(rubric, Misconceptions(rubric))


class OfflineJudge:
    """Grades a reply against the question's key points, or against its reference alone.

    Pure and deterministic: the same task always gives the same judgement. Never raises for
    any text; reads the reply's first 8,000 characters, in time linear in their number.
    """

    info = INFO

    def __init__(self, regression: Regression = FITTED) -> None:
        self._regression = regression

    def features_of(self, task: GradingTask) -> tuple[float, ...] | None:
        """What the regression reads of a reply; None where a guard or the language speaks first.

        For fitting: see ``features.NAMES``.
        """
        read = _read(task)
        if isinstance(read, Judgement):
            return None
        prepared, reading, _ = read
        found = [find_point(point, reading).share for point in prepared.rubric.points]
        return features(prepared.rubric, reading, found)

    def judge(self, task: GradingTask) -> Judgement:
        """Score, key points with evidence, feedback and flags for one reply."""
        read = _read(task)
        if isinstance(read, Judgement):
            return read
        return _grade(*read, self._regression, task.calibration)


def _read(task: GradingTask) -> Judgement | tuple[_Prepared, Reading, tuple[str, ...]]:
    """The reply matched against the question, or the judgement of a guard."""
    if guards.is_contentless(task.reply):
        return _no_attempt(task, (), "There's no answer in this reply yet.")
    text, directed = strip_directed(task.reply, task.language)
    flags = (JUDGE_DIRECTED,) if directed else ()
    left = sum(not token.stop for token in text.tokens)
    if guards.is_contentless(text.raw) or (directed and left < 2):
        return _no_attempt(task, flags, "There's no answer in this reply yet.")
    if other_language(text.raw, task.language):
        return _ungraded(task, flags)
    prepared = _prepared(task.question, task.language)
    reading = look(prepared.rubric, text)
    refused = _refused(prepared.rubric, reading, task, flags)
    return refused or (prepared, reading, flags)


def _refused(
    rubric: Rubric, reading: Reading, task: GradingTask, flags: tuple[str, ...]
) -> Judgement | None:
    """The judgement of a reply that a guard catches."""
    if guards.small_talk(reading) or guards.off_topic(rubric, reading):
        flags = (*flags, guards.OFF_TOPIC)
        return _no_attempt(task, flags, "This doesn't seem to be about today's question.")
    if guards.restated(rubric, reading):
        note = "This mostly repeats the question: say what the answer is, in your own words."
        return _incorrect(rubric, (*flags, guards.RESTATED), note)
    if guards.keyword_soup(rubric, reading):
        note = "This is a list of terms: say how they belong together, in short sentences."
        return _incorrect(rubric, (*flags, guards.SOUP), note)
    return None


def _grade(
    prepared: _Prepared,
    reading: Reading,
    flags: tuple[str, ...],
    regression: Regression,
    calibration: Calibration | None,
) -> Judgement:
    rubric = prepared.rubric
    found = [find_point(point, reading) for point in rubric.points]
    predicted = regression.predict(features(rubric, reading, [each.share for each in found]))
    wrong = prepared.misconceptions.find(reading.text)
    points = _statuses(rubric, reading, found, predicted, wrong)
    # To the hundredth, so that a verdict's edge is the same in points: 79 or 80, never between.
    most = _most(rubric, points, misled=bool(wrong))
    raw = score = round(min(most, _score(rubric, points, predicted)), 2)
    if calibration is not None:
        score = round(min(most, calibration.apply(raw)), 2)
    notes = []
    if wrong:
        flags = (*flags, MISCONCEPTION)
        notes.append(f'Have another look at "{feedback.shorten(wrong[0].evidence)}".')
    if JUDGE_DIRECTED in flags:
        notes.append("Words aimed at the judge were left out.")
    words = feedback.explain(score, points, notes)
    return Judgement(score, points, words, INFO, flags=flags, raw_score=raw)


def _statuses(
    rubric: Rubric,
    reading: Reading,
    found: Sequence[Found],
    predicted: float,
    wrong: Sequence[Contradiction],
) -> tuple[PointGrade, ...]:
    against = {each.point: each.evidence for each in wrong if each.point is not None}
    if rubric.drafted and predicted >= PARTIAL_FROM and not any(each.evidence for each in found):
        found = _in_other_words(reading, found)
    shares = _as_shown(rubric, found, predicted)
    grades = []
    for number, (point, each) in enumerate(zip(rubric.points, found, strict=True)):
        status, evidence = _status(shares[number]), each.evidence
        if number in against:
            status, evidence = PointStatus.CONTRADICTED, against[number]
        elif status is PointStatus.MISSING or evidence is None:
            status, evidence = PointStatus.MISSING, None
        grades.append(PointGrade(point.point.id, point.point.text, status, evidence))
    return tuple(grades)


def _in_other_words(reading: Reading, found: Sequence[Found]) -> Sequence[Found]:
    """The best point touched on by the reply's longest sentence, though hardly in its words."""
    longest = max(reading.text.sentences, key=lambda s: s.last - s.first)
    words = evidence_of(reading.text, longest.start, longest.end)
    best = max(range(len(found)), key=lambda n: found[n].share)
    return [Found(TOUCHED_FROM, words) if n == best else each for n, each in enumerate(found)]


def _as_shown(rubric: Rubric, found: Sequence[Found], predicted: float) -> list[float]:
    """Each point's share, adjusted by what the regression makes of the whole reply.

    Drafted points are only a guess at what matters, so there the regression sets their level.
    """
    shares = [each.share for each in found]
    if not rubric.drafted:
        return [share + LENIENCE * (predicted - FAIR) if share else 0.0 for share in shares]
    best = sorted(shares, reverse=True)[: rubric.wanted]
    level = sum(best) / max(1, len(best))
    if level <= 0:
        return shares
    factor = min(2.5, max(0.5, predicted / level))
    shown = [share * factor for share in shares]
    if predicted >= PARTIAL_FROM and max(shown) < TOUCHED_FROM:
        shown[shares.index(max(shares))] = TOUCHED_FROM
    if level >= PLAINLY_SAID:
        return [max(share, each) for share, each in zip(shares, shown, strict=True)]
    covered = [n for n, share in enumerate(shown) if share >= COVERED_FROM]
    if predicted < CORRECT_FROM and len(covered) >= rubric.wanted:
        shown[min(covered, key=shares.__getitem__)] = TOUCHED_FROM
    return shown


def _status(share: float) -> PointStatus:
    if share >= COVERED_FROM:
        return PointStatus.COVERED
    return PointStatus.PARTIAL if share >= TOUCHED_FROM else PointStatus.MISSING


def _score(rubric: Rubric, points: Sequence[PointGrade], predicted: float) -> float:
    """The points' weighted sum and the regression, kept consistent with what is shown.

    Drafted points are only a guess at what matters: there the regression has the word.
    """
    covered = sum(point.status is PointStatus.COVERED for point in points)
    if covered >= rubric.wanted:
        return max(predicted, CORRECT_FROM) if rubric.drafted else 1.0
    if rubric.drafted:
        return predicted
    share = weighted_sum([point.point for point in rubric.points], points)
    return SUM_SHARE * share + (1 - SUM_SHARE) * predicted


def _most(rubric: Rubric, points: Sequence[PointGrade], *, misled: bool) -> float:
    """The highest score that goes with the points, whoever's strictness is learned."""
    unsaid = {
        point.id
        for point in points
        if point.status in (PointStatus.MISSING, PointStatus.CONTRADICTED)
    }
    if len(unsaid) == len(points):
        return JUST_BELOW_PARTIAL
    if misled:
        return WITH_MISCONCEPTION
    if any(point.point.essential and point.point.id in unsaid for point in rubric.points):
        return JUST_BELOW_CORRECT
    return 1.0


def _missing(rubric: Rubric) -> tuple[PointGrade, ...]:
    return tuple(PointGrade(p.point.id, p.point.text, PointStatus.MISSING) for p in rubric.points)


def _incorrect(rubric: Rubric, flags: tuple[str, ...], note: str) -> Judgement:
    return Judgement(0.0, _missing(rubric), feedback.plain(note), INFO, reason=note, flags=flags)


def _no_attempt(task: GradingTask, flags: tuple[str, ...], why: str) -> Judgement:
    points = _missing(_prepared(task.question, task.language).rubric)
    words = feedback.plain(why, "It doesn't count as your answer, so have a go whenever you like.")
    return Judgement(0.0, points, words, INFO, attempt=False, reason=why, flags=flags)


def _ungraded(task: GradingTask, flags: tuple[str, ...]) -> Judgement:
    reason = (
        f"The offline judge reads only the guide's language ({task.language}) and this reply is"
        " in another; it stays ungraded until an organiser or an LLM judge grades it."
    )
    points: tuple[PointGrade, ...] = ()
    # Nobody graded it, so who graded isn't told.
    return Judgement(None, points, reason, INFO, reason=reason, flags=flags)
