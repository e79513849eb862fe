"""studybot's client on the Discord of our own: what it asks for, and how it stays connected."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import discord
import pytest

from adapters.discord.adapter import DiscordAdapter
from adapters.discord.client import Shards, StudyClient
from adapters.discord.connection import Options
from bot.domain.group import Channel
from bot.errors import DeliveryError
from bot.messages.message import Message
from bot.ports import Envelope
from bot.settings import SettingsError
from bot.study.services import Services
from tests.platforms.discord_server import intents
from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_world import a_studybot

NO_SERVICES = cast("Services", None)
"""For adapters without a part that listens."""


def options(place: Place, **changes: Any) -> Options:
    given = {"token": place.server.token, "api_base": place.server.api_base}
    return Options(**{**given, "gateway_url": place.server.gateway_url, **changes})


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


async def test_a_token_that_is_not_taken_ends_it_with_words(place: Place) -> None:
    adapter = DiscordAdapter(options(place, token="wrong"))
    ended = asyncio.Event()
    with pytest.raises(SettingsError, match="DISCORD_TOKEN"):
        async with adapter.running(NO_SERVICES, parts=(), ended=ended.set):
            await asyncio.wait_for(ended.wait(), 10)


async def test_an_unreachable_discord_is_waited_for(place: Place, tmp_path: Path) -> None:
    fault = place.server.faults.add("GET /users/@me", drop=True)
    async with a_studybot(tmp_path, place) as bot:
        assert fault.hits == 1
        assert bot.connection.problem() is None


async def test_it_says_which_part_is_not_connected(place: Place, tmp_path: Path) -> None:
    elsewhere = DiscordAdapter(options(place))
    assert elsewhere.waiting_for() == []
    async with elsewhere.running(NO_SERVICES, parts=()):
        assert elsewhere.waiting_for() == ["discord: not logged in"]
    async with a_studybot(tmp_path, place) as bot:
        adapter = cast("DiscordAdapter", bot.parts.discord)
        assert adapter.waiting_for() == []
        async with place.server.gateway.outage():
            await place.server.until(lambda: bool(adapter.waiting_for()), what="a lost shard")
            assert adapter.waiting_for() == ["discord: shard 0 is not connected"]


async def test_it_serves_the_shards_that_are_its_own(place: Place, tmp_path: Path) -> None:
    place.server.gateway.settings.shards = 4
    guild_shard = (place.guild.id >> 22) % 4
    async with a_studybot(tmp_path, place, shards=Shards((guild_shard,), 4)) as bot:
        assert [each["shard"] for each in place.server.gateway.log.identifies] == [[guild_shard, 4]]
        assert [guild.id for guild in bot.client.guilds] == [place.guild.id]


async def test_discords_advice_on_shards_is_taken(place: Place, tmp_path: Path) -> None:
    place.server.gateway.settings.shards = 1
    async with a_studybot(tmp_path, place):
        assert place.server.gateway.log.identifies[0]["shard"] == [0, 1]
        assert place.server.journal.count("GET /gateway/bot") == 1


async def test_a_worker_posts_without_a_gateway(place: Place) -> None:
    adapter = DiscordAdapter(options(place))
    channel = Channel(1, 1, "discord", str(place.channel.id), "general")
    async with adapter.running(NO_SERVICES, parts=(), gateway=False):
        with pytest.raises(DeliveryError):
            await adapter.messenger.send(Envelope(channel, "sb-1"), Message("too early"))
        await asyncio.wait_for(adapter.connection.logged_in(), 10)
        assert adapter.waiting_for() == []
        await adapter.messenger.send(Envelope(channel, "sb-1"), Message("Hello"))
        await adapter.messenger.send(Envelope(channel, "sb-2", organisers=True), Message("Psst"))
    assert [m.text for m in place.channel.messages.values()] == ["Hello\nsb-1"]
    assert "Psst" in place.ada.screen(place.ada.direct)[-1].text
    assert not place.server.gateway.log.identifies


async def test_a_handler_that_fails_is_logged_and_hinders_no_other(
    place: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    async def fail(_: discord.Message) -> None:
        raise RuntimeError("made to fail")

    async def hear(message: discord.Message) -> None:
        heard.append(message.content)

    def attach(client: StudyClient) -> None:
        client.listen("message", fail)
        client.listen("message", hear)

    async with a_studybot(tmp_path, place, attach=[attach]) as bot:
        place.bob.say(place.channel, "secret words")
        await bot.settled()
    assert heard == ["secret words"]
    assert "made to fail" in caplog.text
    assert "secret words" not in caplog.text


async def test_a_routine_goes_on_after_it_failed_and_ends_with_the_client(
    place: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    turns = 0
    several = asyncio.Event()

    async def turn() -> None:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise RuntimeError("made to fail")
        several.set()

    def attach(client: StudyClient) -> None:
        client.every(0.01, turn)

    async with a_studybot(tmp_path, place, attach=[attach]) as bot:
        await asyncio.wait_for(several.wait(), 10)
        routines = set(bot.client._routines)
    assert "made to fail" in caplog.text
    assert all(routine.done() for routine in routines)


async def test_what_takes_too_long_is_cut_off_when_the_client_closes(
    place: Place, tmp_path: Path
) -> None:
    cut = asyncio.Event()

    async def endless(_: discord.Message) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cut.set()

    def attach(client: StudyClient) -> None:
        client.listen("message", endless)

    async with a_studybot(tmp_path, place, attach=[attach]) as bot:
        place.bob.say(place.channel, "hello?")
        await bot.caught_up()
    assert cut.is_set()


async def test_what_is_being_dealt_with_ends_before_the_connection_does(
    place: Place, tmp_path: Path
) -> None:
    answered = asyncio.Event()

    async def slow(message: discord.Message) -> None:
        await asyncio.sleep(0.1)
        await message.channel.send("at last")
        answered.set()

    def attach(client: StudyClient) -> None:
        client.listen("message", lambda m: slow(m) if not m.author.bot else asyncio.sleep(0))

    async with a_studybot(tmp_path, place, attach=[attach]) as bot:
        place.bob.say(place.channel, "hello?")
        await bot.caught_up()
    assert answered.is_set()
    assert [m.text for m in place.channel.messages.values()] == ["hello?", "at last"]
