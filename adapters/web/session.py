"""Who is asking: the signed cookie of a logged-in member, HTTP Basic, and the password check."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

SESSION_COOKIE = "studybot_session"
SESSION_DAYS = 30
_TRIES = 8
_TRIES_PER = timedelta(minutes=1)
_ADDRESSES = 4096


class Sessions:
    """Makes and reads the session cookie: a name and a time, signed with HMAC-SHA256.

    The key depends on the password too, so that changing it logs everyone out.
    """

    def __init__(self, secret: bytes | None, password: str) -> None:
        root = secret or secrets.token_bytes(32)
        self._key = hmac.digest(root, b"web session\0" + password.encode(), "sha256")
        self._password = _digest(password)

    def knows(self, password: str) -> bool:
        """Whether that is the password; takes as long when it isn't."""
        return hmac.compare_digest(_digest(password), self._password)

    def issue(self, name: str, now: datetime) -> str:
        """A cookie value for a member."""
        payload = json.dumps([name, int(now.timestamp())], ensure_ascii=False).encode()
        return f"{_b64(payload)}.{_b64(self._sign(payload))}"

    def read(self, cookie: str, now: datetime) -> str | None:
        """The member's name in a cookie that we issued and that has not run out."""
        payload64, _, signature64 = cookie.partition(".")
        payload, signature = _unb64(payload64), _unb64(signature64)
        if payload is None or signature is None:
            return None
        if not hmac.compare_digest(signature, self._sign(payload)):
            return None
        name, issued = json.loads(payload)
        age = now.timestamp() - int(issued)
        return str(name) if 0 <= age <= SESSION_DAYS * 86_400 else None

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, "sha256")


class Throttle:
    """Slows down guessing: at most 8 wrong passwords a minute from one address."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._failures: dict[str, deque[datetime]] = {}

    def blocked(self, address: str) -> bool:
        """Whether the address has to wait."""
        failures = self._failures.get(address)
        if failures is None:
            return False
        while failures and self._clock() - failures[0] > _TRIES_PER:
            failures.popleft()
        if not failures:
            del self._failures[address]
        return len(failures) >= _TRIES

    def failed(self, address: str) -> None:
        """Count a wrong password."""
        if len(self._failures) >= _ADDRESSES:
            self._failures.pop(next(iter(self._failures)))
        self._failures.setdefault(address, deque(maxlen=_TRIES)).append(self._clock())


def read_basic(header: str) -> tuple[str, str] | None:
    """Name and password of an Authorization header (RFC 7617); None if it isn't Basic."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, password) if colon else None


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode("utf-8", "surrogatepass")).digest()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unb64(text: str) -> bytes | None:
    try:
        return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError):
        return None
