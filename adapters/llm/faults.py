"""What a server's refusals and failures mean, in words for whoever runs studybot."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from adapters.llm.wire import Reply

LONGEST_WAIT = 86_400.0
_QUOTED = 200
_TRY_AGAIN = (408, 409, 425)
_CREDIT = re.compile(
    r"insufficient[_ ](quota|balance|credit|funds)|out of credit|credit balance", re.IGNORECASE
)
_TOO_LONG = re.compile(
    r"context[_ ](length|window|size)|maximum context|too (long|many tokens)|exceeds? .*context",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content[_ ](filter|policy|management)|invalid_prompt|responsible ?ai|moderation",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model_not_found|model .{0,80}(not exist|not found)|invalid model", re.IGNORECASE
)
# Keys as they look; a server may send back part of ours or of another.
_KEY = re.compile(r"(?i)\b(?:bearer\s+\S+|(?:sk|gsk|pk|xai|key)-[\w*.•-]{4,})")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who is asked; ``secret`` never shows in any words."""

    model: str
    base_url: str
    secret: str | None

    @property
    def host(self) -> str:
        """The server's name, with the port where there is one, without user or password."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    def said(self, text: str) -> str:
        """A server's own words as a sentence: one line, short, without keys; empty for none."""
        if self.secret:
            # Some servers send back the beginning of the key.
            begin = re.escape(self.secret[:8])
            text = re.sub(rf"{begin}\S*", "***", text.replace(self.secret, "***"))
        text = " ".join(_KEY.sub("***", text).split())
        if not text:
            return ""
        return f" It said: “{text if len(text) <= _QUOTED else text[: _QUOTED - 1] + '…'}”"


