"""What comes back over the wire, apart from the library that carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered. ``headers`` are looked up without regard to case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoReplyError(Exception):
    """The server gave no answer; the message says why, in the library's words.

    ``sent`` is False where the request never reached it, so that nothing can have been paid.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class Wire(Protocol):
    """One endpoint, with its connections."""

    @property
    def base_url(self) -> str:
        """The API's address."""

    async def post(self, body: bytes) -> Reply:
        """Send a chat completion's body. Raises NoReplyError."""

    async def close(self) -> None:
        """Close every connection."""
