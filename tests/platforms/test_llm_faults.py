"""What comes of a server's faults: other tries, and words for organisers."""

from __future__ import annotations

import asyncio
import itertools
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from adapters.llm import OpenAIModel
from tests.platforms.fake_llm import FakeLLM, Step, drips, hangs_up, reset, silence, status, text
from tests.platforms.llm_calls import GOOD, PROMPT, Open, failure


@pytest.mark.parametrize("code", [500, 502, 503, 504, 529])
async def test_a_servers_fault_is_tried_three_times(
    model: OpenAIModel, server: FakeLLM, code: int
) -> None:
    server.script(status(code), status(code))
    assert (await model.complete(PROMPT)).usage.calls == 3
    server.always(status(code, "overloaded"))
    error = await failure(model)
    assert (error.kind, error.usage.calls, error.usage.cost_usd) == ("server", 3, 0)
    assert f"failed by itself ({code})" in str(error)
    assert "It said: “overloaded”" in str(error)


@pytest.mark.parametrize("step", [reset(), hangs_up()])
async def test_a_broken_connection_is_tried_three_times(
    model: OpenAIModel, server: FakeLLM, step: Step
) -> None:
    server.script(step, step)
    assert (await model.complete(PROMPT)).data == GOOD
    server.always(step)
    error = await failure(model)
    assert (error.kind, error.usage.calls) == ("network", 3)
    assert "can't be reached. Check OPENAI_BASE_URL" in str(error)


async def test_a_prompt_whose_answer_was_lost_counts_as_paid(
    model: OpenAIModel, server: FakeLLM
) -> None:
    server.always(hangs_up())
    error = await failure(model)
    assert error.usage.prompt_tokens >= 30
    assert error.usage.completion_tokens == 0


async def test_a_server_that_isnt_there_is_named_and_costs_nothing(
    model: OpenAIModel, server: FakeLLM
) -> None:
    await server.stop()
    error = await failure(model)
    assert (error.kind, error.usage.calls, error.usage.prompt_tokens) == ("network", 3, 0)
    assert "127.0.0.1:" in str(error)


@pytest.mark.parametrize("step", [silence(), drips()])
async def test_a_call_ends_in_time_whatever_the_server_does(
    opened: Open, server: FakeLLM, step: Step
) -> None:
    model = opened(timeout=0.3)
    server.always(step)
    error = await failure(model)
    assert (error.kind, error.usage.calls) == ("timeout", 1)
    assert "gave no whole answer within 0.3 s" in str(error)
    assert "STUDYBOT_LLM_TIMEOUT" in str(error)
    assert error.usage.prompt_tokens > 0


async def test_a_cancelled_call_stays_cancelled(model: OpenAIModel, server: FakeLLM) -> None:
    server.script(silence())
    task = asyncio.create_task(model.complete(PROMPT))
    await server.received(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await model.complete(PROMPT)).data == GOOD


@pytest.mark.parametrize(
    "headers", [{"Retry-After": "0.05"}, {"retry-after-ms": "50", "Retry-After": "9"}]
)
async def test_a_wait_that_the_server_asks_for_is_kept(
    model: OpenAIModel, server: FakeLLM, headers: dict[str, str]
) -> None:
    server.script(*[status(429, "Rate limit reached", headers=headers)] * 4)
    assert (await model.complete(PROMPT)).usage.calls == 5
    times = [request.at for request in server.requests]
    assert all(after - before >= 0.05 for before, after in itertools.pairwise(times))


async def test_a_wait_that_doesnt_fit_is_handed_on(model: OpenAIModel, server: FakeLLM) -> None:
    server.script(status(429, "Rate limit reached", headers={"Retry-After": "3600"}))
    error = await failure(model)
    assert (error.kind, error.retry_after, error.usage.calls) == ("rate", 3600, 1)
    assert "takes no more calls for now and asks to wait 3600 s" in str(error)
    assert "STUDYBOT_LLM_CONCURRENCY" in str(error)