class FaultError(Exception):
    """A try failed; the message tells an organiser what to do.

    ``kind`` is as in bot.domain.grading.Hitch. ``again`` says whether another try may help,
    ``retry_after`` (seconds) when the server wants it.
    """

    def __init__(
        self, kind: str, message: str, *, again: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.again = again
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error's message, and ``words``: with it the code, the type, the parameter it names."""

    message: str
    words: str


def complaint_of(reply: Reply) -> Complaint:
    """What the server says is wrong; empty if that is a web page."""
    text = reply.body.decode("utf-8", "replace")
    try:
        words = _words(json.loads(text))
    except (ValueError, RecursionError):
        words = [] if text.lstrip().startswith("<") else [text]
    return Complaint(words[0] if words else "", " ".join(words))


def _words(data: Any, depth: int = 4) -> list[str]:
    """The texts in an error, the message first: servers nest it differently."""
    if isinstance(data, str):
        return [data]
    if not depth or not isinstance(data, (dict, list)):
        return []
    if isinstance(data, list):
        return [word for inner in data for word in _words(inner, depth - 1)]
    order = sorted(data, key=lambda key: key not in ("error", "message", "msg"))
    return [word for key in order for word in _words(data[key], depth - 1)]


def fault_of(endpoint: Endpoint, reply: Reply) -> FaultError:
    """What a reply that is no answer means."""
    complaint = complaint_of(reply)
    said = endpoint.said(complaint.message)
    wait = retry_after(reply.headers)
    match reply.status:
        case 402:
            return _no_credit(endpoint, said)
        case 429 if _CREDIT.search(complaint.words):
            return _no_credit(endpoint, said)
        case 429:
            return _too_many(endpoint, said, wait)
        case 401 | 403 if not _FILTERED.search(complaint.words):
            return _no_entry(endpoint, said)
        case 404:
            return _not_there(endpoint, complaint.words, said)
        case status if status >= 500 or status in _TRY_AGAIN:
            return _their_fault(endpoint, status, said, wait)
        case status if 300 <= status < 400:
            return _elsewhere(endpoint, reply.headers)
    return _not_like_this(endpoint, reply.status, complaint)


def too_long(complaint: Complaint) -> bool:
    """Whether the server says that it can't read that much."""
    return _TOO_LONG.search(complaint.words) is not None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from retry-after-ms or Retry-After; None if there is none to believe."""
    seconds = _number(headers.get("retry-after-ms"), 0.001)
    if seconds is None:
        seconds = _number(headers.get("retry-after"), 1.0)
    if seconds is None:
        seconds = _until(headers.get("retry-after"))
    return seconds if seconds is not None and 0 <= seconds <= LONGEST_WAIT else None


def _number(text: str | None, unit: float) -> float | None:
    try:
        seconds = float(text or "") * unit
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def _until(text: str | None) -> float | None:
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return (aware - datetime.now(UTC)).total_seconds()


def _no_credit(endpoint: Endpoint, said: str) -> FaultError:
    words = (
        f"The account at {endpoint.host} has no credit left. Add some there, or set "
        f"OPENAI_API_KEY to the key of an account that has.{said}"
    )
    return FaultError("key", words)


def _too_many(endpoint: Endpoint, said: str, wait: float | None) -> FaultError:
    asks = "" if wait is None else f" and asks to wait {math.ceil(wait)} s"
    words = (
        f"{endpoint.host} takes no more calls for now{asks}. If it goes on, lower "
        f"STUDYBOT_LLM_CONCURRENCY or have the account's limit raised.{said}"
    )
    return FaultError("rate", words, again=True, retry_after=wait)


def _no_entry(endpoint: Endpoint, said: str) -> FaultError:
    refused = "refused the key" if endpoint.secret else "asks for a key"
    words = f"{endpoint.host} {refused}. Set OPENAI_API_KEY to one that is valid there.{said}"
    return FaultError("key", words)


def _not_there(endpoint: Endpoint, complaint: str, said: str) -> FaultError:
    if "model" in complaint.lower() or "deployment" in complaint.lower():
        words = (
            f"{endpoint.host} has no model “{endpoint.model}”. Set STUDYBOT_MODEL to one that "
            f"it has.{said}"
        )
    else:
        words = (
            f"{endpoint.host} answers, but not as a model's API. Set OPENAI_BASE_URL to the "
            f"API's address, which mostly ends in /v1.{said}"
        )
    return FaultError("model", words)


def _their_fault(endpoint: Endpoint, status: int, said: str, wait: float | None) -> FaultError:
    words = (
        f"{endpoint.host} failed by itself ({status}). Nothing is to be done here; if it goes "
        f"on, look at its status page or logs.{said}"
    )
    return FaultError("server", words, again=True, retry_after=wait)


def _elsewhere(endpoint: Endpoint, headers: Mapping[str, str]) -> FaultError:
    target = urlsplit(headers.get("location", ""))
    where = f"{target.scheme}://{target.netloc.rpartition('@')[2]}" if target.netloc else "another"
    words = (
        f"{endpoint.host} points to another address ({where}). Set OPENAI_BASE_URL to the one "
        "that answers by itself."
    )
    return FaultError("request", words)


def _not_like_this(endpoint: Endpoint, status: int, complaint: Complaint) -> FaultError:
    said = endpoint.said(complaint.message)
    if status == 413 or too_long(complaint):
        words = (
            f"The question and the reply together are too long for “{endpoint.model}”. Set "
            f"STUDYBOT_MODEL to a model that reads more.{said}"
        )
        return FaultError("request", words)
    if _FILTERED.search(complaint.words):
        return refusal(endpoint, complaint.message)
    if _NO_MODEL.search(complaint.words):
        return _not_there(endpoint, complaint.words, said)
    words = (
        f"{endpoint.host} refused the request ({status}). If it goes on, set STUDYBOT_MODEL to "
        f"another model.{said}"
    )
    return FaultError("request", words)


def refusal(endpoint: Endpoint, text: str) -> FaultError:
    """The model, or a filter before it, won't answer this prompt."""
    words = (
        f"“{endpoint.model}” refuses to look at this. Grade it by hand; if it goes on, set "
        f"STUDYBOT_MODEL to another model.{endpoint.said(text)}"
    )
    return FaultError("refusal", words)


def unreachable(endpoint: Endpoint, reason: str) -> FaultError:
    """No connection, or one that broke."""
    words = (
        f"{endpoint.host} can't be reached. Check OPENAI_BASE_URL and this machine's network."
        f"{endpoint.said(reason)}"
    )
    return FaultError("network", words, again=True)


def too_slow(endpoint: Endpoint, seconds: float) -> FaultError:
    """No whole answer in the time that a call has in all."""
    words = (
        f"{endpoint.host} gave no whole answer within {seconds:g} s. If it goes on, raise "
        "STUDYBOT_LLM_TIMEOUT or set STUDYBOT_MODEL to a faster model."
    )
    return FaultError("timeout", words)


def useless(endpoint: Endpoint, why: str) -> FaultError:
    """The answer was none that can be read."""
    words = (
        f"“{endpoint.model}” doesn't answer as asked: {why}. If it goes on, set STUDYBOT_MODEL "
        "to another model."
    )
    return FaultError("output", words)


def no_answer_there(endpoint: Endpoint) -> FaultError:
    """Status 200, but a web page or other text than the API's."""
    words = (
        f"{endpoint.host} answers, but not as a model's API. If it goes on, set OPENAI_BASE_URL "
        "to the API's address, which mostly ends in /v1."
    )
    return FaultError("output", words, again=True)
