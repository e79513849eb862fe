"""What OpenAI's chat completions accept, as far as a request of ours could break it.

The rules are those of the API reference (create a chat completion) and of the guide to
structured outputs: every key known, messages that aren't empty, and in a strict schema every
property required and additionalProperties false, on every level.
"""

from __future__ import annotations

import re
from typing import Any

_KEYS = frozenset(
    {
        "model",
        "messages",
        "temperature",
        "max_tokens",
        "max_completion_tokens",
        "response_format",
        "seed",
        "stop",
        "stream",
        "top_p",
        "n",
        "user",
        "reasoning_effort",
        "prompt_cache_key",
        "store",
    }
)
_ROLES = frozenset({"system", "developer", "user", "assistant"})
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# Of JSON schema's keywords, those that a strict one may not use.
_BANNED = frozenset({"allOf", "not", "if", "then", "else", "dependentRequired", "oneOf"})
_DEEPEST = 10


class NotAllowedError(Exception):
    """The request breaks a rule; ``param`` is the key at fault."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


def check(body: dict[str, Any]) -> None:
    """Raise NotAllowedError unless the API would take this body."""
    for key in body:
        if key not in _KEYS:
            raise NotAllowedError(key, f"Unrecognized request argument supplied: {key}")
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise NotAllowedError("model", "you must provide a model parameter")
    _check_messages(body.get("messages"))
    _check_numbers(body)
    if "response_format" in body:
        _check_format(body["response_format"], str(body["messages"]))


def lacking(body: dict[str, Any], refuses: set[str]) -> str:
    """The complaint of a server that doesn't know some features; empty if none is asked for."""
    kind = body.get("response_format", {}).get("type", "")
    if kind in refuses:
        return f"This response_format type is unavailable now: {kind}"
    for name in ("max_tokens", "max_completion_tokens", "temperature"):
        if name in refuses and name in body:
            return f"Unsupported parameter: '{name}' is not supported with this model."
    return ""


def _check_messages(messages: Any) -> None:
    if not isinstance(messages, list) or not messages:
        raise NotAllowedError("messages", "[] is too short - 'messages'")
    for message in messages:
        if message.get("role") not in _ROLES:
            raise NotAllowedError("messages", f"Invalid value: {message.get('role')}")
        if not isinstance(message.get("content"), str) or not message["content"]:
            raise NotAllowedError("messages", "Invalid value for 'content'")


def _check_numbers(body: dict[str, Any]) -> None:
    if not 0 <= body.get("temperature", 0) <= 2:
        raise NotAllowedError("temperature", "temperature must lie between 0 and 2")
    names = [name for name in ("max_tokens", "max_completion_tokens") if name in body]
    if len(names) > 1:
        raise NotAllowedError("max_tokens", "set max_tokens or max_completion_tokens, not both")
    for name in names:
        if not isinstance(body[name], int) or body[name] < 1:
            raise NotAllowedError(name, f"{name} is less than the minimum of 1")


def _check_format(form: Any, messages: str) -> None:
    match form:
        case {"type": "text"}:
            return
        case {"type": "json_object"}:
            if "json" not in messages.lower():
                raise NotAllowedError("messages", "'messages' must contain the word 'json'")
        case {"type": "json_schema", "json_schema": {"name": str(name), "schema": schema, **rest}}:
            if not _NAME.fullmatch(name):
                raise NotAllowedError("response_format", f"Invalid schema name: {name}")
            if rest.get("strict"):
                _check_schema(schema, 1)
        case _:
            raise NotAllowedError("response_format", "Invalid value for response_format")


def _check_schema(schema: Any, level: int) -> None:
    if level > _DEEPEST or not isinstance(schema, dict):
        raise _wrong("too deep, or no schema")
    if banned := _BANNED & schema.keys():
        raise _wrong(f"{sorted(banned)} is not permitted")
    if level == 1 and schema.get("type") != "object":
        raise _wrong("the root must be of type object")
    if schema.get("type") == "object":
        _check_object(schema, level)
    if schema.get("type") == "array":
        _check_schema(schema.get("items"), level + 1)
    for inner in schema.get("anyOf", ()):
        _check_schema(inner, level + 1)


def _check_object(schema: Any, level: int) -> None:
    properties = schema.get("properties", {})
    if schema.get("additionalProperties") is not False:
        raise _wrong("'additionalProperties' is required to be supplied and to be false")
    if set(schema.get("required", ())) != properties.keys():
        raise _wrong("'required' is required to include every key in properties")
    for inner in properties.values():
        _check_schema(inner, level + 1)


def _wrong(words: str) -> NotAllowedError:
    return NotAllowedError("response_format", f"Invalid schema for response_format: {words}")
