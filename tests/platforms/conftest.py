"""A server of ours and models opened on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from adapters.llm import OpenAIModel, open_model
from tests.platforms.fake_llm import FakeLLM
from tests.platforms.llm_calls import KEY, PRICE, Open


@pytest.fixture
async def server() -> AsyncIterator[FakeLLM]:
    async with FakeLLM() as running:
        yield running


@pytest.fixture
async def opened(server: FakeLLM) -> AsyncIterator[Open]:
    """Opens models on the server, whose waits are hardly any, and closes them at the end."""
    async with AsyncExitStack() as stack:

        def build(**changes: Any) -> OpenAIModel:
            given: dict[str, Any] = {
                "api_key": KEY,
                "base_url": server.base_url,
                "model": "small-judge",
                "timeout": 5.0,
                "connections": 8,
                "price": PRICE,
                "first_wait": 0.002,
            }
            model = open_model(**{**given, **changes})
            stack.push_async_callback(model.close)
            return model

        yield build


@pytest.fixture
def model(opened: Open) -> OpenAIModel:
    return opened()
