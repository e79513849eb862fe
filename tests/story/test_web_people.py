"""Organisers, accounts and one's own data on the web, with and without a password."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.domain.group import Role
from bot.study import joining
from bot.study.groups import PLAYGROUND, found_group
from tests.support.web import Site, site

CODE = re.compile(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b")
PASSWORD = "open sesame"


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as running:
        yield running


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path, password=PASSWORD) as running:
        yield running


async def run(web: Site, member: str, text: str, *, guarded: bool = False) -> dict[str, Any]:
    """The one message that a command answers with."""
    body = {"member": member, "text": text}
    auth = httpx.BasicAuth(member, PASSWORD) if guarded else httpx.USE_CLIENT_DEFAULT
    [said] = (await web.http.post("/api/command", json=body, auth=auth)).json()["posts"]
    return dict(said)


async def press(web: Site, member: str, action: str, target: int) -> Any:
    body = {"member": member, "action": action, "target": target}
    return await web.http.post("/api/press", json=body)


async def id_of(web: Site, name: str) -> int | None:
    async with web.parts.store.read() as tx:
        found = await tx.groups.by_channel(*PLAYGROUND)
        assert found is not None
        member = await tx.members.of_account(found[0].id, "web", name)
    return member.id if member else None


async def test_a_posted_board_marks_the_line_of_whoever_looks(web: Site) -> None:
    for name in ("ada", "bob"):
        await web.answer(name, f"Tokens look at one another through attention, says {name}.")
    await run(web, "bob", "/leaderboard")
    for name in ("ada", "bob"):
        page = await web.page(member=name)
        marked = re.findall(r'class="who">(\w+) <span class="tag">you', page)
        assert marked == [name]


async def test_ones_own_data_is_a_file_by_api_and_by_form(web: Site) -> None:
    await web.answer("ada", "Tokens look at one another through attention.")
    said = await run(web, "ada", "/privacy export")
    assert said["private"]
    data = json.loads(said["file"]["text"])
    assert data["member"]["name"] == "ada"
    assert data["answers"][0]["revisions"][0]["text"].startswith("Tokens look")
    headers = {"cookie": "studybot_member=ada"}
    sent = await web.http.post("/say", data={"text": "/privacy export"}, headers=headers)
    assert "studybot-my-data.json" in sent.headers["content-disposition"]
    assert sent.json()["member"]["name"] == "ada"


async def test_forgetting_asks_first_and_then_leaves_nothing(web: Site) -> None:
    await web.answer("ada", "Tokens look at one another through attention.")
    asked = await run(web, "ada", "/privacy forget")
    assert "deleted for good" in asked["text"]
    ada = await id_of(web, "ada")
    assert ada is not None
    other = await press(web, "bob", "forget", ada)
    assert other.status_code == 409
    done = (await press(web, "ada", "forget", ada)).json()["posts"][0]
    assert "You are forgotten" in done["text"]
    assert done["post_id"] is None
    assert await id_of(web, "ada") is None
    board = (await web.http.get("/api/leaderboard?window=week")).json()
    assert board["standings"] == []


async def test_hidden_members_are_on_no_board(web: Site) -> None:
    await web.answer("ada", "Tokens look at one another through attention.")
    for step, names in (("hide", []), ("show", ["ada"])):
        assert (await run(web, "ada", f"/privacy {step}"))["private"]
        board = (await web.http.get("/api/leaderboard?window=week")).json()
        assert [each["member"] for each in board["standings"]] == names


async def test_linking_is_answered_to_the_member_that_both_are_now(web: Site) -> None:
    await run(web, "bob", "/me")
    offer = await run(web, "ada", "/link")
    found = CODE.search(offer["text"])
    assert found is not None
    await run(web, "bob", f"/link {found[0]}")
    ada, bob = await id_of(web, "ada"), await id_of(web, "bob")
    assert ada is not None
    done = (await press(web, "bob", "link", ada)).json()["posts"][0]
    assert "one member" in done["text"]
    assert done["post_id"] is not None
    assert await id_of(web, "ada") == await id_of(web, "bob") == bob
    assert "one member" in await web.page(member="bob")


async def test_the_playground_joins_a_group_of_another_platform(web: Site) -> None:
    services = web.parts.services
    group, _ = await found_group(services, "discord", "1", "general", "Server", server_id="9")
    async with web.parts.store.write() as tx:
        boss = await tx.members.ensure(group.id, "discord", "7", "Boss")
    code = await joining.invite(services, group, boss)
    said = await run(web, "ada", f"/study join {code}")
    assert "Questions of “Server” come here" in said["text"]
    async with web.parts.store.read() as tx:
        found = await tx.groups.by_channel(*PLAYGROUND)
    assert found is not None
    assert found[0].id == group.id
    assert "has joined" in await web.page(member="ada")


async def test_who_logs_in_first_does_not_rule_a_group_of_another_platform(guarded: Site) -> None:
    async with guarded.parts.store.write() as tx:
        found = await tx.groups.by_channel(*PLAYGROUND)
        assert found is not None
        await tx.groups.add_channel(found[0].id, "discord", "1", "general")
    said = await run(guarded, "ada", "/study status", guarded=True)
    assert said["refused"]


async def test_behind_a_password_the_last_organiser_stays(guarded: Site) -> None:
    async def ada(text: str) -> str:
        return str((await run(guarded, "ada", text, guarded=True))["text"])

    await run(guarded, "bob-to-be", "/me", guarded=True)
    refused = await run(guarded, "ada", "/study organisers add ada", guarded=True)
    assert refused["refused"]
    async with guarded.parts.store.write() as tx:
        found = await tx.groups.by_channel(*PLAYGROUND)
        assert found is not None
        for member in await tx.members.in_group(found[0].id):
            role = Role.ORGANISER if member.name == "ada" else Role.MEMBER
            await tx.members.set_role(member.id, role)
    assert "last organiser" in await ada("/study organisers remove ada")
    assert "no member “nobody”" in await ada("/study organisers add nobody")
    assert "every /study command" in await ada("/study organisers add bob-to-be")
    assert "bob-to-be" in await ada("/study organisers list")
    assert "You don't organise any more" in await ada("/study organisers remove ada")
    assert "Only organisers" in await ada("/study organisers list")
    warned = await run(guarded, "bob-to-be", "/privacy forget", guarded=True)
    assert "last named organiser" in warned["text"]


async def test_members_are_completed_where_one_is_to_be_named(web: Site) -> None:
    await run(web, "Grace", "/me")
    for typed, wanted in (
        ("/study organisers add gr", ["/study organisers add Grace"]),
        ("/study organisers add x", []),
        ("/privacy f", ["/privacy forget"]),
    ):
        found = (await web.http.get("/api/suggest", params={"text": typed})).json()["suggestions"]
        assert [each["text"] for each in found] == wanted


async def test_commands_of_several_words_say_what_goes_with_their_first(web: Site) -> None:
    for typed, words in (
        ("/privacy", "export, hide, show, forget"),
        ("/study privacy burn", "/privacy goes with one of"),
        ("/study organisers", "add, remove, list"),
    ):
        assert words in (await run(web, "ada", typed))["text"]
    assert "Your data" in (await run(web, "ada", "/study privacy export"))["text"]


async def test_an_open_question_is_answered_on_the_page_though_its_channel_has_left(
    web: Site,
) -> None:
    services = web.parts.services
    [asked] = (await web.http.get("/api/rounds")).json()["rounds"]
    async with services.store.read() as tx:
        found = await tx.groups.by_channel(*PLAYGROUND)
        assert found is not None
        group = found[0]
    async with services.store.write() as tx:
        ada = await tx.members.ensure(group.id, "web", "ada", "ada")
    code = await joining.invite(services, group, ada)
    await joining.join(services, joining.Place("elsewhere", "1", "general"), code, "somebody")
    assert "has left" in (await run(web, "ada", "/study leave"))["text"]
    for address, by in (("replies", "ada"), ("answers", "bob")):
        body = {"member": by, "text": "Tokens look at one another through attention."}
        sent = await web.http.post(f"/api/rounds/{asked['id']}/{address}", json=body)
        assert sent.is_success, sent.text
    async with services.store.read() as tx:
        given = await tx.answers.in_round(asked["id"])
    assert {(each.member_name, each.answer.group_id) for each in given} == {
        ("ada", group.id),
        ("bob", group.id),
    }
