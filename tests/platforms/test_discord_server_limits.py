"""Limits that the real library keeps by itself, so that only raw requests meet them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from discord.http import Route

from tests.platforms.discord_server.modals import submission
from tests.platforms.discord_server.place import Logged, a_place, logged_in
from tests.platforms.discord_server.typed import NotPossible, fill_in


@pytest.fixture
async def logged() -> AsyncIterator[Logged]:
    async with a_place() as place, logged_in(place) as logged:
        yield logged


def row(*within: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(within)}


def button(**changed: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Answer", "custom_id": "answer", **changed}


def select(**changed: Any) -> dict[str, Any]:
    options = [{"label": "LoRA", "value": "lora"}, {"label": "Loss", "value": "loss"}]
    return {"type": 3, "custom_id": "deck", "options": options, **changed}


def text(content: str) -> dict[str, Any]:
    return {"type": 10, "content": content}


LAYOUT = 1 << 15


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"components": [row(button(custom_id=str(n))) for n in range(6)]}, "components"),
        ({"components": [row(*(button(custom_id=str(n)) for n in range(6)))]}, "0.components"),
        ({"components": [row()]}, "components.0.components"),
        ({"components": [button()]}, "components.0.type"),
        ({"components": [row(button(custom_id="c" * 101))]}, "components.0.custom_id"),
        ({"components": [row(button(style=5))]}, "components.0.url"),
        ({"components": [row(button(style=7))]}, "components.0.style"),
        ({"components": [row(button(label=None))]}, "components.0.label"),
        ({"components": [row(select(), button())]}, "components.0.components"),
        ({"components": [row(select(options=[]))]}, "components.0.options"),
        ({"components": [row(select(max_values=26))]}, "components.0.max_values"),
        ({"components": [text("x")]}, "components.0.type"),
        ({"components": [text("x")], "flags": LAYOUT, "content": "y"}, "flags"),
        ({"components": [text("x" * 4_001)], "flags": LAYOUT}, "components"),
        ({"components": [text("x")] * 41, "flags": LAYOUT}, "components"),
        ({"content": 5}, "content"),
        ({"embeds": [{"title": "t"}] * 11}, "embeds"),
        ({"embeds": [{}]}, "embeds.0.description"),
        ({"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]}, "embeds.0.fields"),
        ({"content": "x", "allowed_mentions": {"parse": ["all"]}}, "allowed_mentions.parse.0"),
        (
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
            "allowed_mentions",
        ),
    ],
)
async def test_a_raw_message_that_breaks_a_limit_is_refused_with_its_place(
    logged: Logged, body: dict[str, Any], where: str
) -> None:
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=logged.channel.id)
    with pytest.raises(discord.HTTPException) as refused:
        await logged.client.http.request(route, json=body)
    assert refused.value.code == 50035
    assert f"{where}:" in refused.value.text
    assert not logged.place.channel.messages


async def test_a_raw_body_must_be_an_object_and_ids_numbers(logged: Logged) -> None:
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=logged.channel.id)
    with pytest.raises(discord.HTTPException) as refused:
        await logged.client.http.request(route, json=["x"])
    assert refused.value.code == 50109
    with pytest.raises(discord.HTTPException) as misnamed:
        await logged.client.http.request(Route("GET", "/channels/general"))
    assert misnamed.value.code == 50035
    for limit in (0, 101):
        with pytest.raises(discord.HTTPException):
            await logged.client.http.logs_from(logged.channel.id, limit)


def command(*options: dict[str, Any]) -> dict[str, Any]:
    return {"id": "1", "name": "study", "type": 1, "options": list(options)}


def option(kind: int, **more: Any) -> dict[str, Any]:
    return {"name": "o", "description": "d", "type": kind, **more}


@pytest.mark.parametrize(
    ("choice", "value"),
    [
        (option(3), 5),
        (option(3, min_length=3), "ab"),
        (option(3, max_length=3), "abcd"),
        (option(3, choices=[{"name": "A", "value": "a"}]), "b"),
        (option(4), "5"),
        (option(4), True),
        (option(4, max_value=4), 5),
        (option(5), "yes"),
        (option(6), "ada"),
    ],
)
def test_the_app_sends_only_what_an_option_takes(choice: dict[str, Any], value: object) -> None:
    with pytest.raises(NotPossible):
        fill_in(command(choice), [], {"o": value})


def test_subcommands_are_named_in_full() -> None:
    outer = command(option(2, name="deck", options=[option(1, name="use", options=[option(3)])]))
    for path in ([], ["deck"], ["nothing"], ["deck", "nothing"]):
        with pytest.raises(NotPossible):
            fill_in(outer, path, {})
    (group,) = fill_in(outer, ["deck", "use"], {"o": "x"}).options
    assert group["options"][0]["options"] == [{"name": "o", "type": 3, "value": "x"}]


def test_the_app_sends_only_what_a_modal_takes() -> None:
    typed = {"type": 4, "custom_id": "text", "label": "L", "style": 1, "required": False}
    modal = {"custom_id": "form", "components": [row(typed), row(select())]}
    refused: list[dict[str, Any]] = [
        {"other": "x"},
        {"deck": "lora"},
        {"deck": ["other"]},
        {"deck": []},
    ]
    for values in refused:
        with pytest.raises(NotPossible):
            submission(modal, values)
    sent = submission(modal, {"deck": ["lora"]})["components"]
    assert sent[0]["components"][0]["value"] == ""
    assert sent[1]["components"][0]["values"] == ["lora"]
