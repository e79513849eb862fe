"""How a model is opened: settings, secrets, prices."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.llm import Price, open_model
from tests.platforms.fake_llm import FakeLLM, status
from tests.platforms.llm_calls import KEY, PROMPT, Open, failure

ROOT = Path(__file__).parents[2]


async def test_nothing_is_taken_from_the_environment(
    opened: Open, server: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET"):
        monkeypatch.setenv(f"OPENAI_{name}", "leaked")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/leaked")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Leak: leaked\nAuthorization: Bearer leaked")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    await opened().complete(PROMPT)
    await opened(api_key=None).complete(PROMPT)
    first, second = (request.headers for request in server.requests)
    assert first["authorization"] == f"Bearer {KEY}"
    assert second["authorization"] == "Bearer none"
    assert "leaked" not in str([first, second])
    assert not {"openai-organization", "openai-project"} & (first.keys() | second.keys())


async def test_no_log_record_holds_the_key(
    opened: Open, server: FakeLLM, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.key = "another"
    await failure(opened())
    server.key = None
    server.script(status(400, f"response_format: no, {KEY}"))
    await opened().complete(PROMPT)
    assert "is asked for JSON mode, with max_tokens, temperature 0 from now on" in caplog.text
    assert KEY not in caplog.text


def test_importing_the_adapter_does_not_import_openai() -> None:
    code = "import adapters.llm, sys; sys.exit('openai' in sys.modules or 'httpx2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"api_key": "clé-123"}, "OPENAI_API_KEY holds characters that no key has"),
        ({"api_key": "a\nb"}, "OPENAI_API_KEY holds characters that no key has"),
        ({"base_url": "http://[::1/v1"}, "OPENAI_BASE_URL is no address"),
        ({"base_url": "http://host:99999/v1"}, "OPENAI_BASE_URL is no address"),
    ],
)
def test_a_key_or_an_address_that_cant_be_one_is_named(changes: dict[str, str], told: str) -> None:
    given: dict[str, Any] = {"api_key": KEY, "base_url": None, **changes}
    with pytest.raises(ValueError, match=told):
        open_model(**given, model="m", timeout=1, connections=1)


@pytest.mark.parametrize(
    ("base_url", "limit", "address"),
    [
        (None, "max_completion_tokens", "https://api.openai.com/v1"),
        (
            "https://me.openai.azure.com",
            "max_completion_tokens",
            "https://me.openai.azure.com/openai/v1",
        ),
        (
            "https://me.openai.azure.com/openai/v1/",
            "max_completion_tokens",
            "https://me.openai.azure.com/openai/v1/",
        ),
        ("https://openrouter.ai/api/v1", "max_tokens", "https://openrouter.ai/api/v1"),
    ],
)
async def test_each_maker_is_first_asked_in_its_own_way(
    opened: Open, base_url: str | None, limit: str, address: str
) -> None:
    model = opened(base_url=base_url)
    assert model.dialect.limits[0] == limit
    assert model.endpoint.base_url == address


@pytest.mark.parametrize(
    ("name", "base_url", "known", "dollars"),
    [
        ("gpt-4.1-mini", None, True, 0.40 + 1.60),
        ("gpt-4.1-mini-2025-04-14", None, True, 0.40 + 1.60),
        ("openai/gpt-4.1-mini", "https://openrouter.ai/api/v1", True, 0.40 + 1.60),
        ("gpt-4.1-mini-of-my-own", None, False, 0),
        ("llama3.1:8b", "http://localhost:11434/v1", True, 0),
        ("gpt-4.1-mini", "http://ollama:11434/v1", True, 0),
        ("gpt-4.1-mini", "http://192.168.1.5:8000/v1", True, 0),
    ],
)
async def test_prices_are_known_by_the_models_name_and_nothing_is_paid_at_home(
    opened: Open, name: str, base_url: str | None, *, known: bool, dollars: float
) -> None:
    model = opened(model=name, base_url=base_url, price=None)
    assert model.known is known
    assert model.price(1_000_000, 1_000_000) == pytest.approx(dollars)


async def test_cached_tokens_cost_less_and_a_given_price_comes_first(opened: Open) -> None:
    model = opened(model="gpt-4.1-mini", base_url=None, price=None)
    assert model.price(1_000_000, 0, 1_000_000) == pytest.approx(0.10)
    assert opened(price=Price(2, 1, 3)).price(1_000_000, 1_000_000) == pytest.approx(5)
