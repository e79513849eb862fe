"""The Slack of our own, as the real slack-bolt meets it in Socket Mode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from tests.platforms.slack_server.place import Place, a_place, in_socket_mode


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


class Heard:
    """Every event that an app was told of, in order."""

    def __init__(self, app: AsyncApp) -> None:
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.bodies: list[dict[str, Any]] = []
        app.event({"type": "message"})(self._take)
        app.event({"type": "message", "subtype": "message_changed"})(self._take)

    async def _take(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        self.bodies.append(body)
        self.events.put_nowait(event)

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.events.get(), 5)


async def test_messages_arrive_in_order_and_are_acked(place: Place) -> None:
    app = place.app()
    heard = Heard(app)
    async with in_socket_mode(place, app):
        said = [place.ada.say(place.channel, f"Ünicode {number}") for number in range(50)]
        events = [await heard.next() for _ in said]
        deliveries = place.server.deliveries.of("message")
        await place.server.until(lambda: all(each.acked for each in deliveries))
    assert [event["text"] for event in events] == [message.text for message in said]
    assert [event["ts"] for event in events] == [message.ts for message in said]
    first = events[0]
    assert (first["channel_type"], first["user"]) == ("channel", place.ada.id)
    assert heard.bodies[0]["authorizations"][0]["user_id"] == place.server.bot.id
    assert len({body["event_id"] for body in heard.bodies}) == 50


async def test_an_event_without_an_ack_comes_again_at_once_then_after_one_and_five_minutes(
    place: Place,
) -> None:
    app = place.app()
    heard = Heard(app)
    place.server.sockets.muted = True
    async with in_socket_mode(place, app):
        place.ada.say(place.channel, "again and again")
        await heard.next()
        for wait in (3, 3 + 60, 3 + 300):
            place.server.clock.advance(wait)
            await heard.next()
        place.server.clock.advance(3)
    (delivery,) = place.server.deliveries.of("message")
    assert delivery.failed
    assert [each.number for each in delivery.attempts] == [0, 1, 2, 3]
    assert len({body["event_id"] for body in heard.bodies}) == 1


async def test_a_retry_tells_its_number_and_reason(place: Place) -> None:
    app = place.app()
    told: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    @app.event("message")
    async def take(request: Any) -> None:
        headers = request.headers
        told.put_nowait((headers["x-slack-retry-num"][0], headers["x-slack-retry-reason"][0]))

    place.server.sockets.muted = True
    async with in_socket_mode(place, app):
        place.ada.say(place.channel, "hello?")
        assert await asyncio.wait_for(told.get(), 5) == ("0", "")
        place.server.sockets.muted = False
        place.server.clock.advance(3)
        assert await asyncio.wait_for(told.get(), 5) == ("1", "timeout")
        (delivery,) = place.server.deliveries.of("message")
        await place.server.until(lambda: delivery.acked)


async def test_an_ack_after_three_seconds_counts_for_nothing(place: Place) -> None:
    async with aiohttp.ClientSession() as session:
        connection = await session.ws_connect(place.server.sockets.ticket())
        await connection.receive_json()
        place.ada.say(place.channel, "slow")
        first = await connection.receive_json()
        place.server.clock.advance(3)
        second = await connection.receive_json()
        assert second["payload"] == first["payload"]
        (delivery,) = place.server.deliveries.of("message")
        await connection.send_json({"envelope_id": first["envelope_id"]})
        await connection.send_json({"envelope_id": "unknown"})
        await place.server.until(lambda: place.server.sockets.strays)
        assert not delivery.acked
        await connection.send_json({"envelope_id": second["envelope_id"]})
        await place.server.until(lambda: delivery.acked)


async def test_events_without_a_listener_are_never_acked(place: Place) -> None:
    async with in_socket_mode(place, place.app()):
        place.ada.say(place.channel, "nobody listens")
        (delivery,) = place.server.deliveries.of("message")
        for wait in (3, 63, 303, 3):
            place.server.clock.advance(wait)
    assert (len(delivery.attempts), delivery.failed) == (4, True)


async def test_events_while_nobody_is_connected_are_tried_again_later(place: Place) -> None:
    app = place.app()
    heard = Heard(app)
    said = place.ada.say(place.channel, "anyone?")
    (delivery,) = place.server.deliveries.of("message")
    await place.server.until(lambda: len(delivery.attempts) == 2)
    async with in_socket_mode(place, app):
        place.server.clock.advance(61)
        assert (await heard.next())["ts"] == said.ts
    assert [each.reason for each in delivery.attempts] == ["connection_failed"] * 2 + [""]


async def test_several_connections_get_events_by_turns(place: Place) -> None:
    app = place.app()
    heard = Heard(app)
    async with in_socket_mode(place, app), in_socket_mode(place, app):
        for number in range(6):
            place.ada.say(place.channel, str(number))
            await heard.next()
        counts = [len(each.sent) for each in place.server.sockets.connections]
    assert counts == [3, 3]


async def test_an_eleventh_connection_is_sent_away(place: Place) -> None:
    sessions = place.server.sockets
    async with aiohttp.ClientSession() as first:
        more = [await first.ws_connect(sessions.ticket()) for _ in range(10)]
        await place.server.ready(10)
        eleventh = await first.ws_connect(sessions.ticket())
        told = await eleventh.receive_json()
        assert (told["type"], told["reason"]) == ("disconnect", "too_many_websockets")
        assert sessions.refused == 1
        assert (await more[0].receive_json())["type"] == "hello"


async def test_a_ticket_is_good_for_one_connection(place: Place) -> None:
    url = place.server.sockets.ticket()
    async with aiohttp.ClientSession() as session:
        await session.ws_connect(url)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


async def test_an_app_that_is_asked_to_refresh_connects_anew(place: Place) -> None:
    app = place.app()
    heard = Heard(app)
    async with in_socket_mode(place, app):
        (old,) = place.server.sockets.ready
        place.server.sockets.refresh()
        await place.server.until(lambda: place.server.sockets.ready)
        assert place.server.sockets.ready != [old]
        said = place.ada.say(place.channel, "over the new one")
        assert (await heard.next())["ts"] == said.ts


async def test_a_warned_connection_is_closed_after_ten_seconds(place: Place) -> None:
    sockets = place.server.sockets
    async with aiohttp.ClientSession() as session:
        connection = await session.ws_connect(sockets.ticket())
        assert (await connection.receive_json())["num_connections"] == 1
        sockets.warn()
        assert (await connection.receive_json())["reason"] == "warning"
        assert len(sockets.ready) == 1
        place.server.clock.advance(10)
        assert (await connection.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_an_app_that_was_cut_off_comes_back_and_gets_what_it_missed(place: Place) -> None:
    app = place.app()
    heard = Heard(app)
    async with in_socket_mode(place, app):
        async with place.server.outage():
            said = place.ada.say(place.channel, "in the dark")
        await place.server.ready()
        place.server.clock.advance(61)
        assert (await heard.next())["ts"] == said.ts
    assert place.server.sockets.connected == 2


async def test_pings_are_answered_both_ways(place: Place) -> None:
    sockets = place.server.sockets
    async with in_socket_mode(place, place.app()) as handler:
        await place.server.until(lambda: sockets.pings)
        await sockets.ping()
        await place.server.until(lambda: sockets.pongs)
        assert await handler.client.is_connected()


async def test_an_app_whose_pings_go_unanswered_connects_anew(place: Place) -> None:
    sockets = place.server.sockets
    async with in_socket_mode(place, place.app()):
        (old,) = sockets.ready
        sockets.answers_pings = False
        await place.server.until(lambda: sockets.ready and sockets.ready != [old])
        sockets.answers_pings = True
    assert sockets.connected >= 2


async def test_the_wrong_token_opens_no_connection(place: Place) -> None:
    for token, error in (("xapp-wrong", "invalid_auth"), ("xoxb-1", "not_allowed_token_type")):
        with pytest.raises(SlackApiError) as refused:
            await place.client().apps_connections_open(app_token=token)
        assert refused.value.response["error"] == error
