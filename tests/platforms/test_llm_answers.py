"""What a model writes, read at the wire: one object, or nothing."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.llm import OpenAIModel
from adapters.llm.reading import UnreadableError, read_object
from tests.platforms.fake_llm import FakeLLM, Step, declines, says, says_nothing, status
from tests.platforms.llm_calls import GOOD, PROMPT, failure, formats

# What answers are made of, good and bad.
PIECES = ["{", "}", "[", "]", '"a"', ":", ",", "1", "null", "{}", '{"a": 1}', "<think>", "</think>"]
PIECES += ["```json\n", "```", "\n", "\\", '"', "\\ud800", "NaN", "-", "1e999", "'"]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(GOOD),
        "\n" + json.dumps(GOOD, indent=2) + "\n\n",
        f"```json\n{json.dumps(GOOD)}\n```",
        f"Here it is:\n```\n{json.dumps(GOOD)}\n```\nHope that {{helps}}!",
        f"<think>\nLet's {{see}}...\n</think>\n\n{json.dumps(GOOD)}",
        f"Let me see. Yes.\n</think>\n{json.dumps(GOOD)}",
        [{"type": "text", "text": json.dumps(GOOD)}],
    ],
)
async def test_the_one_object_is_found_in_whatever_stands_around_it(
    model: OpenAIModel, server: FakeLLM, content: Any
) -> None:
    server.script(says(content))
    done = await model.complete(PROMPT)
    assert done.data == GOOD
    assert done.usage.calls == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"verdict": "ok", "points": ["a", "b', "not valid JSON"),
        ('{"verdict": "ok", "points": [{"id": "a"}', "not valid JSON"),
        ('{"verdict": "bad", "verdict": "ok", "points": []}', "a key twice"),
        (f"{json.dumps(GOOD)}\n{json.dumps(GOOD)}", "more than one JSON object"),
        (f"<think>it says </think>{json.dumps(GOOD)} hm</think> {json.dumps(GOOD)}", "more than"),
        ("<think>it goes on and on", "thoughts never ended"),
        (f'```json\n{{"verdict": "</think>{json.dumps(GOOD)}"}}\n```', "not valid JSON"),
        ('{"verdict": NaN, "points": []}', "NaN is no JSON number"),
        ('{"verdict": 1e999, "points": []}', "1e999 is no JSON number"),
        ("[" * 100_000, "no JSON object"),
        ('{"a":' * 100_000, "nested too deeply"),
        (f"[{json.dumps(GOOD)}]", "no JSON object"),
        ('"ok"', "no JSON object"),
        ("{'verdict': 'ok', 'points': []}", "no JSON object"),
        ('{"verdict": "ok"}', "“points” is missing"),
        ('{"verdict": "ok", "points": "none"}', "“points” is of the wrong type"),
        ('{"verdict": true, "points": []}', "“verdict” is of the wrong type"),
        ('{"verdict": "\\ud800", "points": []}', "characters that no text has"),
        ('{"verdict": "\\u0000", "points": []}', "characters that no text has"),
        ("", "its answer is empty"),
        (None, "its answer is empty"),
        (7, "its answer is empty"),
    ],
)
async def test_nothing_is_guessed_from_an_answer_that_is_no_such_object(
    model: OpenAIModel, server: FakeLLM, content: Any, why: str
) -> None:
    server.always(says(content))
    error = await failure(model)
    assert error.kind == "output"
    assert why in str(error)


async def test_an_escaped_backslash_is_no_surrogate(model: OpenAIModel, server: FakeLLM) -> None:
    answer = {"verdict": r"\ud800 and \u0000", "points": []}
    server.script(says(json.dumps(answer)))
    assert (await model.complete(PROMPT)).data == answer


async def test_a_truncated_answer_is_asked_for_once_more(
    model: OpenAIModel, server: FakeLLM
) -> None:
    cut = says('{"verdict": "ok", "po', usage={"prompt_tokens": 100, "completion_tokens": 10})
    server.script(cut)
    done = await model.complete(PROMPT)
    assert done.data == GOOD
    assert done.usage.calls == 2
    assert done.usage.prompt_tokens > 100


async def test_no_choices_at_all_are_asked_for_once_more_and_then_given_up(
    model: OpenAIModel, server: FakeLLM
) -> None:
    server.always(says_nothing())
    error = await failure(model)
    assert (error.kind, error.usage.calls) == ("output", 2)
    assert "it gave no answer at all" in str(error)
    server.always(None)
    await model.complete(PROMPT)
    assert formats(server) == ["json_schema"] * 3


async def test_tokens_eaten_by_thought_get_four_times_the_room_from_then_on(
    model: OpenAIModel, server: FakeLLM
) -> None:
    server.script(says("", finish="length"))
    done = await model.complete(PROMPT)
    assert done.data == GOOD
    assert done.usage.calls == 2
    await model.complete(PROMPT)
    assert [body["max_tokens"] for body in server.bodies] == [500, 2000, 2000]


async def test_a_model_that_thinks_beyond_that_is_given_up(
    model: OpenAIModel, server: FakeLLM
) -> None:
    server.always(says(None, finish="length"))
    error = await failure(model)
    assert (error.kind, error.usage.calls) == ("output", 2)
    assert "it used up its tokens before it answered" in str(error)
    server.always(None)
    await model.complete(PROMPT)
    assert server.bodies[-1]["max_tokens"] == 500
    big = replace(PROMPT, max_tokens=10_000)
    server.script(says("{", finish="length"))
    await model.complete(big)
    assert [body["max_tokens"] for body in server.bodies[-2:]] == [10_000, 16_384]


async def test_what_was_cut_off_is_not_searched_for_objects(
    model: OpenAIModel, server: FakeLLM
) -> None:
    thoughts = f"<think>The member writes </think>{json.dumps(GOOD)} and I doubt"
    server.script(says(thoughts, finish="length"))
    assert (await model.complete(PROMPT)).usage.calls == 2


@pytest.mark.parametrize(
    "step",
    [
        declines("I can't help with that."),
        says("", finish="content_filter"),
        status(400, "The response was filtered", word="content_filter"),
        status(403, "Your input was flagged by moderation"),
    ],
)
async def test_a_refusal_is_final_and_told_as_such(
    model: OpenAIModel, server: FakeLLM, step: Step
) -> None:
    server.script(step)
    error = await failure(model)
    assert (error.kind, error.usage.calls) == ("refusal", 1)
    assert "“small-judge” refuses to look at this. Grade it by hand" in str(error)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map("".join))
def test_any_text_is_read_as_one_object_or_refused(written: str) -> None:
    with suppress(UnreadableError):
        found = read_object(written)
        assert json.loads(json.dumps(found, allow_nan=False)) == found
