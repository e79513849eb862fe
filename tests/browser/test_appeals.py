"""A human in the loop, in a real browser: appeal, reason, queue, ruling, and the board after it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.support.web import Served

POOR = "Self-attention takes the place of recurrence, and that is all I remember of it."
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def answer(web: Served, member: str) -> None:
    """Answer the open round through the API, and wait for the grade."""
    round_id = web.get("/api/rounds/current")["id"]
    text = f"{POOR} So says {member}, who was there."
    sent = web.post(f"/api/rounds/{round_id}/answers", {"member": member, "text": text})
    web.graded(sent["answer_id"])


def appeal(web: Served, member: str) -> None:
    """Appeal in the open round through the API."""
    round_id = web.get("/api/rounds/current")["id"]
    web.post("/api/press", {"member": member, "action": "appeal", "target": round_id})


def graded(page: Page) -> None:
    expect(page.locator("#posts .own .badge").first).to_have_text(re.compile("Partly|Not yet"))


def points(page: Page) -> int:
    return int(re.sub(r"\D", "", page.locator("#board .points").first.inner_text()))


def case(page: Page) -> Locator:
    """The newest case: the last message with rulings that can still be made."""
    return page.locator("#posts .post", has=page.get_by_role("button", name="Uphold")).last


def test_an_appeal_takes_one_click_and_an_organiser_clears_the_queue(
    open_page: OpenPage, web: Served
) -> None:
    ada, olga = open_page("ada"), open_page("olga")
    answer(web, "ada")
    graded(ada)
    before = points(olga)
    ada.locator("#posts .thread-link").first.click()
    feedback = ada.locator("#replies .post.private").first
    feedback.get_by_role("button", name="Appeal").click()
    reason = ada.get_by_role("dialog", name="Add a reason")
    expect(reason.get_by_label("Your reason")).to_be_focused()
    expect(feedback.locator(".tag.state")).to_have_text("appealed")
    expect(feedback.get_by_role("button", name="Appeal")).to_have_count(0)
    reason.get_by_label("Your reason").fill('It "covers" what was asked')
    reason.get_by_role("button", name="Add reason").click()
    expect(reason).to_be_hidden()
    filed = ada.locator("#replies .post", has=ada.get_by_role("heading", name="Appealed"))
    expect(ada.locator("#replies")).to_contain_text("Your reason")
    expect(filed).to_have_count(1)
    olga.get_by_role("button", name="1 open appeal").click()
    expect(case(olga)).to_contain_text('It "covers" what was asked')
    expect(case(olga)).to_contain_text("all I remember of it")
    expect(case(olga)).to_be_focused()
    case(olga).get_by_role("button", name="Correct", exact=True).click()
    expect(olga.locator("#posts")).to_contain_text("Decided")
    expect(olga.get_by_role("button", name="Uphold")).to_have_count(0)
    expect(olga.get_by_role("region", name="Judge")).to_have_count(0)
    expect(olga.locator("#board .points").first).not_to_have_text(f"{before} pts")
    assert points(olga) > before
    expect(ada.locator("#posts .own .badge").first).to_have_text(re.compile("Correct"))
    expect(ada.locator("#posts .own .tag.state")).to_have_text("final")
    expect(ada.locator("#replies")).to_contain_text("Graded by an organiser")


def test_after_a_ruling_the_next_case_comes_up_under_the_keyboard(
    open_page: OpenPage, web: Served
) -> None:
    olga = open_page("olga")
    for member in ("ada", "ben"):
        page = open_page(member)
        answer(web, member)
        graded(page)
        appeal(web, member)
    olga.get_by_role("button", name="2 open appeals").focus()
    olga.keyboard.press("Enter")
    first = case(olga)
    expect(first).to_be_focused()
    expect(first).to_contain_text("ada")
    uphold = first.get_by_role("button", name="Uphold")
    while not uphold.evaluate("(each) => each === document.activeElement"):
        olga.keyboard.press("Tab")
    olga.keyboard.press("Enter")
    expect(case(olga)).to_contain_text("ben")
    expect(case(olga)).to_be_focused()
    expect(olga.get_by_role("button", name="Uphold")).to_have_count(1)
    expect(olga.get_by_role("button", name="1 open appeal")).to_be_visible()


def test_what_another_organiser_decided_cannot_be_pressed_here(
    open_page: OpenPage, web: Served
) -> None:
    ada, olga, oto = open_page("ada"), open_page("olga"), open_page("oto")
    answer(web, "ada")
    graded(ada)
    appeal(web, "ada")
    for page in (olga, oto):
        page.get_by_role("button", name="1 open appeal").click()
        expect(case(page)).to_be_visible()
    case(olga).get_by_role("button", name="Partly").click()
    expect(oto.get_by_role("button", name="Partly")).to_have_count(0)
    expect(oto.locator("#posts")).to_contain_text("Decided")


def test_a_refused_press_says_why_and_leaves_the_buttons(open_page: OpenPage, web: Served) -> None:
    ada = open_page("ada")
    answer(web, "ada")
    graded(ada)
    ada.locator("#posts .thread-link").first.click()
    button = ada.locator("#replies .post.private").get_by_role("button", name="Appeal")
    button.evaluate("(each) => { each.value = 'appeal:999'; }")
    button.click()
    expect(ada.locator("#toasts")).to_contain_text(re.compile("question|round"))
    expect(button).to_be_enabled()


def test_the_my_grade_dialog_appeals_too(open_page: OpenPage, web: Served) -> None:
    ada = open_page("ada")
    answer(web, "ada")
    graded(ada)
    ada.get_by_role("button", name="My grade").click()
    ada.get_by_role("dialog", name="My grade").get_by_role("button", name="Appeal").click()
    reason = ada.get_by_role("dialog", name="Add a reason")
    reason.get_by_role("button", name="Skip").click()
    expect(reason).to_be_hidden()
    expect(ada.locator("#posts .own .tag.state")).to_have_text("appealed")
    expect(ada.get_by_role("button", name="Appeal", exact=True)).to_have_count(0)


def test_an_organiser_grades_through_the_guided_form(open_page: OpenPage, web: Served) -> None:
    ada, olga = open_page("ada"), open_page("olga")
    answer(web, "ada")
    graded(ada)
    field = olga.get_by_label("Message to the channel")
    field.fill("/study grade")
    field.press("Enter")
    form = olga.get_by_role("dialog")
    score = form.locator("[name=score]")
    expect(score).to_be_visible()
    expect(form.locator("label", has=olga.locator("[name=note]"))).to_contain_text("(optional)")
    target = form.locator("[name=answer]")
    left, right = target.bounding_box(), score.bounding_box()
    assert left is not None
    assert right is not None
    assert left["y"] == right["y"]  # though one hint takes two lines
    if not target.input_value():
        target.fill("1")
    score.fill("nine thousand")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text(re.compile("score|points", re.IGNORECASE))
    score.fill("90")
    form.locator("[name=note]").fill("Fair enough")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    expect(ada.locator("#posts .own .badge").first).to_have_text("Correct · 90")
    expect(ada.locator("#posts .own .tag.state")).to_have_text("final")


@pytest.mark.parametrize("width", [320, 360])
def test_on_a_phone_buttons_wrap_and_can_be_hit(
    open_page: OpenPage, web: Served, width: int
) -> None:
    viewport = {"width": width, "height": 740}
    ada = open_page("ada", **{**PHONE, "viewport": viewport})
    answer(web, "ada")
    graded(ada)
    appeal(web, "ada")
    ada.get_by_role("button", name="1 open appeal").click()
    expect(case(ada)).to_be_visible()
    for button in case(ada).locator("form button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert round(box["height"]) >= 36  # laid out in fractions of a pixel
    assert ada.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
