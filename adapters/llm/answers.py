"""Reads a chat completion: what was paid, and the object the model wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from adapters.llm.faults import Endpoint, no_answer_there, refusal
from adapters.llm.prices import Price
from adapters.llm.reading import UnreadableError, check_shape, read_object
from adapters.llm.wire import Reply
from bot.domain.grading import Usage
from bot.ports import Prompt

# English text runs at about four characters a token: for servers that don't count.
_CHARACTERS = 4


class UselessError(Exception):
    """An answer that is paid for but can't be read; the message says why.

    ``cut_off`` if it ran out of tokens. ``form`` if it may be that the server doesn't keep to
    the form it was asked for.
    """

    def __init__(self, message: str, *, cut_off: bool = False, form: bool = False) -> None:
        super().__init__(message)
        self.cut_off = cut_off
        self.form = form


def parse_body(endpoint: Endpoint, reply: Reply) -> dict[str, Any]:
    """A completion's JSON. Raises UselessError if it breaks off, FaultError if it is none."""
    try:
        data = json.loads(reply.body)
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict):
        return data
    if reply.body.lstrip()[:1] == b"{":
        raise UselessError("the server's answer breaks off")
    raise no_answer_there(endpoint)


def error_within(data: Mapping[str, Any], reply: Reply) -> Reply | None:
    """The reply as an error's, where a server reports one with status 200."""
    error = data.get("error")
    if not error or data.get("choices"):
        return None
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 300 <= code < 600 else 500
    return Reply(status, reply.headers, reply.body)


def paid(data: Mapping[str, Any], prompt: Prompt, price: Price) -> Usage:
    """What the server counted, or about what it must have been."""
    counts = _mapping(data.get("usage"))
    asked = _count(counts.get("prompt_tokens"))
    wrote = _count(counts.get("completion_tokens"))
    if asked is None:
        asked = asked_tokens(prompt)
    if wrote is None:
        wrote = _tokens(_text(_message(data)))
    details = _mapping(counts.get("prompt_tokens_details"))
    cached = min(_count(details.get("cached_tokens")) or 0, asked)
    return Usage(asked, wrote, price.cost(asked, wrote, cached), cached_tokens=cached)


def asked_tokens(prompt: Prompt) -> int:
    """About how many tokens a prompt has."""
    return _tokens(prompt.system) + _tokens(prompt.user)


def object_in(endpoint: Endpoint, data: Mapping[str, Any], prompt: Prompt) -> dict[str, Any]:
    """The object that the model wrote. Raises UselessError, or FaultError for a refusal."""
    choice, message = _choice(data), _message(data)
    if not choice:
        raise UselessError("it gave no answer at all")
    finish = choice.get("finish_reason")
    declined = message.get("refusal")
    if finish == "content_filter" or (isinstance(declined, str) and declined):
        raise refusal(endpoint, declined if isinstance(declined, str) else "")
    text, cut_off = _text(message), finish == "length"
    if not text.strip():
        why = "it used up its tokens before it answered" if cut_off else "its answer is empty"
        raise UselessError(why, cut_off=cut_off, form=not cut_off)
    try:
        found = read_object(text, whole=cut_off)
        check_shape(found, prompt.schema)
    except UnreadableError as error:
        why = "it ran out of tokens" if cut_off else str(error)
        raise UselessError(why, cut_off=cut_off, form=not cut_off) from None
    return found


def _choice(data: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = data.get("choices")
    return _mapping(choices[0]) if isinstance(choices, list) and choices else {}


def _message(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(_choice(data).get("message"))


def _text(message: Mapping[str, Any]) -> str:
    """A message's text; some servers send it in parts."""
    content = message.get("content")
    if isinstance(content, list):
        parts = [_mapping(part).get("text") for part in content]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int | None:
    fine = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if fine else None


def _tokens(text: str) -> int:
    return -(-len(text) // _CHARACTERS)
