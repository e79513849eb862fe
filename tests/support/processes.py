"""``studybot run`` in processes of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from bot.setting_table import TABLE

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
PATIENCE = 90
# Read by asyncpg (PG...), by studybot, and by Python itself.
_LEFT_OUT = ("PG", "STUDYBOT_", "PYTHON", "COV", *(row.name for row in TABLE))
# Compiled once for all of them: each would else spend seconds on it.
_COMPILED = ROOT / ".pytest_cache" / "compiled"


class Run:
    """A ``python -m bot`` that was started with these arguments and settings."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith(_LEFT_OUT)}
        env |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(_COMPILED)} | settings
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments],
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.out: list[str] = []
        self.err: list[str] = []
        self._changed = threading.Condition()
        streams = ((self._process.stdout, self.out), (self._process.stderr, self.err))
        self._readers = [threading.Thread(target=self._read, args=each) for each in streams]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.send(signal.SIGKILL)
        self.ended()
        if error is not None:
            # Shown with the failed test.
            print(f"--- {self._process.args!r}\n{self.said}")  # noqa: T201

    def _read(self, stream: Any, lines: list[str]) -> None:
        with stream:
            for line in stream:
                with self._changed:
                    lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def address(self) -> str:
        """Where it says that it runs, once it says so."""
        found: list[str] = []

        def told() -> bool:
            found.extend(re.findall(r"http://[\d.:]+", "\n".join(self.out)))
            return bool(found) or not self._readers[0].is_alive()

        with self._changed:
            self._changed.wait_for(told, PATIENCE)
        if not found:
            raise AssertionError(f"it told no address: {self.out} {self.err}")
        return found[0]

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def ended(self, seconds: float = PATIENCE) -> int:
        """Its exit code, once it has ended and all it said was read."""
        code = self._process.wait(seconds)
        for reader in self._readers:
            reader.join()
        return code

    @property
    def said(self) -> str:
        """All that it wrote to stderr."""
        return "\n".join(self.err)


def until(look: Callable[[], T | None], what: str, seconds: float = PATIENCE) -> T:
    """What ``look`` returns once it is something; it looks again and again."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"within {seconds:g} s: no {what}")


class Pages:
    """The HTTP API of a process, as its pages use it."""

    def __init__(self, address: str) -> None:
        self.http = httpx.Client(base_url=address, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str) -> Any:
        """A page's JSON."""
        return self.http.get(path).raise_for_status().json()

    def ready(self) -> bool:
        """Whether /readyz says so."""
        return self.http.get("/readyz").status_code == 200

    def round(self) -> Any:
        """The current round, once there is one."""

        def look() -> Any:
            answer = self.http.get("/api/rounds/current")
            return answer.json() if answer.status_code == 200 else None

        return until(look, "round")

    def answer(self, member: str, text: str) -> int:
        """Answer the current round; the answer's id."""
        path = f"/api/rounds/{self.round()['id']}/answers"
        sent = self.http.post(path, json={"member": member, "text": text}).raise_for_status()
        assert sent.status_code == 202
        return int(sent.json()["answer_id"])

    def grade(self, answer_id: int, seconds: float = PATIENCE) -> Any:
        """An answer's grade, once it has one."""
        path = f"/api/answers/{answer_id}"
        return until(lambda: self.get(path)["grade"], f"grade of answer {answer_id}", seconds)

    def board(self) -> Any:
        """The standings of the week."""
        return self.get("/api/leaderboard?window=week")["standings"]


class Events:
    """An open stream of /api/events, read in a thread of its own."""

    def __init__(self, address: str) -> None:
        self.versions: list[int] = []
        self.ended = threading.Event()
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._listen, args=(address,), daemon=True)
        self._thread.start()
        until(self._began.is_set, "event")

    def _listen(self, address: str) -> None:
        stream = httpx.stream("GET", f"{address}/api/events", timeout=PATIENCE)
        # A process that is killed ends its streams in the middle.
        with suppress(httpx.TransportError), stream as response:
            for line in response.iter_lines():
                self._take(line)
        self.ended.set()

    def _take(self, line: str) -> None:
        if line.startswith("id:"):
            self.versions.append(int(line.removeprefix("id:")))
            self._began.set()

    def next_after(self, seen: int) -> int:
        """The channel's version in the first event after that many."""
        later = until(lambda: self.versions[seen:], "further event")
        return later[0]
