"""The Discord of our own when it is slow, limited, failing or gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest

from tests.platforms.discord_server import permissions
from tests.platforms.discord_server.place import Logged, a_place, logged_in

SENDING = "POST /channels/{channel}/messages"


@pytest.fixture
async def logged() -> AsyncIterator[Logged]:
    async with a_place() as place, logged_in(place) as logged:
        yield logged


async def test_the_library_waits_out_its_rate_limits(logged: Logged) -> None:
    logged.place.server.limits.set(SENDING, 2, 0.2)
    await asyncio.gather(*(logged.channel.send(str(number)) for number in range(5)))
    assert len(logged.place.channel.messages) == 5
    times = [entry.at for entry in logged.place.server.journal.of(SENDING) if entry.status == 200]
    assert times[-1] - times[0] >= 0.3


async def test_a_client_that_ignores_its_limits_is_told_to_wait(logged: Logged) -> None:
    server = logged.place.server
    server.limits.set(SENDING, 1, 60)
    url = f"{server.api_base}/channels/{logged.channel.id}/messages"
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {server.token}"}) as session:
        first = await session.post(url, json={"content": "one"})
        assert (first.status, first.headers["X-RateLimit-Remaining"]) == (200, "0")
        second = await session.post(url, json={"content": "two"})
        told = await second.json()
    assert (second.status, second.headers["X-RateLimit-Scope"]) == (429, "user")
    assert 0 < told["retry_after"] <= int(second.headers["Retry-After"])
    assert [message.content for message in logged.place.channel.messages.values()] == ["one"]


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_a_429_is_waited_out_and_tried_again(logged: Logged, scope: str) -> None:
    fault = logged.place.server.faults.add(SENDING, 429, scope=scope, retry_after=0.05)
    await logged.channel.send("patience")
    assert fault.hits == 1
    assert [entry.status for entry in logged.place.server.journal.of(SENDING)] == [429, 200]
    assert logged.place.server.invalid_requests == (0 if scope == "shared" else 1)


async def test_the_global_limit_counts_every_route(logged: Logged) -> None:
    server = logged.place.server
    server.limits.everything = (1, 0.5)
    await asyncio.gather(logged.channel.send("1"), logged.client.fetch_user(logged.place.ada.id))
    entries = server.journal.of(SENDING) + server.journal.of("GET /users/{user}")
    assert sorted(entry.status for entry in entries) == [200, 200, 429]


async def test_a_lost_answer_is_asked_for_again_and_the_nonce_keeps_it_single(
    logged: Logged,
) -> None:
    logged.place.server.faults.add(SENDING, 502, committed=True)
    sent = await logged.channel.send("once", nonce="round-7")
    assert list(logged.place.channel.messages) == [sent.id]
    assert [entry.status for entry in logged.place.server.journal.of(SENDING)] == [502, 200]


@pytest.mark.parametrize("committed", [False, True])
async def test_a_cut_connection_is_raised(logged: Logged, *, committed: bool) -> None:
    logged.place.server.faults.add(SENDING, drop=True, committed=committed)
    with pytest.raises(aiohttp.ClientError):
        await logged.channel.send("gone?")
    assert len(logged.place.channel.messages) == int(committed)


async def test_a_503_is_raised_and_slowness_is_borne(logged: Logged) -> None:
    logged.place.server.faults.add("POST /channels/*/messages", 503)
    with pytest.raises(discord.DiscordServerError):
        await logged.channel.send("unavailable")
    logged.place.server.faults.add("POST /channels/*/messages", delay=0.05)
    await logged.channel.send("slow")
    assert logged.place.server.journal.of(SENDING)[-1].took >= 0.05


async def test_unknown_routes_are_answered_loudly(logged: Logged) -> None:
    guild = await logged.client.fetch_guild(logged.place.guild.id)
    with pytest.raises(discord.NotFound):
        await guild.fetch_stickers()
    assert logged.place.server.unknown == [f"GET /guilds/{guild.id}/stickers"]
    logged.place.server.unknown.clear()


async def test_too_many_invalid_requests_are_answered_by_the_front(logged: Logged) -> None:
    logged.place.server.rest.banned_after = 1
    logged.place.server.admin.deny(
        logged.place.channel, logged.place.server.bot, permissions.SEND_MESSAGES
    )
    with pytest.raises(discord.Forbidden):
        await logged.channel.send("not allowed")
    with pytest.raises(discord.HTTPException) as banned:
        await logged.channel.send("not allowed")
    assert (banned.value.status, banned.value.code) == (429, 0)


async def test_an_effect_may_be_seen_long_before_its_answer(logged: Logged) -> None:
    fault = logged.place.server.faults.add(SENDING, committed=True, delay=60)
    sending = asyncio.create_task(logged.channel.send("there already"))
    assert (await logged.place.server.sent()).content == "there already"
    assert (fault.hits, sending.done()) == (1, False)
    sending.cancel()
    logged.place.server.faults.add(SENDING, committed=True, delay=0.01)
    await logged.channel.send("once")
    assert len(logged.place.channel.messages) == 2


async def test_an_outage_cuts_everything_until_it_is_over(logged: Logged) -> None:
    async with logged.place.server.outage():
        with pytest.raises(aiohttp.ClientError):
            await logged.channel.send("anyone?")
    await logged.channel.send("back")
