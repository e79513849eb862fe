"""The Slack of our own, as the real client posts, edits, deletes and reads messages in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.slack_server.place import Place, a_place, section
from tests.platforms.slack_server.refusals import NotPossible, Refused
from tests.platforms.slack_server.world import PRIVATE

METADATA = {"event_type": "round_posted", "event_payload": {"round": "7"}}


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


@pytest.fixture
def client(place: Place) -> AsyncWebClient:
    return place.client()


def error_of(refused: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(refused.value.response["error"])


def told(place: Place, subtype: str = "") -> list[dict[str, Any]]:
    """The message events of a subtype that the app is told of."""
    deliveries = place.server.deliveries.of("message")
    return [each.event for each in deliveries if each.event.get("subtype", "") == subtype]


async def test_a_message_is_posted_and_comes_back_as_an_event(
    place: Place, client: AsyncWebClient
) -> None:
    answer = await client.chat_postMessage(
        channel=place.channel.id, text="Question", blocks=[section("*Question*")]
    )
    message = await place.server.sent()
    assert (answer["ts"], message.shown) == (message.ts, "*Question*")
    (event,) = told(place)
    assert (event["bot_id"], event["user"]) == (place.server.bot.bot_id, place.server.bot.id)
    assert event["ts"] == message.ts


async def test_two_messages_never_share_a_ts(place: Place, client: AsyncWebClient) -> None:
    posted = [await client.chat_postMessage(channel=place.channel.id, text="x") for _ in range(20)]
    said = [place.ada.say(place.channel, "x").ts for _ in range(20)]
    every = [answer["ts"] for answer in posted] + said
    assert every == sorted(set(every))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": " "}, "no_text"),
        ({"text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"text": "x", "channel": "C0"}, "channel_not_found"),
        ({"text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        (
            {"text": "x", "metadata": {"event_type": "x", "event_payload": {"a": "b" * 16_000}}},
            "metadata_too_large",
        ),
    ],
)
async def test_what_slack_does_not_post(
    place: Place, client: AsyncWebClient, arguments: dict[str, Any], error: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(**{"channel": place.channel.id, **arguments})
    assert error_of(refused) == error
    assert place.channel.messages == {}


async def test_a_long_text_is_cut(place: Place, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=place.channel.id, text="x" * 40_001)
    assert len((await place.server.sent()).text) == 40_000


async def test_the_bot_posts_where_it_is_a_member(place: Place) -> None:
    install = place.server.install(place.server.team, ["chat:write", "channels:join"])
    client = place.client(install.token)
    elsewhere = place.server.channel("elsewhere", [place.ada], bot=False)
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=elsewhere.id, text="hello")
    assert error_of(refused) == "not_in_channel"
    await client.conversations_join(channel=elsewhere.id)
    await client.chat_postMessage(channel="#elsewhere", text="hello")
    place.ada.archive(elsewhere)
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=elsewhere.id, text="hello?")
    assert error_of(refused) == "is_archived"


async def test_private_channels_are_unknown_until_the_bot_is_invited(
    place: Place, client: AsyncWebClient
) -> None:
    secret = place.server.channel("secret", [place.ada], kind=PRIVATE, bot=False)
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=secret.id, text="hello")
    assert error_of(refused) == "channel_not_found"
    place.ada.invite(secret)
    await client.chat_postMessage(channel=secret.id, text="hello")
    (joined,) = place.server.deliveries.of("member_joined_channel")
    assert joined.event["user"] == place.server.bot.id
    with pytest.raises(NotPossible):
        place.bob.say(secret, "let me in")


async def test_a_persons_id_stands_for_direct_messages(
    place: Place, client: AsyncWebClient
) -> None:
    answer = await client.chat_postMessage(channel=place.ada.id, text="psst")
    assert answer["channel"] == place.ada.direct.id
    opened = await client.conversations_open(users=[place.ada.id])
    assert opened["channel"]["id"] == place.ada.direct.id
    place.ada.dm("yes?")
    assert told(place)[-1]["channel_type"] == "im"


async def test_an_update_with_text_alone_takes_blocks_away_and_keeps_metadata(
    place: Place, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(
        channel=place.channel.id, text="1", blocks=[section("one")], metadata=METADATA
    )
    await client.chat_update(channel=place.channel.id, ts=posted["ts"], text="2")
    message = place.channel.messages[posted["ts"]]
    assert (message.text, message.blocks, message.metadata) == ("2", [], METADATA)
    (changed,) = told(place, "message_changed")
    assert changed["message"]["edited"]["user"] == place.server.bot.id
    assert changed["previous_message"]["text"] == "1"


async def test_an_update_takes_4000_bytes_of_escaped_text(
    place: Place, client: AsyncWebClient
) -> None:
    ts = (await client.chat_postMessage(channel=place.channel.id, text="1"))["ts"]
    await client.chat_update(channel=place.channel.id, ts=ts, text="x" * 4000)
    for text in ("x" * 4001, "é" * 2001, "&" * 801):
        with pytest.raises(SlackApiError) as refused:
            await client.chat_update(channel=place.channel.id, ts=ts, text=text)
        assert error_of(refused) == "msg_too_long"


async def test_only_own_messages_are_changed_or_deleted(
    place: Place, client: AsyncWebClient
) -> None:
    where: Any = {"channel": place.channel.id, "ts": place.ada.say(place.channel, "mine").ts}
    with pytest.raises(SlackApiError) as refused:
        await client.chat_update(**where, text="yours")
    assert error_of(refused) == "cant_update_message"
    with pytest.raises(SlackApiError) as refused:
        await client.chat_delete(**where)
    assert error_of(refused) == "cant_delete_message"
    with pytest.raises(SlackApiError) as refused:
        await client.chat_delete(channel=place.channel.id, ts="1.000001")
    assert error_of(refused) == "message_not_found"


async def test_deleting_a_threads_parent_leaves_a_tombstone(
    place: Place, client: AsyncWebClient
) -> None:
    parent = place.ada.say(place.channel, "question")
    reply = place.bob.say(place.channel, "answer", thread=parent)
    place.ada.delete(parent)
    (changed,) = told(place, "message_changed")
    assert changed["message"]["subtype"] == "tombstone"
    assert changed["previous_message"]["text"] == "question"
    thread = await client.conversations_replies(channel=place.channel.id, ts=parent.ts)
    assert [each["text"] for each in thread["messages"]] == ["This message was deleted.", "answer"]
    await client.chat_postMessage(channel=place.channel.id, text="still", thread_ts=parent.ts)
    assert told(place)[-1]["thread_ts"] == parent.ts
    place.bob.delete(reply)
    (deleted,) = told(place, "message_deleted")
    assert (deleted["deleted_ts"], deleted["previous_message"]["text"]) == (reply.ts, "answer")


async def test_replies_stay_in_their_thread_unless_broadcast(
    place: Place, client: AsyncWebClient
) -> None:
    parent = (await client.chat_postMessage(channel=place.channel.id, text="q"))["ts"]
    place.ada.say(place.channel, "quiet", thread=place.channel.messages[parent])
    await client.chat_postMessage(
        channel=place.channel.id, text="loud", thread_ts=parent, reply_broadcast=True
    )
    history = await client.conversations_history(channel=place.channel.id)
    assert [each["text"] for each in history["messages"]] == ["loud", "q"]
    assert history["messages"][1]["reply_count"] == 2
    assert told(place, "thread_broadcast")[0]["root"]["ts"] == parent


async def test_history_goes_by_pages_and_between_times(
    place: Place, client: AsyncWebClient
) -> None:
    said = [place.ada.say(place.channel, str(number)).ts for number in range(5)]
    read = await client.conversations_history(channel=place.channel.id, limit=2)
    pages = [[each["text"] for each in page["messages"]] async for page in read]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    for inclusive, expected in ((False, ["2"]), (True, ["3", "2", "1"])):
        between = await client.conversations_history(
            channel=place.channel.id, oldest=said[1], latest=said[3], inclusive=inclusive
        )
        assert [each["text"] for each in between["messages"]] == expected
    with pytest.raises(SlackApiError) as refused:
        await client.conversations_history(channel=place.channel.id, cursor="nonsense")
    assert error_of(refused) == "invalid_cursor"


async def test_a_thread_is_read_in_order_after_its_parent(
    place: Place, client: AsyncWebClient
) -> None:
    parent = place.ada.say(place.channel, "q")
    said = [place.bob.say(place.channel, str(number), thread=parent) for number in range(3)]
    read = await client.conversations_replies(channel=place.channel.id, ts=parent.ts, limit=3)
    pages = [[each["text"] for each in page["messages"]] async for page in read]
    assert pages == [["q", "0", "1"], ["2"]]
    late = await client.conversations_replies(
        channel=place.channel.id, ts=parent.ts, oldest=said[1].ts
    )
    assert [each["text"] for each in late["messages"]] == ["q", "2"]
    with pytest.raises(SlackApiError, match="thread_not_found"):
        await client.conversations_replies(channel=place.channel.id, ts="1.000001")


async def test_metadata_is_read_when_it_is_asked_for(place: Place, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=place.channel.id, text="q", metadata=METADATA)
    where: Any = {"channel": place.channel.id}
    bare = await client.conversations_history(**where)
    full = await client.conversations_history(**where, include_all_metadata=True)
    assert "metadata" not in bare["messages"][0]
    assert full["messages"][0]["metadata"] == METADATA


async def test_ephemerals_are_for_members_and_leave_no_trace(
    place: Place, client: AsyncWebClient
) -> None:
    await client.chat_postEphemeral(channel=place.channel.id, user=place.ada.id, text="psst")
    message = await place.server.ephemeral(place.ada)
    assert message in place.ada.screen(place.channel)
    assert message not in place.bob.screen(place.channel)
    assert place.channel.messages == {}
    stranger = place.server.person("carol")
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postEphemeral(channel=place.channel.id, user=stranger.id, text="psst")
    assert error_of(refused) == "user_not_in_channel"


async def test_reactions_are_told_apart(place: Place, client: AsyncWebClient) -> None:
    said = place.ada.say(place.channel, "answer")
    where: Any = {"channel": place.channel.id, "timestamp": said.ts}
    await client.reactions_add(**where, name="eyes")
    assert await place.server.reacted(said) == "eyes"
    shown = await client.reactions_get(**where)
    assert shown["message"]["reactions"][0]["users"] == [place.server.bot.id]
    with pytest.raises(SlackApiError) as refused:
        await client.reactions_add(**where, name="eyes")
    assert error_of(refused) == "already_reacted"
    await client.reactions_remove(**where, name="eyes")
    for call, arguments, error in (
        (client.reactions_remove, {**where, "name": "eyes"}, "no_reaction"),
        (client.reactions_add, {**where, "name": "No Emoji"}, "invalid_name"),
        (client.reactions_add, {**where, "name": "x", "timestamp": "1.1"}, "message_not_found"),
    ):
        with pytest.raises(SlackApiError) as refused:
            await call(**arguments)
        assert error_of(refused) == error
    place.bob.react(said, "tada")
    kinds = [each.event["type"] for each in place.server.deliveries.of("reaction_added")]
    assert kinds == ["reaction_added"] * 2


async def test_what_people_type_is_escaped_and_linked(place: Place) -> None:
    said = place.ada.say(place.channel, f"{place.bob.mention} a < b & c https://example.org/x?y=1")
    expected = f"{place.bob.mention} a &lt; b &amp; c <https://example.org/x?y=1>"
    assert said.text == expected
    (event,) = told(place)
    assert (event["text"], event["client_msg_id"]) == (expected, said.client_msg_id)
    assert event["blocks"][0]["type"] == "rich_text"


async def test_edits_are_told_with_who_made_them_and_previews_without(place: Place) -> None:
    said = place.ada.say(place.channel, "https://example.org")
    place.server.messages.unfurl(said, [{"title": "Example"}])
    place.ada.edit(said, "better")
    preview, edit = told(place, "message_changed")
    assert "edited" not in preview["message"]
    assert preview["message"]["text"] == preview["previous_message"]["text"]
    assert edit["message"]["edited"]["user"] == place.ada.id
    with pytest.raises(NotPossible):
        place.bob.edit(said, "worse")


async def test_a_mention_comes_twice_but_not_in_direct_messages(place: Place) -> None:
    place.ada.say(place.channel, f"{place.server.bot.mention} hello")
    place.ada.dm(f"{place.server.bot.mention} hello")
    assert len(place.server.deliveries.of("message")) == 2
    (mention,) = place.server.deliveries.of("app_mention")
    assert mention.event["channel"] == place.channel.id


async def test_subtypes_say_what_kind_of_message_it_is(
    place: Place, client: AsyncWebClient
) -> None:
    place.ada.say(place.channel, "waves", me=True)
    carol = place.server.person("carol")
    carol.join(place.channel)
    await client.chat_postMessage(channel=place.channel.id, text="x", username="Quizmaster")
    subtypes = [each.event.get("subtype") for each in place.server.deliveries.of("message")]
    assert subtypes == ["me_message", "channel_join", "bot_message"]
    (custom,) = told(place, "bot_message")
    assert (custom["username"], "user" in custom) == ("Quizmaster", False)
    (joined,) = place.server.deliveries.of("member_joined_channel")
    assert joined.event["user"] == carol.id


async def test_a_file_travels_both_ways(place: Place, client: AsyncWebClient) -> None:
    said = place.ada.say(place.channel, "my deck", files=[("deck.md", b"# LoRA")])
    (event,) = told(place, "file_share")
    shown = event["files"][0]
    info = await client.files_info(file=shown["id"])
    assert info["file"]["url_private_download"] == shown["url_private_download"]
    assert await fetched(shown["url_private_download"], place.server.token) == b"# LoRA"
    place.server.faults.add("files.download", 500)
    assert await fetched(shown["url_private_download"], place.server.token) != b"# LoRA"
    lesser = place.server.install(place.server.team, ["chat:write"])
    assert b"Sign in" in await fetched(shown["url_private_download"], lesser.token)
    assert b"Sign in" in await fetched(shown["url_private_download"], "")
    place.server.world.installs.remove(lesser)
    sent = await client.files_upload_v2(
        channel=place.channel.id, filename="export.csv", content="a,b", thread_ts=said.ts
    )
    message = await place.server.sent()
    assert (message.files[0].content, message.thread_ts) == (b"a,b", said.ts)
    assert sent["files"][0]["name"] == "export.csv"


async def fetched(url: str, token: str) -> bytes:
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return await answer.read()


@pytest.mark.parametrize(
    ("text", "pinged"),
    [
        ("<!channel> <@U1> <!here|here>", {"channel", "U1", "here"}),
        ("&lt;!channel&gt; a@here.org", set()),
        ("hello @everyone", {"everyone"}),
    ],
)
async def test_whom_a_message_notifies_is_known(
    place: Place, client: AsyncWebClient, text: str, pinged: set[str]
) -> None:
    blocks = [section(text), {"type": "header", "text": {"type": "plain_text", "text": text}}]
    await client.chat_postMessage(channel=place.channel.id, text="Board", blocks=blocks)
    assert (await place.server.sent()).pings == pinged


async def test_permalinks_lead_to_messages(place: Place, client: AsyncWebClient) -> None:
    said = place.ada.say(place.channel, "x")
    link = await client.chat_getPermalink(channel=place.channel.id, message_ts=said.ts)
    assert link["permalink"].endswith(f"/archives/{place.channel.id}/p{said.ts.replace('.', '')}")


async def test_people_write_only_where_they_are_members(place: Place) -> None:
    carol = place.server.person("carol")
    with pytest.raises(Refused, match="not_in_channel"):
        carol.say(place.channel, "hello")
