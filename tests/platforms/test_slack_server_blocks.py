"""The Slack of our own refuses what Block Kit doesn't allow, with pointers to each mistake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.platforms.slack_server.place import (
    Place,
    a_place,
    actions,
    asking,
    button,
    modal,
    section,
)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


def options(count: int, text: str = "x", value: str = "v") -> list[dict[str, Any]]:
    return [{"text": {"type": "plain_text", "text": text}, "value": value}] * count


def select(**more: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "s", "options": options(1), **more}


def header(text: str, kind: str = "plain_text") -> dict[str, Any]:
    return {"type": "header", "text": {"type": kind, "text": text}}


def context(count: int) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * count}


def fields(count: int, text: str = "x") -> dict[str, Any]:
    return {"type": "section", "fields": [{"type": "mrkdwn", "text": text}] * count}


def overflow(count: int) -> dict[str, Any]:
    return actions({"type": "overflow", "action_id": "o", "options": options(count)})


def image(**more: Any) -> dict[str, Any]:
    return {"type": "image", "image_url": "https://example.org/x.png", **more}


FITTING = [
    [section("x" * 3000)],
    [header("x" * 150)],
    [actions(*(button("x" * 75, str(number), "v" * 2000) for number in range(25)))],
    [actions(select(options=options(100, "x" * 75, "v" * 150)))],
    [overflow(5)],
    [context(10)],
    [fields(5, "x" * 2000)],
    [{"type": "divider"}] * 50,
    [image(alt_text="x")],
]


@pytest.mark.parametrize("blocks", FITTING)
async def test_what_fits_is_posted(place: Place, blocks: list[dict[str, Any]]) -> None:
    client = place.client()
    await client.chat_postMessage(channel=place.channel.id, text="fallback", blocks=blocks)
    assert len((await place.server.sent()).blocks) == len(blocks)


REFUSED = [
    ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    (
        [section("x" * 3001)],
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ([fields(11)], "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
    (
        [fields(1, "x" * 2001)],
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    (
        [header("x" * 151)],
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        [header("x", "mrkdwn")],
        "must be a text object of plain_text [json-pointer:/blocks/0/text]",
    ),
    (
        [actions(button("x" * 76, "a"))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        [actions(button("x", "a", "v" * 2001))],
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    (
        [actions(button("x", "a" * 256))],
        "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
    ),
    (
        [actions(button("x", "a"), button("y", "a"))],
        "`action_id` a already exists [json-pointer:/blocks/0/elements/1/action_id]",
    ),
    (
        [actions(*(button("x", str(number)) for number in range(26)))],
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        [actions(select(options=options(101)))],
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        [actions(select(options=options(1, "x" * 76)))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
    ),
    (
        [actions(select(options=options(1, "x", "v" * 151)))],
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
    ),
    (
        [actions(select(placeholder={"type": "plain_text", "text": "x" * 151}))],
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/placeholder/text]",
    ),
    ([overflow(6)], "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]"),
    ([context(11)], "no more than 10 items allowed [json-pointer:/blocks/0/elements]"),
    ([image()], "missing required field: alt_text [json-pointer:/blocks/0]"),
    ([{"type": "poem"}], "unsupported type: poem [json-pointer:/blocks/0]"),
    ([actions({"type": "plain_text_input"})], "unsupported type: plain_text_input"),
    (
        [{**section("x"), "block_id": "b"}] * 2,
        "`block_id` b already exists [json-pointer:/blocks/1/block_id]",
    ),
]


@pytest.mark.parametrize(("blocks", "message"), REFUSED)
async def test_what_does_not_fit_is_refused_with_its_place(
    place: Place, blocks: list[dict[str, Any]], message: str
) -> None:
    client = place.client()
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=place.channel.id, text="fallback", blocks=blocks)
    answer = refused.value.response
    assert answer["error"] == "invalid_blocks"
    assert any(each.startswith(message) for each in answer["errors"])
    told = answer["response_metadata"]["messages"]
    assert told == [f"[ERROR] {each}" for each in answer["errors"]]
    assert place.channel.messages == {}


@pytest.mark.parametrize(
    ("blocks", "fits"),
    [([section("x" * 190)] * 50, True), ([section("x" * 252)] * 45, False)],
)
async def test_blocks_are_measured_together(
    place: Place, blocks: list[dict[str, Any]], *, fits: bool
) -> None:
    posting = place.client().chat_postMessage(channel=place.channel.id, text="x", blocks=blocks)
    if fits:
        await posting
    else:
        with pytest.raises(SlackApiError, match="msg_blocks_too_long"):
            await posting


VIEWS = [
    (modal(asking("a"), title="x" * 25), "/view/title/text"),
    (modal(asking("a"), submit={"type": "plain_text", "text": "x" * 25}), "/view/submit/text"),
    (modal(asking("a"), close={"type": "plain_text", "text": "x" * 25}), "/view/close/text"),
    (modal(asking("a"), private_metadata="x" * 3001), "/view/private_metadata"),
    (modal(asking("a"), submit=None), "missing required field: submit"),
    (modal(*[{"type": "divider"}] * 101), "/view/blocks"),
    (modal(asking("a", "x" * 2001)), "/view/blocks/0/label/text"),
    (
        modal(asking("a", placeholder={"type": "plain_text", "text": "x" * 151})),
        "/view/blocks/0/element/placeholder/text",
    ),
    (modal(asking("a", max_length=3001)), "/view/blocks/0/element/max_length"),
    ({"type": "home"}, "missing required field: blocks"),
    ({"type": "popup", "blocks": []}, "/view/type"),
]


@pytest.mark.parametrize(("view", "place_of_mistake"), VIEWS)
async def test_views_are_checked_too(
    place: Place, view: dict[str, Any], place_of_mistake: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        await place.client().views_publish(user_id=place.ada.id, view=view)
    answer = refused.value.response
    assert answer["error"] == "invalid_arguments"
    assert any(place_of_mistake in each for each in answer["response_metadata"]["messages"])
    assert place.ada.home is None
