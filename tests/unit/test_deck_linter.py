"""What the linter finds, where, and that the shipped decks give it nothing to find."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.domain.grading import GradingTask, JudgeInfo, Judgement, PointGrade, PointStatus
from bot.judge.offline import OfflineJudge
from content.library import SHIPPED, Library
from content.linter import ERROR, WARNING, Finding, lint
from content.parser import parse

GOOD = """---
id: birds
title: Birds
---
## Flight
### How do birds stay in the air? {#flight}
{reference}
#### Key points
- Wings push air downward and so lift the bird (essential)
- Hollow bones keep the weight low (or: the skeleton is light)
- Feathers give the wing its shape
#### Misconceptions
- Birds float because they are lighter than air.
#### Terms
- Wing (pinion): A limb for flying.
- Feather: What covers a bird.
"""
REFERENCE = (
    "Wings are shaped so that they push air downward, and that push lifts the bird. Hollow bones "
    "keep its weight low, and strong breast muscles drive the strokes. Feathers give the wing its "
    "smooth shape and can be turned to steer. In still air a bird flaps to gain height; where warm "
    "air rises it can spread its wings and glide for hours without a single stroke, as eagles and "
    "storks do on a sunny day."
)
DECK = GOOD.replace("{reference}", REFERENCE)


def found(text: str, grade: JudgeLike | None = None) -> list[tuple[str, int, str]]:
    return [(f.level, f.line, f.message) for f in lint(parse(text, "birds.md"), grade)]


class JudgeLike:
    """A judge that gives every text the same score."""

    def __init__(self, score: float | None) -> None:
        self.score = score

    def __call__(self, task: GradingTask) -> Judgement:
        points = tuple(
            PointGrade(p.id, p.text, PointStatus.MISSING) for p in task.question.key_points
        )
        reason = "too short" if self.score is None else ""
        return Judgement(self.score, points, "", JudgeInfo("offline", "same", "1"), reason=reason)


def test_a_good_deck_has_no_findings() -> None:
    assert found(DECK) == []


def test_a_key_point_that_the_reference_does_not_state_is_an_error() -> None:
    text = DECK.replace("Feathers give the wing its shape", "Migration follows the magnetic field")
    [(level, line, message)] = found(text)
    assert (level, line) == (ERROR, 11)
    assert message.startswith("the reference doesn't state “Migration follows")


def test_a_point_counts_as_stated_when_one_of_its_wordings_is() -> None:
    text = DECK.replace("Feathers give the wing its shape", "Plumage (or: feathers form the wing)")
    assert found(text) == []


@pytest.mark.parametrize("alias", ["feathers'", "Feather", "wing", "PINION "])
def test_a_name_that_another_term_has_already_is_dead(alias: str) -> None:
    text = DECK.replace("- Feather:", f"- Plume ({alias}):").replace(
        "(pinion)", "(pinion; Feather; feathers)"
    )
    assert any(line == 16 and "is a dead name" in message for _, line, message in found(text))


def test_length_and_number_of_key_points_are_warnings() -> None:
    text = DECK.replace(REFERENCE, "Wings push air downward and so lift the bird.")
    text = text.replace("- Feathers give the wing its shape\n", "").replace(" (essential)", "")
    messages = [(level, message.split(":")[0]) for level, _, message in found(text)]
    assert messages[:3] == [
        (WARNING, "the reference has 9 words"),
        (WARNING, "the question has 2 key points"),
        (WARNING, "no key point is (essential)"),
    ]


def test_a_reference_that_the_judge_does_not_call_correct_is_an_error() -> None:
    [(level, line, message)] = found(DECK, JudgeLike(0.5))
    assert (level, line) == (ERROR, 6)
    assert "doesn't grade the reference as correct (0.50): reword “Wings push" in message
    [(_, _, ungraded)] = found(DECK, JudgeLike(None))
    assert "it was not graded (too short)" in ungraded


def test_a_misconception_that_the_judge_calls_correct_is_an_error() -> None:
    [(level, line, message)] = found(DECK, JudgeLike(1.0))
    assert (level, line) == (ERROR, 13)
    assert "this misconception as correct" in message


def test_ids_that_two_decks_share_are_found(tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(DECK, encoding="utf-8")
    first, second = lint(tmp_path)
    assert (first.level, first.line) == (ERROR, 1)
    assert first.file.endswith("b.md")
    assert "a.md" in first.message
    assert (second.level, second.line) == (WARNING, 6)
    assert "“flight” is also used in" in second.message


def test_what_cannot_be_read_is_a_finding_too(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_bytes(b"\xff\xfe")
    (tmp_path / "good.md").write_text(DECK, encoding="utf-8")
    [missing, unreadable] = sorted(lint([tmp_path / "none", tmp_path]), key=str, reverse=True)
    assert "there is no such folder" in str(missing)
    assert str(unreadable).startswith(f"{tmp_path}/bad.md:1: error: is not UTF-8 text")


def test_a_missing_id_is_a_finding_with_a_suggestion(tmp_path: Path) -> None:
    path = tmp_path / "birds.md"
    path.write_text(DECK.replace(" {#flight}", ""), encoding="utf-8")
    message = "the question has no id: end its line with {#birds-stay-air}"
    assert lint(path) == [Finding(str(path), 6, ERROR, message)]


def test_the_shipped_decks_are_clean_and_the_offline_judge_agrees_with_them() -> None:
    assert lint([SHIPPED], OfflineJudge().judge) == []


def test_the_example_for_authors_can_be_read() -> None:
    guide = (SHIPPED / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```markdown\n(.*?)```", guide, re.DOTALL)
    assert example is not None
    findings = lint(parse(example[1]))
    assert [finding.level for finding in findings] == [WARNING]  # the example is a short one


def test_the_first_guide_has_its_sections_questions_and_terms() -> None:
    deck = Library().decks()[0]
    assert deck.id == "llm-interviews"
    assert [[q.id for q in section.questions] for section in deck.sections] == [
        ["transformer-architecture", "self-attention", "model-families"],
        ["fine-tuning-methods", "rlhf"],
        ["rag", "evaluate-llm-outputs"],
    ]
    assert sum(len(question.terms) for question in deck.questions()) >= 35
    for question in deck.questions():
        assert all(len(point.wordings) in range(2, 5) for point in question.key_points)
        assert all(term.definition for term in question.terms)
        assert question.sources
        assert question.follow_ups
        assert len(question.misconceptions) in range(2, 5)
