"""The Discord of our own, as the real client meets its REST interface."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import discord
import pytest

from tests.platforms.discord_server import permissions
from tests.platforms.discord_server.place import Logged, a_place, logged_in
from tests.platforms.discord_server.refusals import Refused


@pytest.fixture
async def logged() -> AsyncIterator[Logged]:
    async with a_place() as place, logged_in(place) as logged:
        yield logged


async def test_messages_are_sent_edited_found_and_deleted(logged: Logged) -> None:
    embed = discord.Embed(title="LoRA", description="Low-rank adaptation", colour=0x123456)
    message = await logged.channel.send("A question", embed=embed)
    assert (await logged.place.server.sent()).text == "A question\nLoRA\nLow-rank adaptation"
    edited = await message.edit(content="Another question", embed=None)
    assert (edited.content, edited.embeds) == ("Another question", [])
    found = await logged.channel.fetch_message(message.id)
    assert found.edited_at is not None
    await message.delete()
    with pytest.raises(discord.NotFound) as missing:
        await logged.channel.fetch_message(message.id)
    assert missing.value.code == 10008


async def test_a_nonce_that_is_enforced_gives_the_first_message_again(logged: Logged) -> None:
    first = await logged.channel.send("once", nonce="round-7")
    again = await logged.channel.send("twice", nonce="round-7")
    assert (again.id, again.content) == (first.id, "once")
    assert (await logged.channel.send("other", nonce="round-8")).id != first.id
    assert len(logged.place.channel.messages) == 2
    await first.delete()
    with pytest.raises(discord.NotFound):
        await logged.channel.send("the first one is gone", nonce="round-7")
    logged.place.server.messages.settings.nonce_seconds = 0
    assert (await logged.channel.send("later", nonce="round-7")).id != first.id
    with pytest.raises(discord.HTTPException) as refused:
        await logged.channel.send("long", nonce="n" * 26)
    assert "nonce" in refused.value.text


def embeds_of(characters: int) -> list[discord.Embed]:
    return [discord.Embed(description="d" * 4_000), discord.Embed(description="d" * characters)]


def buttons(*labels: str, custom_id: str | None = None) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for label in labels:
        view.add_item(discord.ui.Button(label=label, custom_id=custom_id or f"id-{label}"))
    return view


@pytest.mark.parametrize(
    ("content", "place_of_mistake"),
    [
        ({"content": "x" * 2_001}, "content"),
        ({"embed": discord.Embed(title="t" * 257)}, "embeds.0.title"),
        ({"embed": discord.Embed(description="d" * 4_097)}, "embeds.0.description"),
        ({"embed": discord.Embed().add_field(name="", value="v")}, "embeds.0.fields.0.name"),
        ({"embed": discord.Embed().add_field(name="n", value="v" * 1_025)}, "fields.0.value"),
        ({"embed": discord.Embed().set_footer(text="f" * 2_049)}, "embeds.0.footer.text"),
        ({"embed": discord.Embed(title="t", url="ftp://x")}, "embeds.0.url"),
        ({"embeds": embeds_of(2_001)}, "embeds"),
        ({"view": buttons("a" * 81, custom_id="a")}, "components.0.components.0.label"),
        ({"view": buttons("a", "b", custom_id="same")}, "components"),
        (
            {"content": "x", "reference": discord.MessageReference(message_id=1, channel_id=1)},
            "message_reference",
        ),
    ],
)
async def test_what_breaks_a_limit_is_refused_with_its_place(
    logged: Logged, content: dict[str, Any], place_of_mistake: str
) -> None:
    with pytest.raises(discord.HTTPException) as refused:
        await logged.channel.send(**content)
    assert (refused.value.status, refused.value.code) == (400, 50035)
    assert f"{place_of_mistake}:" in refused.value.text
    assert not logged.place.channel.messages


async def test_what_keeps_the_limits_is_taken(logged: Logged) -> None:
    await logged.channel.send("x" * 2_000, embeds=embeds_of(2_000))
    labels = [f"{number:02}" * 40 for number in range(25)]
    sent = await logged.channel.send(view=buttons(*labels))
    assert len(logged.stored(sent).buttons) == 25
    with pytest.raises(discord.HTTPException) as refused:
        await logged.channel.send("")
    assert refused.value.code == 50006


async def test_history_is_paged_before_after_and_around(logged: Logged) -> None:
    said = [logged.place.ada.say(logged.place.channel, str(number)) for number in range(230)]
    after = discord.Object(said[9].id)
    found = [m.content async for m in logged.channel.history(limit=None, after=after)]
    assert found == [str(number) for number in range(10, 230)]
    assert len(logged.place.server.journal.of("GET /channels/*/messages")) == 3
    before = [m.content async for m in logged.channel.history(limit=2, before=after)]
    assert before == ["8", "7"]
    around = [m.content async for m in logged.channel.history(limit=3, around=after)]
    assert around == ["10", "9", "8"]


async def test_reactions_are_the_bots_own_and_limited(logged: Logged) -> None:
    said = logged.place.ada.say(logged.place.channel, "an answer")
    message = logged.channel.get_partial_message(said.id)
    await message.add_reaction("👀")
    await message.add_reaction("👀")
    assert await logged.place.server.reacted(said) == "👀"
    logged.place.bob.react(said, "👀")
    assert (await message.fetch()).reactions[0].count == 2
    await message.remove_reaction("👀", discord.Object(logged.place.server.bot.id))
    assert said.reactions == {"👀": [logged.place.bob.id]}
    with pytest.raises(discord.HTTPException) as refused:
        await message.add_reaction("word")
    assert refused.value.code == 10014
    for number in range(19):
        await message.add_reaction(chr(0x1F600 + number))
    with pytest.raises(discord.HTTPException) as full:
        await message.add_reaction("🧠")
    assert full.value.code == 30010


async def test_a_message_has_one_thread(logged: Logged) -> None:
    message = await logged.channel.send("Question of the day")
    thread = await message.create_thread(name="Day 1")
    assert thread.id == message.id
    with pytest.raises(discord.HTTPException) as refused:
        await message.create_thread(name="Day 1 again")
    assert (refused.value.status, refused.value.code) == (400, 160004)
    other = await logged.channel.send("Another")
    for name in ("", "n" * 101):
        with pytest.raises(discord.HTTPException):
            await other.create_thread(name=name)
    logged.place.server.admin.deny(
        logged.place.channel, logged.place.server.bot, permissions.CREATE_PUBLIC_THREADS
    )
    with pytest.raises(discord.Forbidden):
        await other.create_thread(name="Day 2")


async def test_writing_wakes_an_archived_thread_and_a_locked_one_refuses(logged: Logged) -> None:
    admin, channel = logged.place.server.admin, logged.place.channel
    thread, stored = await logged.thread()
    admin.archive(stored)
    await thread.send("still here")
    assert not stored.archived
    admin.deny(channel, logged.place.server.bot, permissions.MANAGE_THREADS)
    admin.lock(stored)
    with pytest.raises(discord.Forbidden) as locked:
        await thread.send("hello?")
    assert locked.value.code == 160005
    admin.archive(stored, locked=True)
    with pytest.raises(discord.Forbidden) as archived:
        await thread.send("hello?")
    assert archived.value.code == 50083
    with pytest.raises(Refused):
        logged.place.bob.say(stored, "me neither")


async def test_archived_threads_are_listed_apart_and_not_edited(logged: Logged) -> None:
    thread, stored = await logged.thread()
    sent = await thread.send("a reply")
    await thread.edit(archived=True)
    assert stored.archived
    with pytest.raises(discord.HTTPException) as refused:
        await sent.edit(content="changed")
    assert refused.value.code == 50083
    with pytest.raises(discord.HTTPException):
        await thread.edit(name="renamed")
    listed = [each.id async for each in logged.channel.archived_threads()]
    assert listed == [thread.id]
    await thread.edit(archived=False)
    assert [each async for each in logged.channel.archived_threads()] == []
    guild = await logged.client.fetch_guild(logged.place.guild.id)
    assert [each.id for each in await guild.active_threads()] == [thread.id]


Doing = Callable[[Logged], Awaitable[object]]


@pytest.mark.parametrize(
    ("taken", "doing"),
    [
        (permissions.SEND_MESSAGES, lambda logged: logged.channel.send("x")),
        (permissions.EMBED_LINKS, lambda logged: logged.channel.send(embed=embeds_of(9)[1])),
        (
            permissions.ATTACH_FILES,
            lambda logged: logged.channel.send(file=discord.File(io.BytesIO(b"x"), "x.txt")),
        ),
        (permissions.MANAGE_CHANNELS, lambda logged: logged.channel.edit(name="renamed")),
        (permissions.MANAGE_CHANNELS, lambda logged: logged.channel.delete()),
    ],
)
async def test_a_missing_permission_is_refused(logged: Logged, taken: int, doing: Doing) -> None:
    logged.place.server.admin.deny(logged.place.channel, logged.place.server.bot, taken)
    with pytest.raises(discord.Forbidden) as refused:
        await doing(logged)
    assert refused.value.code == 50013
    assert logged.place.server.invalid_requests == 1


async def test_roles_are_given_only_below_the_bots_own(logged: Logged) -> None:
    server, guild = logged.place.server, logged.place.guild
    server.admin.set_permissions(guild, server.admin.bot_role(guild), permissions.MANAGE_ROLES)
    low = server.admin.add_role(guild, "champion")
    high = server.admin.add_role(guild, "above the bot", top=True)
    fetched = await logged.client.fetch_guild(guild.id)
    member = await fetched.fetch_member(logged.place.bob.id)
    await member.add_roles(discord.Object(low.id))
    assert guild.members[logged.place.bob.id].role_ids == {low.id}
    with pytest.raises(discord.Forbidden):
        await member.add_roles(discord.Object(high.id))
    await member.remove_roles(discord.Object(low.id))
    assert guild.members[logged.place.bob.id].role_ids == set()


async def test_allowed_mentions_decide_who_is_notified(logged: Logged) -> None:
    ada, bob = logged.place.ada, logged.place.bob
    text = f"{ada.mention} {bob.mention} @everyone"
    quiet = await logged.channel.send(text, allowed_mentions=discord.AllowedMentions.none())
    assert logged.stored(quiet).pinged == set()
    some = await logged.channel.send(
        text, allowed_mentions=discord.AllowedMentions(everyone=False, users=[bob.user])
    )
    assert logged.stored(some).pinged == {bob.id}
    # Without the permission @everyone is only text.
    loud = await logged.channel.send(text)
    assert not logged.stored(loud).pinged_everyone
    said = ada.say(logged.place.channel, "an answer")
    target = discord.MessageReference(message_id=said.id, channel_id=said.channel.id)
    reply = await logged.channel.send("thanks", reference=target)
    assert logged.stored(reply).pinged == {ada.id}
    silent = await logged.channel.send("thanks", reference=target, mention_author=False)
    assert logged.stored(silent).pinged == set()


async def test_files_are_kept_and_can_be_fetched(logged: Logged) -> None:
    file = discord.File(io.BytesIO(b"rank,member\n1,ada\n"), "board.csv")
    sent = await logged.channel.send("The board", file=file)
    assert logged.stored(sent).attachments[0].content == b"rank,member\n1,ada\n"
    assert await sent.attachments[0].read() == b"rank,member\n1,ada\n"


async def test_who_takes_no_messages_gets_none(logged: Logged) -> None:
    user = await logged.client.fetch_user(logged.place.ada.id)
    await user.send("hello")
    assert (await logged.place.server.sent(where=logged.place.ada.direct)).content == "hello"
    logged.place.ada.user.takes_messages = False
    with pytest.raises(discord.Forbidden) as refused:
        await user.send("hello?")
    assert refused.value.code == 50007


async def test_the_portal_tells_which_intents_it_grants(logged: Logged) -> None:
    logged.place.server.application.privileged = {"message_content"}
    application = await logged.client.application_info()
    assert application.flags.gateway_message_content_limited
    assert not application.flags.gateway_guild_members_limited
    logged.place.server.application.privileged = set()
    said = logged.place.ada.say(logged.place.channel, "hidden")
    assert (await logged.channel.fetch_message(said.id)).content == ""


async def test_slow_mode_holds_people_back_and_not_the_bot(logged: Logged) -> None:
    place = logged.place
    place.server.admin.slow_mode(place.channel, 60)
    place.bob.say(place.channel, "first")
    with pytest.raises(Refused) as refused:
        place.bob.say(place.channel, "second")
    assert refused.value.code == 20016
    await logged.channel.send("one")
    await logged.channel.send("two")


async def test_who_is_timed_out_only_reads(logged: Logged) -> None:
    place = logged.place
    place.server.admin.time_out(place.guild, place.bob.user, 60)
    with pytest.raises(Refused) as refused:
        place.bob.say(place.channel, "hm")
    assert refused.value.code == 50013


async def test_an_edit_notifies_nobody(logged: Logged) -> None:
    sent = await logged.channel.send("hello")
    await sent.edit(content=f"hello {logged.place.bob.mention}")
    assert logged.stored(sent).mentions == [logged.place.bob.id]
    assert logged.stored(sent).pinged == set()
