"""The guard before the app: Host, Origin, body size, and the headers every answer carries.

A page on another site can make a browser send requests here, and a name that it controls
can be pointed at a loopback address (DNS rebinding). So the Host must be a name we answer
to, and an Origin, where a browser sends one, must be the very address that was asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
WILDCARDS = frozenset({"0.0.0.0", "::", "[::]", ""})  # noqa: S104 - recognised here, not bound
LARGEST_BODY = 64 * 1024
_STATE_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_AUTHORITY = re.compile(r"(?P<name>\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::(?P<port>\d{1,5}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}

TOO_LARGE = (
    "That is too much at once: a request may have 64 kB, and an answer 8,000 characters. "
    "Shorten it and send it again."
)
TOO_LARGE_A_FILE = (
    "That file is too large: a guide may have 5 MB. Leave out what isn't text, or split it."
)
FOREIGN = "This request was sent by another web page, so it was refused."

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True, slots=True)
class Authority:
    """A host name (IPv6 in brackets) with its port, None if it wasn't named."""

    name: str
    port: int | None


def parse_authority(text: str) -> Authority | None:
    """The authority in a Host header, or None if it isn't one."""
    found = _AUTHORITY.fullmatch(text.strip().lower())
    if found is None:
        return None
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 65536:
        return None
    return Authority(found["name"].rstrip("."), port)


def allowed_names(host: str, extra: Iterable[str] = ()) -> frozenset[str] | None:
    """The host names to answer to; None for any, where the server listens on every address.

    Any name is safe there: no cookie of ours is ever sent along to a name that an attacker
    points here, and such a server needs a password.
    """
    if host in WILDCARDS:
        return None
    name = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return LOOPBACK | {name.lower()} | {each.lower() for each in extra}


class Guard:
    """ASGI middleware that refuses what must not reach the app.

    ``exempt`` are path prefixes that check their callers themselves (signed webhooks).
    ``uploads`` are paths that take larger bodies, with how many bytes.
    """

    def __init__(
        self,
        app: ASGIApp,
        names: frozenset[str] | None,
        exempt: tuple[str, ...],
        uploads: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._app = app
        self._names = names
        self._exempt = exempt
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request, then pass it on."""
        if scope["type"] == "lifespan" or self._is_exempt(scope):
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        guarded = _with_headers(send)
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(guarded, 403, refusal)
            return
        if scope["method"] in _STATE_CHANGING:
            most = self._uploads.get(scope["path"])
            body = await _read(Headers(scope=scope), receive, most or LARGEST_BODY)
            if body is None:
                await _refuse(guarded, 413, TOO_LARGE_A_FILE if most else TOO_LARGE)
                return
            receive = _replay(body, receive)
        await self._app(scope, receive, guarded)

    def _is_exempt(self, scope: Scope) -> bool:
        return any(scope.get("path", "").startswith(prefix) for prefix in self._exempt)

    def _refusal(self, scope: Scope) -> str | None:
        """Why this request is refused, or None."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        host = parse_authority(hosts[0]) if len(hosts) == 1 else None
        if host is None or (self._names is not None and host.name not in self._names):
            return (
                "studybot doesn't answer to that address. Open it under the address that it "
                "printed when it started, such as http://127.0.0.1:8080/."
            )
        return None if _is_ours(scope, headers, host) else FOREIGN


def _is_ours(scope: Scope, headers: Headers, host: Authority) -> bool:
    """Whether the request can't come from another site's page."""
    origins = headers.getlist("origin")
    if origins:
        return len(origins) == 1 and _same_origin(origins[0], host)
    site = headers.get("sec-fetch-site", "none")
    if site in ("same-origin", "none"):
        return True
    # A link on another site may open a page of ours, and nothing else.
    opens = headers.get("sec-fetch-mode") == "navigate" and scope["method"] in ("GET", "HEAD")
    return opens and not scope["path"].startswith("/api/")


def _same_origin(origin: str, host: Authority) -> bool:
    scheme, _, rest = origin.lower().partition("://")
    default = _DEFAULT_PORTS.get(scheme)
    theirs = parse_authority(rest)
    if default is None or theirs is None:
        return False
    return theirs.name == host.name and (theirs.port or default) == (host.port or default)


async def _read(headers: Headers, receive: Receive, most: int) -> bytes | None:
    """The whole body; None if it is too large."""
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > most:
        return None
    chunks = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(chunks)
        chunks += message.get("body", b"")
        if len(chunks) > most:
            return None
        if not message.get("more_body", False):
            return bytes(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return guarded


async def _refuse(send: Send, status: int, detail: str) -> None:
    body = json.dumps({"detail": detail}, ensure_ascii=False).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