async def test_a_wait_until_a_date_is_handed_on_in_seconds(
    model: OpenAIModel, server: FakeLLM
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    server.script(status(503, "Down for maintenance", headers={"Retry-After": date}))
    error = await failure(model)
    assert error.kind == "server"
    assert error.retry_after == pytest.approx(600, abs=5)


FAR_OFF = "Mon, 01 Jan 2024 00:00:00 +99999999999999"
NO_TIMES = ["soon", "-1", "nan", "inf", "1e9", "", "Mon, 32 Foo 2026", FAR_OFF]


@pytest.mark.parametrize("value", NO_TIMES)
async def test_a_wait_that_makes_no_sense_is_not_believed(
    model: OpenAIModel, server: FakeLLM, value: str
) -> None:
    server.always(status(429, "Slow down", headers={"Retry-After": value}))
    error = await failure(model)
    assert (error.kind, error.retry_after, error.usage.calls) == ("rate", None, 3)


@pytest.mark.parametrize(
    "step",
    [
        status(429, "You exceeded your current quota", word="insufficient_quota"),
        status(402, "Insufficient Balance"),
    ],
)
async def test_an_account_without_credit_is_told_at_once(
    model: OpenAIModel, server: FakeLLM, step: Step
) -> None:
    server.script(step)
    error = await failure(model)
    assert (error.kind, error.usage.calls) == ("key", 1)
    assert "has no credit left" in str(error)


async def test_a_refused_key_is_told_at_once_and_never_shown(opened: Open, server: FakeLLM) -> None:
    server.key = "sk-another"
    error = await failure(opened())
    assert (error.kind, error.usage.calls) == ("key", 1)
    assert "refused the key. Set OPENAI_API_KEY" in str(error)
    assert "Incorrect API key provided: ***" in str(error)
    error = await failure(opened(api_key=None))
    assert "asks for a key. Set OPENAI_API_KEY" in str(error)


async def test_part_of_a_key_is_not_shown_either(opened: Open, server: FakeLLM) -> None:
    secret = "7f3a9c55e1b24d8890aa"
    server.always(status(403, f"key {secret[:12]}... is not allowed"))
    error = await failure(opened(api_key=secret))
    assert secret[:8] not in str(error)


async def test_a_model_that_isnt_there_is_told_at_once(opened: Open, server: FakeLLM) -> None:
    server.models = ("other",)
    error = await failure(opened())
    assert (error.kind, error.usage.calls) == ("model", 1)
    assert "has no model “small-judge”. Set STUDYBOT_MODEL" in str(error)


async def test_an_address_where_no_api_answers_is_told_at_once(
    opened: Open, server: FakeLLM
) -> None:
    error = await failure(opened(base_url=server.base_url.removesuffix("/v1")))
    assert error.kind == "model"
    assert "Set OPENAI_BASE_URL to the API's address, which mostly ends in /v1" in str(error)


async def test_a_redirect_names_where_it_points(model: OpenAIModel, server: FakeLLM) -> None:
    there = {"Location": "https://me:secret@api.example.org/v1/chat/completions"}
    server.script(status(301, "", headers=there))
    error = await failure(model)
    assert error.kind == "request"
    assert "(https://api.example.org). Set OPENAI_BASE_URL" in str(error)


async def test_a_web_page_instead_of_an_answer_is_no_answer(
    model: OpenAIModel, server: FakeLLM
) -> None:
    server.always(text("<html><body>Sign in</body></html>"))
    error = await failure(model)
    assert error.kind == "output"
    assert "not as a model's API" in str(error)
    assert "Sign in" not in str(error)


async def test_a_body_that_breaks_off_is_asked_for_once_more(
    model: OpenAIModel, server: FakeLLM
) -> None:
    server.script(text('{"choices": [{"message": {"content": "{', kind="application/json"))
    done = await model.complete(PROMPT)
    assert done.data == GOOD
    assert done.usage.calls == 2


@pytest.mark.parametrize("body", ["[]", "null", "3", "\x00\xff", ""])
async def test_a_body_that_is_no_object_is_no_answer(
    model: OpenAIModel, server: FakeLLM, body: str
) -> None:
    server.always(text(body, kind="application/json"))
    assert (await failure(model)).kind == "output"


async def test_an_error_with_status_200_is_an_error(model: OpenAIModel, server: FakeLLM) -> None:
    said = {"error": {"code": 429, "message": "Rate limited upstream"}}
    server.always(text(json.dumps(said), kind="application/json"))
    assert (await failure(model)).kind == "rate"


async def test_what_a_server_says_is_quoted_in_one_short_line(
    model: OpenAIModel, server: FakeLLM
) -> None:
    server.script(status(400, "a\n\tb " + "long " * 200))
    words = str(await failure(model))
    assert "“a b long" in words
    assert "\n" not in words
    assert len(words) < 400
