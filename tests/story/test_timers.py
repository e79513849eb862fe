"""Timers stop in order: a turn that is under way ends first."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.bootstrap import _timers
from storage.database import Database
from tests.support.harness import FakeClock, study


async def waiting(store: Database) -> None:
    """Until two blocks write, or wait for their turn to."""
    while len(store._writing) < 2:  # noqa: ASYNC110 - waiting rings no bell
        await asyncio.sleep(0.01)


async def test_a_tick_under_way_ends_before_the_timers_stop(
    tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with study(tmp_path, clock) as session, AsyncExitStack() as timers:
        store = session.parts.store
        async with store.write():
            # The tick has to wait for this block.
            await timers.enter_async_context(_timers(session.parts.services, {"scheduler"}))
            await asyncio.wait_for(waiting(store), 30)
            stopping = asyncio.create_task(timers.aclose())
            await asyncio.wait({stopping}, timeout=0.1)
        await stopping
    assert [r.message for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_a_tick_that_gets_no_turn_is_cut_off_without_a_complaint(
    tmp_path: Path,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.bootstrap.LAST_TURNS_SECONDS", 0.05)
    async with study(tmp_path, clock) as session:
        store = session.parts.store
        async with store.write():
            async with _timers(session.parts.services, {"scheduler"}):
                await asyncio.wait_for(waiting(store), 30)
            ticks = [task for task in asyncio.all_tasks() if "run_coroutine_job" in repr(task)]
            await asyncio.wait(ticks)
    assert [r.message for r in caplog.records if r.levelno >= logging.WARNING] == []
