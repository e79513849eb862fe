"""What models cost, for the day's budget and for what is shown to organisers.

List prices of OpenAI's own API, standard tier and short context, looked up on 2026-11-23;
what it charges extra for filling its cache (a quarter of the input, since GPT-5.6) is left out.
Where a figure was read: its model page at developers.openai.com/api/docs/models (GPT-6 Luna,
GPT-5.6 Luna, GPT-5 nano, GPT-4.1 nano), GitHub's table of model prices in github/docs,
data/tables/copilot/models-and-pricing.yml (GPT-5.4, GPT-5.5, GPT-5.6 Terra, GPT-5 mini), and
LiteLLM's model_prices_and_context_window.json as mirrored on 2026-07-24 (the others). A model
on which sources disagree is not listed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

_MILLION = 1_000_000
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
# Names that reach the machine itself or its neighbours, never a paid service.
_LOCAL_ENDS = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens. ``cached`` is for input that the server had seen before."""

    input: float
    cached: float
    output: float

    def cost(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> float:
        """What that many tokens cost in US dollars; the prompt's include the cached ones."""
        cached = min(cached_tokens, prompt_tokens)
        fresh = prompt_tokens - cached
        total = fresh * self.input + cached * self.cached + completion_tokens * self.output
        return total / _MILLION


FREE = Price(0.0, 0.0, 0.0)

PRICES = {
    "gpt-6-luna": Price(0.10, 0.01, 0.50),
    "gpt-5.6-terra": Price(2.00, 0.20, 12.00),
    "gpt-5.6-luna": Price(0.20, 0.02, 1.20),
    "gpt-5.5": Price(5.00, 0.50, 30.00),
    "gpt-5.4": Price(2.50, 0.25, 15.00),
    "gpt-5.4-mini": Price(0.75, 0.075, 4.50),
    "gpt-5.4-nano": Price(0.20, 0.02, 1.25),
    "gpt-5.2": Price(1.75, 0.175, 14.00),
    "gpt-5.1": Price(1.25, 0.125, 10.00),
    "gpt-5": Price(1.25, 0.125, 10.00),
    "gpt-5-mini": Price(0.25, 0.025, 2.00),
    "gpt-5-nano": Price(0.05, 0.005, 0.40),
    "gpt-4.1": Price(2.00, 0.50, 8.00),
    "gpt-4.1-mini": Price(0.40, 0.10, 1.60),
    "gpt-4.1-nano": Price(0.10, 0.025, 0.40),
    "gpt-4o": Price(2.50, 1.25, 10.00),
    "gpt-4o-mini": Price(0.15, 0.075, 0.60),
    "o3": Price(2.00, 0.50, 8.00),
    "o4-mini": Price(1.10, 0.275, 4.40),
}


def price_of(model: str, base_url: str | None = None) -> Price | None:
    """The price of a model, None if it isn't known; on a machine of one's own it is free.

    A dated name (gpt-4.1-mini-2025-04-14) costs what the undated one does, and a router's
    name (openai/gpt-4.1-mini) what the maker asks.
    """
    if is_local(base_url):
        return FREE
    return PRICES.get(_DATED.sub("", model.lower().removeprefix("openai/")))


def is_local(base_url: str | None) -> bool:
    """Whether an address is this machine or its own network: no paid service, no proxy."""
    host = urlsplit(base_url).hostname if base_url else None
    if not host:
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_ENDS)
    return address.is_loopback or address.is_private or address.is_link_local
