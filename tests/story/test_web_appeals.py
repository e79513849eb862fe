"""Appeals, rulings, provisional grades and the judge's costs, through HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.domain.appeals import AppealCase
from bot.domain.grading import GradingTask, JudgeInfo, Judgement, PointGrade, PointStatus, Usage
from bot.store.judging import Call
from bot.study import groups
from tests.support.web import Site, site

PASSWORD = "a long enough password"
POOR = "Self-attention takes the place of recurrence, and that is all I remember of it."
MODEL = JudgeInfo("llm", "gpt-made-up", "p1-abc")


class StandIn:
    """A judge whose model is away: another one grades half right, provisionally."""

    @property
    def info(self) -> JudgeInfo:
        return MODEL

    async def grade(self, task: GradingTask, *, stand_in: bool = True) -> Judgement:
        assert stand_in
        points = tuple(
            PointGrade(p.id, p.text, PointStatus.MISSING) for p in task.question.key_points
        )
        judge = JudgeInfo("offline", "stand-in", "1")
        return Judgement(0.5, points, "Half of it.", judge, provisional=True)

    def spare(self) -> int:
        return 0

    def estimate(self, _: GradingTask) -> Usage:
        return Usage()


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as running:
        yield running


@pytest.fixture
async def locked(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path, password=PASSWORD) as running:
        for name in ("olga", "ada"):
            await running.http.post("/login", data={"name": name, "password": PASSWORD})
            running.http.cookies.clear()
        yield running


def basic(name: str) -> dict[str, Any]:
    return {"auth": httpx.BasicAuth(name, PASSWORD)}


async def press(web: Site, member: str, action: str, target: int, **options: Any) -> httpx.Response:
    body = {"member": member, "action": action, "target": target}
    return await web.http.post("/api/press", json=body, **options)


async def command(web: Site, member: str, text: str, **options: Any) -> dict[str, Any]:
    body = {"member": member, "text": text}
    posts = (await web.http.post("/api/command", json=body, **options)).json()["posts"]
    first: dict[str, Any] = posts[0]
    return first


async def queue(web: Site) -> list[AppealCase]:
    async with web.parts.store.read() as tx:
        found = await tx.groups.by_channel(*groups.PLAYGROUND)
        assert found is not None
        return await tx.appeals.queue(found[0].id)


async def board(web: Site, **options: Any) -> dict[str, int]:
    body = (await web.http.get("/api/leaderboard", **options)).json()
    return {row["member"]: row["points"] for row in body["standings"]}


async def test_my_grade_answers_the_one_who_pressed_it(web: Site) -> None:
    await web.answer("ada", POOR)
    round_id = await web.round_id()
    answer = (await press(web, "ada", "my_grade", round_id)).json()["posts"][0]
    assert "key points" in answer["text"]
    assert (answer["private"], answer["refused"]) == (True, False)
    assert f'id="post-{answer["post_id"]}"' in await web.page("/", "ada")
    assert f'id="post-{answer["post_id"]}"' not in await web.page("/", "ben")


async def test_one_press_appeals_and_it_shows_that_it_is_appealed(web: Site) -> None:
    view = await web.answer("ada", POOR)
    round_id = await web.round_id()
    before = await web.page("/?thread=1", "ada")
    assert f'value="appeal:{round_id}"' in before
    assert "tag state" not in before
    filed = await press(web, "ada", "appeal", round_id)
    assert filed.status_code == 200, filed.text
    assert filed.json()["posts"][0]["private"]
    answer = (await web.http.get(f"/api/answers/{view['id']}")).json()
    assert (answer["state"], answer["grade"]["state"]) == ("appealed", "appealed")
    for path in ("/?thread=1", f"/rounds/{round_id}"):
        after = await web.page(path, "ada")
        assert f'value="appeal:{round_id}"' not in after
        assert 'tag state appealed">appealed' in after
    assert 'tag state appealed">appealed' not in await web.page("/?thread=1", "ben")


async def test_a_second_press_files_no_second_appeal(web: Site) -> None:
    await web.answer("ada", POOR)
    round_id = await web.round_id()
    await press(web, "ada", "appeal", round_id)
    again = await press(web, "ada", "appeal", round_id)
    assert again.status_code in (200, 409)
    assert [case.member_name for case in await queue(web)] == ["ada"]


async def test_a_reason_can_be_added_and_organisers_read_it(web: Site) -> None:
    await web.answer("ada", POOR)
    round_id = await web.round_id()
    await press(web, "ada", "appeal", round_id)
    why = 'Nothing else was "asked" for'
    body = {"member": "ada", "action": "appeal", "target": round_id, "text": why}
    assert (await web.http.post("/api/press", json=body)).status_code == 200
    assert [case.appeal.reason for case in await queue(web)] == [why]
    assert why in (await command(web, "olga", "/study appeals"))["text"]
    too_long = await web.http.post("/api/press", json={**body, "text": "why " * 200})
    assert (too_long.status_code, "500" in too_long.json()["detail"]) == (422, True)


async def test_without_an_answer_there_is_nothing_to_appeal(web: Site) -> None:
    round_id = await web.round_id()
    refused = await press(web, "ada", "appeal", round_id)
    assert refused.status_code in (404, 409)
    assert refused.json()["detail"].endswith(".")
    assert f'value="appeal:{round_id}"' not in await web.page("/", "ada")


async def test_a_ruling_is_final_moves_the_board_and_cannot_be_made_twice(web: Site) -> None:
    view = await web.answer("ada", POOR)
    points = (await board(web))["ada"]
    await press(web, "ada", "appeal", await web.round_id())
    case = await command(web, "olga", "/study appeals")
    appeal_id = (await queue(web))[0].appeal.id
    assert f'value="rule_correct:{appeal_id}"' in await web.page("/", "olga")
    ruled = await press(web, "olga", "rule_correct", appeal_id)
    assert ruled.status_code == 200, ruled.text
    assert await queue(web) == []
    answer = (await web.http.get(f"/api/answers/{view['id']}")).json()
    assert answer["state"] == "final"
    assert answer["grade"]["verdict"] == "correct"
    assert answer["grade"]["judge"]["kind"] == "human"
    assert (await board(web))["ada"] > points
    page = await web.page("/", "olga")
    assert f'id="post-{case["post_id"]}"' in page
    assert f'value="rule_correct:{appeal_id}"' not in page
    assert "Decided" in page
    assert 'tag state final">final' in await web.page("/", "ada")
    again = await press(web, "olga", "rule_incorrect", appeal_id)
    assert again.status_code in (404, 409)
    assert (await web.http.get(f"/api/answers/{view['id']}")).json() == answer


async def test_after_a_ruling_the_next_case_comes_up(web: Site) -> None:
    for member in ("ada", "ben"):
        await web.answer(member, f"{POOR} So says {member}, who was there.")
        await press(web, member, "appeal", await web.round_id())
    await command(web, "olga", "/study appeals")
    first, second = await queue(web)
    shown = (await press(web, "olga", "uphold", first.appeal.id)).json()["posts"][-1]
    assert second.member_name in shown["text"]
    page = await web.page("/", "olga")
    assert f'value="uphold:{second.appeal.id}"' in page
    assert f'value="uphold:{first.appeal.id}"' not in page


async def test_only_organisers_rule(locked: Site) -> None:
    await locked.http.post("/login", data={"name": "ada", "password": PASSWORD})
    await locked.answer("ada", POOR)
    await press(locked, "ada", "appeal", await locked.round_id())
    appeal_id = (await queue(locked))[0].appeal.id
    refused = await press(locked, "ada", "rule_correct", appeal_id)
    assert refused.status_code == 403
    assert "rganiser" in refused.json()["detail"]
    assert len(await queue(locked)) == 1
    for name, seen in (("ada", False), ("olga", True)):
        html = (await locked.http.get("/", headers={"accept": "text/html"}, **basic(name))).text
        assert ("1 open appeal" in html) == seen
    allowed = await press(locked, "olga", "rule_correct", appeal_id, **basic("olga"))
    assert allowed.status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"member": "ada", "action": "explode", "target": 1}, 422, "must be one of"),
        ({"member": "ada", "action": "answer", "target": 1}, 422, "."),
        ({"member": "ada", "action": "open", "target": 1}, 422, "."),
        ({"member": "ada", "action": "my_grade"}, 422, "is missing"),
        ({"member": "ada", "action": "my_grade", "target": 0}, 422, "at least 1"),
        ({"member": "ada", "action": "my_grade", "target": "x"}, 422, "whole number"),
        ({"member": "", "action": "my_grade", "target": 1}, 422, "member"),
        ({"member": "ada", "action": "my_grade", "target": 999}, 404, "."),
        ({"member": "ada", "action": "appeal", "target": 999}, 404, "."),
        ({"member": "ada", "action": "uphold", "target": 999}, 404, "."),
        ({"member": "ada", "action": "my_grade", "target": 1, "thread_id": 99}, 404, "thread"),
    ],
)
async def test_a_press_that_means_nothing_is_refused_in_words(
    web: Site, body: dict[str, Any], status: int, words: str
) -> None:
    response = await web.http.post("/api/press", json=body)
    assert (response.status_code, set(response.json())) == (status, {"detail"})
    assert words in response.json()["detail"]


async def test_buttons_work_without_the_pages_script(web: Site) -> None:
    await web.answer("ada", POOR)
    round_id = await web.round_id()
    headers = {"cookie": "studybot_member=ada"}
    pressed = {"press": f"appeal:{round_id}"}
    response = await web.http.post("/press?thread=1", data=pressed, headers=headers)
    assert (response.status_code, response.headers["location"]) == (303, "/?thread=1")
    assert [case.member_name for case in await queue(web)] == ["ada"]


@pytest.mark.parametrize(
    "value", ["", "appeal", "appeal:x", "appeal:0", "boo:1", "appeal:²", "a:-1"]
)
async def test_a_button_that_cannot_be_read_is_refused(web: Site, value: str) -> None:
    response = await web.http.post("/press", data={"press": value})
    assert response.status_code == 422
    assert "Reload the page" in response.json()["detail"]


async def test_the_form_of_a_human_grade_tells_what_it_needs(web: Site) -> None:
    await web.answer("ada", POOR)
    form = (await command(web, "olga", "/study grade"))["form"]
    assert form["command"] == "study grade"
    fields = {field["name"]: field for field in form["fields"]}
    assert {"answer", "score", "note"} <= set(fields)
    assert fields["note"]["required"] is False


async def test_a_command_that_did_nothing_says_so(web: Site) -> None:
    assert (await command(web, "ada", "/nonsense"))["refused"] is True
    assert (await command(web, "ada", "/help"))["refused"] is False


async def test_a_provisional_grade_says_so_wherever_it_shows(tmp_path: Path) -> None:
    async with site(tmp_path, grader=StandIn()) as web:
        view = await web.answer("ada", POOR)
        assert view["state"] == "provisional"
        for path in ("/", "/?thread=1", f"/rounds/{await web.round_id()}"):
            assert 'tag state provisional">provisional' in await web.page(path, "ada")
        assert 'tag state provisional">provisional' not in await web.page("/?thread=1", "ben")


async def test_the_judge_card_is_shown_when_there_is_something_to_say(web: Site) -> None:
    await web.answer("ada", POOR)
    assert 'aria-label="Judge"' not in await web.page("/", "olga")
    await press(web, "ada", "appeal", await web.round_id())
    page = await web.page("/", "olga")
    assert 'aria-label="Judge"' in page
    assert "1 open appeal" in page


async def test_the_judge_card_names_the_model_and_what_it_cost(tmp_path: Path) -> None:
    async with site(tmp_path, grader=StandIn()) as web:
        await web.answer("ada", POOR)
        await spend(web)
        page = await web.page("/", "olga")
        assert "gpt-made-up" in page
        assert "1 to be graded again" in page
        assert "$0.25" in page
        assert "1.5k tokens" in page


async def test_metrics_count_calls_tokens_and_money_by_model(web: Site) -> None:
    await spend(web)
    metrics = (await web.http.get("/metrics")).text
    for line in (
        'studybot_llm_calls_total{model="gpt-made-up"} 2.0',
        'studybot_llm_failed_calls_total{model="gpt-made-up"} 1.0',
        'studybot_llm_tokens_total{kind="prompt",model="gpt-made-up"} 1200.0',
        'studybot_llm_tokens_total{kind="cached",model="gpt-made-up"} 200.0',
        'studybot_llm_tokens_total{kind="completion",model="gpt-made-up"} 300.0',
        'studybot_llm_cost_usd_total{model="gpt-made-up"} 0.25',
        'studybot_rows{kind="open_appeals"} 0.0',
        'studybot_rows{kind="provisional_grades"} 0.0',
    ):
        assert line in metrics.splitlines()


async def spend(web: Site) -> None:
    """One call that graded and one that failed."""
    today = web.parts.services.clock().astimezone(UTC).date()
    paid = Usage(
        prompt_tokens=1200, completion_tokens=300, cost_usd=0.25, cached_tokens=200, calls=1
    )
    calls = [
        Call(day=today, group_id=None, model=MODEL.model, usage=paid, failed=False),
        Call(day=today, group_id=None, model=MODEL.model, usage=Usage(calls=1), failed=True),
    ]
    async with web.parts.store.write() as tx:
        await tx.model_use.record(calls)
