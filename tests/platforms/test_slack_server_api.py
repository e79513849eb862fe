"""The Slack of our own: tokens, scopes, limits, channels, people, and faults in the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.slack_server import manifest
from tests.platforms.slack_server.place import Place, a_place
from tests.platforms.slack_server.world import PRIVATE

MANIFEST: dict[str, Any] = {
    "features": {"slash_commands": [{"command": "/study"}]},
    "oauth_config": {"scopes": {"bot": ["commands", "chat:write", "channels:history"]}},
    "settings": {
        "event_subscriptions": {"bot_events": ["message.channels"]},
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


@pytest.fixture
def client(place: Place) -> AsyncWebClient:
    return place.client()


async def test_a_token_says_who_it_belongs_to(place: Place, client: AsyncWebClient) -> None:
    told = await client.auth_test()
    bot = place.server.bot
    assert (told["user_id"], told["bot_id"]) == (bot.id, bot.bot_id)
    assert told["team_id"] == place.server.team.id
    assert (await client.bots_info(bot=bot.bot_id))["bot"]["user_id"] == bot.id
    assert (await client.team_info())["team"]["name"] == "Study group"


async def test_tokens_that_are_no_good_are_told_apart(place: Place, client: AsyncWebClient) -> None:
    for token, error in (("xoxb-wrong", "invalid_auth"), ("xapp-1", "not_allowed_token_type")):
        with pytest.raises(SlackApiError, match=error):
            await client.auth_test(token=token)
    with pytest.raises(SlackApiError, match="not_authed"):
        await AsyncWebClient(base_url=place.server.api_url).auth_test()
    await client.auth_revoke()
    with pytest.raises(SlackApiError, match="token_revoked"):
        await client.auth_test()
    other = place.server.install(place.server.team)
    place.ada.uninstall()
    with pytest.raises(SlackApiError, match="account_inactive"):
        await client.auth_test(token=other.token)
    kinds = [each.event["type"] for each in place.server.deliveries.log]
    assert kinds == ["tokens_revoked", "tokens_revoked", "app_uninstalled"]


async def test_a_missing_scope_is_named(place: Place) -> None:
    install = place.server.install(place.server.team, ["chat:write", "channels:history"])
    client = place.client(install.token)
    for calling, needed in (
        (client.users_info(user=place.ada.id), "users:read"),
        (client.conversations_info(channel=place.channel.id), "channels:read"),
        (client.conversations_open(users=[place.ada.id]), "im:write"),
    ):
        with pytest.raises(SlackApiError) as refused:
            await calling
        answer = refused.value.response
        assert (answer["error"], answer["needed"]) == ("missing_scope", needed)
        assert answer["provided"] == "channels:history,chat:write"


async def test_form_and_json_bodies_are_read_alike(place: Place) -> None:
    url = f"{place.server.api_url}chat.postMessage"
    body = {"channel": place.channel.id, "text": "x"}
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {place.server.token}"}
        first = await session.post(url, json=body, headers=headers)
        second = await session.post(url, data={**body, "token": place.server.token})
        third = await session.post(f"{place.server.api_url}no.suchMethod", headers=headers)
        answers = [await each.json() for each in (first, second, third)]
    assert [each["ok"] for each in answers] == [True, True, False]
    assert answers[2]["error"] == "unknown_method"
    assert place.server.unknown == ["no.suchMethod"]
    place.server.unknown.clear()


async def test_people_are_described(place: Place, client: AsyncWebClient) -> None:
    told = (await client.users_info(user=place.ada.id))["user"]
    assert (told["is_admin"], told["is_owner"], told["tz"]) == (True, False, "Europe/Berlin")
    gone = place.server.person("carol", deleted=True)
    members = (await client.users_list())["members"]
    assert {each["name"] for each in members} == {"studybot", "ada", "bob", "carol"}
    (carol,) = [each for each in members if each["id"] == gone.id]
    assert (carol["deleted"], "tz" in carol) == (True, False)
    with pytest.raises(SlackApiError, match="user_not_found"):
        await client.users_info(user="U0")


async def test_a_closed_account_is_told(place: Place, client: AsyncWebClient) -> None:
    place.bob.deactivate()
    (told,) = place.server.deliveries.of("user_change")
    assert (told.event["user"]["id"], told.event["user"]["deleted"]) == (place.bob.id, True)
    with pytest.raises(SlackApiError, match="user_disabled"):
        await client.conversations_open(users=[place.bob.id])


async def test_channels_are_listed_as_the_bot_sees_them(
    place: Place, client: AsyncWebClient
) -> None:
    place.server.channel("hidden", [place.ada], kind=PRIVATE, bot=False)
    place.server.channel("ours", [place.ada], kind=PRIVATE)
    place.server.channel("elsewhere", [place.ada], bot=False)
    kinds = "public_channel,private_channel"
    listed = await client.conversations_list(types=kinds, limit=2)
    names = [each["name"] async for page in listed for each in page["channels"]]
    assert names == ["general", "ours", "elsewhere"]
    mine = (await client.users_conversations(types=kinds))["channels"]
    assert [each["name"] for each in mine] == ["general", "ours"]
    members = (await client.conversations_members(channel=place.channel.id))["members"]
    assert set(members) == {place.ada.id, place.bob.id, place.server.bot.id}


async def test_what_happens_to_channels_is_told(place: Place, client: AsyncWebClient) -> None:
    channel = place.channel
    place.ada.rename(channel, "llm")
    place.ada.archive(channel)
    assert (await client.conversations_info(channel=channel.id))["channel"]["is_archived"]
    place.ada.unarchive(channel)
    place.bob.leave(channel)
    place.ada.kick(channel)
    place.ada.invite(channel)
    place.ada.delete_channel(channel)
    kinds = [each.event["type"] for each in place.server.deliveries.log]
    assert [kind for kind in kinds if kind != "message"] == [
        "channel_rename",
        "channel_archive",
        "channel_unarchive",
        "member_left_channel",
        "channel_left",
        "member_joined_channel",
        "channel_deleted",
    ]
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await client.conversations_info(channel=channel.id)


async def test_limits_are_waited_out_by_the_clock(place: Place, client: AsyncWebClient) -> None:
    place.server.limits.documented()
    elsewhere = place.server.channel("elsewhere", [place.ada])
    for channel in (place.channel, elsewhere):
        await client.chat_postMessage(channel=channel.id, text="one")
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel=channel.id, text="two")
        answer = refused.value.response
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    place.server.clock.advance(1)
    await client.chat_postMessage(channel=place.channel.id, text="two")
    assert place.server.journal.of("chat.*")[-1].status == 200


async def test_distributed_apps_read_fifteen_messages_a_minute(
    place: Place, client: AsyncWebClient
) -> None:
    place.server.limits.distributed()
    for number in range(16):
        place.ada.say(place.channel, str(number))
    page = await client.conversations_history(channel=place.channel.id, limit=100)
    assert (len(page["messages"]), page["has_more"]) == (15, True)
    cursor = page["response_metadata"]["next_cursor"]
    with pytest.raises(SlackApiError) as refused:
        await client.conversations_history(channel=place.channel.id, cursor=cursor)
    assert int(refused.value.response.headers["Retry-After"]) > 50
    place.server.clock.advance(60)
    rest = await client.conversations_history(channel=place.channel.id, cursor=cursor)
    assert [each["text"] for each in rest["messages"]] == ["0"]


async def test_a_429_may_be_put_in_the_way_of_one_channel(
    place: Place, client: AsyncWebClient
) -> None:
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    elsewhere = place.server.channel("elsewhere", [place.ada])
    fault = place.server.faults.add("chat.*", 429, channel=place.channel.id, retry_after=0)
    await client.chat_postMessage(channel=elsewhere.id, text="x")
    assert fault.hits == 0
    await client.chat_postMessage(channel=place.channel.id, text="x")
    statuses = [entry.status for entry in place.server.journal.of("chat.postMessage")]
    assert (fault.hits, statuses) == (1, [200, 429, 200])


@pytest.mark.parametrize("status", [500, 503])
async def test_a_failure_may_come_after_the_effect(
    place: Place, client: AsyncWebClient, status: int
) -> None:
    place.server.faults.add("chat.postMessage", status, committed=True)
    with pytest.raises((SlackApiError, aiohttp.ClientError)):
        await client.chat_postMessage(channel=place.channel.id, text="x")
    assert len(place.channel.messages) == 1


async def test_requests_are_dropped_hang_and_are_slow(place: Place) -> None:
    client = AsyncWebClient(place.server.token, base_url=place.server.api_url, timeout=1)
    client.retry_handlers.clear()
    place.server.faults.add("auth.test", drop=True)
    with pytest.raises(aiohttp.ClientError):
        await client.auth_test()
    place.server.faults.add("auth.test", hang=True)
    with pytest.raises(asyncio.TimeoutError):
        await client.auth_test()
    place.server.faults.add("auth.test", delay=0.05)
    await client.auth_test()
    assert place.server.journal.of("auth.test")[-1].took >= 0.05
    place.server.faults.add("auth.test", error="fatal_error")
    with pytest.raises(SlackApiError, match="fatal_error"):
        await client.auth_test()


async def test_an_app_gets_what_its_manifest_asks_for_and_no_more() -> None:
    async with a_place(app_manifest=MANIFEST) as place:
        secret = place.server.channel("secret", [place.ada], kind=PRIVATE)
        heard = place.ada.say(place.channel, "public")
        place.ada.say(secret, "private")
        place.ada.react(heard, "eyes")
        deliveries = place.server.deliveries
        assert [each.event["text"] for each in deliveries.of("message")] == ["public"]
        assert deliveries.of("reaction_added") == []
        with pytest.raises(Exception, match="/other"):
            place.ada.slash(place.channel, "/other")


async def test_a_manifest_with_events_but_not_their_scopes_is_refused(place: Place) -> None:
    settings = {"event_subscriptions": {"bot_events": ["reaction_added"]}}
    with pytest.raises(ValueError, match="reactions:read"):
        manifest.apply(place.server.app, {**MANIFEST, "settings": settings})
