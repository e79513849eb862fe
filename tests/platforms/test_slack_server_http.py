"""The Slack of our own, as the real slack-bolt meets its posts to a request URL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.platforms.slack_server.deliveries import Delivery
from tests.platforms.slack_server.place import Place, a_place, over_fastapi, over_http, served


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


class Endpoint:
    """A request URL that answers as a test says, and keeps the headers of what came."""

    def __init__(self, *answers: web.Response) -> None:
        self.answers = list(answers)
        self.headers: asyncio.Queue[Any] = asyncio.Queue()
        self.hangs = False
        self.released = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        await request.read()
        self.headers.put_nowait(request.headers)
        answer = self.answers.pop(0) if self.answers else web.Response()
        if self.hangs:
            await self.released.wait()
        return answer

    async def next(self) -> tuple[str | None, str | None]:
        """The number and reason of a retry."""
        headers = await asyncio.wait_for(self.headers.get(), 5)
        return headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason")


def the_message(place: Place) -> Delivery:
    (delivery,) = place.server.deliveries.of("message")
    return delivery


@pytest.mark.parametrize("serving", [over_http, over_fastapi])
async def test_the_real_app_checks_signatures_and_acks(place: Place, serving: Any) -> None:
    app, heard = place.app(), asyncio.Queue[dict[str, Any]]()

    @app.event("message")
    async def take(event: dict[str, Any]) -> None:
        heard.put_nowait(event)

    async with serving(place, app):
        said = place.ada.say(place.channel, "signed")
        assert (await asyncio.wait_for(heard.get(), 5))["ts"] == said.ts
        await place.server.until(lambda: the_message(place).acked)
    assert len(the_message(place).attempts) == 1


@pytest.mark.parametrize("wrong", ["secret", "age"])
async def test_the_real_app_turns_away_what_slack_did_not_sign(place: Place, wrong: str) -> None:
    async with over_http(place, place.app()):
        if wrong == "secret":
            place.server.posts.signing = "another secret"
        else:
            place.server.posts.age = 301
        place.ada.say(place.channel, "forged")
        delivery = the_message(place)
        await place.server.until(lambda: len(delivery.attempts) == 2)
    assert (delivery.attempts[0].status, delivery.attempts[0].reason) == (401, "http_error")


async def test_the_request_url_answers_the_challenge(place: Place) -> None:
    async with over_http(place, place.app()):
        answer = await place.server.posts.challenge("token")
    assert len(answer) == 52


async def test_errors_are_tried_again_at_once_then_after_one_and_five_minutes(
    place: Place,
) -> None:
    endpoint = Endpoint(*(web.Response(status=500) for _ in range(4)))
    async with served(endpoint.take) as url:
        place.server.serve_to(url)
        place.ada.say(place.channel, "failing")
        delivery = the_message(place)
        assert [await endpoint.next() for _ in range(2)] == [(None, None), ("1", "http_error")]
        for number, wait in ((2, 60), (3, 300)):
            await place.server.until(lambda: delivery.reason == "http_error")
            place.server.clock.advance(wait - 1)
            assert len(delivery.attempts) == number
            place.server.clock.advance(1)
            assert await endpoint.next() == (str(number), "http_error")
        await place.server.until(lambda: delivery.failed)


async def test_no_retry_is_honoured(place: Place) -> None:
    endpoint = Endpoint(web.Response(status=500, headers={"X-Slack-No-Retry": "1"}))
    async with served(endpoint.take) as url:
        place.server.serve_to(url)
        place.ada.say(place.channel, "enough")
        await place.server.until(lambda: the_message(place).failed)
    assert len(the_message(place).attempts) == 1


async def test_an_answer_later_than_three_seconds_does_not_count(place: Place) -> None:
    endpoint = Endpoint()
    endpoint.hangs = True
    async with served(endpoint.take) as url:
        place.server.serve_to(url)
        place.ada.say(place.channel, "slow")
        assert await endpoint.next() == (None, None)
        endpoint.hangs = False
        place.server.clock.advance(3)
        assert await endpoint.next() == ("1", "http_timeout")
        await place.server.until(lambda: the_message(place).acked)


@pytest.mark.parametrize("status", [200, 500])
async def test_a_late_answer_neither_acks_nor_fails_it_again(place: Place, status: int) -> None:
    endpoint = Endpoint(web.Response(status=500), web.Response(status=500))
    async with served(endpoint.take) as url:
        place.server.serve_to(url)
        place.ada.say(place.channel, "slow")
        delivery = the_message(place)
        await place.server.until(lambda: len(delivery.attempts) == 2 and delivery.reason)
        endpoint.hangs, endpoint.answers = True, [web.Response(status=status)]
        place.server.clock.advance(60)
        assert [(await endpoint.next())[0] for _ in range(3)] == [None, "1", "2"]
        place.server.clock.advance(3)
        endpoint.released.set()
        await place.server.until(lambda: delivery.attempts[2].status)
        assert (delivery.acked, delivery.reason) == (False, "timeout")
        place.server.clock.advance(300)
        await place.server.until(lambda: delivery.acked)
    assert len(delivery.attempts) == 4


async def test_nobody_listening_is_told_as_such(place: Place) -> None:
    endpoint = Endpoint()
    async with served(endpoint.take) as url:
        place.server.serve_to("http://127.0.0.1:9/slack/events")
        place.ada.say(place.channel, "anyone?")
        delivery = the_message(place)
        await place.server.until(lambda: len(delivery.attempts) == 2 and delivery.reason)
        place.server.serve_to(url)
        place.server.clock.advance(60)
        assert await endpoint.next() == ("2", "connection_failed")


async def test_commands_are_forms_and_an_ack_may_be_their_answer(place: Place) -> None:
    app = place.app()

    @app.command("/study")
    async def study(ack: Any, command: dict[str, str]) -> None:
        await ack(f"{command['user_name']} asked for {command['text']}")

    async with over_http(place, app):
        asked = await place.ada.slash(place.channel, "/study status").acked()
        reply = await asked.reply()
    assert (reply.text, reply.seen_by) == ("ada asked for status", place.ada.id)
    assert reply in place.ada.screen(place.channel)
    assert reply not in place.bob.screen(place.channel)


async def test_a_command_that_is_not_acked_in_time_fails_before_the_person(place: Place) -> None:
    endpoint = Endpoint()
    endpoint.hangs = True
    async with served(endpoint.take) as url:
        place.server.serve_to(url)
        asked = place.ada.slash(place.channel, "/study status")
        await endpoint.next()
        place.server.clock.advance(3)
        await asked.ended()
    assert asked.failed
    assert len(asked.delivery.attempts) == 1


async def test_an_app_that_gets_too_much_is_told(place: Place) -> None:
    app, told = place.app(), asyncio.Queue[dict[str, Any]]()

    @app.middleware
    async def look(body: dict[str, Any], next: Any) -> None:  # noqa: A002  (bolt's name for it)
        told.put_nowait(body)
        await next()

    async with over_http(place, app):
        place.server.events.rate_limited(place.server.team)
        body = await asyncio.wait_for(told.get(), 5)
    assert (body["type"], body["minute_rate_limited"] % 60) == ("app_rate_limited", 0)


async def test_events_may_come_backwards_or_never(place: Place) -> None:
    app, heard = place.app(), list[str]()

    @app.event("message")
    async def take(event: dict[str, Any]) -> None:
        heard.append(event["text"])

    deliveries = place.server.deliveries
    async with over_http(place, app):
        for number in range(2):
            deliveries.paused = True
            lost = place.ada.say(place.channel, f"lost {number}")
            deliveries.lose()
        deliveries.paused = True
        said = [place.ada.say(place.channel, str(number)) for number in range(3)]
        deliveries.resume(backwards=True)
        for message in said:
            await place.server.handled(message)
        await place.server.settled()
    assert sorted(heard) == ["0", "1", "2"]
    starts = [each.attempts[0].at for each in list(deliveries.log)[2:]]
    assert starts == sorted(starts, reverse=True)
    assert lost.ts in place.channel.messages


async def test_a_clock_that_stands_still_moves_by_hand_alone() -> None:
    async with a_place(flowing=False) as place:
        place.ada.say(place.channel, "anyone?")
        delivery = the_message(place)
        await place.server.until(lambda: delivery.reason and len(delivery.attempts) == 2)
        before = place.server.clock.now()
        place.server.clock.advance(60)
        assert place.server.clock.now() == before + 60
        await place.server.until(lambda: delivery.reason and len(delivery.attempts) == 3)


async def test_what_is_held_back_comes_in_order_and_what_was_acked_may_come_again(
    place: Place,
) -> None:
    endpoint = Endpoint()
    async with served(endpoint.take) as url:
        place.server.serve_to(url)
        place.server.deliveries.paused = True
        place.ada.say(place.channel, "held")
        assert the_message(place).attempts == []
        place.server.deliveries.resume()
        await place.server.until(lambda: the_message(place).acked)
        place.server.deliveries.again(the_message(place))
        assert [await endpoint.next() for _ in range(2)] == [(None, None), ("1", "http_timeout")]
