"""Channels, threads and memberships of the Discord of our own, by the real client."""

from __future__ import annotations

from collections.abc import AsyncIterator

import discord
import pytest

from tests.platforms.discord_server import permissions
from tests.platforms.discord_server.place import Logged, a_place, logged_in
from tests.platforms.discord_server.refusals import Refused


@pytest.fixture
async def logged() -> AsyncIterator[Logged]:
    async with a_place() as place, logged_in(place) as logged:
        yield logged


async def test_a_channel_is_changed_and_deleted_with_the_permission(logged: Logged) -> None:
    place = logged.place
    place.server.admin.allow(place.channel, place.server.bot, permissions.MANAGE_CHANNELS)
    await logged.channel.edit(name="study", topic="LoRA", slowmode_delay=5)
    changed = (place.channel.name, place.channel.topic, place.channel.slow_mode)
    assert changed == ("study", "LoRA", 5)
    with pytest.raises(discord.HTTPException) as refused:
        await logged.channel.edit(slowmode_delay=21_601)
    assert "rate_limit_per_user:" in refused.value.text
    await logged.channel.delete()
    assert place.guild.channels == {}


async def test_a_thread_stands_on_its_own_too(logged: Logged) -> None:
    kind = discord.ChannelType.public_thread
    thread = await logged.channel.create_thread(name="Free talk", type=kind)
    assert thread.id not in logged.place.channel.messages
    (announced,) = logged.place.channel.messages.values()
    assert (announced.type, announced.content) == (18, "Free talk")


async def test_a_thread_is_left_joined_and_not_when_archived(logged: Logged) -> None:
    thread, stored = await logged.thread()
    await thread.leave()
    assert stored.joined == {}
    await thread.join()
    assert list(stored.joined) == [logged.place.server.bot.id]
    logged.place.server.admin.archive(stored)
    with pytest.raises(discord.HTTPException) as refused:
        await thread.join()
    assert refused.value.code == 50083


async def test_without_managing_threads_only_ones_own_are_changed(logged: Logged) -> None:
    place = logged.place
    place.server.admin.deny(place.channel, place.server.bot, permissions.MANAGE_THREADS)
    thread, stored = await logged.thread()
    await thread.edit(name="renamed", archived=True)
    await thread.edit(archived=False)
    assert (stored.name, stored.archived) == ("renamed", False)
    with pytest.raises(discord.Forbidden):
        await thread.edit(locked=True)
    theirs = place.bob.open_thread(place.bob.say(place.channel, "mine"), "Bob's")
    other = await logged.client.fetch_channel(theirs.id)
    assert isinstance(other, discord.Thread)
    with pytest.raises(discord.Forbidden):
        await other.edit(name="not mine")


async def test_a_guild_is_described_and_left(logged: Logged) -> None:
    place = logged.place
    guild = await logged.client.fetch_guild(place.guild.id)
    assert [channel.name for channel in await guild.fetch_channels()] == ["general"]
    assert {role.name for role in await guild.fetch_roles()} == {"@everyone", "studybot"}
    assert [each.name async for each in logged.client.fetch_guilds()] == ["Study group"]
    await guild.leave()
    assert place.server.bot.id not in place.guild.members
    with pytest.raises(discord.NotFound):
        await logged.client.fetch_guild(place.guild.id)
    with pytest.raises(discord.Forbidden) as refused:
        await logged.channel.send("still there?")
    assert refused.value.code == 50001


async def test_members_are_listed_only_with_the_portals_leave(logged: Logged) -> None:
    http, guild_id = logged.client.http, logged.place.guild.id
    first = await http.get_members(guild_id, 2, None)
    rest = await http.get_members(guild_id, 2, int(first[-1]["user"]["id"]))
    names = [member["user"]["username"] for member in [*first, *rest]]
    assert sorted(names) == ["ada", "bob", "studybot"]
    logged.place.server.application.privileged.discard("members")
    with pytest.raises(discord.Forbidden):
        await http.get_members(guild_id, 2, None)


async def test_overwrites_of_roles_and_members_add_up_as_discord_has_it(logged: Logged) -> None:
    place, admin = logged.place, logged.place.server.admin
    role = admin.add_role(place.guild, "reader")
    admin.deny(place.channel, place.guild.everyone, permissions.VIEW_CHANNEL)
    with pytest.raises(Refused) as unseen:
        place.bob.say(place.channel, "hello")
    assert unseen.value.code == 50001
    admin.give_role(place.guild, place.bob.user, role)
    admin.allow(place.channel, role, permissions.VIEW_CHANNEL)
    place.bob.say(place.channel, "hello")
    admin.deny(place.channel, place.bob.user, permissions.SEND_MESSAGES)
    with pytest.raises(Refused) as silent:
        place.bob.say(place.channel, "hello")
    assert silent.value.code == 50013
    # The owner is never kept out.
    place.ada.say(place.channel, "hello")


async def test_everyone_is_notified_by_who_may(logged: Logged) -> None:
    place, admin = logged.place, logged.place.server.admin
    role = admin.add_role(place.guild, "reader")
    admin.give_role(place.guild, place.bob.user, role)
    admin.allow(place.channel, place.server.bot, permissions.MENTION_EVERYONE)
    loud = await logged.channel.send("@everyone")
    assert logged.stored(loud).pinged == {place.ada.id, place.bob.id}
    some = await logged.channel.send(role.mention)
    assert logged.stored(some).pinged == {place.bob.id}


async def test_the_bot_sees_who_reacted_and_takes_reactions_away_with_leave(
    logged: Logged,
) -> None:
    place = logged.place
    said = place.ada.say(place.channel, "an answer")
    place.bob.react(said, "👍")
    message = await logged.channel.fetch_message(said.id)
    assert [user.id async for user in message.reactions[0].users()] == [place.bob.id]
    with pytest.raises(discord.Forbidden):
        await message.remove_reaction("👍", discord.Object(place.bob.id))
    place.server.admin.allow(place.channel, place.server.bot, permissions.MANAGE_MESSAGES)
    await message.remove_reaction("👍", discord.Object(place.bob.id))
    assert said.reactions == {}


async def test_only_own_messages_are_edited_and_others_deleted_with_leave(logged: Logged) -> None:
    place = logged.place
    said = place.ada.say(place.channel, "mine")
    theirs = logged.channel.get_partial_message(said.id)
    with pytest.raises(discord.Forbidden) as refused:
        await theirs.edit(content="yours")
    assert refused.value.code == 50005
    with pytest.raises(discord.Forbidden):
        await theirs.delete()
    place.server.admin.allow(place.channel, place.server.bot, permissions.MANAGE_MESSAGES)
    await theirs.delete()
    assert said.deleted


async def test_who_blocked_the_bot_gets_no_reaction(logged: Logged) -> None:
    said = logged.place.bob.say(logged.place.channel, "an answer")
    logged.place.bob.user.blocks_bot = True
    with pytest.raises(discord.Forbidden) as refused:
        await logged.channel.get_partial_message(said.id).add_reaction("👀")
    assert refused.value.code == 90001
