# ruff: noqa: RUF001  (curly quotes, dashes and other scripts are what is tested)
"""What a model wrote, checked: quotes must be the reply's, shapes the schema's, sums ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.deck import KeyPoint, Question
from bot.domain.grading import PointStatus
from bot.judge.llm.prompt import SCHEMA, Rubric, grading_prompt, rubric_of, system_prompt
from bot.judge.llm.quotes import Quotable
from bot.judge.llm.reading import Vote, combined, read_vote, score_of, tidy_feedback
from bot.ports import ModelError
from tests.support.language_model import said

POINTS = (
    KeyPoint("frozen", "The base weights stay frozen", weight=2, essential=True),
    KeyPoint("small", "Two small low-rank matrices are trained", weight=1),
    KeyPoint("memory", "It saves memory", weight=1),
)
QUESTION = Question(
    "lora", "What is LoRA?", "LoRA freezes the base weights and trains low-rank matrices.", POINTS
)
RUBRIC = rubric_of(QUESTION, "en")
REPLY = "The base model stays frozen — only two small “low-rank”  matrices are trained.\nCheap!"


def read_it(data: dict[str, Any], reply: str = REPLY) -> Vote:
    return read_vote(data, RUBRIC, Quotable(reply), lambda _: True)


FULL = said(
    {
        "p1": ("covered", "The base model stays frozen"),
        "p2": ("covered", "two small 'low-rank' matrices"),
        "p3": ("partial", "cheap"),
    }
)


def test_evidence_is_the_replys_own_words_whatever_the_quotes_case_and_spacing() -> None:
    vote = read_it(FULL)
    assert [p.evidence for p in vote.points] == [
        "The base model stays frozen",
        "two small “low-rank”  matrices",
        "Cheap",
    ]
    assert not vote.dropped


@pytest.mark.parametrize(
    "quote", ["the weights never change", "", "…", "rozen", "froze", "low-rank ... frozen", '""']
)
def test_a_point_without_a_true_quote_is_missing(quote: str) -> None:
    data = said({"p1": ("covered", quote), "p2": ("covered", "low-rank"), "p3": ("missing", "")})
    vote = read_it(data)
    assert vote.points[0].status is PointStatus.MISSING
    assert vote.points[0].evidence is None
    assert vote.dropped
    assert vote.points[1].status is PointStatus.COVERED


@pytest.mark.parametrize(
    ("reply", "quote", "evidence"),
    [
        ("The model is frozen, and then matrices follow.", "is frozen ... matrices follow", None),
        ("Die Gewichte bleiben GROSS.", "bleiben groß", "bleiben GROSS"),
        ("低ランク行列を学習する。", "行列を学習", "行列を学習"),
        ("it's  a\tgate", "IT’S A GATE", "it's  a\tgate"),
        ("a “gate” here", '"a \\"gate\\""', None),
        ("un cafe\u0301 gele\u0301.", "café gelé", "cafe\u0301 gele\u0301"),
        ("un café gelé.", "cafe\u0301 gele\u0301", "café gelé"),
        ("\u1100\u1161중치는 고정", "가중치는", "\u1100\u1161중치는"),
        ("המשקלים\u200f קפואים", "המשקלים קפואים", "המשקלים\u200f קפואים"),
        ("تَبْقَى الأوزان", "تبقى الأوزان", "تَبْقَى الأوزان"),
        ("stay fro\u00adzen\u200b here", "stay frozen here", "stay fro\u00adzen\u200b here"),
    ],
)
def test_quotes_are_found_in_any_script(reply: str, quote: str, evidence: str | None) -> None:
    found = Quotable(reply).find(quote)
    if evidence is not None:
        assert found == evidence
    elif found is not None:
        assert found in reply


@given(st.text(max_size=300), st.text(max_size=80))
def test_whatever_is_found_stands_in_the_reply(reply: str, quote: str) -> None:
    found = Quotable(reply).find(quote)
    assert found is None or found in reply


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=200), st.data())
def test_any_stretch_of_words_is_found_again(reply: str, data: st.DataObject) -> None:
    words = [word for word in reply.split() if any(c.isalnum() for c in word)]
    if words:
        word = data.draw(st.sampled_from(words))
        assert Quotable(reply).find(word) is not None


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"points": "all covered", "feedback": "x"},
        said({"p1": ("covered", "x"), "p2": ("covered", "x")}),
        said({f"p{n}": ("covered", "x") for n in range(1, 5)}),
        said({"p1": ("perfect", "x"), "p2": ("missing", ""), "p3": ("missing", "")}),
        {**FULL, "points": [*FULL["points"], FULL["points"][0]]},
        {**FULL, "points": [{"id": 1, "status": "covered", "quote": "x"}]},
        {**FULL, "points": ["p1"]},
    ],
)
def test_any_other_shape_is_refused_in_words(data: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="STUDYBOT_MODEL") as caught:
        read_it(data)
    assert caught.value.kind == "output"


def test_the_score_is_the_weighted_share_and_an_essential_point_gates_correct() -> None:
    assert score_of(RUBRIC, read_it(FULL).points) == 0.88
    heavy = Rubric((KeyPoint("a", "a", 9), KeyPoint("b", "b", 1, essential=True)), 2)
    grades = read_vote(
        said({"p1": ("covered", "frozen"), "p2": ("missing", "")}),
        heavy,
        Quotable(REPLY),
        lambda _: True,
    )
    assert score_of(heavy, grades.points) == 0.79


def test_a_contradicted_point_earns_nothing_and_keeps_its_words() -> None:
    data = said(
        {
            "p1": ("contradicted", "stays frozen"),
            "p2": ("covered", "low-rank"),
            "p3": ("missing", ""),
        }
    )
    vote = read_it(data)
    assert vote.points[0].evidence == "stays frozen"
    assert score_of(RUBRIC, vote.points) == 0.25


def test_where_two_of_many_are_asked_for_two_earn_everything() -> None:
    question = Question(
        "q",
        "Name two ways to save memory.",
        "Quantize the weights heavily. Shard the optimizer. Offload activations to the CPU.",
        (),
    )
    rubric = rubric_of(question, "en")
    reply = Quotable("quantize weights, and shard the optimizer")
    data = said(
        {
            "p1": ("covered", "quantize weights"),
            "p2": ("covered", "shard the optimizer"),
            "p3": ("missing", ""),
        }
    )
    assert score_of(rubric, read_vote(data, rubric, reply, lambda _: True).points) == 1.0


def test_votes_take_the_median_of_each_point() -> None:
    def vote(first: str, second: str, feedback: str) -> Vote:
        quotes = {"missing": ""}
        return read_it(
            said(
                {
                    "p1": (first, quotes.get(first, "stays frozen")),
                    "p2": (second, quotes.get(second, "low-rank")),
                    "p3": ("missing", ""),
                },
                feedback,
            )
        )

    votes = [
        vote("covered", "missing", "one"),
        vote("covered", "partial", "two"),
        vote("missing", "covered", "three"),
    ]
    middle = combined(votes)
    assert [p.status.value for p in middle.points] == ["covered", "partial", "missing"]
    assert middle.feedback == "two"


def test_feedback_has_at_most_600_characters_and_ends_with_a_sentence() -> None:
    long = "This sentence is a good one. " * 40
    tidy = tidy_feedback(long)
    assert len(tidy) <= 600
    assert tidy.endswith("one.")
    assert len(tidy_feedback("word " * 400)) <= 600
    assert tidy_feedback("a\x00b\u200bc\nd") == "a b c d"


def test_feedback_that_is_cut_keeps_its_numbers_and_its_script() -> None:
    assert tidy_feedback("It needs rank 3.5 here. " * 40).count("3.5") > 10
    assert tidy_feedback("می\u200cشود 👩\u200d💻") == "می\u200cشود 👩\u200d💻"
    assert len(tidy_feedback("低ランク行列を学習する。" * 90)) <= 600


def test_the_prompt_begins_with_what_stays_the_same_and_fences_the_reply() -> None:
    marks = iter(["aaaa", "bbbb"])
    prompt = grading_prompt(QUESTION, "en", "I wrote aaaa here", lambda: next(marks))
    other = grading_prompt(QUESTION, "en", "Something else", lambda: "cccc")
    assert prompt.system == other.system == system_prompt()
    before, fence, rest = prompt.user.partition("----- bbbb -----")
    assert other.user.startswith(before)
    assert rest == f"\nI wrote aaaa here\n{fence}"
    for point in POINTS:
        assert point.text in before


def test_the_schema_is_strict_at_every_level() -> None:
    def objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
        inner = [*schema.get("properties", {}).values(), *filter(None, [schema.get("items")])]
        below = [each for part in inner for each in objects(part)]
        return [schema, *below] if schema["type"] == "object" else below

    found = objects(SCHEMA)
    assert len(found) == 2
    for each in found:
        assert each["additionalProperties"] is False
        assert set(each["required"]) == set(each["properties"])
