"""What the tests of the LLM adapter share: one prompt, and how to ask it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from adapters.llm import OpenAIModel, Price
from bot.ports import ModelError, Prompt
from tests.platforms.fake_llm import FakeLLM

KEY = "sk-studybot-0123456789abcdef"
PRICE = Price(1.0, 0.1, 10.0)
GOOD = {"verdict": "ok", "points": []}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "verdict": {"type": "string", "enum": ["ok", "bad"]},
        "points": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["verdict", "points"],
    "additionalProperties": False,
}
PROMPT = Prompt("You judge replies.", "The reply: it adds two matrices.", "grade", SCHEMA, 500)

Open = Callable[..., OpenAIModel]


async def failure(model: OpenAIModel, prompt: Prompt = PROMPT) -> ModelError:
    """The error that asking ends with; the key is never in it."""
    with pytest.raises(ModelError) as caught:
        await model.complete(prompt)
    assert KEY not in str(caught.value)
    return caught.value


def formats(server: FakeLLM) -> list[str]:
    """The forms that were asked for, in order."""
    return [body.get("response_format", {}).get("type", "text") for body in server.bodies]
