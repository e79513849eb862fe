"""How an endpoint wants to be asked, learned from what it refuses.

Servers differ in what they know: a strict JSON schema, JSON mode or only text; a temperature;
this or that name for the token limit. A Dialect says what to send; each refusal or useless
answer leads to a plainer one, which is then kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bot.ports import Prompt

ROOMIER = 4
MOST_TOKENS = 16_384
_REFUSING = (400, 422, 500, 501)
_FORMAT = re.compile(
    r"response_?format|json_?schema|json schema|json_object|json mode|structured output|grammar"
    r"|guided|invalid schema",
    re.IGNORECASE,
)
# The words for a parameter that isn't known, as against one whose value is too large.
_UNKNOWN = re.compile(
    r"unsupported|not supported|n.t support|unrecogni[sz]ed|unknown|unexpected|extra_forbidden"
    r"|extra inputs|not permitted|not allowed|not available|deprecated|only the default|instead",
    re.IGNORECASE,
)


class Rung(StrEnum):
    """How an answer's form is asked for, from the surest down."""

    SCHEMA = "JSON schema"
    JSON = "JSON mode"
    TEXT = "plain text"


_BELOW = {Rung.SCHEMA: Rung.JSON, Rung.JSON: Rung.TEXT}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What to send. ``limits`` are the names left to try for the token limit, first one first."""

    limits: tuple[str, ...]
    rung: Rung = Rung.SCHEMA
    temperature: bool = True
    roomy: bool = False

    def body(self, model: str, prompt: Prompt) -> dict[str, Any]:
        """A chat completion's body. Temperature 0: the same reply should get the same grade."""
        system = prompt.system
        if self.rung is not Rung.SCHEMA:
            system += _described(prompt.schema)
        body: dict[str, Any] = {
            "model": model,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": prompt.user},
            ],
        }
        if self.temperature:
            body["temperature"] = 0
        if self.limits:
            body[self.limits[0]] = self.tokens(prompt)
        if self.rung is Rung.SCHEMA:
            schema = {"name": prompt.schema_name, "strict": True, "schema": prompt.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif self.rung is Rung.JSON:
            body["response_format"] = {"type": "json_object"}
        return body

    def __str__(self) -> str:
        limit = f"with {self.limits[0]}" if self.limits else "without a token limit"
        return f"for {self.rung}, {limit}, temperature {'0' if self.temperature else 'unset'}"

    def tokens(self, prompt: Prompt) -> int:
        """The most tokens of an answer; thoughts count, so some models need more room."""
        if not self.roomy:
            return prompt.max_tokens
        return max(prompt.max_tokens, min(prompt.max_tokens * ROOMIER, MOST_TOKENS))

    def lower(self) -> Dialect | None:
        """One rung down, None from the last."""
        below = _BELOW.get(self.rung)
        return replace(self, rung=below) if below else None

    def refused(self, status: int, complaint: str) -> Dialect | None:
        """What to try after a refusal in these words, None if they are about something else."""
        if status not in _REFUSING:
            return None
        unknown = _UNKNOWN.search(complaint) is not None
        if self.limits and unknown and re.search(rf"\b{self.limits[0]}\b", complaint):
            return replace(self, limits=self.limits[1:])
        if self.temperature and unknown and re.search(r"\btemperature\b", complaint):
            return replace(self, temperature=False)
        return self.lower() if _FORMAT.search(complaint) else None


def first_dialect(base_url: str | None) -> Dialect:
    """What to try first.

    OpenAI's and Azure's newer models refuse max_tokens; others take no notice of its successor
    and then write without end (ollama/ollama issue 7125).
    """
    if base_url is None or "openai.com" in base_url or "azure.com" in base_url:
        return Dialect(("max_completion_tokens", "max_tokens"))
    return Dialect(("max_tokens", "max_completion_tokens"))


def _described(schema: Mapping[str, Any]) -> str:
    return (
        "\n\nWrite one JSON object and nothing else: no text around it, no code fence. "
        f"It has to fit this JSON schema:\n{json.dumps(schema)}"
    )
