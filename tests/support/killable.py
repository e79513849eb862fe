"""A studybot process to be killed: real store, worker, core and judge on a remote platform.

python -m tests.support.killable DATABASE_URL PORT
"""

from __future__ import annotations

import asyncio
import functools
from dataclasses import replace
from multiprocessing.connection import Connection

from bot.bootstrap import build, utc_now
from bot.domain.rounds import RoundState
from bot.errors import ConflictError
from bot.settings import Settings
from bot.study import answering, closing, jobs
from bot.study.answering import Reply
from bot.study.services import Services
from tests.support.remote_platform import Json, RemoteMessenger, ask

# Three ways to put it, so that none is a near-copy of another.
ANSWERS = {
    "member0": "Self-attention lets every position look at every other one, and it replaces "
    "recurrence, so that training runs in parallel over the whole sequence.",
    "member1": "Stacked blocks of multi-head attention and feed-forward layers with residual "
    "connections; positional encodings bring in the order of the tokens.",
    "member2": "Mostly it is about queries, keys and values, I think, and about layer norm too.",
}


async def take_in(services: Services, port: int) -> None:
    """Take in what members wrote: stored first, acknowledged then."""
    for event in (await ask(port, op="pull"))["events"]:
        handler = _reply if event["kind"] == "reply" else _close
        if await handler(services, event):
            await ask(port, op="ack", event=event["event"])


async def _reply(services: Services, event: Json) -> bool:
    now = services.clock()
    async with services.store.write() as tx:
        found = await tx.groups.by_channel("remote", event["channel"])
        assert found is not None
        group, channel = found
        round_ = await tx.rounds.current(group.id)
        if round_ is None or round_.state is RoundState.POSTING:
            return False
        if not await tx.first_time("remote", event["event"], now):
            return True
        member = await tx.members.ensure(group.id, "remote", event["member"], event["member"])
        reply = Reply(ANSWERS[event["member"]], now, channel.id, f"m:{event['event']}")
        await answering.accept(tx, group, round_, member, reply, now)
    return True


async def _close(services: Services, event: Json) -> bool:
    async with services.store.read() as tx:
        found = await tx.groups.by_channel("remote", event["channel"])
    assert found is not None
    try:
        await closing.close_now(services, found[0])
    except ConflictError:
        return True  # an earlier delivery of the same event closed it
    return True


def live(url: str, port: int, ready: Connection) -> None:
    """Run until killed; says on ``ready`` when it begins."""
    asyncio.run(_live(url, port, ready))


async def _live(url: str, port: int, ready: Connection) -> None:
    async with build(Settings.from_env({"DATABASE_URL": url}), clock=utc_now) as parts:
        # It is killed from outside, so no row is to blame: none is given up for it.
        services = replace(
            parts.services, messengers={"remote": RemoteMessenger(port)}, most_crashes=1_000
        )
        if url.startswith("sqlite"):
            await parts.store.release_claims()
        worker = parts.store.worker()
        handling = asyncio.create_task(worker.run(functools.partial(jobs.handle, services)))
        ready.send("ready")
        while not handling.done():
            await jobs.tick_once(services)
            await jobs.sweep(services)
            await take_in(services, port)
            await asyncio.sleep(0.02)
        await handling
