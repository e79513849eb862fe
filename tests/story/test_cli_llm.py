"""Commands that ask a language model, or bring grades up to date: cost first, no secrets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.fake_llm import FakeLLM, status
from tests.support.command_line import Typed, typing_in
from tests.support.harness import FakeClock, study
from tests.support.judging import ScriptedJudge
from tests.support.language_model import covers_all
from tests.support.llm_thread import served

Command = Callable[..., Typed]
KEY = "sk-studybot-1111222233334444"
ANSWER = "Self-attention takes the place of recurrence, so training runs in parallel."
GRADE = (
    "grade",
    "--deck",
    "llm-interviews",
    "--question",
    "transformer-architecture",
    "--answer",
    ANSWER,
)


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    with typing_in(tmp_path, monkeypatch, capsys) as run:
        yield run


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, typed: Command) -> Iterator[FakeLLM]:
    del typed  # it clears the settings first
    with served(covers_all) as running:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", running.base_url)
        monkeypatch.setenv("STUDYBOT_LLM_TIMEOUT", "5")
        yield running


async def fill(folder: Path) -> None:
    """Two answers graded by an older offline judge, one of them decided by an organiser."""
    async with study(folder, FakeClock(), grader=ScriptedJudge()) as session:
        for name in ("Ada", "Bob", "Cleo"):
            await session.reply(name, f"half of it, says {name}: {ANSWER}")
        await session.work()
        await session.command("Olga", "/study grade Cleo 90")
        await session.command("Bob", "/appeal it is all there", organiser=False)
        await session.work()


@pytest.fixture
def filled(typed: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del typed  # it clears the settings first
    asyncio.run(fill(tmp_path))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/studybot.db")


def test_one_answer_is_graded_by_the_model(typed: Command, server: FakeLLM) -> None:
    done = typed(*GRADE, "--json")
    assert done.code == 0
    grade: dict[str, Any] = json.loads(done.out)
    assert grade["judge"]["kind"] == "llm"
    assert grade["score"] == 1.0
    assert len(server.requests) == 1


def test_when_the_model_fails_the_grade_is_provisional_and_the_reason_is_told(
    typed: Command, server: FakeLLM
) -> None:
    server.always(status(401, f"Incorrect API key provided: {KEY}", word="invalid_api_key"))
    done = typed(*GRADE, "--json")
    assert json.loads(done.out)["state"] == "provisional"
    assert "OPENAI_API_KEY" in done.err
    assert KEY not in done.out + done.err


def test_doctor_makes_one_real_call(typed: Command, server: FakeLLM) -> None:
    done = typed("doctor")
    assert done.code == 0
    assert "graded a reference as correct" in done.out
    assert len(server.requests) == 1


def test_doctor_names_what_is_wrong_with_the_model(typed: Command, server: FakeLLM) -> None:
    server.always(status(404, "The model `x` does not exist", word="model_not_found"))
    done = typed("doctor")
    assert done.code == 1
    assert "STUDYBOT_MODEL" in done.out
    assert KEY not in done.out + done.err


def test_an_address_that_is_none_is_told_without_a_traceback(
    typed: Command, server: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    del server
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:0/v1")
    done = typed(*GRADE)
    assert done.code == 2
    assert "OPENAI_BASE_URL" in done.err
    assert "Traceback" not in done.err


@pytest.mark.usefixtures("filled")
def test_a_regrade_tells_the_cost_first_and_goes_on_only_with_a_yes(
    typed: Command, server: FakeLLM
) -> None:
    done = typed("regrade")
    assert done.code == 1
    assert "2 grades to bring up to date" in done.err
    assert "tokens" in done.err
    assert "--yes" in done.err
    assert server.requests == []


@pytest.mark.usefixtures("filled")
def test_a_regrade_brings_all_but_final_grades_up_to_date_once(
    typed: Command, server: FakeLLM
) -> None:
    done = typed("regrade", "--deck", "llm-interviews", "--yes", "--json")
    assert done.code == 0
    assert json.loads(done.out) == {
        "planned": 2,
        "changed": 2,
        "same": 0,
        "skipped": 0,
        "later": 0,
    }
    again = typed("regrade", "--yes")
    assert "Every grade is up to date." in again.out
    assert len(server.requests) == 2


@pytest.mark.usefixtures("filled")
def test_a_regrade_that_was_cut_short_goes_on_where_it_was(typed: Command, server: FakeLLM) -> None:
    server.always(status(401))
    failed = typed("regrade", "--yes")
    assert failed.code == 1
    assert "2 could not be graded now. Run this again" in failed.err
    server.always(None)
    later = typed("regrade", "--yes", "--json")
    assert json.loads(later.out)["changed"] == 2


@pytest.mark.usefixtures("filled")
def test_without_a_model_older_offline_grades_are_brought_up_to_date_for_nothing(
    typed: Command,
) -> None:
    done = typed("regrade", "--yes")
    assert done.code == 0
    assert "nothing to pay" in done.err
    assert "Done: " in done.out


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--question", "rlhf"), "--deck"),
        (("--deck", "none"), "no deck “none”. The decks there: llm-interviews."),
        (("--deck", "llm-interviews", "--question", "rlfh"), "Did you mean rlhf"),
        (("--group", "nobody"), "no group"),
        (("--answer", "4711"), "no answer #4711"),
        (("--answer", "99999999999999999999"), "Invalid value"),
    ],
)
def test_what_is_typed_wrong_is_told(typed: Command, arguments: tuple[str, ...], hint: str) -> None:
    done = typed("regrade", *arguments)
    assert done.code > 0
    assert hint in done.err


@pytest.mark.usefixtures("filled")
def test_the_report_compares_the_judge_with_the_groups_humans(typed: Command) -> None:
    data = json.loads(typed("judge", "report", "--json").out)
    [version] = data
    assert version["judge"]["model"] == "scripted"
    assert (version["n"], version["spot_checks"], version["appeals"]) == (1, 1, 0)
    assert version["confusion"]["partial"]["correct"] == 1
    assert version["bias"] == pytest.approx(-0.4)
    assert "1 grade (0 appeals, 1 spot check)" in typed("judge", "report").out


def test_a_report_of_nothing_says_how_to_begin(typed: Command) -> None:
    typed("db", "upgrade")
    assert "/study appeals" in typed("judge", "report").out
