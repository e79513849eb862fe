"""Prometheus metrics; each app has a registry of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.web.events import Hub
from bot.store import Store
from bot.store.judging import Spend

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_ENDLESS = "/api/events"


class ModelUse(Collector):
    """What calls to language models came to, as the database sums it over all processes."""

    def __init__(self) -> None:
        self.totals: Mapping[str, Spend] = {}

    def collect(self) -> Iterator[CounterMetricFamily]:
        """One family each for calls, failures, tokens and money."""
        calls = _counter("calls", "Finished calls to language models, failed ones too.")
        failed = _counter("failed_calls", "Calls that gave nothing that could be used.")
        tokens = _counter("tokens", "Tokens paid for; prompt includes cached.", "kind")
        cost = _counter("cost_usd", "What calls cost in US dollars; 0 without a known price.")
        for model, spend in self.totals.items():
            calls.add_metric([model], spend.calls)
            failed.add_metric([model], spend.failed)
            tokens.add_metric([model, "prompt"], spend.prompt_tokens)
            tokens.add_metric([model, "cached"], spend.cached_tokens)
            tokens.add_metric([model, "completion"], spend.completion_tokens)
            cost.add_metric([model], spend.cost_usd)
        yield from (calls, failed, tokens, cost)


def _counter(what: str, words: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"studybot_llm_{what}", words, labels=["model", *labels])


class Metrics:
    """What /metrics shows: rows by kind, open pages, request durations, what models cost."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._rows = Gauge(
            "studybot_rows",
            "Rows in the database by kind; pending_grades and outbox_pending are work to do.",
            ["kind"],
            registry=self._registry,
        )
        self._pages = Gauge(
            "studybot_web_pages", "Open pages listening for changes.", registry=self._registry
        )
        self._requests = Histogram(
            "studybot_web_request_seconds",
            "Time to answer an HTTP request.",
            ["method", "route", "status"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._model_use = ModelUse()
        self._registry.register(self._model_use)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    async def text(self, store: Store, hub: Hub) -> bytes:
        """The metrics in Prometheus's text format."""
        for kind, rows in (await store.counts()).items():
            self._rows.labels(kind).set(rows)
        async with store.read() as tx:
            self._model_use.totals = await tx.model_use.totals()
        self._pages.set(hub.pages)
        return generate_latest(self._registry)


class Timed:
    """ASGI middleware that measures requests, by route so that labels stay few."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and time it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            if route != _ENDLESS:
                method = scope["method"] if scope["method"] in _METHODS else "other"
                self._metrics.observe(method, route, status, time.perf_counter() - began)
