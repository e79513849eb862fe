# ruff: noqa: RUF001  (a Greek letter is an answer here)
"""Near copies, contentless replies, drafted key points, agreement measures."""

from __future__ import annotations

import math

import pytest

from bot.domain.deck import Question
from bot.judge.drafting import draft_key_points, wanted_points
from bot.judge.guards import is_contentless
from bot.judge.metrics import pearson, qwk, rmse, spearman
from bot.judge.regression import Sample, fit
from bot.judge.rubric import look, prepare
from bot.judge.similarity import near_copy
from bot.judge.text import read

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
    fitted = fit([Sample(row, row[0]) for row in rows], penalty=0.001)
    assert fitted.predict((1.0, 0.3)) == pytest.approx(1.0, abs=0.01)
    assert fitted.predict((0.0, 0.1)) == pytest.approx(0.0, abs=0.02)


def test_within_questions_an_easy_question_teaches_nothing_about_its_features() -> None:
    hard = [Sample((value, 0.0), value / 2, "hard") for value in (0.0, 0.5, 1.0)]
    easy = [Sample((value, 1.0), 0.5 + value / 2, "easy") for value in (0.0, 0.5, 1.0)]
    across, inside = (fit([*hard, *easy], 0.001, within) for within in (0.0, 1.0))
    assert across.weights[1] == pytest.approx(0.5, abs=0.01)
    assert inside.weights[1] == pytest.approx(0.0, abs=0.01)
    assert inside.weights[0] == pytest.approx(0.5, abs=0.01)


def test_fitting_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no rows"):
        fit([])


def aligned(reply: str, reference: str, prompt: str = "") -> tuple[float, float]:
    rubric = prepare(Question("q", prompt, reference, ()))
    reading = look(rubric, read(reply))
    return rubric.alignment.of(reading.text.tokens, reading.hits)


def test_word_forms_and_typos_align_nearly_as_well_as_the_word_itself() -> None:
    reference = "The receiver acknowledges every segment"
    assert aligned(reference, reference) == (1.0, 1.0)
    precision, recall = aligned("every segmnet gets an acknowledgement", reference)
    assert min(precision, recall) > 0.4
    assert aligned("cats purr", reference) < (0.1, 0.1)


def test_words_of_the_question_count_for_little() -> None:
    reference = "Queues drop packets"
    recall = aligned("Packets, packets!", reference)[1]
    asked = aligned("Packets, packets!", reference, "What becomes of packets?")[1]
    assert asked < recall / 2


@pytest.mark.parametrize(
    ("reference", "reply"),
    [
        ("The bulb is in a closed path", "The bulb is in no closed path"),
        ("Pressure increases with depth", "Pressure falls with depth"),
        ("The service is confirmed", "The service is unconfirmed"),
        ("There is no longer any current", "There is current"),
        ("The metal does not attract it", "The metal attracts it"),
    ],
)
def test_the_opposite_of_the_reference_is_noticed_both_ways(reference: str, reply: str) -> None:
    for said, wanted in ((reply, reference), (reference, reply)):
        rubric = prepare(Question("q", "Why?", wanted, ()))
        assert rubric.polarity.opposed(read(said)) > 0.15
        assert rubric.polarity.opposed(read(wanted)) == 0


@pytest.mark.parametrize(
    ("reference", "reply"),
    [
        ("The switch is closed", "The switch isn't open"),
        ("Increase the rate", "The rate must not be decreased"),
        ("It works without a connection", "No connection is needed"),
        ("The values are put inside", "It is on the other side of the values"),
    ],
)
def test_what_is_said_by_denying_its_opposite_is_not_opposed(reference: str, reply: str) -> None:
    rubric = prepare(Question("q", "Why?", reference, ()))
    assert rubric.polarity.opposed(read(reply)) == 0


def test_opposites_are_known_in_english_only() -> None:
    rubric = prepare(Question("q", "Warum?", "Der Schalter ist open", ()), "de")
    assert rubric.polarity.opposed(read("Der Schalter ist closed", "de")) == 0
