"""The playground as people use it, in a real browser, with a real server and judge behind it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage
from tests.support.web import Served, served

GOOD = (
    "Self-attention takes the place of recurrence, so every token looks directly at every other "
    "token. Multi-head attention runs several heads side by side, a position-wise feed-forward "
    "network transforms each token, residual connections and layer normalization keep the deep "
    "stack trainable, positional encodings add word order, and training runs in parallel over all "
    "positions, which makes long-range dependencies easier to learn."
)
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def say(page: Page, text: str, label: str = "Message to the channel") -> None:
    # Its scripts send it: on a page that has just been opened they may still be on their way.
    page.wait_for_load_state("load")
    page.get_by_label(label).fill(text)
    page.get_by_label(label).press("Enter")


def open_thread(page: Page) -> None:
    page.locator("#posts .thread-link").first.click()
    expect(page.get_by_role("heading", name="Thread")).to_be_visible()


def test_the_question_is_there_on_the_first_paint(open_page: OpenPage) -> None:
    open_page("ada")  # the browser's own start is not the page's
    page = open_page("ben")
    expect(page.locator(".question .prompt")).to_be_visible()
    expect(page.get_by_role("button", name="Answer")).to_be_enabled()
    painted = page.evaluate(
        """() => new Promise((done) => new PerformanceObserver((list) => {
          const paint = list.getEntriesByName("first-contentful-paint")[0];
          if (paint) done(paint.startTime);
        }).observe({ type: "paint", buffered: true }))"""
    )
    sys.stdout.write(f"\nfirst contentful paint: {painted:.0f} ms\n")
    assert painted > 0


def test_a_reply_is_graded_and_the_board_moves_in_another_window(open_page: OpenPage) -> None:
    ada, ben = open_page("ada"), open_page("ben")
    expect(ben.locator("#board")).to_contain_text("Nobody is on this board yet")
    open_thread(ada)
    say(ada, GOOD, "Reply in the thread")
    reply = ada.locator("#replies .post.mine")
    expect(reply.locator(".badge")).to_have_text(re.compile("Correct|Partly there"))
    feedback = ada.locator("#replies .post.private")
    expect(feedback).to_contain_text("Only you can see this")
    expect(feedback.locator(".mark-covered").first).to_be_visible()
    expect(ben.locator("#board .rank-row")).to_contain_text("ada")
    expect(ben.locator("#posts .thread-link").first).to_contain_text("1 reply")
    open_thread(ben)
    expect(ben.locator("#replies")).to_contain_text("every token looks directly")
    expect(ben.locator("#replies .post.private")).to_have_count(0)


def test_commands_are_completed_by_keyboard(open_page: OpenPage) -> None:
    page = open_page("ada")
    field = page.get_by_label("Message to the channel")
    field.press_sequentially("/exp")
    expect(page.get_by_role("option").first).to_contain_text("/explain")
    expect(field).to_have_attribute("role", "combobox")
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("Tab")
    expect(field).to_have_value("/explain ")
    field.press_sequentially("lor")
    expect(page.get_by_role("option").first).to_be_visible()
    chosen = page.locator('[role="option"][aria-selected="true"]')
    first = chosen.get_attribute("id")
    field.press("ArrowDown")
    field.press("ArrowUp")
    assert chosen.get_attribute("id") == first
    assert field.get_attribute("aria-activedescendant") == first
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    field.fill("/explain lora")
    expect(page.get_by_role("listbox")).to_be_hidden()
    field.press("Enter")
    expect(page.locator("#posts .used").last).to_contain_text("/explain lora")
    expect(field).to_have_value("")


def test_one_can_speak_as_another_member(open_page: OpenPage) -> None:
    page = open_page("ada")
    say(page, "hello from ada")
    expect(page.locator(".post.mine")).to_contain_text("hello from ada")
    page.get_by_role("button", name="Speaking as ada").click()
    page.get_by_label("New member's name").fill("Grace Hopper")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("button", name="Speaking as Grace Hopper")).to_be_visible()
    expect(page.locator(".post.mine")).to_have_count(0)
    say(page, "hello from grace")
    expect(page.locator(".post.mine")).to_contain_text("hello from grace")
    page.get_by_role("button", name="Speaking as Grace Hopper").click()
    page.get_by_role("dialog", name="Members").get_by_role("button", name="ada").click()
    expect(page.locator(".post.mine")).to_contain_text("hello from ada")


def test_an_answer_is_given_in_the_dialog_by_keyboard_and_stays_sealed(
    open_page: OpenPage,
) -> None:
    ada, ben = open_page("ada"), open_page("ben")
    ada.get_by_role("button", name="Answer").focus()
    ada.keyboard.press("Enter")
    dialog = ada.get_by_role("dialog")
    expect(dialog).to_contain_text("Sealed")
    expect(ada.get_by_label("Your answer")).to_be_focused()
    ada.keyboard.type(GOOD)
    expect(dialog).to_contain_text(f"{len(GOOD)} / 8,000")
    ada.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(ada.get_by_role("button", name="Answer")).to_be_focused()
    ada.keyboard.press("Enter")
    expect(ada.get_by_label("Your answer")).to_have_value(GOOD)
    ada.keyboard.press("Control+Enter")
    expect(dialog).to_be_hidden()
    expect(ada.locator("#posts .own .badge").first).to_have_text(re.compile("Correct|Partly"))
    open_thread(ben)
    expect(ben.locator("#replies")).to_contain_text("sealed until the round closes")
    expect(ben.locator("#replies")).not_to_contain_text("every token")


def test_a_refused_answer_says_why_and_is_not_lost(open_page: OpenPage) -> None:
    page = open_page("ada")
    page.get_by_role("button", name="Answer").click()
    page.get_by_label("Your answer").fill("???")
    page.get_by_role("button", name="Send answer").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("answer")
    expect(page.get_by_label("Your answer")).to_have_value("???")


def test_my_grade_shows_each_key_point(open_page: OpenPage, web: Served) -> None:
    page = open_page("ada")
    round_id = web.get("/api/rounds/current")["id"]
    web.post(f"/api/rounds/{round_id}/answers", {"member": "ada", "text": GOOD})
    expect(page.locator("#posts .own .badge").first).to_have_text(re.compile("Correct|Partly"))
    page.get_by_role("button", name="My grade").click()
    dialog = page.get_by_role("dialog", name="My grade")
    expect(dialog.locator(".items li").first).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def test_a_message_can_be_edited_and_deleted(open_page: OpenPage) -> None:
    ada, ben = open_page("ada"), open_page("ben")
    say(ada, "a tpyo")
    ada.locator(".post.mine").hover()
    ada.get_by_role("button", name="Edit").click()
    ada.get_by_label("Edit your message").fill("a typo")
    ada.get_by_role("button", name="Save").click()
    expect(ben.locator("#posts")).to_contain_text("a typo")
    expect(ben.locator("#posts")).to_contain_text("edited")
    ada.locator(".post.mine").hover()
    ada.get_by_role("button", name="Delete").click()
    ada.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    expect(ada.locator("#posts")).to_contain_text("a typo")
    ada.locator(".post.mine").hover()
    ada.get_by_role("button", name="Delete").click()
    ada.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(ben.locator("#posts")).not_to_contain_text("a typo")


def test_what_is_being_typed_stays_when_others_write(open_page: OpenPage, web: Served) -> None:
    page = open_page("ada")
    field = page.get_by_label("Message to the channel")
    field.fill("half a thought")
    web.post("/api/posts", {"member": "ben", "text": "something new"})
    expect(page.locator("#posts")).to_contain_text("something new")
    expect(page.locator("#announcer")).to_have_text("ben: something new")
    expect(field).to_have_value("half a thought")
    expect(field).to_be_focused()
    page.reload()
    expect(field).to_have_value("half a thought")


def test_a_reader_further_up_is_told_of_new_messages(open_page: OpenPage, web: Served) -> None:
    for number in range(40):
        web.post("/api/posts", {"member": "ben", "text": f"line {number}"})
    page = open_page("ada")
    expect(page.get_by_text("line 39")).to_be_in_viewport()
    page.locator(".channel [data-scroller]").evaluate("(box) => { box.scrollTop = -9999; }")
    web.post("/api/posts", {"member": "ben", "text": "the newest"})
    page.get_by_role("button", name="New messages").click()
    expect(page.get_by_text("the newest", exact=True)).to_be_in_viewport()


def test_a_window_that_was_offline_catches_up(open_page: OpenPage, web: Served) -> None:
    page = open_page("ada")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    web.run(_forget_streams(web))
    web.post("/api/posts", {"member": "ben", "text": "said meanwhile"})
    expect(page.locator("#posts")).to_contain_text("said meanwhile")


async def _forget_streams(web: Served) -> None:
    """End the open streams, as a restart of the server would."""
    for queues in list(web.parts.hub._listeners.values()):
        for queue in queues:
            if queue.empty():
                queue.put_nowait(None)


def test_the_setup_form_is_filled_in_on_the_page(open_page: OpenPage) -> None:
    page = open_page("ada")
    say(page, "/study setup")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[name=time]")).to_be_visible()
    dialog.locator("[name=time]").fill("07:45")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#posts")).to_contain_text("07:45")


def test_on_a_phone_the_thread_fills_the_screen(open_page: OpenPage, web: Served) -> None:
    page = open_page("ada", **PHONE)
    for path in ("/", "/rounds", "/leaderboard"):
        page.goto(web.url + path)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Today").click()
    open_thread(page)
    box = page.locator("#side").bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"]) == (0, 0, 360)
    page.get_by_role("link", name="Close the thread").click()
    expect(page.locator("#side")).to_be_hidden()


def test_dark_and_light_can_be_switched_and_are_remembered(open_page: OpenPage) -> None:
    page = open_page("ada", color_scheme="dark")
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(colour)
    page.get_by_role("button", name="Switch between light and dark").click()
    light = page.evaluate(colour)
    assert dark != light
    page.reload()
    assert page.evaluate(colour) == light


def test_a_closed_round_shows_reference_and_results(open_page: OpenPage, web: Served) -> None:
    page = open_page("ada")
    round_id = web.get("/api/rounds/current")["id"]
    web.post(f"/api/rounds/{round_id}/answers", {"member": "ada", "text": GOOD})
    expect(page.locator("#posts .own .badge").first).to_have_text(re.compile("Correct|Partly"))
    say(page, "/study close")
    expect(page.get_by_role("link", name="See results")).to_be_visible()
    page.get_by_role("link", name="See results").click()
    expect(page.get_by_role("heading", name="Reference answer")).to_be_visible()
    expect(page.locator(".results")).to_contain_text("ada")
    page.get_by_role("link", name="History", exact=True).first.click()
    expect(page.locator(".round-row")).to_have_count(1)


def test_the_boards_windows_switch_without_leaving_the_page(open_page: OpenPage) -> None:
    page = open_page("ada")
    page.get_by_label("Message to the channel").fill("still here")
    page.get_by_role("link", name="Month").click()
    expect(page.get_by_role("link", name="Month")).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(re.compile("window=month"))
    expect(page.get_by_label("Message to the channel")).to_have_value("still here")
    page.go_back()
    expect(page.get_by_role("link", name="Week", exact=True)).to_have_attribute(
        "aria-current", "true"
    )


@pytest.mark.parametrize("path", ["/", "/rounds", "/leaderboard"])
def test_the_pages_can_be_read_without_scripts(browser: Browser, web: Served, path: str) -> None:
    web.post("/api/posts", {"member": "ben", "text": "plain words"})
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(web.url + path)
    expect(page.locator("main h1")).to_be_visible()
    if path == "/":
        expect(page.locator("#posts")).to_contain_text("plain words")
        page.get_by_label("Message to the channel").fill("no script needed")
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#posts")).to_contain_text("no script needed")
    context.close()


def test_behind_a_password_one_logs_in_and_out(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, password="a long enough password") as web:
        context = browser.new_context()
        page = context.new_page()
        page.goto(web.url)
        expect(page.get_by_role("heading", name="Come in and study")).to_be_visible()
        page.get_by_label("Your name").fill("ada")
        page.get_by_label("The group's password").fill("a guess")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_contain_text("not the password")
        page.get_by_label("The group's password").fill("a long enough password")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="playground")).to_be_visible()
        say(page, "hello from behind the door")
        expect(page.locator(".post.mine")).to_contain_text("hello from behind the door")
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
        context.close()


def test_on_a_phone_no_message_is_wider_than_the_screen(open_page: OpenPage) -> None:
    page = open_page("Ada", **PHONE)
    page.get_by_label("Message to the channel").fill("/help")
    page.get_by_role("button", name="Send").first.click()
    expect(page.get_by_role("heading", name="How this works")).to_be_visible()
    wide = page.evaluate(
        """() => [...document.querySelectorAll('#posts *')]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
            .map(e => e.textContent.trim().slice(0, 40))"""
    )
    assert wide == []
