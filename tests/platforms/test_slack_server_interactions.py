"""The Slack of our own, where people use commands, buttons, forms and home tabs of the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from tests.platforms.slack_server.place import (
    Place,
    a_place,
    actions,
    asking,
    button,
    in_socket_mode,
    modal,
    posted,
    section,
)
from tests.platforms.slack_server.refusals import NotPossible

EXTERNAL = {"type": "external_select", "action_id": "deck", "min_query_length": 1}
Running = tuple[Place, AsyncApp]


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    """The app in Socket Mode, with a command that opens a form."""
    async with a_place() as place:
        app = place.app()

        @app.command("/study")
        async def study(ack: Any, client: Any, command: dict[str, str]) -> None:
            await ack()
            await client.views_open(trigger_id=command["trigger_id"], view=modal(asking("answer")))

        async with in_socket_mode(place, app):
            yield place, app


def options(*names: str) -> list[dict[str, Any]]:
    return [{"text": {"type": "plain_text", "text": n}, "value": n.lower()} for n in names]


async def test_a_form_is_opened_filled_in_and_sent(running: Running) -> None:
    place, app = running
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @app.view("answering")
    async def take(ack: Any, view: dict[str, Any]) -> None:
        await ack()
        sent.put_nowait(view)

    view = await place.ada.slash(place.channel, "/study answer").modal()
    assert (view.title, place.ada.modal) == ("Answer", view)
    await place.ada.submit({"answer": "low rank"}).acked()
    values = (await asyncio.wait_for(sent.get(), 5))["state"]["values"]
    assert values["answer"]["text"]["value"] == "low rank"
    assert place.ada.modal is None


async def test_a_form_may_be_refused_replaced_stacked_and_cleared(running: Running) -> None:
    place, app = running
    answers: list[dict[str, Any]] = [
        {"response_action": "errors", "errors": {"answer": "Too short."}},
        {"response_action": "push", "view": modal(section("Sure?"), title="Second")},
        {"response_action": "update", "view": modal(section("Really?"), title="Third")},
        {"response_action": "clear"},
    ]

    @app.view("answering")
    async def take(ack: Any) -> None:
        await ack(answers.pop(0))

    await place.ada.slash(place.channel, "/study answer").modal()
    refused = await place.ada.submit({"answer": "no"}).acked()
    assert refused.errors == {"answer": "Too short."}
    for title in ("Second", "Third"):
        await place.ada.submit({"answer": "longer"} if title == "Second" else {}).acked()
        assert place.ada.modal is not None
        assert place.ada.modal.title == title
    assert len(place.server.views.stacks[place.ada.id]) == 2
    await place.ada.submit().acked()
    assert place.ada.modal is None


async def test_errors_for_an_input_that_is_not_there_fail_before_the_person(
    running: Running,
) -> None:
    place, app = running

    @app.view("answering")
    async def take(ack: Any) -> None:
        await ack(response_action="errors", errors={"nowhere": "?"})

    await place.ada.slash(place.channel, "/study answer").modal()
    asked = await place.ada.submit({"answer": "x"}).ended()
    assert asked.failed
    assert "nowhere" in place.server.interactions.rejected[0]


async def test_a_form_lets_nobody_send_what_slack_would_not(running: Running) -> None:
    place, _ = running
    await place.ada.slash(place.channel, "/study answer").modal()
    for values in ({}, {"answer": ""}, {"answer": "x" * 3001}, {"other": "x"}):
        with pytest.raises(NotPossible):
            place.ada.submit(values)
    with pytest.raises(NotPossible):
        place.bob.submit({"answer": "x"})


async def test_a_closed_form_tells_the_app_if_it_wants_to_know(running: Running) -> None:
    place, app = running
    closed: asyncio.Queue[bool] = asyncio.Queue()

    @app.view_closed("answering")
    async def take(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        closed.put_nowait(body["is_cleared"])

    view = await place.ada.slash(place.channel, "/study answer").modal()
    await place.client().views_update(
        view_id=view.id, view=modal(asking("answer"), notify_on_close=True)
    )
    place.ada.close(every=True)
    assert await asyncio.wait_for(closed.get(), 5) is True
    with pytest.raises(SlackApiError, match="not_found"):
        await place.client().views_update(view_id=view.id, view=modal(asking("answer")))


async def test_a_trigger_is_good_once_and_for_three_seconds(running: Running) -> None:
    place, _ = running
    client, view = place.client(), modal(asking("answer"))
    asked = place.ada.slash(place.channel, "/study answer")
    await asked.modal()
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await client.views_open(trigger_id=asked.trigger_id, view=view)
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await client.views_open(trigger_id="1.2.3", view=view)
    late = place.ada.shortcut("nobody listens")
    place.server.clock.advance(3)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await client.views_open(trigger_id=late.trigger_id, view=view)


async def test_no_more_than_three_forms_are_stacked(running: Running) -> None:
    place, _ = running
    client, view = place.client(), modal(asking("answer"))
    await place.ada.slash(place.channel, "/study answer").modal()
    for _ in range(2):
        await client.views_push(trigger_id=place.ada.shortcut("x").trigger_id, view=view)
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        await client.views_push(trigger_id=place.ada.shortcut("x").trigger_id, view=view)


async def test_a_button_tells_its_value_and_the_original_may_be_replaced(
    running: Running,
) -> None:
    place, app = running

    @app.action("appeal")
    async def appeal(ack: Any, respond: Any, action: dict[str, Any]) -> None:
        await ack()
        await respond(text=f"appealed {action['value']}", replace_original=True)

    await place.client().chat_postEphemeral(
        channel=place.channel.id,
        user=place.ada.id,
        text="Partial",
        blocks=[actions(button("Appeal", "appeal", "7"))],
    )
    message = await place.server.ephemeral(place.ada)
    with pytest.raises(NotPossible):
        place.bob.click(message, "appeal")
    await place.ada.press(message, "Appeal").acked()
    await place.server.until(lambda: message.text == "appealed 7")
    assert message.blocks == []


async def test_a_select_tells_what_was_chosen(running: Running) -> None:
    place, app = running
    chosen: asyncio.Queue[str] = asyncio.Queue()

    @app.action("window")
    async def window(ack: Any, action: dict[str, Any]) -> None:
        await ack()
        chosen.put_nowait(action["selected_option"]["value"])

    element = {"type": "static_select", "action_id": "window", "options": options("Week", "All")}
    await place.client().chat_postMessage(
        channel=place.channel.id, text="Board", blocks=[actions(element)]
    )
    message = await place.server.sent()
    place.ada.select(message, "window", "All")
    assert await asyncio.wait_for(chosen.get(), 5) == "all"
    with pytest.raises(NotPossible):
        place.ada.select(message, "window", "Year")


@pytest.mark.parametrize(("count", "fails"), [(2, False), (101, True)])
async def test_options_are_suggested_within_slacks_limits(
    running: Running, count: int, *, fails: bool
) -> None:
    place, app = running

    @app.options("deck")
    async def suggest(ack: Any, payload: dict[str, Any]) -> None:
        await ack(options=options(*[f"{payload['value']} {number}" for number in range(count)]))

    await place.client().chat_postMessage(
        channel=place.channel.id, text="Deck?", blocks=[actions(EXTERNAL)]
    )
    asked = await place.ada.type_in(await place.server.sent(), "deck", "LLM").ended()
    assert asked.failed is fails
    assert fails or asked.options == ["LLM 0", "LLM 1"]


async def test_a_response_url_is_good_five_times_in_half_an_hour(running: Running) -> None:
    place, _ = running
    asked = await place.ada.slash(place.channel, "/study answer").acked()
    for number in range(5):
        assert await posted(asked.response_url, {"text": str(number)}) == (200, "ok")
    assert (await posted(asked.response_url, {"text": "6"}))[0] == 404
    assert place.server.journal.of("response_url")[-1].error == "used_url"
    assert [each.seen_by for each in asked.replies] == [place.ada.id] * 5
    late = await place.ada.slash(place.channel, "/study answer").acked()
    place.server.clock.advance(30 * 60)
    assert "expired_url" in (await posted(late.response_url, {"text": "x"}))[1]


async def test_a_response_url_posts_for_all_and_deletes(running: Running) -> None:
    place, _ = running
    asked = await place.ada.slash(place.channel, "/study answer").acked()
    url = asked.response_url
    await posted(url, {"text": "for all", "response_type": "in_channel"})
    assert place.channel.messages[asked.replies[0].ts].text == "for all"
    await posted(url, {"delete_original": True})
    assert place.channel.messages == {}
    status, text = await posted(url, {"text": "x", "blocks": [section("x" * 3001)]})
    assert (status, "invalid_blocks" in text) == (400, True)


async def test_shortcuts_say_on_which_message_they_were_used(running: Running) -> None:
    place, app = running
    used: asyncio.Queue[str] = asyncio.Queue()

    @app.shortcut("grade")
    async def grade(ack: Any, shortcut: dict[str, Any]) -> None:
        await ack()
        used.put_nowait(shortcut.get("message", {}).get("text", ""))

    place.server.deliveries.paused = True
    said = place.bob.say(place.channel, "my answer")
    place.server.deliveries.paused = False
    await place.ada.shortcut("grade", said).acked()
    await place.ada.shortcut("grade").acked()
    assert [await used.get(), await used.get()] == ["my answer", ""]


async def test_a_home_tab_is_published_and_seen(running: Running) -> None:
    place, app = running
    home = {"type": "home", "blocks": [section("Streak: 3"), actions(button("Review", "review"))]}

    @app.event("app_home_opened")
    async def opened(event: dict[str, Any], client: Any) -> None:
        if event["tab"] == "home":
            await client.views_publish(user_id=event["user"], view=home)

    place.ada.opens_home()
    view = await place.server.until(lambda: place.ada.home)
    assert view.blocks[0]["text"]["text"] == "Streak: 3"
    client = place.client()
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_publish(user_id=place.ada.id, view=home, hash="old")
    again = await client.views_publish(user_id=place.ada.id, view=home, hash=view.hash)
    assert again["view"]["id"] == view.id
    place.ada.press(place.ada.home or view, "Review")
    assert place.server.deliveries.of("interactive")[-1].payload["view"]["id"] == view.id
