"""Rate limits: buckets by route and major parameter, the global one, and the ban after both."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from tests.platforms.discord_server.refusals import Json

# What bots have measured; Discord documents none of these.
REALISTIC = {
    "POST /channels/{channel}/messages": (5, 5.0),
    "PATCH /channels/{channel}/messages/{message}": (5, 5.0),
    "DELETE /channels/{channel}/messages/{message}": (5, 1.0),
    "PUT /channels/{channel}/messages/{message}/reactions/{emoji}/@me": (1, 0.25),
    "DELETE /channels/{channel}/messages/{message}/reactions/{emoji}/@me": (1, 0.25),
    "POST /channels/{channel}/messages/{message}/threads": (50, 300.0),
    "PATCH /channels/{channel}": (5, 15.0),
    "POST /webhooks/{application}/{token}": (5, 5.0),
}
# Answers to interactions don't count towards the global limit.
EXEMPT = ("/interactions/", "/webhooks/")
MAJOR = ("channel", "guild", "token")


@dataclass
class Bucket:
    left: int
    ends: float


@dataclass
class Refusal:
    """A 429: seconds to wait and whose limit it is (user, shared or global)."""

    retry_after: float
    scope: str = "user"

    @property
    def headers(self) -> dict[str, str]:
        headers = {"Retry-After": str(math.ceil(self.retry_after)), "X-RateLimit-Scope": self.scope}
        return {**headers, "X-RateLimit-Global": "true"} if self.scope == "global" else headers

    @property
    def body(self) -> Json:
        told = {"retry_after": round(self.retry_after, 3), "global": self.scope == "global"}
        return {"message": "You are being rate limited.", **told}


@dataclass
class RateLimits:
    """``limits`` are (requests, seconds) by route; others have ``usual``.

    ``everything`` is the global limit, which starts as None for none.
    """

    clock: Callable[[], float]
    limits: dict[str, tuple[int, float]] = field(default_factory=dict)
    usual: tuple[int, float] = (10_000, 1.0)
    everything: tuple[int, float] | None = None
    _buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)

    def set(self, route: str, requests: int, seconds: float) -> None:
        """Limit a route, as in "POST /channels/{channel}/messages"."""
        self.limits[route] = (requests, seconds)

    def be_realistic(self) -> None:
        """The limits that Discord is known to have, with the global one."""
        self.limits |= REALISTIC
        self.everything = (50, 1.0)

    def take(
        self, route: str, path: str, args: dict[str, str]
    ) -> tuple[dict[str, str], Refusal | None]:
        """Count a request: the headers to answer with, and the refusal if it was one too many."""
        if self.everything is not None and not path.startswith(EXEMPT):
            bucket = self._bucket(("global", ""), *self.everything)
            if bucket.left <= 0:
                return {}, Refusal(bucket.ends - self.clock(), "global")
            bucket.left -= 1
        limit, seconds = self.limits.get(route, self.usual)
        major = "+".join(args[name] for name in MAJOR if name in args)
        bucket = self._bucket((route, major), limit, seconds)
        over = bucket.left <= 0
        bucket.left -= 0 if over else 1
        wait = bucket.ends - self.clock()
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(bucket.left),
            "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
            "X-RateLimit-Bucket": _bucket_name(route),
        }
        return headers, Refusal(wait) if over else None

    def _bucket(self, key: tuple[str, str], limit: int, seconds: float) -> Bucket:
        now = self.clock()
        bucket = self._buckets.get(key)
        if bucket is None or bucket.ends <= now:
            bucket = self._buckets[key] = Bucket(limit, now + seconds)
        return bucket


@cache
def _bucket_name(route: str) -> str:
    return hashlib.sha256(route.encode()).hexdigest()[:24]
