"""The JSON API, as a script would use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.web.context import WebOptions
from tests.support.web import Site, site

GOOD = (
    "Self-attention takes the place of recurrence, so every token looks directly at every other "
    "token. Multi-head attention runs several heads side by side, a position-wise feed-forward "
    "network transforms each token, residual connections and layer normalization keep the deep "
    "stack trainable, positional encodings add word order, and training runs in parallel over all "
    "positions, which makes long-range dependencies easier to learn."
)
POOR = "It is a kind of neural network that people use a lot for language these days."


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as running:
        yield running


async def post(web: Site, path: str, **body: Any) -> Any:
    return (await web.http.post(path, json=body)).json()


async def test_the_current_round_asks_a_question(web: Site) -> None:
    await web.round_id()
    body = (await web.http.get("/api/rounds/current")).json()
    assert body["question"]["prompt"]
    assert set(body) >= {
        "id",
        "local_date",
        "state",
        "opens_at",
        "closes_at",
        "question",
        "answers",
    }


async def test_an_answer_is_stored_graded_and_on_the_board(web: Site) -> None:
    view = await web.answer("ada", GOOD)
    assert view["member"] == "ada"
    assert view["state"] == view["grade"]["state"] == "graded"
    assert view["grade"]["points"][0]["text"]
    board = (await web.http.get("/api/leaderboard?window=week")).json()
    assert board["window"] == "week"
    assert [s["member"] for s in board["standings"]] == ["ada"]
    assert board["standings"][0]["points"] == round(view["grade"]["score"] * 100)


async def test_the_list_of_rounds_is_limited_and_counts_answers(web: Site) -> None:
    await web.answer("ada", GOOD)
    rounds = (await web.http.get("/api/rounds?limit=1")).json()["rounds"]
    assert [r["answers"] for r in rounds] == [1]


async def test_a_command_answers_in_words_and_shows_in_the_channel(web: Site) -> None:
    answer = await post(web, "/api/command", member="ada", text="/explain transformer")
    assert "ransformer" in answer["posts"][0]["text"]
    assert "/explain transformer" in await web.page("/", "ben")


async def test_a_private_answer_is_shown_to_its_asker_alone(web: Site) -> None:
    await post(web, "/api/command", member="ada", text="/nonsense")
    assert "no command /nonsense" in await web.page("/", "ada")
    assert "no command /nonsense" not in await web.page("/", "ben")


async def test_a_guided_form_comes_with_its_fields(web: Site) -> None:
    answer = await post(web, "/api/command", member="ada", text="/study setup")
    names = [field["name"] for field in answer["posts"][0]["form"]["fields"]]
    assert {"time", "zone", "days"} <= set(names)


async def test_commands_are_completed(web: Site) -> None:
    found = (await web.http.get("/api/suggest", params={"text": "/exp"})).json()["suggestions"]
    assert found[0]["text"].strip() == "/explain"


async def test_a_thread_reply_is_the_answer_and_the_next_one_is_talk(web: Site) -> None:
    path = f"/api/rounds/{await web.round_id()}/replies"
    first = await post(web, path, member="ada", text=GOOD)
    second = await post(web, path, member="ada", text="what did you write, ben?")
    assert (first["outcome"], second["outcome"]) == ("answer", "conversation")
    assert first["post_id"] != second["post_id"]


async def test_where_answers_are_sealed_a_thread_reply_is_not_stored(web: Site) -> None:
    await post(web, "/api/command", member="ada", text="/study setup answers=sealed")
    path = f"/api/rounds/{await web.round_id()}/replies"
    refused = await web.http.post(path, json={"member": "ada", "text": GOOD})
    assert refused.status_code == 409
    assert "Answer button" in refused.json()["detail"]
    assert "every token looks directly" not in await web.page("/?thread=1", "ben")


async def test_a_closed_round_can_still_be_talked_about(web: Site) -> None:
    path = f"/api/rounds/{await web.round_id()}/replies"
    await post(web, "/api/command", member="ada", text="/study close")
    late = await post(web, path, member="ada", text="I would have said recurrence is gone.")
    assert late["outcome"] == "conversation"
    assert "closed" in late["note"]


async def test_an_answer_by_form_can_be_revised_and_stays_one_post(web: Site) -> None:
    path = f"/api/rounds/{await web.round_id()}/answers"
    first = await post(web, path, member="ada", text=POOR)
    second = await post(web, path, member="ada", text=GOOD)
    assert first["answer_id"] == second["answer_id"]
    html = await web.page("/?thread=1", "ada")
    assert html.count("data-text>") == 1
    assert "every token looks directly" in html


async def test_an_edited_reply_is_a_revision_and_a_deleted_one_leaves_the_board(web: Site) -> None:
    path = f"/api/rounds/{await web.round_id()}/replies"
    sent = await post(web, path, member="ada", text=GOOD)
    await web.until(f"/api/answers/{sent['answer_id']}", lambda b: b["state"] == "graded")
    place = f"/api/posts/{sent['post_id']}"
    edited = await web.http.patch(place, json={"member": "ada", "text": GOOD + " More."})
    assert edited.json()["outcome"] == "practice"
    assert (await web.http.delete(place, params={"member": "ada"})).status_code == 204
    assert (await web.http.get("/api/leaderboard")).json()["standings"] == []


async def test_nobody_changes_another_members_message(web: Site) -> None:
    sent = await post(web, "/api/posts", member="ada", text="hello")
    place = f"/api/posts/{sent['post_id']}"
    edited = await web.http.patch(place, json={"member": "ben", "text": "hijacked"})
    deleted = await web.http.delete(place, params={"member": "ben"})
    assert (edited.status_code, deleted.status_code) == (403, 403)
    assert "hijacked" not in await web.page("/", "ada")


async def test_a_private_message_seems_not_to_be_there_for_others(web: Site) -> None:
    await post(web, "/api/command", member="ada", text="/me")
    async with web.parts.store.read() as tx:
        channel = (await tx.groups.by_channel("web", "playground") or (None, None))[1]
        assert channel is not None
        private = [p for p in await tx.chat.timeline(channel.id) if p.only_member_id]
    response = await web.http.delete(f"/api/posts/{private[0].id}", params={"member": "ben"})
    assert response.status_code == 404


async def test_a_sealed_answer_is_read_by_its_author_alone(web: Site) -> None:
    await web.answer("ada", GOOD)
    async with web.parts.store.read() as tx:
        channel = (await tx.groups.by_channel("web", "playground") or (None, None))[1]
        assert channel is not None
        thread = (await tx.chat.timeline(channel.id))[0].id
    assert "every token looks directly" in await web.page(f"/?thread={thread}", "ada")
    other = await web.page(f"/?thread={thread}", "ben")
    assert "every token looks directly" not in other
    assert "sealed until the round closes" in other


async def test_an_earlier_reply_in_the_open_does_not_unseal_what_comes_by_form(web: Site) -> None:
    round_id = await web.round_id()
    opened = await post(web, f"/api/rounds/{round_id}/replies", member="ada", text=POOR)
    await web.until(
        f"/api/answers/{opened['answer_id']}", lambda body: body.get("state") == "graded"
    )
    await web.answer("ada", GOOD)
    async with web.parts.store.read() as tx:
        channel = (await tx.groups.by_channel("web", "playground") or (None, None))[1]
        assert channel is not None
        thread = (await tx.chat.timeline(channel.id))[0].id
    assert "every token looks directly" not in await web.page(f"/?thread={thread}", "ben")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"member": "ada", "text": ""}, 422, "answer"),
        ({"member": "ada", "text": "👍👍👍"}, 422, "answer"),
        ({"member": "ada", "text": "word " * 2000}, 422, "8,000"),
        ({"member": "ada", "text": "a\x00b"}, 422, "can't be stored"),
        ({"member": "ada", "text": 5}, 422, "must be text"),
        ({"member": "ada"}, 422, "is missing"),
        ({"member": " ", "text": POOR}, 422, "name"),
        ({"member": "a\u202eb", "text": POOR}, 422, "name"),
        ({"member": "x" * 41, "text": POOR}, 422, "40"),
        ([], 422, "JSON object"),
    ],
)
async def test_a_bad_answer_is_refused_in_words_and_nothing_is_stored(
    web: Site, body: Any, status: int, words: str
) -> None:
    round_id = await web.round_id()
    response = await web.http.post(f"/api/rounds/{round_id}/answers", json=body)
    assert response.status_code == status
    assert words in response.json()["detail"]
    assert (await web.http.get("/api/rounds/current")).json()["answers"] == 0


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{not json", "application/json", 400),
        (b'{"member":"\xff"}', "application/json", 400),
        (b"member=ada", "application/x-www-form-urlencoded", 415),
        (b'{"member":"ada","text":"' + b"x" * 70_000 + b'"}', "application/json", 413),
    ],
)
async def test_a_body_that_cannot_be_used_says_so(
    web: Site, content: bytes, kind: str, status: int
) -> None:
    headers = {"content-type": kind}
    response = await web.http.post("/api/command", content=content, headers=headers)
    assert response.status_code == status
    assert response.json()["detail"].endswith((".", "!"))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/answers/999", 404),
        ("GET", "/api/answers/0", 422),
        ("GET", "/api/answers/99999999999999999999", 422),
        ("GET", "/api/answers/abc", 422),
        ("GET", "/api/leaderboard?window=decade", 422),
        ("GET", "/api/rounds?limit=100000", 422),
        ("GET", "/api/nothing", 404),
        ("PUT", "/api/rounds", 405),
        ("DELETE", "/api/posts/999?member=ada", 404),
    ],
)
async def test_what_is_not_there_is_said_in_words(
    web: Site, method: str, path: str, status: int
) -> None:
    response = await web.http.request(method, path)
    assert response.status_code == status
    assert set(response.json()) == {"detail"}


async def test_unknown_rounds_and_closed_rounds_take_no_answers(web: Site) -> None:
    body = {"member": "ada", "text": GOOD}
    round_id = await web.round_id()
    assert (await web.http.post("/api/rounds/999/answers", json=body)).status_code == 404
    await post(web, "/api/command", member="ada", text="/study close")
    late = await web.http.post(f"/api/rounds/{round_id}/answers", json=body)
    assert late.status_code == 409
    assert "closed" in late.json()["detail"]


async def test_one_name_in_two_spellings_is_one_member(web: Site) -> None:
    await post(web, "/api/posts", member="Ada", text="one")
    await post(web, "/api/posts", member=" ada ", text="two")
    async with web.parts.store.read() as tx:
        assert [m.name for m in await tx.members.named("ada")] == ["Ada"]


async def test_health_readiness_and_metrics(web: Site) -> None:
    await web.answer("ada", GOOD)
    assert (await web.http.get("/healthz")).json() == {"alive": True}
    assert (await web.http.get("/readyz")).json() == {"ready": True, "waiting_for": []}
    metrics = (await web.http.get("/metrics")).text
    assert 'studybot_rows{kind="answers"} 1.0' in metrics
    assert "studybot_web_request_seconds_bucket" in metrics


async def test_readiness_names_what_is_not_ready(tmp_path: Path) -> None:
    options = WebOptions(ready=lambda: ["discord"])
    async with site(tmp_path, options=options) as running:
        response = await running.http.get("/readyz")
    assert response.status_code == 503
    assert response.json()["waiting_for"] == ["discord"]
