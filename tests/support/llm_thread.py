"""A language model's server in a thread of its own, for commands that block this one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.platforms.fake_llm import Answer, FakeLLM


@contextmanager
def served(answer: Answer) -> Iterator[FakeLLM]:
    """A running server; script it before a command starts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = FakeLLM(answer)
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result()
        yield server
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
