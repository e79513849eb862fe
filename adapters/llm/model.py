"""A model behind an OpenAI-compatible API: asked again while that can help, then given up."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from dataclasses import replace
from typing import Any

from adapters.llm.answers import (
    UselessError,
    asked_tokens,
    error_within,
    object_in,
    paid,
    parse_body,
)
from adapters.llm.dialect import Dialect, first_dialect
from adapters.llm.faults import (
    Endpoint,
    FaultError,
    complaint_of,
    fault_of,
    too_long,
    too_slow,
    unreachable,
    useless,
)
from adapters.llm.prices import FREE, Price, price_of
from adapters.llm.wire import NoReplyError, Reply, Wire
from bot.domain.grading import Usage
from bot.ports import Completion, ModelError, Prompt

log = logging.getLogger(__name__)

MOST_FAULTS = 3
# Answers that can't be read: two, and one more where the second led to a plainer dialect.
MOST_USELESS = 3
FIRST_WAIT = 0.5
# A wait must leave this share of a call's time for the call itself.
_LEAST_LEFT = 0.1


def open_model(
    *,
    api_key: str | None,
    base_url: str | None,
    model: str,
    timeout: float,
    connections: int,
    price: Price | None = None,
    first_wait: float = FIRST_WAIT,
) -> OpenAIModel:
    """A model, ready to be asked; blocks for the second that importing openai takes.

    ``timeout`` is in seconds for one complete() in all, ``connections`` how many may be under
    way at once. ``price`` overrides the list; ``first_wait`` (seconds) is doubled from try to
    try. Raises ValueError, with what to do, for a key or an address that can't be one.
    """
    from adapters.llm.client import OpenAIWire  # noqa: PLC0415  (openai is slow to import)

    wire = OpenAIWire(api_key=api_key, base_url=base_url, timeout=timeout, connections=connections)
    endpoint = Endpoint(model, wire.base_url, api_key)
    return OpenAIModel(wire, endpoint, timeout, price or price_of(model, base_url), first_wait)


class OpenAIModel:
    """A LanguageModel that remembers how its endpoint wants to be asked. Build with open_model."""

    def __init__(
        self,
        wire: Wire,
        endpoint: Endpoint,
        timeout: float,
        price: Price | None,
        first_wait: float,
    ) -> None:
        self.endpoint = endpoint
        self.timeout = timeout
        self.first_wait = first_wait
        self.prices = price or FREE
        self.dialect = first_dialect(endpoint.base_url)
        self._wire = wire
        self._known = price is not None
        self._useless_in_a_row = 0

    @property
    def name(self) -> str:
        """The model's name, as configured."""
        return self.endpoint.model

    @property
    def known(self) -> bool:
        """Whether the price is known; costs are 0 if not."""
        return self._known

    def price(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> float:
        """What that many tokens cost, in US dollars; 0 where the price is not known."""
        return self.prices.cost(prompt_tokens, completion_tokens, cached_tokens)

    async def complete(self, prompt: Prompt) -> Completion:
        """Ask, again if need be, within the configured time in all.

        Raises ModelError, with what was paid for nothing.
        """
        call = _Call(self, prompt)
        try:
            # httpx counts the silence between two bytes: a drip would last for ever.
            async with asyncio.timeout(self.timeout):
                data = await call.run()
        except TimeoutError:
            fault = too_slow(self.endpoint, self.timeout)
        except FaultError as found:
            fault = found
        else:
            return Completion(data, call.usage)
        raise ModelError(fault.kind, str(fault), retry_after=fault.retry_after, usage=call.usage)

    async def close(self) -> None:
        """Close every connection."""
        await self._wire.close()

    async def post(self, body: dict[str, Any]) -> Reply:
        """Send one request. Raises NoReplyError."""
        return await self._wire.post(json.dumps(body).encode())

    def useful(self, dialect: Dialect) -> None:
        """An answer in that dialect was as asked."""
        self._useless_in_a_row = 0
        if dialect.roomy and not self.dialect.roomy:
            self.dialect = replace(self.dialect, roomy=True)

    def useless(self, dialect: Dialect) -> bool:
        """An answer's form was not as asked; the second in a row leads one rung down.

        Returns whether a plainer dialect is there to try.
        """
        if dialect.rung is not self.dialect.rung:
            return True
        self._useless_in_a_row += 1
        lower = self.dialect.lower()
        if self._useless_in_a_row < 2 or lower is None:
            return False
        self.learn(dialect, lower, " Its answers aren't as asked.")
        return True

    def learn(self, tried: Dialect, better: Dialect, why: str) -> None:
        """Keep a dialect, unless another call has learned something since it was tried."""
        if tried.limits != self.dialect.limits or tried.rung is not self.dialect.rung:
            return
        if tried.temperature is not self.dialect.temperature:
            return
        self.dialect = replace(better, roomy=self.dialect.roomy)
        self._useless_in_a_row = 0
        log.warning(
            "%s at %s is asked %s from now on.%s",
            self.name,
            self.endpoint.host,
            better,
            why,
        )


class _Call:
    """One complete(): its tries, and what they cost so far."""

    def __init__(self, model: OpenAIModel, prompt: Prompt) -> None:
        self._model = model
        self._endpoint = model.endpoint
        self._prompt = prompt
        self._begin = time.monotonic()
        self._paid = Usage()
        self._waiting = False
        self._faults = 0
        self._useless = 0
        self._roomy = False

    @property
    def usage(self) -> Usage:
        """What was paid until now, for every try.

        A prompt whose answer never came is counted as paid: most servers finish what nobody
        waits for any more.
        """
        spent = self._paid + self._unanswered() if self._waiting else self._paid
        return replace(spent, latency_ms=(time.monotonic() - self._begin) * 1000)

    async def run(self) -> dict[str, Any]:
        """Try until there is an object. Raises FaultError."""
        while True:
            dialect = self._model.dialect
            if self._roomy:
                dialect = replace(dialect, roomy=True)
            try:
                found = await self._try(dialect)
            except FaultError as fault:
                await self._pause(fault)
            except UselessError as error:
                self._again(dialect, error)
            else:
                if found is not None:
                    self._model.useful(dialect)
                    return found

    async def _try(self, dialect: Dialect) -> dict[str, Any] | None:
        """Ask once; None if the endpoint wants to be asked otherwise."""
        reply = await self._post(dialect.body(self._endpoint.model, self._prompt))
        if not 200 <= reply.status < 300:
            self._learn(dialect, reply)
            return None
        try:
            data = parse_body(self._endpoint, reply)
        except UselessError:
            self._paid += self._unanswered()
            raise
        if error := error_within(data, reply):
            self._learn(dialect, error)
            return None
        self._paid += paid(data, self._prompt, self._model.prices)
        return object_in(self._endpoint, data, self._prompt)

    async def _post(self, body: dict[str, Any]) -> Reply:
        self._paid += Usage(calls=1)
        self._waiting = True
        try:
            reply = await self._model.post(body)
        except NoReplyError as error:
            self._waiting = False
            if error.sent:
                self._paid += self._unanswered()
            raise unreachable(self._endpoint, str(error)) from None
        self._waiting = False
        return reply

    def _learn(self, dialect: Dialect, reply: Reply) -> None:
        """Learn from a refusal of how we asked. Raises FaultError for every other."""
        complaint = complaint_of(reply)
        if "json_validate_failed" in complaint.words:  # Groq's word for a model's bad JSON
            raise UselessError("its answer was no valid JSON", form=True)
        fault = fault_of(self._endpoint, reply)
        better = dialect.refused(reply.status, complaint.words)
        if better is None or too_long(complaint) or fault.kind not in ("request", "server"):
            raise fault
        self._model.learn(dialect, better, self._endpoint.said(complaint.message))

    async def _pause(self, fault: FaultError) -> None:
        """Wait before another try, if there is to be one; otherwise raise the fault."""
        self._faults += 1
        asked = fault.retry_after
        if not fault.again or (asked is None and self._faults >= MOST_FAULTS):
            raise fault
        left = self._begin + self._model.timeout * (1 - _LEAST_LEFT) - time.monotonic()
        if (asked or 0) >= left:
            raise fault
        # Full jitter, also on top of what is asked for: many calls wait at the same time.
        spread = self._longest_wait() * random.random()  # noqa: S311  (no secret)
        await asyncio.sleep(min((asked or 0) + spread, left))

    def _longest_wait(self) -> float:
        return self._model.first_wait * 2.0 ** (self._faults - 1)

    def _again(self, dialect: Dialect, error: UselessError) -> None:
        """Note an answer that can't be read; raise a FaultError if it was the last try."""
        fault = useless(self._endpoint, str(error))
        if error.cut_off:
            if dialect.roomy:
                raise fault
            self._roomy = True
            return
        self._useless += 1
        plainer = error.form and self._model.useless(dialect)
        if self._useless >= (MOST_USELESS if plainer else MOST_USELESS - 1):
            raise fault

    def _unanswered(self) -> Usage:
        tokens = asked_tokens(self._prompt)
        return Usage(tokens, cost_usd=self._model.price(tokens, 0))
