"""Bringing a guide in a browser: with the page's script and without it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.conftest import OpenPage
from tests.support.guides import GUIDE
from tests.support.web import Served


def test_a_guide_is_uploaded_looked_at_and_used(open_page: OpenPage, tmp_path: Path) -> None:
    file = tmp_path / "biology.txt"
    file.write_text(GUIDE, encoding="utf-8")
    page = open_page("ada")
    page.wait_for_load_state("load")
    page.get_by_label("Message to the channel").fill("/study deck import")
    page.get_by_label("Message to the channel").press("Enter")
    expect(page.get_by_role("heading", name="Bring your own")).to_be_in_viewport()
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Show what's in it").click()
    preview = page.locator(".post", has_text="Import “Cell biology”?")
    expect(preview.get_by_text("3 questions in 2 sections")).to_be_in_viewport()
    with page.expect_download() as download:
        preview.get_by_role("link", name="All key points").click()
    assert download.value.suggested_filename == "cell-biology.md"
    preview.get_by_role("button", name="Import and use").click()
    expect(page.get_by_role("heading", name="Imported: Cell biology")).to_be_in_viewport()
    expect(preview.get_by_text("Decided")).to_be_visible()
    expect(preview.get_by_role("button", name="Import and use")).to_have_count(0)
    page.get_by_role("link", name="Guides").click()
    expect(page.locator(".guide.chosen")).to_contain_text("Cell biology")


def test_a_guide_is_pasted_and_used_without_scripts(browser: Browser, web: Served) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{web.url}/guides")
    page.get_by_role("button", name="Show what's in it").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose your guide's file")
    page.get_by_label("or paste its text").fill(GUIDE)
    page.get_by_label("Title").fill("Cells")
    page.get_by_role("button", name="Show what's in it").click()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name="Imported: Cells")).to_be_visible()
    page.goto(f"{web.url}/guides")
    page.get_by_role("button", name="Use Cells").click()
    expect(page.get_by_role("heading", name="Now in use: Cells")).to_be_visible()
    page.context.close()
