"""A real Chromium on a real playground; skipped out loud where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.support.web import Served, served

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Chromium reports what the page itself shows as a sentence.
REFUSED = ("status of 404", "status of 409", "status of 422")
OpenPage = Callable[..., Page]


def chromium_path(playwright: Playwright) -> str | None:
    """The machine's Chromium, or the one that Playwright installed."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    bundled = playwright.chromium.executable_path
    return found or (bundled if os.path.exists(bundled) else None)  # noqa: PTH110 - a plain string


# Module scope, not session: an open Playwright keeps an event loop running in this thread,
# and the asynchronous tests of other folders could not start theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = chromium_path(playwright)
        if path is None:
            pytest.skip("NO CHROMIUM FOUND: the pages were not tested. Install chromium.")
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, web: Served) -> Iterator[OpenPage]:
    """Opens the playground as a member, in a window of their own. Console errors fail the test."""
    problems: list[str] = []
    contexts = []

    def open_as(member: str, path: str = "/", **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 800})
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        context.add_cookies([{"name": "studybot_member", "value": member, "url": web.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"{path}: {error}"))
        page.on(
            "console",
            lambda message: (
                problems.append(f"{path}: {message.text}")
                if message.type in ("error", "warning")
                and not any(words in message.text for words in REFUSED)
                else None
            ),
        )
        page.goto(web.url + path)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert problems == []
