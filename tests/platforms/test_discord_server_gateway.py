"""The Discord of our own, as the real client meets its gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from tests.platforms.discord_server import permissions
from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_server.real_client import led_to, running
from tests.platforms.discord_server.server import DiscordServer

WITHOUT_CONTENT = discord.Intents(guilds=True, messages=True, reactions=True)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


class Listener(discord.Client):
    """Keeps what it is told: messages, and the names of connection events."""

    def __init__(self, intents: discord.Intents | None = None, **options: Any) -> None:
        chosen = intents or discord.Intents.all()
        options = {"guild_ready_timeout": 0.05, "chunk_guilds_at_startup": False, **options}
        super().__init__(intents=chosen, **options)
        self.heard: asyncio.Queue[discord.Message] = asyncio.Queue()
        self.updates: asyncio.Queue[discord.RawMessageUpdateEvent] = asyncio.Queue()
        self.events: asyncio.Queue[str] = asyncio.Queue()
        self.types: set[str] = set()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """No five seconds between identifies, which this server doesn't ask for."""

    async def on_message(self, message: discord.Message) -> None:
        self.heard.put_nowait(message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        self.updates.put_nowait(payload)

    async def on_socket_event_type(self, event_type: str) -> None:
        self.types.add(event_type)

    async def on_ready(self) -> None:
        self.events.put_nowait("ready")

    async def on_resumed(self) -> None:
        self.events.put_nowait("resumed")

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self.events.put_nowait(f"left {guild.name}")

    async def on_guild_join(self, guild: discord.Guild) -> None:
        self.events.put_nowait(f"joined {guild.name}")

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        self.events.put_nowait(f"deleted {channel.name}")

    async def hear(self) -> discord.Message:
        return await asyncio.wait_for(self.heard.get(), 5)

    async def updated(self) -> discord.RawMessageUpdateEvent:
        return await asyncio.wait_for(self.updates.get(), 5)

    async def told(self) -> str:
        return await asyncio.wait_for(self.events.get(), 10)


async def test_a_client_becomes_ready_and_knows_its_guilds(place: Place) -> None:
    thread = place.ada.open_thread(place.ada.say(place.channel, "Read this"), "Reading")
    async with running(Listener(), place.server) as client:
        assert client.user is not None
        assert client.user.id == place.server.bot.id
        (guild,) = client.guilds
        assert [channel.name for channel in guild.text_channels] == ["general"]
        assert [each.id for each in guild.threads] == [thread.id]
        assert guild.me.guild_permissions.value == permissions.USUAL | permissions.BOT_USUAL
        # Without presences Discord tells of no other member at first.
        assert guild.member_count == 3
        assert [member.id for member in guild.members] == [client.user.id]


async def test_messages_arrive_compressed_and_in_order(place: Place) -> None:
    async with running(Listener(), place.server) as client:
        (connection,) = place.server.gateway.connections
        assert connection.compressed
        said = [place.ada.say(place.channel, f"Ünicode {number}") for number in range(300)]
        heard = [await client.hear() for _ in said]
    assert [message.content for message in heard] == [message.content for message in said]
    assert [message.id for message in heard] == [message.id for message in said]


async def test_members_are_chunked_when_asked_for(place: Place) -> None:
    async with running(Listener(), place.server) as client:
        members = await client.guilds[0].chunk()
        assert {member.name for member in members} == {"ada", "bob", "studybot"}
        (found,) = await client.guilds[0].query_members("bo")
        assert found.name == "bob"


async def test_a_cut_line_is_resumed_and_nothing_is_missed(place: Place) -> None:
    async with running(Listener(), place.server) as client:
        assert await client.told() == "ready"
        async with place.server.gateway.outage():
            said = place.ada.say(place.channel, "while you were away")
            await place.server.until(lambda: place.server.gateway.log.refused_connections)
        assert await client.told() == "resumed"
        assert (await client.hear()).id == said.id
        assert place.server.gateway.log.resumed == 1
        assert place.server.gateway.log.paths[-1].startswith("/gateway/resume")


async def test_a_lost_session_misses_events_and_is_ready_again(place: Place) -> None:
    async with running(Listener(), place.server) as client:
        assert await client.told() == "ready"
        await place.server.gateway.drop(resumable=False)
        place.ada.say(place.channel, "lost")
        assert await client.told() == "ready"
        place.ada.say(place.channel, "found")
        assert (await client.hear()).content == "found"
        channel = client.get_channel(place.channel.id)
        assert isinstance(channel, discord.TextChannel)
        assert [m.content async for m in channel.history(limit=2)] == ["found", "lost"]


async def test_a_session_is_not_kept_for_ever(place: Place) -> None:
    place.server.gateway.settings.resumable_for = 0
    async with running(Listener(), place.server) as client:
        assert await client.told() == "ready"
        await place.server.gateway.drop()
        assert await client.told() == "ready"
        assert len(place.server.gateway.log.resumes) == 1


async def test_a_request_to_reconnect_is_followed_by_a_resume(place: Place) -> None:
    async with running(Listener(), place.server) as client:
        assert await client.told() == "ready"
        place.server.gateway.ask_to_reconnect()
        assert await client.told() == "resumed"
        place.server.gateway.invalidate(resumable=True)
        assert await client.told() == "resumed"
        assert len(place.server.gateway.log.identifies) == 1


async def test_a_closed_line_is_resumed_after_most_codes(place: Place) -> None:
    async with running(Listener(), place.server) as client:
        assert await client.told() == "ready"
        await place.server.gateway.drop(code=4000)
        assert await client.told() == "resumed"


async def test_events_can_be_held_back(place: Place) -> None:
    async with running(Listener(), place.server) as client:
        with place.server.gateway.held():
            place.ada.say(place.channel, "one")
            place.ada.say(place.channel, "two")
            for _ in range(5):  # requests and their answers pass by meanwhile
                await client.fetch_user(place.ada.id)
            assert client.heard.empty()
        assert [(await client.hear()).content for _ in range(2)] == ["one", "two"]


async def test_intents_that_the_portal_does_not_grant_are_refused(place: Place) -> None:
    place.server.application.privileged.discard("message_content")
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(Listener(), place.server):
            pass
    async with running(Listener(WITHOUT_CONTENT), place.server) as client:
        assert client.is_ready()


async def test_a_wrong_token_is_refused(place: Place) -> None:
    with led_to(place.server):
        client = Listener()
        with pytest.raises(discord.LoginFailure):
            await client.login("wrong")
        await client.close()
    assert place.server.invalid_requests == 1


async def test_content_is_told_only_where_the_intent_is_not_needed(place: Place) -> None:
    server, ada, channel = place.server, place.ada, place.channel
    async with running(Listener(WITHOUT_CONTENT), server) as client:
        ada.say(channel, "hidden", attachments=[("notes.txt", b"hidden too")])
        hidden = await client.hear()
        assert (hidden.content, hidden.attachments) == ("", [])
        ada.say(channel, f"{server.bot.mention} a mention")
        assert (await client.hear()).content.endswith("a mention")
        there = client.get_channel(channel.id)
        assert isinstance(there, discord.TextChannel)
        own = await there.send("the bot's own")
        assert (await client.hear()).content == "the bot's own"
        target = channel.messages[own.id]
        ada.say(channel, "a reply that pings", reply_to=target)
        assert (await client.hear()).content == "a reply that pings"
        ada.say(channel, "a reply that doesn't", reply_to=target, ping=False)
        assert (await client.hear()).content == ""


async def test_an_update_may_be_no_edit_and_an_event_may_come_twice(place: Place) -> None:
    async with running(Listener(), place.server) as client:
        said = place.ada.say(place.channel, "see example.org")
        place.server.admin.tell_again(said)
        assert [(await client.hear()).id for _ in range(2)] == [said.id, said.id]
        place.server.admin.unfurl(said, "http://example.org")
        update = await client.updated()
        assert (update.message.content, update.message.edited_at) == ("see example.org", None)
        place.ada.edit(said, "see example.com")
        assert (await client.updated()).message.edited_at is not None


async def test_direct_messages_are_told_with_their_content(place: Place) -> None:
    intents = discord.Intents(guilds=True, dm_messages=True)
    async with running(Listener(intents), place.server) as client:
        place.ada.say(place.channel, "no guild messages wanted")
        place.ada.dm("psst")
        heard = await client.hear()
        assert (heard.content, heard.guild) == ("psst", None)
        await heard.channel.send("psst yourself")
        await place.server.sent(where=place.ada.direct)


async def test_the_bot_is_not_told_of_what_it_cannot_see(place: Place) -> None:
    hidden = place.server.channel(place.guild, "staff")
    place.server.admin.deny(hidden, place.server.bot, permissions.VIEW_CHANNEL)
    async with running(Listener(), place.server) as client:
        place.ada.say(hidden, "secret")
        place.ada.say(place.channel, "public")
        assert (await client.hear()).content == "public"
        there = client.get_channel(hidden.id)
        assert isinstance(there, discord.TextChannel)
        with pytest.raises(discord.Forbidden) as refused:
            await there.send("hello?")
        assert refused.value.code == 50001


async def test_kicks_invitations_and_deletions_are_told(place: Place) -> None:
    async with running(Listener(), place.server) as client:
        assert await client.told() == "ready"
        place.server.admin.kick_bot(place.guild)
        assert await client.told() == "left Study group"
        place.server.admin.invite_bot(place.guild)
        assert await client.told() == "joined Study group"
        place.bob.open_thread(place.ada.say(place.channel, "hm"), "Hm")
        place.server.admin.delete_channel(place.channel)
        assert await client.told() == "deleted general"
        assert "THREAD_DELETE" not in client.types
        assert len(place.guild.threads) == 0
        with pytest.raises(discord.NotFound):
            await client.fetch_channel(place.channel.id)


async def test_every_change_is_told_in_a_form_that_the_library_reads(place: Place) -> None:
    server, guild, ada, bob = place.server, place.guild, place.ada, place.bob
    async with running(Listener(), server) as client:
        said = ada.say(place.channel, "a question")
        thread = bob.open_thread(said, "Answers")
        bob.say(thread, "an answer", reply_to=None)
        bob.react(said, "👍")
        bob.unreact(said, "👍")
        server.admin.archive(thread)
        server.admin.delete_channel(thread)
        server.admin.rename(place.channel, "renamed")
        role = server.admin.add_role(guild, "champion")
        server.admin.give_role(guild, bob.user, role)
        server.admin.set_permissions(guild, role, permissions.MANAGE_GUILD)
        server.admin.give_role(guild, server.bot, role)
        bob.leave(guild)
        bob.join(guild)
        server.admin.set_available(guild, available=False)
        server.admin.set_available(guild, available=True)
        ada.delete(said)
        last = ada.say(place.channel, "the end")
        while (await client.hear()).id != last.id:
            pass
        (known,) = client.guilds
        assert known.text_channels[0].name == "renamed"
        assert known.me.guild_permissions.manage_guild
        assert not known.threads
    assert client.types == {
        *("READY", "GUILD_CREATE", "GUILD_DELETE", "GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE"),
        *("GUILD_MEMBER_ADD", "GUILD_MEMBER_REMOVE", "GUILD_MEMBER_UPDATE", "CHANNEL_UPDATE"),
        *("THREAD_CREATE", "THREAD_UPDATE", "THREAD_DELETE", "MESSAGE_CREATE"),
        *("MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"),
    }


async def test_guilds_are_shared_out_among_shards() -> None:
    class Sharded(discord.AutoShardedClient):
        async def before_identify_hook(
            self, shard_id: int | None, *, initial: bool = False
        ) -> None:
            """No five seconds between identifies, which this server doesn't ask for."""

        async def on_message(self, message: discord.Message) -> None:
            assert message.guild is not None
            heard.put_nowait((message.content, message.guild.shard_id))

    heard: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
    async with DiscordServer() as server:
        server.gateway.settings.shards = 2
        ada = server.person("ada")
        guilds = [server.guild(f"Guild {number}", owner=ada) for number in range(6)]
        channels = [server.channel(guild, "general") for guild in guilds]
        intents = discord.Intents(guilds=True, messages=True, message_content=True)
        async with running(Sharded(intents=intents, guild_ready_timeout=0.05), server) as client:
            assert client.shard_count == 2
            assert len(client.guilds) == 6
            await server.ready()
            for channel in channels:
                ada.say(channel, str((channel.guild_id or 0) >> 22))
            told = [await asyncio.wait_for(heard.get(), 5) for _ in channels]
            assert {int(text) % 2 == shard for text, shard in told} == {True}
            assert {shard for _, shard in told} == {0, 1}
            server.gateway.ask_to_reconnect()
            await server.until(lambda: server.gateway.log.resumed == 2, what="both resumes")
