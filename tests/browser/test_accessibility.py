"""Names, headings, landmarks and contrast on every page, in light and dark."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.support.web import Served

UNNAMED = """() => [...document.querySelectorAll(
    "button, a[href], input:not([type=hidden]), textarea, select," +
    "[role=region], dialog, nav, aside")]
  .filter((each) => {
    const by = (each.getAttribute("aria-labelledby") ?? "").split(" ")
      .map((id) => document.getElementById(id)?.textContent ?? "").join("");
    const label = [...(each.labels ?? [])].map((l) => l.textContent).join("");
    const own = each.matches("button, a") ? each.textContent : "";
    const named = by + label + own + (each.getAttribute("aria-label") ?? "");
    return !named.trim() && !by && each.getAttribute("aria-labelledby") === null;
  })
  .map((each) => each.outerHTML.slice(0, 120))"""

HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4")]
  .filter((each) => each.checkVisibility())
  .map((each) => Number(each.tagName[1]))"""

# Every visible text against the colour behind it (WCAG 2.2, 1.4.3).
FAINT = """() => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour, under) => {
    pen.clearRect(0, 0, 1, 1);
    for (const each of [...under, colour]) { pen.fillStyle = each; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      layers.unshift(getComputedStyle(each).backgroundColor);
    }
    return layers;
  };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!text || !element.checkVisibility({ opacityProperty: true })) continue;
    const style = getComputedStyle(element);
    const layers = behind(element);
    const a = light(rgba(style.color, layers));
    const b = light(rgba(layers.at(-1), layers.slice(0, -1)));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) {
      const words = element.textContent.trim().slice(0, 40);
      faint.push(`${ratio.toFixed(2)} ${element.className} ${words}`);
    }
  }
  return faint;
}"""

PATHS = ["/", "/?thread=THREAD", "/rounds", "/rounds/ROUND", "/leaderboard", "/guides"]
ANSWER = "Self-attention takes the place of recurrence, and training runs in parallel."


@pytest.fixture
def full(web: Served) -> dict[str, str]:
    """A playground in which something happened; what the paths' placeholders stand for."""
    round_ = web.get("/api/rounds/current")
    path = f"/api/rounds/{round_['id']}/replies"
    for member in ("ada", "ben"):
        sent = web.post(path, {"member": member, "text": f"{ANSWER} So says {member}."})
        web.graded(sent["answer_id"])
        web.post("/api/press", {"member": member, "action": "appeal", "target": round_["id"]})
    for line in ("/explain lora", "/leaderboard", "/me", "/help", "/nonsense"):
        web.post("/api/command", {"member": "ada", "text": line})
    web.post("/api/command", {"member": "ada", "text": "/study appeals"})
    web.post("/api/command", {"member": "ada", "text": "/study deck list"})
    return {"ROUND": str(round_["id"]), "THREAD": "1"}


def visit(open_page: OpenPage, full: dict[str, str], path: str, scheme: str) -> Page:
    for placeholder, value in full.items():
        path = path.replace(placeholder, value)
    page = open_page("ada", path, color_scheme=scheme, reduced_motion="reduce")
    expect(page.locator("main h1")).to_be_visible()
    return page


@pytest.mark.parametrize("path", PATHS)
def test_everything_that_can_be_used_has_a_name(
    open_page: OpenPage, full: dict[str, str], path: str
) -> None:
    page = visit(open_page, full, path, "light")
    assert page.evaluate(UNNAMED) == []


@pytest.mark.parametrize("path", PATHS)
def test_headings_come_in_order_and_landmarks_are_there(
    open_page: OpenPage, full: dict[str, str], path: str
) -> None:
    page = visit(open_page, full, path, "light")
    levels = page.evaluate(HEADINGS)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    for landmark in ("main", "navigation", "banner"):
        assert page.get_by_role(landmark).count() >= 1, landmark


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_text_stands_out_from_what_is_behind_it(
    open_page: OpenPage, full: dict[str, str], path: str, scheme: str
) -> None:
    page = visit(open_page, full, path, scheme)
    assert page.evaluate(FAINT) == []


def test_the_keyboard_reaches_the_content_first(open_page: OpenPage) -> None:
    page = open_page("ada")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    page.keyboard.press("Tab")
    assert page.evaluate(outline) != "none"


def test_motion_is_left_out_for_those_who_ask(open_page: OpenPage) -> None:
    page = open_page("ada", reduced_motion="reduce")
    longest = page.evaluate(
        "Math.max(...[...document.querySelectorAll('*')]"
        ".map((e) => parseFloat(getComputedStyle(e).animationDuration) || 0))"
    )
    assert longest < 0.01
