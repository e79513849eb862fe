"""One's own data and accounts, in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage


def say(page: Page, text: str) -> None:
    area = page.locator(".channel [data-composer] textarea")
    area.fill(text)
    area.press("Escape")
    page.locator(".channel [data-composer] .send").click()


def test_ones_own_data_is_downloaded_and_everything_is_forgotten_after_a_yes(
    open_page: OpenPage, tmp_path: Path
) -> None:
    ada = open_page("ada")
    say(ada, "/me")
    with ada.expect_download() as started:
        say(ada, "/privacy export")
    started.value.save_as(tmp_path / "mine.json")
    assert json.loads((tmp_path / "mine.json").read_text())["member"]["name"] == "ada"
    say(ada, "/privacy forget")
    ada.get_by_role("button", name="Forget me").click()
    expect(ada.get_by_role("button", name="Forget me")).to_have_count(0)
    expect(ada.locator("#posts")).not_to_contain_text("Your data")


def test_two_accounts_become_one_with_a_code_and_a_click(open_page: OpenPage) -> None:
    ada, bob = open_page("ada"), open_page("bob")
    say(ada, "/link")
    offer = ada.locator("#posts .post", has_text="Link your other account").last
    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", offer.inner_text())
    assert code is not None
    say(bob, f"/link {code[0]}")
    bob.get_by_role("button", name="Make them one").click()
    expect(bob.locator("#posts")).to_contain_text("Your accounts are one member")
    expect(ada.locator("#posts")).to_contain_text("Your accounts are one member")
