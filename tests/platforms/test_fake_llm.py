"""The server of ours is as strict as the one it stands for, and can say what it saw."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from adapters.llm import OpenAIModel
from adapters.llm.dialect import Rung, first_dialect
from bot.judge.llm.prompt import SCHEMA as JUDGE_SCHEMA
from bot.ports import Prompt
from tests.platforms.fake_llm import FakeLLM, fills_in, silence
from tests.platforms.fake_llm_rules import NotAllowedError, check
from tests.platforms.llm_calls import PROMPT, SCHEMA

GOOD_BODY = first_dialect(None).body("m", PROMPT)


def with_schema(schema: Any) -> dict[str, Any]:
    inner = {"name": "grade", "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": inner}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"top_k": 5}, "Unrecognized request argument supplied: top_k"),
        ({"model": ""}, "model"),
        ({"messages": []}, "too short"),
        ({"messages": [{"role": "user", "content": ""}]}, "content"),
        ({"messages": [{"role": "judge", "content": "hi"}]}, "Invalid value: judge"),
        ({"temperature": 3}, "temperature"),
        ({"max_completion_tokens": 0}, "minimum"),
        ({"max_tokens": 5}, "not both"),
        ({"response_format": {"type": "json"}}, "Invalid value for response_format"),
        ({"response_format": {"type": "json_object"}}, "must contain the word 'json'"),
        (with_schema({"type": "array", "items": SCHEMA}), "root"),
        (with_schema({**SCHEMA, "required": ["verdict"]}), "every key"),
        (with_schema({**SCHEMA, "additionalProperties": True}), "additionalProperties"),
        (with_schema({**SCHEMA, "allOf": []}), "not permitted"),
    ],
)
def test_what_the_api_would_refuse_is_refused(change: dict[str, Any], words: str) -> None:
    check(GOOD_BODY)
    with pytest.raises(NotAllowedError, match=words):
        check(GOOD_BODY | change)


@pytest.mark.parametrize("rung", Rung)
def test_the_judges_own_schema_is_one_that_a_strict_server_takes(rung: Rung) -> None:
    dialect = first_dialect(None)
    while dialect.rung is not rung:
        dialect = dialect.lower() or dialect
    body = dialect.body("m", Prompt("Judge.", "It adds matrices.", "grade", JUDGE_SCHEMA, 900))
    check(body)
    assert fills_in(body).startswith('{"points": []')


async def test_requests_can_be_waited_for_and_counted(model: OpenAIModel, server: FakeLLM) -> None:
    server.script(silence(), silence())
    asked = [asyncio.create_task(model.complete(PROMPT)) for _ in range(2)]
    await server.received(2)
    assert server.most_in_flight == 2
    assert server.requests[0].headers["content-type"] == "application/json"
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
