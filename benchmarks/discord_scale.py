# ruff: noqa: INP001, T201  (a script, not part of a package; it prints what it measured)
"""studybot beside a bare discord.py bot in 1,000 guilds, and 10,000 due posts at the limit.

    python -m benchmarks.discord_scale [--guilds 1000] [--channels 5] [--repeats 3]
        [--posts 10000] [--latency 0.1] [--limit 50] [--only start|posts]

Discord is our own, on loopback and in a process of its own. Every channel has a study group with
an open round, its message and its thread. In turns, each in a fresh process, there start: the
bare bot with the same intents and caches (benchmarks/discord_bare.py), ``studybot run --roles
gateway``, ``studybot run`` with every role, and that without a Discord token, since a database, a
worker, a judge and web pages take their part whether there is a Discord or not. Memory is read
from /proc once the process has nothing left to do; the unshared part (USS) beside the resident
set (RSS). "ready" is discord.py's own: counted from the process's start and from its first request.

Then so many groups have a question due at once; each is a message and a thread. The share is
that of the server's global limit between the first and the last of those requests.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.domain.group import Channel, Group, GroupSettings
from bot.domain.rounds import NewRound, RoundState
from bot.domain.schedule import RoundKind, Schedule
from bot.domain.work import NewOut, OutKind, OutState
from bot.store import Tx
from content.library import Library
from storage.database import open_store
from storage.migrate import upgrade
from storage.sql import utc_now

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "MTA.loopback.token"  # noqa: S105  (our own server's)
READY = re.compile(r"^ready|connected to Discord")
RUNS = re.compile(r"studybot is running")
PATIENCE = 180
BATCH = 500
SETTLED_CPU = 0.15
SETTLING_SECONDS = 60
Rows = Sequence[tuple[int, int | None]]


class Server:
    """benchmarks/discord_place.py, asked line by line."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "benchmarks.discord_place", *arguments]
        self._process = subprocess.Popen(  # noqa: S603  (our own script)
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        first = self._read()
        self.api, self.gateway = str(first["api"]), str(first["gateway"])
        self.rows: Rows = first["channels"]

    def ask(self, what: str) -> dict[str, Any]:
        """Its answer to a line."""
        assert self._process.stdin is not None  # noqa: S101  (it is a pipe)
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101  (it is a pipe)
        return dict(json.loads(self._process.stdout.readline()))


class Contender:
    """A process; ``ready_at`` is when it said that it is ready, on the monotonic clock."""

    def __init__(
        self, *arguments: str, folder: Path, env: dict[str, str], sign: re.Pattern[str] = READY
    ) -> None:
        self.ready_at = 0.0
        self._sign = sign
        self.said: list[str] = []
        self._ready = threading.Event()
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        self.began = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603  (our own scripts)
            [sys.executable, "-m", *arguments],
            cwd=folder,
            env={**kept, "PYTHONPATH": str(ROOT), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._listen)
        self._reader.start()

    def ready(self) -> None:
        """Wait until it says so."""
        if not self._ready.wait(PATIENCE) or not self.ready_at:
            raise RuntimeError("it isn't ready\n" + "\n".join(self.said[-20:]))

    def cpu(self) -> float:
        """Seconds of processor time that it took so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def settle(self) -> None:
        """Wait until it has hardly anything to do for three seconds."""
        quiet = 0
        for _ in range(SETTLING_SECONDS):
            before = self.cpu()
            time.sleep(1)
            quiet = quiet + 1 if self.cpu() - before < SETTLED_CPU else 0
            if quiet == 3:
                return

    def memory(self) -> tuple[float, float]:
        """RSS and USS in MB."""
        text = Path(f"/proc/{self._process.pid}/smaps_rollup").read_text()
        kb = {
            name: int(size) for name, size in re.findall(r"^(\w+): +(\d+) kB", text, re.MULTILINE)
        }
        return kb["Rss"] / 1024, (kb["Private_Clean"] + kb["Private_Dirty"]) / 1024

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        self._reader.join()

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  (it is a pipe)
        for line in self._process.stdout:
            if self._sign.search(line) and not self._ready.is_set():
                self.ready_at = time.monotonic()
                self._ready.set()
            self.said.append(line.rstrip())
        if not self._ready.is_set():
            self._ready.set()


# What studybot finds in its database.


async def seed(url: str, rows: Rows) -> None:
    """A group for each channel: with an open round where it has a message, else with one due."""
    await upgrade(url)
    store = await open_store(url)
    with closing(Library([])) as library:
        deck = library.decks()[0]
        for start in range(0, len(rows), BATCH):
            async with store.write() as tx:
                for number, (channel_id, message_id) in enumerate(rows[start : start + BATCH]):
                    name = f"Group {start + number}"
                    group = await tx.groups.create(name, deck.id, "UTC", GroupSettings())
                    channel = await tx.groups.add_channel(
                        group.id, "discord", str(channel_id), "study"
                    )
                    await plan(tx, group, due=message_id is None)
                    if message_id is not None:
                        question = next(iter(deck.questions()))
                        await open_round(tx, channel, deck.id, question, str(message_id))
    await store.close()


async def plan(tx: Tx, group: Group, *, due: bool) -> None:
    """The group's daily schedule; its time has just come, or comes in twelve hours."""
    now = utc_now().replace(second=0, microsecond=0)
    at = now - timedelta(minutes=1) if due else now + timedelta(hours=12)
    schedule = Schedule(group.id, RoundKind.DAILY, "UTC", at.time(), next_at=at)
    await tx.groups.save_schedule(schedule)


async def open_round(tx: Tx, channel: Channel, deck_id: str, question: Any, message: str) -> None:
    """An open round whose question is that message."""
    now = utc_now()
    closes = now + timedelta(hours=12)
    new = NewRound(channel.group_id, now.date(), RoundKind.DAILY, RoundState.POSTING, now, closes)
    (round_,) = await tx.rounds.insert([new])
    await tx.rounds.ask(round_.id, deck_id, question)
    key = f"question:{round_.id}"
    out = NewOut(channel.group_id, channel.id, OutKind.QUESTION, key, round_id=round_.id)
    (out_id,) = await tx.outbox.add([out])
    await tx.outbox.finish(out_id, OutState.SENT, now, external_id=message, thread_id=message)
    await tx.rounds.move(
        round_.id, [RoundState.POSTING], RoundState.OPEN, opens_at=now, closes_at=closes
    )


# Starting.


@dataclass(frozen=True)
class Figures:
    """One start: seconds from the process's start and first request; MB."""

    start: float
    connect: float
    rss: float
    uss: float


@contextmanager
def studybot(server: Server, seeded: Path, folder: Path, *options: str) -> Iterator[Contender]:
    """``studybot run`` on a copy of the seeded database."""
    for file in seeded.iterdir():
        shutil.copy(file, folder)
    env = {
        "DATABASE_URL": f"sqlite:///{folder}/study.db",
        "DISCORD_TOKEN": TOKEN,
        "DISCORD_API_BASE": server.api,
        "DISCORD_GATEWAY_URL": server.gateway,
    }
    arguments = ("bot", "run", "--port", "0", *options)
    with closing(Contender(*arguments, folder=folder, env=env)) as it:
        yield it


@contextmanager
def without_discord(server: Server, seeded: Path, folder: Path) -> Iterator[Contender]:
    """The same with every role but no token: what the rest of studybot takes."""
    del server
    for file in seeded.iterdir():
        shutil.copy(file, folder)
    env = {"DATABASE_URL": f"sqlite:///{folder}/study.db"}
    arguments = ("bot", "run", "--port", "0")
    with closing(Contender(*arguments, folder=folder, env=env, sign=RUNS)) as it:
        yield it


@contextmanager
def bare(server: Server, seeded: Path, folder: Path) -> Iterator[Contender]:
    """The bot to compare with."""
    del seeded
    arguments = ("benchmarks.discord_bare", TOKEN, server.api, server.gateway)
    with closing(Contender(*arguments, folder=folder, env={})) as it:
        yield it


CONTENDERS: dict[str, Callable[[Server, Path, Path], AbstractContextManager[Contender]]] = {
    "bare": bare,
    "gateway": lambda *where: studybot(*where, "--roles", "gateway"),
    "all roles": studybot,
    "no Discord": without_discord,
}


def measure(server: Server, it: Contender) -> Figures:
    """Wait until it is ready and settled; its figures."""
    it.ready()
    first = server.ask("stats")["first"]
    it.settle()
    connect = 0.0 if first is None else it.ready_at - first
    return Figures(it.ready_at - it.began, connect, *it.memory())


def compare(given: argparse.Namespace) -> None:
    """Start each contender in turns and print the medians and their ratios."""
    sizes = ("--guilds", str(given.guilds), "--channels", str(given.channels))
    figures: dict[str, list[Figures]] = {}
    with closing(Server(*sizes, "--asked")) as server, scratch() as folder:
        seeded = folder / "seeded"
        seeded.mkdir()
        asyncio.run(seed(f"sqlite:///{seeded}/study.db", server.rows))
        print(f"{given.guilds} guilds x {given.channels} channels, median of {given.repeats}")
        for _ in range(given.repeats):
            for name, contender in CONTENDERS.items():
                server.ask("clear")
                with scratch() as own, contender(server, seeded, own) as it:
                    figures.setdefault(name, []).append(measure(server, it))
                print(f"  {name:10} {figures[name][-1]}", flush=True)
    show(figures)


def show(figures: dict[str, list[Figures]]) -> None:
    """The table."""
    print(f"{'':12}{'start s':>9}{'x':>6}{'connect s':>11}{'x':>6}{'RSS MB':>9}{'x':>6}", end="")
    print(f"{'USS MB':>9}{'x':>6}")
    base = median(figures["bare"])
    for name, runs in figures.items():
        ours = median(runs)
        cells = [
            f"{mine:{width}.2f}{mine / theirs:6.2f}"
            for mine, theirs, width in zip(ours, base, (9, 11, 9, 9), strict=True)
        ]
        print(f"{name:12}{''.join(cells)}")
    added = median(figures["all roles"])[2] - median(figures["no Discord"])[2]
    print(f"Discord adds {added:.1f} MB to studybot's RSS, {added / base[2]:.2f} of the bare bot's")


def median(runs: Sequence[Figures]) -> tuple[float, ...]:
    """Each figure's median."""
    columns = zip(*((f.start, f.connect, f.rss, f.uss) for f in runs), strict=True)
    return tuple(statistics.median(column) for column in columns)


# Posting.


def post(given: argparse.Namespace) -> None:
    """Let so many posts be due at once, and print how fast they went out."""
    guilds = max(1, given.posts // 10)
    sizes = ("--guilds", str(guilds), "--channels", "10")
    pace = ("--latency", str(given.latency), "--limit", str(given.limit))
    with closing(Server(*sizes, *pace)) as server, scratch() as folder:
        seeded = folder / "seeded"
        seeded.mkdir()
        asyncio.run(seed(f"sqlite:///{seeded}/study.db", server.rows))
        wanted = len(server.rows)
        print(f"{wanted} posts due at once, {given.latency * 1000:.0f} ms there and back,", end=" ")
        print(f"global limit {given.limit}/s", flush=True)
        own = folder / "own"
        own.mkdir()
        with studybot(server, seeded, own) as it:
            it.ready()
            told = wait_for(server, wanted, 60 + 6 * wanted / given.limit)
            cpu = it.cpu()
            rss, _ = it.memory()
        took = told["ended"] - told["began"]
        rate = (told["posts"] + told["threads"]) / took
        print(f"  {told['posts']} messages and {told['threads']} threads in {took:.1f} s", end="")
        print(f": {rate:.2f} requests/s, {rate / given.limit:.3f} of the limit")
        print(f"  posted twice: {told['twice']}; channels without a post: ", end="")
        print(f"{wanted - told['channels']}; refused with 429: {told['refused']}; ", end="")
        print(f"most in any second: {told['most_in_a_second']}")
        print(f"  a second, in each five: {' '.join(f'{rate:.0f}' for rate in told['curve'])}")
        print(f"  CPU {cpu:.1f} s ({cpu / max(1, wanted) * 1000:.1f} ms a post), RSS {rss:.0f} MB")
        for line, count in sorted(told["requests"].items()):
            print(f"    {count:7} {line}")
        for line in [line for line in it.said if "WARN" in line or "ERROR" in line][:10]:
            print(f"    {line}")


def wait_for(server: Server, wanted: int, within: float) -> dict[str, Any]:
    """What the server has recorded once every thread is open, or time is up."""
    told = server.ask("stats")
    deadline = time.monotonic() + within
    while told["threads"] < wanted and time.monotonic() < deadline:
        time.sleep(min(5, max(0.5, (wanted - told["threads"]) / 100)))
        told = server.ask("stats")
    return told


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for the time being."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guilds", type=int, default=1000)
    parser.add_argument("--channels", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--limit", type=int, default=50)
    parser.add_argument("--only", choices=("start", "posts"))
    given = parser.parse_args()
    if given.only != "posts":
        compare(given)
    if given.only != "start":
        post(given)


if __name__ == "__main__":
    main()
