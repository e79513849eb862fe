# ruff: noqa: INP001  (a script, not part of a package)
"""How many calls a second get through, and what they cost in CPU, at a server that takes 200 ms.

    python benchmarks/llm_throughput.py [--seconds 2] [--rounds 3] [--slots 8,32,128]

The server is a process of its own, so that its CPU isn't counted. For each number of slots
prints, per contender, calls a second, their share of the ideal (slots / latency) and the CPU
milliseconds of a call. The contenders take turns, each after a warm-up; of its rounds the
one with the median rate is shown.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from adapters.llm import open_model  # noqa: E402  (found by the line above)
from adapters.llm.judging import llm_judge  # noqa: E402  (the same)
from bot.domain.deck import KeyPoint, Question  # noqa: E402  (the same)
from bot.domain.grading import GradingTask  # noqa: E402  (the same)
from bot.judge.grader import OfflineGrader  # noqa: E402  (the same)
from bot.ports import Prompt  # noqa: E402  (the same)
from bot.settings import Settings  # noqa: E402  (the same)
from storage.database import open_store  # noqa: E402  (the same)
from storage.migrate import upgrade  # noqa: E402  (the same)
from tests.platforms.fake_llm import FakeLLM  # noqa: E402  (the same)

LATENCY = 0.2
POINTS = 5
# About what judging takes: 1,000 tokens are read, 250 written.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "points": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "status": {"type": "string", "enum": ["covered", "missing"]},
                    "quote": {"type": "string"},
                },
                "required": ["id", "status", "quote"],
                "additionalProperties": False,
            },
        },
        "feedback": {"type": "string"},
    },
    "required": ["points", "feedback"],
    "additionalProperties": False,
}
PROMPT = Prompt("You judge replies. " * 130, "The reply adds two matrices. " * 50, "g", SCHEMA, 900)
ANSWER = {
    "points": [
        {"id": f"p{n}", "status": "covered", "quote": "adds two matrices"}
        for n in range(1, POINTS + 1)
    ],
    "attempt": True,
    "aimed": False,
    "feedback": "You name the low rank, and that the weights stay frozen. " * 6,
}
QUESTION = Question(
    "lora",
    "How does LoRA fine-tune a large model, and why does it save memory?",
    "It adds two small matrices beside each frozen weight and trains nothing else. " * 6,
    tuple(KeyPoint(f"kp{n}", f"It adds matrices, in its way number {n}") for n in range(POINTS)),
)
BODY: dict[str, Any] = {
    "model": "small-judge",
    "messages": [
        {"role": "system", "content": PROMPT.system},
        {"role": "user", "content": PROMPT.user},
    ],
    "temperature": 0,
    "max_tokens": PROMPT.max_tokens,
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "g", "strict": True, "schema": SCHEMA},
    },
}

Call = Callable[[], Awaitable[object]]
Contender = Callable[[str, int], AsyncIterator[Call]]
"""Given the API's address and the number of slots, yields what makes one call."""


async def bare_http(base_url: str, slots: int) -> AsyncIterator[Call]:
    """An HTTP client alone: aiohttp where it is installed, else httpx2."""
    url, headers = f"{base_url}/chat/completions", {"Content-Type": "application/json"}
    if find_spec("aiohttp"):
        import aiohttp  # noqa: PLC0415  (may not be there)

        async def through_aiohttp() -> object:
            async with session.post(url, data=json.dumps(BODY), headers=headers) as response:
                return json.loads(await response.read())

        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=slots)) as session:
            yield through_aiohttp
        return
    import httpx2  # noqa: PLC0415  (only where aiohttp isn't)

    async def through_httpx() -> object:
        return (await client.post(url, json=BODY)).json()

    limits = httpx2.Limits(max_connections=slots, max_keepalive_connections=slots)
    async with httpx2.AsyncClient(limits=limits, timeout=60) as client:
        yield through_httpx


async def create(base_url: str, _slots: int) -> AsyncIterator[Call]:
    """What the openai library's documentation shows, with its own pool."""
    import openai  # noqa: PLC0415  (slow to import)

    async with openai.AsyncOpenAI(api_key="none", base_url=base_url, max_retries=0) as client:

        async def call() -> object:
            done = await client.chat.completions.create(**BODY)
            return json.loads(done.choices[0].message.content or "")

        yield call


