"""The first guide and the offline judge agree on what is right, half right and wrong."""

from __future__ import annotations

import pytest

from bot.domain.deck import Question
from bot.domain.grading import GradingTask, Verdict, verdict_of
from bot.judge.offline import OfflineJudge
from content.library import SHIPPED
from content.parser import load_deck

QUESTIONS = list(load_deck(SHIPPED / "llm-interview-guide.md").questions())
JUDGE = OfflineJudge()

every_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.id)


def verdict(question: Question, reply: str) -> Verdict:
    return verdict_of(JUDGE.judge(GradingTask(question, reply)).score)


@every_question
def test_a_reference_and_its_key_points_alone_are_correct(question: Question) -> None:
    assert verdict(question, question.reference) is Verdict.CORRECT
    in_points = ". ".join(point.text for point in question.key_points)
    assert verdict(question, f"{in_points}.") is Verdict.CORRECT
    in_other_words = ". ".join(point.wordings[0] for point in question.key_points)
    assert verdict(question, f"{in_other_words}.") is Verdict.CORRECT


@every_question
def test_the_first_half_of_a_reference_is_partial(question: Question) -> None:
    words = question.reference.split()
    assert verdict(question, " ".join(words[: len(words) // 2])) is Verdict.PARTIAL


@every_question
def test_another_question_s_reference_is_incorrect(question: Question) -> None:
    for other in QUESTIONS:
        if other is not question:
            assert verdict(question, other.reference) is Verdict.INCORRECT, other.id


@every_question
def test_a_misconception_is_incorrect(question: Question) -> None:
    for wrong in question.misconceptions:
        assert verdict(question, wrong) is Verdict.INCORRECT, wrong
