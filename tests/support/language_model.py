"""A language model that says what a test scripts, behind the core's port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from bot.domain.grading import Usage
from bot.judge.llm.allowance import CallTicket
from bot.ports import Completion, ModelError, Prompt

Script = Callable[[Prompt], dict[str, Any]]
USED = Usage(prompt_tokens=700, completion_tokens=120, cost_usd=0.0005, calls=1)


class ScriptedModel:
    """``script`` gives the data for a prompt, or raises. ``hold`` makes calls wait for an event.

    The first call raises ``fails_first``, without waiting.
    """

    name = "scripted-1"

    def __init__(self, script: Script) -> None:
        self.script = script
        self.prompts: list[Prompt] = []
        self.hold: asyncio.Event | None = None
        self.fails_first: ModelError | None = None
        self.called = asyncio.Event()

    async def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        self.called.set()
        if self.fails_first is not None:
            failure, self.fails_first = self.fails_first, None
            raise failure
        if self.hold is not None:
            await self.hold.wait()
        return Completion(self.script(prompt), USED)

    def price(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> float:
        del cached_tokens
        return (prompt_tokens * 0.4 + completion_tokens * 1.6) / 1_000_000

    async def close(self) -> None:
        return None


class OpenAllowance:
    """Every call is allowed at once; ``tickets`` tell what was spent."""

    def __init__(self) -> None:
        self.tickets: list[CallTicket] = []

    @asynccontextmanager
    async def call(self, group_id: int | None, estimate: Usage) -> AsyncIterator[CallTicket]:
        del group_id, estimate
        ticket = CallTicket()
        self.tickets.append(ticket)
        yield ticket


def said(
    statuses: Mapping[str, tuple[str, str]], feedback: str = "Fine.", **more: Any
) -> dict[str, Any]:
    """What a model writes: ``statuses`` are (status, quote) by the point's number."""
    points = [
        {"id": name, "quote": quote, "status": status} for name, (status, quote) in statuses.items()
    ]
    return {"points": points, "attempt": True, "aimed": False, "feedback": feedback, **more}


def covers_all(body: dict[str, Any]) -> str:
    """A model that finds every key point in the reply's first words."""
    user = body["messages"][1]["content"]
    fence = user.rstrip().rsplit("\n", 1)[-1]
    reply = user.split(fence)[1].strip()
    quote = " ".join(reply.split()[:4])
    count = sum(
        line.startswith("p") and ":" in line for line in user.split("Reply:")[0].split("\n")
    )
    found = [{"id": f"p{n}", "quote": quote, "status": "covered"} for n in range(1, count + 1)]
    said = {"points": found, "attempt": True, "aimed": False, "feedback": "You have it all."}
    return json.dumps(said)
