"""No other web page can reach the playground, and behind a password roles and privacy hold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.web.context import WebOptions
from adapters.web.security import allowed_names, parse_authority
from adapters.web.session import Sessions
from bot.bootstrap import utc_now
from tests.support.web import ADDRESS, Site, site

PASSWORD = "a long enough password"
ANSWER = "Self-attention takes the place of recurrence and every token sees every other token."


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as running:
        yield running


@pytest.fixture
async def locked(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path, password=PASSWORD) as running:
        yield running


async def log_in(web: Site, name: str, password: str = PASSWORD) -> httpx.Response:
    web.http.cookies.clear()
    return await web.http.post("/login", data={"name": name, "password": password})


def basic(name: str, password: str = PASSWORD) -> dict[str, Any]:
    return {"auth": httpx.BasicAuth(name, password)}


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost:99999", "a b"]
)
async def test_a_foreign_host_is_refused(web: Site, host: str) -> None:
    for path in ("/", "/api/rounds", "/api/events", "/metrics"):
        assert (await web.http.get(path, headers={"host": host})).status_code == 403


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "127.0.0.1:9000", "[::1]:8080", "LOCALHOST"]
)
async def test_this_machine_is_answered_under_its_names(web: Site, host: str) -> None:
    assert (await web.http.get("/healthz", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": "http://localhost:8080"},
        {"origin": "null"},
        {"origin": "file://"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_another_page_can_neither_post_nor_listen(web: Site, headers: dict[str, str]) -> None:
    body = {"member": "ada", "text": "hello"}
    assert (await web.http.post("/api/posts", json=body, headers=headers)).status_code == 403
    assert (await web.http.get("/api/events", headers=headers)).status_code == 403
    assert "hello" not in await web.page("/", "ada")


async def test_our_own_page_can_post(web: Site) -> None:
    headers = {"origin": ADDRESS, "sec-fetch-site": "same-origin"}
    body = {"member": "ada", "text": "hello"}
    assert (await web.http.post("/api/posts", json=body, headers=headers)).status_code == 201


async def test_a_link_from_another_site_may_open_a_page(web: Site) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "accept": "text/html"}
    assert (await web.http.get("/", headers=headers)).status_code == 200
    assert (await web.http.get("/api/rounds", headers=headers)).status_code == 403


async def test_signed_webhooks_are_left_to_their_own_check(web: Site) -> None:
    response = await web.http.post("/slack/events", headers={"host": "tunnel.example"})
    assert response.status_code == 404


async def test_every_page_forbids_foreign_and_inline_scripts(web: Site) -> None:
    for path in ("/", "/rounds", "/leaderboard", "/api/rounds", "/nothing"):
        response = await web.http.get(path)
        policy = response.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "same-origin"


async def test_what_members_write_is_never_markup(web: Site) -> None:
    nasty = "<img src=x onerror=alert(1)>\"'&</p><script>alert(1)</script>"
    await web.http.post("/api/posts", json={"member": '<b>"eve', "text": nasty})
    await web.http.post("/api/command", json={"member": '<b>"eve', "text": f"/explain {nasty}"})
    html = await web.page("/", "ada")
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "<b>" not in html


async def test_nobody_gets_in_without_the_password(locked: Site) -> None:
    for path in ("/api/rounds", "/api/leaderboard", "/api/events", "/metrics"):
        assert (await locked.http.get(path)).status_code == 401
    body = {"member": "ada", "text": "hello"}
    assert (await locked.http.post("/api/posts", json=body)).status_code == 401
    page = await locked.http.get("/", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/login")
    assert (await locked.http.get("/healthz")).status_code == 200


async def test_logging_in_gives_a_cookie_that_scripts_cannot_read(locked: Site) -> None:
    response = await log_in(locked, "ada")
    cookie = response.headers["set-cookie"].lower()
    assert response.status_code == 303
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await locked.http.get("/api/rounds")).status_code == 200


async def test_a_wrong_password_is_said_on_the_page_and_slowed_down(locked: Site) -> None:
    first = await log_in(locked, "ada", "guess")
    assert first.status_code == 401
    assert "not the password" in first.text
    for _ in range(8):
        last = await log_in(locked, "ada", "guess")
    assert last.status_code == 429
    assert (await log_in(locked, "ada")).status_code == 429


async def test_a_cookie_that_was_tampered_with_is_worthless(locked: Site) -> None:
    await log_in(locked, "ada")
    good = locked.http.cookies["studybot_session"]
    for bad in (good[:-2], "x" + good, "a.b", ".", good.replace(".", "")):
        locked.http.cookies.clear()
        headers = {"cookie": f"studybot_session={bad}"}
        response = await locked.http.get("/api/rounds", headers=headers)
        assert response.status_code == 401


def test_another_password_ends_every_session() -> None:
    cookie = Sessions(b"secret", "old password").issue("ada", utc_now())
    assert Sessions(b"secret", "old password").read(cookie, utc_now()) == "ada"
    assert Sessions(b"secret", "new password").read(cookie, utc_now()) is None


async def test_behind_a_password_a_member_acts_for_themselves_alone(locked: Site) -> None:
    body = {"member": "ben", "text": "hello"}
    response = await locked.http.post("/api/posts", json=body, **basic("ada"))
    assert response.status_code == 403
    assert "logged in as ada" in response.json()["detail"]
    body["member"] = "ADA"
    assert (await locked.http.post("/api/posts", json=body, **basic("ada"))).status_code == 201


async def test_the_first_to_log_in_organises_and_the_others_do_not(locked: Site) -> None:
    await log_in(locked, "ada")
    await log_in(locked, "ben")
    for name, allowed in (("ada", True), ("ben", False)):
        body = {"member": name, "text": "/study status"}
        answer = (await locked.http.post("/api/command", json=body, **basic(name))).json()
        assert ("Only organisers" not in answer["posts"][0]["text"]) == allowed


async def test_behind_a_password_a_grade_is_for_its_author_and_organisers(locked: Site) -> None:
    await log_in(locked, "organiser")
    round_id = await locked.round_id()
    body = {"member": "ada", "text": ANSWER}
    locked.http.cookies.clear()
    sent = await locked.http.post(f"/api/rounds/{round_id}/answers", json=body, **basic("ada"))
    path = f"/api/answers/{sent.json()['answer_id']}"
    await log_in(locked, "organiser")
    await locked.until(path, lambda b: b["state"] == "graded")
    locked.http.cookies.clear()
    seen = {}
    for name in ("ada", "ben", "organiser"):
        seen[name] = (await locked.http.get(path, **basic(name))).json()["grade"]
    assert seen["ben"] is None
    assert seen["ada"] == seen["organiser"] is not None


async def test_switching_members_is_for_machines_of_ones_own(web: Site, tmp_path: Path) -> None:
    switched = await web.http.post("/member", data={"name": "ben", "back": "//evil.example"})
    assert switched.headers["location"] == "/"
    assert 'data-member="ben"' in (await web.http.get("/")).text
    async with site(tmp_path / "..", password=PASSWORD) as other:
        await log_in(other, "ada")
        assert (await other.http.post("/member", data={"name": "ben"})).status_code == 403


async def test_a_server_on_every_address_answers_to_any_name_but_its_own_pages_only(
    tmp_path: Path,
) -> None:
    options = WebOptions(host="0.0.0.0", password=PASSWORD)  # noqa: S104 - nothing is bound here
    async with site(tmp_path, options=options) as web:
        host = {"host": "study.example"}
        assert (await web.http.get("/healthz", headers=host)).status_code == 200
        foreign = {**host, "origin": "https://evil.example"}
        assert (await web.http.post("/login", data={}, headers=foreign)).status_code == 403


def test_authorities_are_read_with_their_ports() -> None:
    read = parse_authority("[::1]:8080")
    assert read is not None
    assert (read.name, read.port) == ("[::1]", 8080)
    assert parse_authority("user@localhost") is None
    assert "[::1]" in (allowed_names("127.0.0.1") or ())
