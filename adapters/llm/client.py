"""The openai client, reduced to what is needed: a body goes out, a status and a body return.

Importing this module imports openai, which takes over a second of CPU.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai

from adapters.llm.prices import is_local
from adapters.llm.wire import NoReplyError, Reply

# Sent where a server asks for no key: the client insists on one.
NO_KEY = "none"
_OPENAI = "https://api.openai.com/v1"
_AZURE = (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")
_CONNECT_SECONDS = 10.0
_POOL = 16
_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": "studybot",
}


class _Client(openai.AsyncOpenAI):
    """The client without what it would take from the environment: OPENAI_CUSTOM_HEADERS too."""

    @property
    def default_headers(self) -> dict[str, str | openai.Omit]:
        """The same few for every call."""
        return dict(_HEADERS)


class OpenAIWire:
    """One endpoint through the openai client. Raises ValueError for no real address or key.

    For every call the HTTP library looks at each connection in its pool; with 128 in one that
    is most of a call's CPU. So connections are spread over small pools, with a client each.
    """

    def __init__(
        self, *, api_key: str | None, base_url: str | None, timeout: float, connections: int
    ) -> None:
        if api_key and not (api_key.isascii() and api_key.isprintable()):
            raise ValueError("OPENAI_API_KEY holds characters that no key has. Copy it again.")
        self.base_url = _address(base_url)
        pools = math.ceil(connections / _POOL)
        http = {
            "limits": _limits(math.ceil(connections / pools)),
            # Only connecting has a clock of its own: a call's is the caller's.
            "timeout": httpx2.Timeout(timeout * 2, connect=min(_CONNECT_SECONDS, timeout / 3)),
            "trust_env": not is_local(base_url),
            "verify": httpx2.create_ssl_context(),
            # A redirected POST arrives as a GET: better to say where it points.
            "follow_redirects": False,
        }
        self._pools = [_Pool(_client(api_key, self.base_url, http)) for _ in range(pools)]

    async def post(self, body: bytes) -> Reply:
        """Send a chat completion's body. Raises NoReplyError."""
        pool = min(self._pools, key=lambda pool: pool.busy)
        pool.busy += 1
        try:
            return await _posted(pool.client, body)
        finally:
            pool.busy -= 1

    async def close(self) -> None:
        """Close every connection."""
        for pool in self._pools:
            await pool.client.close()


@dataclass(slots=True)
class _Pool:
    """A client with its connections, and how many of them are busy."""

    client: openai.AsyncOpenAI
    busy: int = 0


def _limits(connections: int) -> httpx2.Limits:
    return httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)


def _client(api_key: str | None, base_url: str, http: dict[str, Any]) -> openai.AsyncOpenAI:
    # Everything is given, or the client would look for it in the environment.
    return _Client(
        api_key=api_key or NO_KEY,
        admin_api_key="",
        organization="",
        project="",
        webhook_secret="",
        base_url=base_url,
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(**http),
    )


async def _posted(client: openai.AsyncOpenAI, body: bytes) -> Reply:
    try:
        response = await client.post("/chat/completions", content=body, cast_to=httpx2.Response)
    except openai.APIStatusError as error:
        response = error.response
    except openai.APIConnectionError as error:
        raise _no_reply(error.__cause__ or error) from None
    except UnicodeError as error:  # a host's name that can't be looked up
        raise NoReplyError(str(error), sent=False) from None
    return Reply(response.status_code, response.headers, response.content)


def _address(base_url: str | None) -> str:
    """The API's address; Azure's lies below the resource's own."""
    if base_url is None:
        return _OPENAI
    try:
        parts = urlsplit(base_url)
        fine = parts.port != 0 and httpx2.URL(base_url).host
    except (ValueError, httpx2.InvalidURL):
        fine = False
    if not fine:
        raise ValueError("OPENAI_BASE_URL is no address. It looks like http://localhost:11434/v1.")
    azure = (parts.hostname or "").endswith(_AZURE) and parts.path in ("", "/")
    return f"{base_url.rstrip('/')}/openai/v1" if azure else base_url


def _no_reply(cause: BaseException) -> NoReplyError:
    unsent = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol)
    return NoReplyError(str(cause) or type(cause).__name__, sent=not isinstance(cause, unsent))
