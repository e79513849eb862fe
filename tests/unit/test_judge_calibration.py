"""A group's corrections teach the offline judge how strictly its organisers grade."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.deck import KeyPoint, Question
from bot.domain.grading import Calibration, GradingTask, Judgement, Verdict, verdict_of
from bot.judge.calibration import MIN_PAIRS, learn
from bot.judge.metrics import rmse
from bot.judge.offline import OfflineJudge

TIDES = Question(
    id="tides",
    prompt="What causes the tides?",
    reference=(
        "The moon's gravity pulls the ocean toward it and raises a bulge of water. The earth turns"
        " under the bulges, so most coasts see two high tides a day. The sun adds to the pull at"
        " new and full moon, which makes spring tides."
    ),
    key_points=(
        KeyPoint("moon", "The moon's gravity pulls the ocean", essential=True),
        KeyPoint("turn", "The earth turns under the bulges"),
        KeyPoint("sun", "The sun adds to the pull at new and full moon"),
    ),
    misconceptions=("The wind pushes the ocean up at high tide.",),
)
BARE = Question("bare", TIDES.prompt, TIDES.reference, ())
MOON = "The moon's gravity pulls the ocean and so the water rises."
STRICT = Calibration(offset=-0.3, slope=1.0)
LENIENT = Calibration(offset=0.5, slope=1.0)

scores = st.floats(0, 1)


def judge(question: Question, reply: str, calibration: Calibration | None = None) -> Judgement:
    return OfflineJudge().judge(GradingTask(question, reply, calibration=calibration))


def graded(how: float, seed: int, n: int) -> list[tuple[float, float]]:
    """Scores of a judge that errs, beside an organiser's who gives so much less (0 is even)."""
    chance = random.Random(seed)
    pairs = []
    for _ in range(n):
        merit = chance.random()
        judged = min(1.0, max(0.0, merit + chance.gauss(0, 0.15)))
        pairs.append((judged, min(1.0, max(0.0, merit * (1 - how) - how / 4))))
    return pairs


def error(pairs: list[tuple[float, float]], calibration: Calibration) -> float:
    return rmse([calibration.apply(judged) for judged, _ in pairs], [human for _, human in pairs])


@pytest.mark.parametrize("seed", range(5))
def test_twenty_corrections_of_a_strict_group_cut_the_error_on_other_answers_by_a_third(
    seed: int,
) -> None:
    learned = learn(graded(0.4, seed, MIN_PAIRS))
    assert learned is not None
    others = graded(0.4, seed + 100, 500)
    assert error(others, learned) < error(others, Calibration()) * 2 / 3


@pytest.mark.parametrize("seed", range(5))
def test_a_group_that_grades_as_the_judge_does_is_hardly_changed(seed: int) -> None:
    learned = learn(graded(0.0, seed, MIN_PAIRS))
    assert learned is not None
    others = graded(0.0, seed + 100, 500)
    assert error(others, learned) < error(others, Calibration()) + 0.02


def test_fewer_than_twenty_corrections_teach_nothing() -> None:
    assert learn(graded(0.4, 1, MIN_PAIRS - 1)) is None


def test_an_organiser_who_gives_everyone_the_same_moves_the_level_but_keeps_the_order() -> None:
    learned = learn([(n / 20, 0.9) for n in range(20)])
    assert learned is not None
    assert learned.apply(0.9) > learned.apply(0.1)
    assert learned.apply(0.5) == pytest.approx(0.9, abs=0.12)


def test_the_same_reply_over_and_over_teaches_a_level_only() -> None:
    learned = learn([(0.5, 0.3)] * 40)
    assert learned is not None
    assert learned.slope == pytest.approx(1)
    assert learned.apply(0.5) == pytest.approx(0.3, abs=0.03)


@given(st.lists(st.tuples(scores, scores), min_size=20, max_size=60), scores, scores)
def test_whatever_is_learned_a_better_answer_never_gets_less(
    pairs: list[tuple[float, float]], one: float, other: float
) -> None:
    learned = learn(pairs)
    assert learned is not None
    assert 0 < learned.slope <= 2
    low, high = sorted((one, other))
    assert 0 <= learned.apply(low) <= learned.apply(high) <= 1


@pytest.mark.parametrize("question", [TIDES, BARE])
def test_a_strict_group_s_score_is_lower_and_the_raw_one_is_kept(question: Question) -> None:
    plain, strict = judge(question, MOON), judge(question, MOON, STRICT)
    assert plain.score is not None
    assert strict.score == pytest.approx(plain.score - 0.3)
    assert strict.raw_score == plain.raw_score == plain.score
    assert strict.points == plain.points


def test_feedback_goes_with_the_calibrated_verdict() -> None:
    assert judge(TIDES, TIDES.reference).feedback.startswith("Well done")
    strict = judge(TIDES, TIDES.reference, STRICT)
    assert verdict_of(strict.score) is Verdict.PARTIAL
    assert strict.feedback.startswith("Good start")


def test_scores_stay_to_the_hundredth() -> None:
    score = judge(TIDES, MOON, Calibration(0.0123, 0.987)).score
    assert score is not None
    assert score == round(score, 2)


def test_no_lenience_makes_up_for_an_essential_point_or_a_misconception() -> None:
    unsaid = judge(TIDES, "The earth turns under the bulges; the sun adds to the pull.", LENIENT)
    assert verdict_of(unsaid.score) is not Verdict.CORRECT
    wrong = judge(TIDES, f"{TIDES.reference} {TIDES.misconceptions[0]}", LENIENT)
    assert "misconception" in wrong.flags
    assert verdict_of(wrong.score) is not Verdict.CORRECT


def test_a_reply_that_says_no_point_stays_incorrect() -> None:
    reply = "Whales and boats splash a lot, which pours water over the beach every evening."
    assert verdict_of(judge(TIDES, reply, LENIENT).score) is Verdict.INCORRECT


@pytest.mark.parametrize("reply", ["idk", "...", "no idea, sorry"])
def test_what_a_guard_gives_nothing_for_is_not_calibrated(reply: str) -> None:
    judgement = judge(TIDES, reply, LENIENT)
    assert judgement.score == 0
    assert judgement.raw_score is None
