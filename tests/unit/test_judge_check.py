"""The shipped adversarial set, and what the offline judge makes of it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from bot.domain.grading import GradingTask, Judgement, Verdict, verdict_of
from bot.judge.directed import JUDGE_DIRECTED
from bot.judge.offline import OfflineJudge
from bot.judge.similarity import near_copy
from content.checks import DECK, Case, CaseError, Kind, load_checks
from content.errors import DeckError
from content.linter import lint

SET = load_checks()
JUDGE = OfflineJudge()
BY_ID = {case.id: case for case in SET.cases}
NO_ANSWER = {Kind.INJECTION, Kind.SOUP, Kind.RESTATED, Kind.OFF_TOPIC, Kind.EMPTY}
# Wrong answers in the guide's own words are the offline judge's known weakness.
HARD = {Kind.NEGATED, Kind.SWAPPED}
CASE = {
    "id": "a",
    "question": "acid",
    "kind": "full",
    "reply": "All or nothing.",
    "band": "correct",
}


@pytest.fixture(scope="module")
def judged() -> dict[str, Judgement]:
    return {case.id: JUDGE.judge(GradingTask(case.question, case.reply)) for case in SET.cases}


def verdict(judged: dict[str, Judgement], case: Case) -> Verdict:
    return verdict_of(judged[case.id].score)


def test_the_set_is_large_and_each_kind_is_tried_on_several_questions() -> None:
    kinds = Counter(case.kind for case in SET.cases)
    questions: dict[Kind, set[str]] = defaultdict(set)
    for case in SET.cases:
        questions[case.kind].add(case.question.id)
    assert len(SET.cases) >= 170
    assert len({case.question.id for case in SET.cases}) >= 14
    assert set(kinds) == set(Kind)
    assert kinds[Kind.INJECTION] >= 45
    assert all(len(asked) >= 2 for asked in questions.values())
    assert min(len(questions[kind]) for kind in NO_ANSWER) >= 8


def test_the_questions_are_fair_their_references_are_graded_as_correct() -> None:
    assert lint([DECK], JUDGE.judge) == []


def test_an_injection_is_expected_to_score_what_its_reply_scores_without_it() -> None:
    pairs = [(case, BY_ID[case.pair]) for case in SET.cases if case.pair]
    assert len(pairs) >= 30
    for case, plain in pairs:
        assert case.bands == plain.bands, case.id
        assert case.reply != plain.reply


def test_no_reply_without_an_answer_is_correct(judged: dict[str, Judgement]) -> None:
    for case in SET.cases:
        if case.kind in NO_ANSWER and Verdict.CORRECT not in case.bands["offline"]:
            assert verdict(judged, case) is not Verdict.CORRECT, case.id


def test_what_is_put_into_a_reply_changes_neither_verdict_nor_much_of_the_score(
    judged: dict[str, Judgement],
) -> None:
    for case in SET.cases:
        if case.pair:
            with_it, without = judged[case.id].score, judged[case.pair].score
            assert with_it is not None, case.id
            assert without is not None, case.id
            assert with_it == pytest.approx(without, abs=0.05), case.id
            assert verdict_of(with_it) is verdict_of(without), case.id


def test_injections_are_flagged_and_honest_words_about_them_are_not(
    judged: dict[str, Judgement],
) -> None:
    flagged = [case for case in SET.cases if JUDGE_DIRECTED in judged[case.id].flags]
    assert {case.kind for case in flagged} == {Kind.INJECTION}
    injected = [case for case in SET.cases if case.kind is Kind.INJECTION]
    assert len(flagged) >= 0.95 * len(injected)


def test_the_offline_judge_is_right_on_nine_in_ten_english_replies(
    judged: dict[str, Judgement],
) -> None:
    english = [case for case in SET.cases if case.kind is not Kind.OTHER_LANGUAGE]
    wrong = [case.id for case in english if verdict(judged, case) not in case.bands["offline"]]
    assert len(wrong) <= 0.1 * len(english), wrong
    easy = [case.id for case in english if case.id in wrong and case.kind not in HARD]
    assert len(easy) <= 0.04 * len(english), easy


def test_replies_in_other_languages_stay_ungraded(judged: dict[str, Judgement]) -> None:
    for case in SET.cases:
        if case.kind is Kind.OTHER_LANGUAGE:
            assert verdict(judged, case) is Verdict.UNGRADED, case.id


def test_copies_are_told_though_they_are_graded_at_face_value(judged: dict[str, Judgement]) -> None:
    copies = [case for case in SET.cases if case.copied is not None]
    assert len(copies) >= 10
    for case in copies:
        assert near_copy(case.reply, case.copied or "") >= 0.9, case.id
        assert verdict(judged, case) is Verdict.CORRECT, case.id


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": ""}, "“id” must be a text"),
        ({"question": "absent"}, "no question “absent”"),
        ({"kind": "hard"}, "use one of full, "),
        ({"reply": 3}, "“reply” must be a text"),
        ({"reply": "x" * 8_001}, "8,000"),
        ({"band": "fine"}, "correct, partial, incorrect, ungraded"),
        ({"band": []}, "the band must be"),
        ({"band": {"offline": "correct"}}, "offline and llm"),
        ({"kind": "near-copy"}, "“other” must be a text"),
        ({"pair": "b"}, "no case “b”"),
        ({"notes": "x"}, "“notes” is no field"),
    ],
)
def test_a_case_that_is_wrong_is_told_by_file_and_line(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps(CASE | {"id": "z"}) + "\n\n" + json.dumps(CASE | change) + "\n")
    with pytest.raises(CaseError, match=r"cases\.jsonl:3: ") as told:
        load_checks(path)
    assert words in str(told.value)
    assert isinstance(told.value, DeckError)


def test_everything_wrong_in_a_file_of_cases_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(f"{json.dumps(CASE)}\n{{oops\n[1]\n{json.dumps(CASE)}\n")
    with pytest.raises(CaseError) as told:
        load_checks(path)
    lines = str(told.value).splitlines()
    assert [line.split(":")[1] for line in lines] == ["2", "3", "4"]
    assert "was used on line 1" in lines[2]
