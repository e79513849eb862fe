"""A worker in a process of its own, to be killed: it takes a job and never finishes it.

python -m tests.contract.worker_process DATABASE_URL HEARTBEAT_SECONDS
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from bot.domain.work import Job
from storage.database import open_store


async def main(url: str, heartbeat: float) -> None:
    """Run until killed."""
    store = await open_store(url, heartbeat=timedelta(seconds=heartbeat))

    async def hang(job: Job) -> None:
        print(f"took {job.kind} {job.row_id}", flush=True)  # noqa: T201 - the test waits for it
        await asyncio.Event().wait()

    await store.worker().run(hang)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