async def adapter(base_url: str, slots: int) -> AsyncIterator[Call]:
    """Our complete(): checked, counted, retried."""
    model = open_model(
        api_key=None, base_url=base_url, model="small-judge", timeout=60, connections=slots
    )
    try:
        yield lambda: model.complete(PROMPT)
    finally:
        await model.close()


async def judge(base_url: str, slots: int) -> AsyncIterator[Call]:
    """A whole grade: prompt, slots and spend in a database, call, quotes, score."""
    numbers = itertools.count()
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = f"sqlite:///{folder}/study.db"
        await upgrade(url)
        store = await open_store(url)
        stack.push_async_callback(store.close)
        settings = Settings(
            openai_base_url=base_url, model="small-judge", llm_concurrency=slots, llm_timeout=60
        )
        grader = await stack.enter_async_context(llm_judge(settings, OfflineGrader(), store))

        async def grade() -> object:
            reply = f"It adds two matrices, says number {next(numbers)}, and freezes the rest."
            return await grader.grade(GradingTask(QUESTION, reply), stand_in=False)

        yield grade


CONTENDERS: list[tuple[str, Contender]] = [
    ("bare HTTP", bare_http),
    ("chat.completions.create", create),
    ("adapter complete()", adapter),
    ("judge grade(), SQLite", judge),
]
QUEUED = ("judge grade(), SQLite",)


async def measure(call: Call, callers: int, seconds: float) -> tuple[float, float]:
    """Calls a second and CPU milliseconds a call, with so many callers busy all the time."""
    await asyncio.gather(*(call() for _ in range(callers)))
    done = 0
    begin, cpu = time.perf_counter(), time.process_time()

    async def busy() -> None:
        nonlocal done
        while time.perf_counter() - begin < seconds:
            await call()
            done += 1

    await asyncio.gather(*(busy() for _ in range(callers)))
    took, used = time.perf_counter() - begin, time.process_time() - cpu
    return done / took, used * 1000 / done


async def compare(base_url: str, slots: int, seconds: float, rounds: int) -> None:
    """One block of the table."""
    ideal = slots / LATENCY
    print_line(f"{slots} slots, ideal {ideal:.0f} calls/s", "calls/s", "share", "CPU ms")
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name, _ in CONTENDERS}
    async with AsyncExitStack() as stack:
        calls = {
            name: await stack.enter_async_context(asynccontextmanager(contender)(base_url, slots))
            for name, contender in CONTENDERS
        }
        for _ in range(rounds):
            for name, call in calls.items():
                # As in the app: replies that wait for one of the slots stand ready.
                callers = 2 * slots if name in QUEUED else slots
                figures[name].append(await measure(call, callers, seconds))
    for name, measured in figures.items():
        rate, cost = sorted(measured)[rounds // 2]
        print_line(f"  {name}", f"{rate:.0f}", f"{rate / ideal:.2f}", f"{cost:.2f}")


def print_line(name: str, *figures: str) -> None:
    """A row of the table."""
    sys.stdout.write(f"{name:36}" + "".join(f"{figure:>10}" for figure in figures) + "\n")
    sys.stdout.flush()


async def serve(port: int) -> None:
    """Be the server until the process is ended."""
    async with AsyncExitStack() as stack:
        server = FakeLLM(lambda _: json.dumps(ANSWER), latency=LATENCY)
        await server.start(port)
        stack.push_async_callback(server.stop)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def main() -> None:
    """Start the server and measure against it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=3, help="per contender")
    parser.add_argument("--slots", default="8,32,128", help="calls under way at once")
    parser.add_argument("--serve", type=int, metavar="PORT", help="be the server")
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve(given.serve))
        return
    port = free_port()
    address = f"http://127.0.0.1:{port}/v1"
    command = [sys.executable, __file__, "--serve", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as server:  # noqa: S603
        try:
            assert server.stdout is not None  # noqa: S101  (it is a pipe)
            server.stdout.readline()
            for slots in map(int, given.slots.split(",")):
                asyncio.run(compare(address, slots, given.seconds, given.rounds))
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
