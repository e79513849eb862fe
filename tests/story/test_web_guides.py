"""Guides brought through the web playground: uploaded or pasted, looked at, decided once."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.web.multipart import parts_of
from tests.support.guides import GUIDE
from tests.support.web import Site, site

PAGE = {"accept": "text/html"}


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as running:
        yield running


async def bring(
    web: Site, text: str | bytes = GUIDE, name: str = "biology.md", **fields: str
) -> httpx.Response:
    """Send the form as a browser does."""
    files = {"file": (name, text)}
    return await web.http.post("/guides/import", files=files, data=fields, headers=PAGE)


async def press(web: Site, action: str, target: int = 1) -> httpx.Response:
    body = {"member": "you", "action": action, "target": target}
    return await web.http.post("/api/press", json=body)


async def said(web: Site, text: str) -> str:
    sent = await web.http.post("/api/command", json={"member": "you", "text": text})
    return str(sent.json()["posts"][0]["text"])


async def test_an_uploaded_guide_is_shown_and_kept_only_at_a_yes(web: Site) -> None:
    sent = await bring(web)
    assert sent.status_code == 303
    shown = await web.page(member="you")
    for words in ("Import “Cell biology”?", "3 questions in 2 sections", "What is osmosis?"):
        assert words in shown
    assert "Cell biology" not in await said(web, "/study deck list")

    done = (await press(web, "import_use")).json()["posts"][0]
    assert done["text"].startswith("Imported: Cell biology")
    listed = await said(web, "/study deck list")
    assert "Cell biology cell-biology · 3 questions in 2 sections · imported by you" in listed
    assert listed.splitlines()[3].endswith("in use")


async def test_pasted_text_is_read_like_a_file(web: Site) -> None:
    sent = await web.http.post(
        "/guides/import", files={"file": ("", b"")}, data={"text": GUIDE, "title": "Cells"}
    )
    assert sent.status_code == 303
    assert "Import “Cells”?" in await web.page(member="you")


async def test_the_preview_is_its_importers_alone(web: Site) -> None:
    await bring(web)
    assert "Cell biology" not in await web.page(member="somebody else")


async def test_pressed_twice_it_is_stored_once(web: Site) -> None:
    await bring(web)
    first, second = await press(web, "import"), await press(web, "import")
    assert first.status_code == 200
    assert second.status_code == 404
    assert "decided already" in second.json()["detail"]
    assert "version" not in await said(web, "/study deck list")


async def test_a_decided_preview_shows_no_buttons_any_more(web: Site) -> None:
    await bring(web)
    assert 'value="import_use:1"' in await web.page(member="you")
    await press(web, "import_discard")
    page = await web.page(member="you")
    assert "import_use" not in page
    assert "Discarded: Cell biology" in page


async def test_all_key_points_are_a_file_to_correct_and_import_again(web: Site) -> None:
    await bring(web)
    page = await web.page(member="you")
    link = re.search(r'href="(/guides/drafts/\d+)" download', page)
    assert link is not None
    file = await web.http.get(link[1])
    assert 'filename="cell-biology.md"' in file.headers["content-disposition"]
    assert "- It has its own circular DNA" in file.text

    corrected = file.text.replace("circular DNA\n", "circular DNA, like a bacterium's\n")
    assert (await bring(web, corrected, "cell-biology.md")).status_code == 303
    await press(web, "import", 2)
    deck = web.parts.services.library.deck("cell-biology")
    assert deck is not None
    assert deck.sections[0].questions[0].key_points[-1].text.endswith("like a bacterium's")


async def test_a_new_version_says_what_stays(web: Site) -> None:
    await bring(web)
    await press(web, "import_use")
    await bring(web, GUIDE + "\n### What is diffusion?\n\nThe net movement of particles down.\n")
    page = await web.page(member="you")
    assert "Update “Cell biology”?" in page
    assert "3 kept, 1 new" in page
    assert (await press(web, "import", 2)).json()["posts"][0]["text"].startswith("Updated")
    assert "version 2" in await said(web, "/study deck list")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("biology.pdf", b"%PDF-1.7", "plain text or Markdown"),
        ("biology.md", b"", "is empty"),
        ("biology.md", b"\x00\x01\x02 not text", "biology.md"),
        ("biology.txt", b"No question stands here.", "question"),
    ],
)
async def test_what_can_not_be_read_is_told_above_the_form(
    web: Site, name: str, text: bytes, words: str
) -> None:
    sent = await bring(web, text, name)
    assert sent.status_code == 422
    assert words in re.search(r'role="alert">(.*?)</p>', sent.text, re.DOTALL)[1]  # type: ignore[index]
    assert "Bring your own" in sent.text


async def test_neither_a_file_nor_text_is_told_too(web: Site) -> None:
    sent = await web.http.post(
        "/guides/import", files={"file": ("", b"")}, data={"title": "Cells"}, headers=PAGE
    )
    assert sent.status_code == 422
    assert "Choose your guide" in sent.text
    assert 'value="Cells"' in sent.text


async def test_a_file_that_is_too_large_is_refused_however_it_is_sent(web: Site) -> None:
    assert (await bring(web, b"x" * 5_000_001)).status_code == 422
    assert "5 MB" in (await bring(web, b"x" * 6_000_000)).json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
    ],
)
async def test_no_other_site_can_send_the_form(web: Site, headers: dict[str, str]) -> None:
    sent = await web.http.post(
        "/guides/import", files={"file": ("biology.md", GUIDE)}, headers=headers
    )
    assert sent.status_code == 403


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("multipart/form-data", b"", 400),
        ("multipart/form-data; boundary=x", b"--y--", 400),
        (f"multipart/form-data{'(' * 5000}; boundary=x", b"--x--", 400),
        (f"multipart/form-data{';' * 2000} boundary=x", b"--x--", 400),
        (f"multipart/form-data; boundary={'x' * 71}", f"--{'x' * 71}--".encode(), 400),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\ndata\r\n--x--", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nno end", 400),
        ("multipart/form-data; boundary=x", b"--x\r\n" * 50 + b"--x--", 400),
    ],
)
async def test_what_is_no_form_is_refused(
    web: Site, content_type: str, body: bytes, status: int
) -> None:
    sent = await web.http.post(
        "/guides/import", content=body, headers={"content-type": content_type}
    )
    assert sent.status_code == status


async def test_only_organisers_bring_guides(tmp_path: Path) -> None:
    async with site(tmp_path, password="shared") as web:
        boss, member = ("ada", "shared"), ("bob", "shared")
        await web.http.get("/api/rounds/current", auth=boss)
        for auth in (boss, member):
            body = {"member": auth[0], "text": "/me"}
            assert (await web.http.post("/api/command", json=body, auth=auth)).status_code == 200
        assert (await web.http.get("/guides", auth=boss)).status_code == 200
        assert (await web.http.get("/guides", auth=member)).status_code == 403
        files = {"file": ("biology.md", GUIDE)}
        refused = await web.http.post("/guides/import", files=files, auth=member)
        assert refused.status_code == 403
        taken = await web.http.post("/guides/import", files=files, auth=boss)
        assert taken.status_code == 303
        assert (await web.http.get("/guides/drafts/1", auth=member)).status_code == 403
        pressed: dict[str, Any] = {"member": "bob", "action": "import", "target": 1}
        assert (await web.http.post("/api/press", json=pressed, auth=member)).status_code == 403
        pressed["member"] = "ada"
        assert (await web.http.post("/api/press", json=pressed, auth=boss)).status_code == 200


def test_files_come_through_a_form_byte_for_byte() -> None:
    data = os.urandom(5_000) + b"\r\n--\r\n\n\r" + bytes(range(256))
    files = {"file": ('a "quoted" näme.txt', data)}
    request = httpx.Request("POST", "http://test/", files=files, data={"title": "Zoë"})
    found = parts_of(request.headers["content-type"], request.read())
    by_name = {part.name: part for part in found}
    assert by_name["file"].data == data
    assert by_name["file"].filename == 'a "quoted" näme.txt'
    assert (by_name["title"].data.decode(), by_name["title"].filename) == ("Zoë", None)
