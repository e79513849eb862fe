# ruff: noqa: RUF001  (a Greek letter is an answer here)
"""Near copies, contentless replies, drafted key points, agreement measures."""

from __future__ import annotations

import math

import pytest

from bot.domain.deck import Question
from bot.judge.drafting import draft_key_points, wanted_points
from bot.judge.guards import is_contentless
from bot.judge.metrics import pearson, qwk, rmse, spearman
from bot.judge.regression import fit
from bot.judge.similarity import near_copy

TEXT = (
    "A tokenizer cuts text into pieces, maps every piece to a number, and hands those numbers to"
    " the model, which never sees a letter."
)


def test_a_copy_in_other_case_and_spacing_is_a_full_copy() -> None:
    assert near_copy(TEXT.upper().replace(" ", "\n "), TEXT) == 1.0
    assert near_copy(TEXT.replace("e", "e\u200b"), TEXT) == 1.0


def test_a_copy_with_one_word_changed_is_less_than_a_full_copy() -> None:
    assert 0.5 < near_copy(TEXT.replace("letter", "sound"), TEXT) < 1.0


def test_own_words_and_short_texts_are_no_copy() -> None:
    other = "Text is broken up into subword units, and each of them gets an integer id for input."
    assert near_copy(other, TEXT) == 0.0
    assert near_copy("A tokenizer cuts text into pieces", TEXT) == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\u200b\u200d",
        "🤷‍♀️🤷",
        "?!...",
        "idk",
        "IDK lol",
        "No idea, sorry",
        "I don't know",
        "i dont know this one",
        "pass",
        "n/a",
        "keine Ahnung",
    ],
)
def test_no_answer_is_contentless(text: str) -> None:
    assert is_contentless(text)


@pytest.mark.parametrize(
    "text",
    ["no", "yes", "42", "It passes the test", "B", "σ", "权重", "No idea is lost in attention"],
)
def test_short_answers_are_not_contentless(text: str) -> None:
    assert not is_contentless(text)


def test_key_points_are_drafted_from_sentences_and_bullets() -> None:
    question = Question(
        "q",
        "Name two uses of embeddings.",
        "Uses:\n- search over documents by meaning\n- clustering of similar texts\n- deduplication"
        " of near-identical rows",
        (),
    )
    points = draft_key_points(question)
    assert [point.text.split()[-1] for point in points] == ["meaning", "texts", "rows"]
    assert wanted_points(question.prompt, len(points)) == 2


def test_perfect_and_reversed_agreement_are_one_and_minus_one() -> None:
    human = [0.0, 0.25, 0.5, 1.0]
    assert pearson(human, human) == pytest.approx(1)
    assert spearman([1, 2, 3, 9], human) == pytest.approx(1)
    assert pearson([-x for x in human], human) == pytest.approx(-1)
    assert qwk(human, human) == pytest.approx(1)
    assert rmse(human, [0.0, 0.25, 0.5, 0.0]) == pytest.approx(0.5)


def test_ties_share_their_rank() -> None:
    assert spearman([1, 1, 2], [1, 2, 2]) == pytest.approx(0.5)


def test_agreement_with_a_constant_is_undefined() -> None:
    assert math.isnan(pearson([1, 1, 1], [0, 1, 0]))
    assert math.isnan(qwk([], []))
    with pytest.raises(ValueError, match="as many"):
        pearson([1], [1, 2])


def test_the_regression_finds_the_feature_that_tells() -> None:
    rows = [(0.0, 0.3), (0.5, 0.1), (1.0, 0.3), (0.5, 0.4)]
    fitted = fit(rows, [0.0, 0.5, 1.0, 0.5], [1.0] * 4, penalty=0.001)
    assert fitted.predict((1.0, 0.3)) == pytest.approx(1.0, abs=0.01)
    assert fitted.predict((0.0, 0.1)) == pytest.approx(0.0, abs=0.02)
