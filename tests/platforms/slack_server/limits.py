"""Rate limits of the Web API: so many calls of a method in so many seconds."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass

from tests.platforms.slack_server.clock import Clock

# https://docs.slack.dev/apis/web-api/rate-limits: calls a minute. More is let through at times.
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
TIER_OF = {
    "bots.info": 3,
    "chat.delete": 3,
    "chat.getPermalink": 4,
    "chat.postEphemeral": 4,
    "chat.update": 3,
    "conversations.history": 3,
    "conversations.info": 3,
    "conversations.join": 3,
    "conversations.list": 2,
    "conversations.members": 4,
    "conversations.open": 3,
    "conversations.replies": 3,
    "files.info": 4,
    "reactions.add": 3,
    "reactions.get": 3,
    "reactions.remove": 2,
    "team.info": 3,
    "users.conversations": 3,
    "users.info": 4,
    "users.list": 2,
    "views.open": 4,
    "views.publish": 4,
    "views.push": 4,
    "views.update": 4,
}
READING = ("conversations.history", "conversations.replies")


@dataclass(frozen=True)
class Limit:
    """``calls`` in ``seconds`` for a workspace, or for each of its channels."""

    calls: int
    seconds: float
    by_channel: bool = False


class Limits:
    """None at first; see ``set``, ``documented`` and ``distributed``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._limits: dict[str, Limit] = {}
        self._calls: defaultdict[tuple[str, str, str], deque[float]] = defaultdict(deque)
        self.page: int | None = None

    def set(self, method: str, calls: int, seconds: float, *, by_channel: bool = False) -> None:
        self._limits[method] = Limit(calls, seconds, by_channel)

    def documented(self) -> None:
        """Every method's tier, and a message a second in each channel."""
        for method, tier in TIER_OF.items():
            self.set(method, TIERS[tier], 60)
        self.set("chat.postMessage", 1, 1, by_channel=True)

    def distributed(self) -> None:
        """What holds for apps sold outside the Marketplace since 2025-05-29."""
        self.page = 15
        for method in READING:
            self.set(method, 1, 60)

    def take(self, method: str, team: str, channel: str) -> int | None:
        """Seconds to wait, or None if the call may go on and is counted."""
        limit = self._limits.get(method)
        if limit is None:
            return None
        now = self._clock.now()
        calls = self._calls[method, team, channel if limit.by_channel else ""]
        while calls and calls[0] <= now - limit.seconds:
            calls.popleft()
        if len(calls) >= limit.calls:
            return max(1, math.ceil(calls[0] + limit.seconds - now))
        calls.append(now)
        return None
