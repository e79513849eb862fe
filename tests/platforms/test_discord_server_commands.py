"""Which commands the Discord of our own registers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from tests.platforms.discord_server.place import Logged, a_place, logged_in


@pytest.fixture
async def logged() -> AsyncIterator[Logged]:
    async with a_place() as place, logged_in(place) as logged:
        yield logged


def command(**changed: Any) -> dict[str, Any]:
    return {"name": "explain", "description": "Explain", "type": 1, "options": [], **changed}


def option(**changed: Any) -> dict[str, Any]:
    return {"name": "term", "description": "A term", "type": 3, **changed}


@pytest.mark.parametrize(
    ("sent", "where"),
    [
        (command(name="Explain"), "0.name"),
        (command(name="two words"), "0.name"),
        (command(description=""), "0.description"),
        (command(description="d" * 101), "0.description"),
        (command(name_localizations={"de": "Erkläre"}), "0.name_localizations.de"),
        (command(description_localizations={"xx": "d"}), "0.description_localizations"),
        (command(options=[option(name=f"o{number}") for number in range(26)]), "0.options"),
        (
            command(options=[option(), option(name="late", required=True)]),
            "0.options.1",
        ),
        (
            command(options=[option(choices=[{"name": "n", "value": "v" * 101}])]),
            "0.options.0.choices.0.value",
        ),
        (command(options=[option(), option(type=1, name="sub")]), "0.options"),
    ],
)
async def test_commands_that_break_a_rule_are_not_registered(
    logged: Logged, sent: dict[str, Any], where: str
) -> None:
    client, registered = logged.client, logged.place.server.commands
    assert client.application_id is not None
    await client.http.bulk_upsert_global_commands(client.application_id, [command()])
    before = dict(registered.everywhere)
    with pytest.raises(discord.HTTPException) as refused:
        await client.http.bulk_upsert_global_commands(client.application_id, [sent])
    assert refused.value.code == 50035
    assert f"{where}:" in refused.value.text
    assert registered.everywhere == before


async def test_there_are_at_most_a_hundred_and_none_twice(logged: Logged) -> None:
    client = logged.client
    assert client.application_id is not None
    many = [command(name=f"explain-{number}") for number in range(101)]
    with pytest.raises(discord.HTTPException) as refused:
        await client.http.bulk_upsert_global_commands(client.application_id, many)
    assert refused.value.code == 30032
    await client.http.bulk_upsert_global_commands(client.application_id, many[:100])
    with pytest.raises(discord.HTTPException) as doubled:
        await client.http.bulk_upsert_global_commands(client.application_id, [command()] * 2)
    assert doubled.value.code == 50035


async def test_a_command_together_has_at_most_eight_thousand_characters(logged: Logged) -> None:
    client = logged.client
    assert client.application_id is not None
    choices = [{"name": f"{number:0100}", "value": "v" * 100} for number in range(20)]
    options = [option(name=f"o{number}", choices=choices) for number in range(2)]
    with pytest.raises(discord.HTTPException) as refused:
        await client.http.bulk_upsert_global_commands(
            client.application_id, [command(options=options)]
        )
    assert "maximum size" in refused.value.text
