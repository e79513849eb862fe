"""The bot joins servers, is kicked out, and channels and threads are deleted under it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.discord import guilds
from adapters.discord.guilds import REMOVED
from bot.domain.work import OutKind
from bot.study.channels import DELETED
from bot.study.groups import set_paused
from tests.platforms.discord_listening import Listening, a_listener, asked
from tests.platforms.discord_server import permissions
from tests.platforms.discord_server.place import Place, a_place
from tests.support.harness import FakeClock

SENDING = "POST /channels/{channel}/messages"


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


@pytest.fixture
async def heard(place: Place, tmp_path: Path) -> AsyncIterator[Listening]:
    async with a_listener(tmp_path, place, first=[guilds.attach]) as listener:
        yield await asked(listener)


async def test_a_server_that_the_bot_joins_is_told_once_how_to_begin(
    place: Place, tmp_path: Path
) -> None:
    guild = place.server.guild("Reading circle", owner=place.ada, bot=None)
    channel = place.server.channel(guild, "lobby")
    async with a_listener(tmp_path, place, first=[guilds.attach]) as listener:
        place.server.admin.invite_bot(guild)
        welcome = await place.server.sent(where=channel)
        assert "/study setup" in welcome.text
        await listener.bot.settled()
    async with a_listener(tmp_path, place, first=[guilds.attach]) as listener:
        await listener.bot.settled()
    assert len(channel.messages) == 1
    assert not place.channel.messages


async def test_a_server_joined_while_nobody_listened_is_greeted_as_well(
    place: Place, tmp_path: Path
) -> None:
    async with a_listener(tmp_path, place, first=[guilds.attach], founded=False) as listener:
        welcome = await place.server.sent(where=place.channel)
        assert "/study setup" in welcome.text
        await listener.bot.settled()
    old = a_listener(
        tmp_path / "later",
        place,
        first=[guilds.attach],
        founded=False,
        clock=FakeClock(datetime.now(UTC) + timedelta(days=3)),
    )
    async with old as listener:
        await listener.bot.settled()
    assert len(place.channel.messages) == 1


async def test_the_greeting_goes_where_the_bot_may_write_or_else_to_the_owner(
    heard: Listening,
) -> None:
    server = heard.place.server
    guild = server.guild("Reading circle", owner=heard.place.ada, bot=None)
    rules = server.channel(guild, "rules")
    server.admin.deny(rules, guild.everyone, permissions.SEND_MESSAGES)
    lobby = server.channel(guild, "lobby")
    server.admin.invite_bot(guild, permissions.READING)
    await server.sent(where=lobby)
    assert not rules.messages
    silent = server.guild("Silent", owner=heard.place.bob, everyone=permissions.READING, bot=None)
    server.channel(silent, "lobby")
    server.admin.invite_bot(silent, permissions.READING)
    welcome = await server.sent(where=heard.place.bob.direct)
    assert "/study setup" in welcome.text


@pytest.mark.parametrize("committed", [True, False])
async def test_a_greeting_whose_sending_broke_is_there_once(
    place: Place, tmp_path: Path, *, committed: bool
) -> None:
    place.server.messages.settings.nonce_seconds = 0
    place.server.faults.add(SENDING, 503, committed=committed)
    for _ in range(2):
        async with a_listener(tmp_path, place, first=[guilds.attach], founded=False) as listener:
            await listener.bot.settled()
    assert len(place.channel.messages) == 1


async def test_two_processes_that_greet_at_once_say_it_once(place: Place, tmp_path: Path) -> None:
    guild = place.server.guild("Reading circle", owner=place.ada, bot=None)
    channel = place.server.channel(guild, "lobby")
    async with (
        a_listener(tmp_path, place, first=[guilds.attach]) as one,
        a_listener(tmp_path, place, first=[guilds.attach]) as other,
    ):
        place.server.admin.invite_bot(guild)
        await place.server.sent(where=channel)
        for listener in (one, other):
            await listener.bot.client.settled()
        assert len(channel.messages) == 1
        place.server.admin.kick_bot(guild)
        place.server.admin.invite_bot(guild)
        await place.server.until(lambda: len(channel.messages) > 1, what="a second greeting")
        for listener in (one, other):
            await listener.bot.client.settled()
    assert len(channel.messages) == 2


async def test_renamed_channels_and_servers_are_called_by_their_new_names(
    place: Place, tmp_path: Path
) -> None:
    admin = place.server.admin
    async with a_listener(tmp_path, place, first=[guilds.attach]) as listener:
        admin.rename(place.channel, "daily-question")
        admin.rename_guild(place.guild, "Night owls")
        await listener.bot.settled()
        group, channel = await listener.bot.room()
        assert (group.name, channel.name) == ("Night owls", "daily-question")
        async with listener.bot.parts.store.write() as tx:
            await tx.groups.update(replace(group, name="Owls of the night"))
        admin.rename_guild(place.guild, "Early birds")
        await listener.bot.settled()
        group, _ = await listener.bot.room()
        assert group.name == "Owls of the night"
    admin.rename(place.channel, "questions")
    async with a_listener(tmp_path, place, first=[guilds.attach]) as listener:
        await listener.bot.settled()
        _, channel = await listener.bot.room()
        assert channel.name == "questions"


async def test_a_kicked_bot_pauses_its_channel_and_goes_on_when_it_is_told_to(
    heard: Listening,
) -> None:
    heard.place.server.admin.kick_bot(heard.place.guild)
    await heard.bot.settled()
    group, channel = await heard.bot.room()
    assert channel.paused_reason == REMOVED
    assert len(await heard.told(OutKind.NOTICE)) == 1
    await heard.bot.work()
    heard.place.server.admin.invite_bot(heard.place.guild)
    back = await heard.place.server.sent(lambda m: "/study resume" in m.text)
    assert back.channel is heard.place.channel
    await set_paused(heard.bot.services, group, paused=False)
    _, channel = await heard.bot.room()
    assert channel.paused_reason is None
    heard.place.bob.say(heard.thread, await heard.reference())
    await heard.bot.settled()
    assert await heard.answers() == 1


async def test_a_deleted_channel_is_paused_and_its_organisers_are_told(heard: Listening) -> None:
    other = heard.place.server.channel(heard.place.guild, "other")
    heard.place.server.admin.delete_channel(other)
    heard.place.server.admin.delete_channel(heard.place.channel)
    await heard.bot.settled()
    _, channel = await heard.bot.room()
    assert channel.paused_reason == DELETED
    await heard.bot.work()
    notice = await heard.place.server.sent(where=heard.place.ada.direct)
    assert "can't post" in notice.text


async def test_a_deleted_thread_pauses_nothing_and_its_answers_stand(heard: Listening) -> None:
    heard.place.bob.say(heard.thread, await heard.reference())
    await heard.bot.settled()
    elsewhere = heard.place.bob.open_thread(heard.place.bob.say(heard.place.channel, "hm"), "Hm")
    heard.place.server.admin.delete_channel(elsewhere)
    heard.place.server.admin.delete_channel(heard.thread)
    await heard.bot.settled()
    await heard.bot.work()
    _, channel = await heard.bot.room()
    assert channel.paused_reason is None
    assert await heard.answers() == 1
    direct = heard.place.ada.direct
    notice = await heard.place.server.sent(lambda m: "deleted" in m.text, where=direct)
    assert "thread" in notice.text
