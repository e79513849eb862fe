"""What the bot asked of the Web API, what it was answered, and faults put in the way."""

from __future__ import annotations

import fnmatch
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.platforms.slack_server.refusals import Json

KEPT = 50_000


@dataclass(eq=False)
class Entry:
    """One request. ``method`` is such as "chat.postMessage"; posts to a response URL are
    "response_url", and files' contents "files.upload" and "files.download".

    ``at`` is the loop's time in seconds, ``took`` how long answering took, ``team`` the id of the
    workspace whose token came with it. ``status`` is 0 until it is answered, and for connections
    that were dropped; ``error`` is what was answered when it was refused.
    """

    at: float
    method: str
    args: Json = field(default_factory=dict)
    team: str = ""
    status: int = 0
    error: str = ""
    took: float = 0
    answered: bool = False

    @property
    def channel(self) -> str:
        return str(self.args.get("channel", ""))

    def matches(self, pattern: str) -> bool:
        """``pattern`` is as in "chat.*"."""
        return fnmatch.fnmatchcase(self.method, pattern)


class Journal:
    """Requests in the order in which they came; ``unknown`` are methods Slack doesn't have."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=KEPT)
        self.unknown: list[str] = []

    def of(self, pattern: str = "*") -> list[Entry]:
        return [entry for entry in self.entries if entry.matches(pattern)]

    def count(self, pattern: str = "*") -> int:
        return len(self.of(pattern))

    def clear(self) -> None:
        """Forget what came so far."""
        self.entries.clear()


@dataclass(eq=False)
class Fault:
    """What happens to requests that match ``pattern``, ``times`` of them (None: all).

    ``committed`` lets the request take effect first, then waits ``delay`` seconds, then fails;
    otherwise it waits and fails without any effect. Without a status, an error or ``drop`` it
    doesn't fail and is only slow; ``hang`` never answers. For 429, ``retry_after`` is told
    in seconds. ``error`` is answered with status 200. ``channel`` narrows it to one.
    """

    pattern: str
    status: int | None = None
    times: int | None = 1
    error: str = ""
    channel: str = ""
    committed: bool = False
    drop: bool = False
    hang: bool = False
    delay: float = 0
    retry_after: int = 1
    when: Callable[[Entry], bool] | None = None
    hits: int = 0

    @property
    def fails(self) -> bool:
        return self.drop or bool(self.error) or self.status is not None

    def fits(self, entry: Entry) -> bool:
        if self.times is not None and self.hits >= self.times:
            return False
        if not entry.matches(self.pattern) or self.channel not in ("", entry.channel):
            return False
        return self.when is None or self.when(entry)


class Faults:
    """The faults in force; the first that fits is taken."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, pattern: str, status: int | None = None, **rest: Any) -> Fault:
        """A fault for methods like "chat.*"; see Fault for what it takes."""
        fault = Fault(pattern, status, **rest)
        self.faults.append(fault)
        return fault

    def clear(self) -> None:
        self.faults.clear()

    def take(self, entry: Entry) -> Fault | None:
        for fault in self.faults:
            if fault.fits(entry):
                fault.hits += 1
                return fault
        return None
