"""What a model is asked over the wire, and how its endpoint teaches us to ask."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from adapters.llm import OpenAIModel
from tests.platforms.fake_llm import FakeLLM, Step, says, silence, status, text
from tests.platforms.llm_calls import GOOD, PROMPT, SCHEMA, Open, failure, formats


async def test_an_answer_comes_with_what_it_cost(model: OpenAIModel, server: FakeLLM) -> None:
    counted = {
        "prompt_tokens": 2000,
        "completion_tokens": 100,
        "prompt_tokens_details": {"cached_tokens": 1500},
    }
    server.script(says(json.dumps(GOOD), usage=counted))
    done = await model.complete(PROMPT)
    assert done.data == GOOD
    used = done.usage
    assert (used.prompt_tokens, used.completion_tokens, used.cached_tokens) == (2000, 100, 1500)
    assert used.cost_usd == pytest.approx((500 * 1.0 + 1500 * 0.1 + 100 * 10.0) / 1e6)
    assert used.calls == 1
    assert used.latency_ms > 0


async def test_the_question_is_asked_with_a_strict_schema_at_temperature_0(
    model: OpenAIModel, server: FakeLLM
) -> None:
    await model.complete(PROMPT)
    assert server.bodies == [
        {
            "model": "small-judge",
            "messages": [
                {"role": "system", "content": PROMPT.system},
                {"role": "user", "content": PROMPT.user},
            ],
            "temperature": 0,
            "max_tokens": 500,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "grade", "strict": True, "schema": SCHEMA},
            },
        }
    ]
    assert model.name == "small-judge"


async def test_a_server_that_counts_nothing_is_estimated_at_four_characters_a_token(
    model: OpenAIModel, server: FakeLLM
) -> None:
    server.counts = False
    used = (await model.complete(PROMPT)).usage
    assert 10 <= used.prompt_tokens <= 15
    assert used.completion_tokens > 0
    assert used.cost_usd > 0


@pytest.mark.parametrize(
    "counted",
    [
        {"prompt_tokens": -5, "completion_tokens": "many"},
        {"prompt_tokens": True, "completion_tokens": None, "prompt_tokens_details": None},
        ["none"],
    ],
)
async def test_nonsense_for_token_counts_is_replaced_by_an_estimate(
    model: OpenAIModel, server: FakeLLM, counted: Any
) -> None:
    server.script(says(json.dumps(GOOD), usage=counted))
    used = (await model.complete(PROMPT)).usage
    assert used.prompt_tokens > 5
    assert used.completion_tokens > 5
    assert used.cached_tokens == 0


async def test_a_cache_larger_than_the_prompt_is_not_believed(
    model: OpenAIModel, server: FakeLLM
) -> None:
    counted = {
        "prompt_tokens": 10,
        "completion_tokens": 1,
        "prompt_tokens_details": {"cached_tokens": 99},
    }
    server.script(says(json.dumps(GOOD), usage=counted))
    used = (await model.complete(PROMPT)).usage
    assert used.cached_tokens == 10
    assert used.cost_usd > 0


async def test_many_calls_share_connections_that_stay_open(opened: Open, server: FakeLLM) -> None:
    server.latency = 0.01
    model = opened(connections=4)
    await asyncio.gather(*(model.complete(PROMPT) for _ in range(24)))
    assert len(server.requests) == 24
    assert server.connections <= 4
    assert server.most_in_flight <= 4


async def test_as_many_calls_as_configured_are_under_way_at_once(
    opened: Open, server: FakeLLM
) -> None:
    model = opened(connections=40)
    server.always(silence())
    asked = [asyncio.create_task(model.complete(PROMPT)) for _ in range(40)]
    await server.received(40)
    assert server.most_in_flight == 40
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)


async def test_a_server_without_schemas_is_asked_in_json_mode_from_then_on(
    model: OpenAIModel, server: FakeLLM
) -> None:
    server.refuses = {"json_schema"}
    assert (await model.complete(PROMPT)).data == GOOD
    await model.complete(PROMPT)
    assert formats(server) == ["json_schema", "json_object", "json_object"]
    system = server.bodies[-1]["messages"][0]["content"]
    assert system.startswith(PROMPT.system)
    assert json.dumps(SCHEMA) in system


async def test_a_server_without_json_mode_either_is_asked_in_plain_text(
    model: OpenAIModel, server: FakeLLM
) -> None:
    server.refuses = {"json_schema", "json_object"}
    assert (await model.complete(PROMPT)).data == GOOD
    await model.complete(PROMPT)
    assert formats(server) == ["json_schema", "json_object", "text", "text"]


@pytest.mark.parametrize(
    "refusal",
    [
        status(400, "This response_format type is unavailable now"),
        status(400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported"),
        status(422, "Unknown field", param="response_format"),
        text('{"detail":[{"loc":["body","response_format"],"msg":"no"}]}', 422, "application/json"),
        text('{"error":"json_schema is not available for this model"}', 400, "application/json"),
        text("failed to parse grammar", 400, "text/plain"),
        text('{"error":{"code":400,"message":"Structured outputs: no"}}', 200, "application/json"),
    ],
)
async def test_each_makes_words_for_no_schema_are_understood(
    model: OpenAIModel, server: FakeLLM, refusal: Step
) -> None:
    server.script(refusal)
    done = await model.complete(PROMPT)
    assert done.data == GOOD
    assert done.usage.calls == 2
    assert formats(server) == ["json_schema", "json_object"]


async def test_calls_that_are_refused_together_step_down_together(
    model: OpenAIModel, server: FakeLLM
) -> None:
    server.refuses = {"json_schema", "temperature"}
    server.latency = 0.02
    done = await asyncio.gather(*(model.complete(PROMPT) for _ in range(8)))
    assert [d.data for d in done] == [GOOD] * 8
    before = len(server.requests)
    await model.complete(PROMPT)
    assert len(server.requests) == before + 1
    assert formats(server)[-1] == "json_object"


async def test_two_answers_in_a_row_of_another_form_lead_one_rung_down(
    model: OpenAIModel, server: FakeLLM
) -> None:
    server.script(says('{"score": 3}'), says("Well done!"))
    done = await model.complete(PROMPT)
    assert done.data == GOOD
    assert done.usage.calls == 3
    assert formats(server) == ["json_schema", "json_schema", "json_object"]


async def test_answers_of_another_form_count_over_calls_until_a_good_one_comes(
    model: OpenAIModel, server: FakeLLM
) -> None:
    bad = says("Well done!")
    server.script(bad)
    await model.complete(PROMPT)
    server.script(bad)
    await model.complete(PROMPT)
    assert formats(server) == ["json_schema"] * 4


async def test_a_model_that_never_answers_as_asked_is_given_up_after_three_answers(
    model: OpenAIModel, server: FakeLLM
) -> None:
    server.always(says("Well done!", usage={"prompt_tokens": 10, "completion_tokens": 2}))
    error = await failure(model)
    assert error.kind == "output"
    assert "“small-judge” doesn't answer as asked: it holds no JSON object" in str(error)
    assert "STUDYBOT_MODEL" in str(error)
    assert (error.usage.calls, error.usage.prompt_tokens) == (3, 30)
    assert error.usage.cost_usd > 0
    assert (await failure(model)).usage.calls == 2
    assert (await failure(model)).usage.calls == 2
    assert formats(server) == ["json_schema"] * 2 + ["json_object"] * 2 + ["text"] * 3


@pytest.mark.parametrize("name", ["temperature", "max_tokens"])
async def test_a_parameter_that_the_model_refuses_is_left_out_from_then_on(
    model: OpenAIModel, server: FakeLLM, name: str
) -> None:
    server.refuses = {name}
    await model.complete(PROMPT)
    await model.complete(PROMPT)
    assert [name in body for body in server.bodies] == [True, False, False]
    assert formats(server) == ["json_schema"] * 3


async def test_the_other_name_of_the_token_limit_is_tried_and_then_none(
    model: OpenAIModel, server: FakeLLM
) -> None:
    server.refuses = {"max_tokens"}
    await model.complete(PROMPT)
    assert server.bodies[-1]["max_completion_tokens"] == 500
    server.refuses = {"max_tokens", "max_completion_tokens"}
    await model.complete(PROMPT)
    assert not {"max_tokens", "max_completion_tokens"} & server.bodies[-1].keys()


async def test_a_temperature_of_which_only_the_default_is_supported_is_left_out(
    model: OpenAIModel, server: FakeLLM
) -> None:
    words = "Unsupported value: 'temperature' does not support 0. Only the default (1) is."
    server.script(status(400, words, param="temperature", word="unsupported_value"))
    await model.complete(PROMPT)
    assert "temperature" not in server.bodies[-1]


@pytest.mark.parametrize(
    ("code", "words", "told"),
    [
        (400, "This model's maximum context length is 8192 tokens", "too long"),
        (400, "max_tokens is too large: 500", "refused the request (400)"),
        (400, "We could not parse the JSON body of your request", "refused the request (400)"),
        (413, "Request Entity Too Large", "too long"),
    ],
)
async def test_any_other_refusal_is_final_and_changes_nothing(
    model: OpenAIModel, server: FakeLLM, code: int, words: str, told: str
) -> None:
    server.script(status(code, words))
    error = await failure(model)
    assert error.kind == "request"
    assert told in str(error)
    assert "STUDYBOT_MODEL" in str(error)
    assert error.usage.calls == 1
    assert error.usage.prompt_tokens == 0
    await model.complete(PROMPT)
    assert server.bodies[0] == server.bodies[1]
