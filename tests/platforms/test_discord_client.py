"""studybot's client on the Discord of our own: what it asks for, and how it stays connected."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.platforms.discord_server import intents
from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_world import a_studybot


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


async def test_it_asks_for_guilds_their_messages_and_their_words_and_keeps_no_members(
    place: Place, tmp_path: Path
) -> None:
    async with a_studybot(tmp_path, place) as bot:
        asked = place.server.gateway.log.identifies[0]["intents"]
        assert asked == intents.GUILDS | intents.GUILD_MESSAGES | intents.MESSAGE_CONTENT
        place.bob.say(place.channel, "hello")
        await bot.settled()
        assert bot.client.guilds[0].get_member(place.bob.id) is None
        assert not bot.client.cached_messages
    assert place.server.gateway.log.closed_with == [1000]


async def test_without_the_intent_it_goes_on_and_says_so(
    place: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place.server.application.privileged.discard("message_content")
    async with a_studybot(tmp_path, place) as bot:
        assert not bot.client.sees_content
        assert not bot.connection.sees_content
        asked = place.server.gateway.log.identifies[-1]["intents"]
        assert asked == intents.GUILDS | intents.GUILD_MESSAGES
    assert "Answer button" in caplog.text
