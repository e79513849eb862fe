"""What the bot asked of REST, what it was answered, and faults that a test puts in the way."""

from __future__ import annotations

import fnmatch
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.platforms.discord_server.refusals import Json

KEPT = 50_000


@dataclass(eq=False)
class Entry:
    """One request. ``route`` is its template, "" for routes that Discord doesn't have.

    ``at`` is the loop's time in seconds, ``took`` how long answering took. ``status`` is 0 until
    then, and for connections that were dropped. ``code`` is Discord's error code.
    """

    at: float
    method: str
    path: str
    route: str = ""
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    status: int = 0
    code: int | None = None
    took: float = 0
    reason: str | None = None
    authorized: bool = False
    answered: bool = False

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"

    def matches(self, pattern: str) -> bool:
        """``pattern`` is as in "POST /channels/*/messages", for the path or its template."""
        by_route = f"{self.method} {self.route}"
        return fnmatch.fnmatchcase(self.line, pattern) or fnmatch.fnmatchcase(by_route, pattern)


class Journal:
    """Requests in the order in which they came; ``unknown`` are those that no route takes."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=KEPT)
        self.unknown: list[str] = []
        self.invalid = 0

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
    otherwise it waits and fails without any effect. Without a status and without ``drop`` it does
    not fail and is only slow. For 429, ``retry_after`` and ``scope`` are told: user,
    shared or global. ``when`` is asked with the request's journal entry.
    """

    pattern: str
    status: int | None = None
    times: int | None = 1
    committed: bool = False
    drop: bool = False
    delay: float = 0
    retry_after: float = 0.05
    scope: str = "user"
    code: int = 0
    message: str = ""
    when: Callable[[Entry], bool] | None = None
    hits: int = 0

    @property
    def body(self) -> Json:
        if self.status == 429:
            told = {"retry_after": self.retry_after, "global": self.scope == "global"}
            return {"message": "You are being rate limited.", **told}
        return {"message": self.message or f"{self.status}: made to fail", "code": self.code}


class Faults:
    """The faults in force; the first that fits is taken."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, pattern: str, status: int | None = None, **rest: Any) -> Fault:
        """A fault for requests like "POST /channels/*/messages"; see Fault for what it takes."""
        fault = Fault(pattern, status, **rest)
        self.faults.append(fault)
        return fault

    def clear(self) -> None:
        self.faults.clear()

    def take(self, entry: Entry) -> Fault | None:
        for fault in self.faults:
            used_up = fault.times is not None and fault.hits >= fault.times
            if used_up or not entry.matches(fault.pattern):
                continue
            if fault.when is None or fault.when(entry):
                fault.hits += 1
                return fault
        return None
