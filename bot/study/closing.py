"""Closing a round: no more answers, then results once every grade is in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.group import Group
from bot.domain.rounds import Round, RoundState
from bot.domain.work import JobKind, NewOut, OutKind, OutState
from bot.errors import ConflictError
from bot.store import Tx
from bot.study.scoring import release
from bot.study.services import Services
from bot.study.streaks import attempted, step

LONGEST_WAIT = timedelta(minutes=10)
"""How long results wait for grades that are still under way."""


async def begin_due(services: Services) -> None:
    """Stop taking answers in every round whose closing time has come."""
    now = services.clock()
    async with services.store.read() as tx:
        waiting = await tx.rounds.to_close(now)
    for round_id in waiting:
        async with services.store.write() as tx:
            await begin(tx, round_id, None)


async def close_now(services: Services, group: Group) -> Round:
    """Close the group's open round at an organiser's word. Raises ConflictError if none is open."""
    now = services.clock()
    async with services.store.write() as tx:
        round_ = await tx.rounds.current(group.id)
        if round_ is None or round_.state is not RoundState.OPEN:
            raise ConflictError("No round is open. /study post asks today's question.")
        await begin(tx, round_.id, now)
        return replace(round_, state=RoundState.CLOSING, closes_at=now)


async def begin(tx: Tx, round_id: int, closes_at: datetime | None) -> None:
    """Stop taking answers in an open round. ``closes_at`` is None where its time has come."""
    if await tx.rounds.move(round_id, [RoundState.OPEN], RoundState.CLOSING, closes_at=closes_at):
        await tx.enqueue(JobKind.CLOSE_ROUND, round_id)


async def close(services: Services, round_id: int) -> None:
    """Finish a closing round: scores and feedback held until now, streaks, results."""
    now = services.clock()
    async with services.store.write() as tx:
        round_ = await tx.rounds.claim(round_id, [RoundState.CLOSING], now, services.lease)
        if round_ is None:
            return
        group = await tx.groups.get(round_.group_id)
        if group is None:
            return
        patient = now < (round_.closes_at or now) + LONGEST_WAIT
        if patient and await tx.answers.pending(round_id):
            # The last grade wakes this job; the sweep does if that is lost.
            await tx.rounds.postpone(round_id, now, failed=False)
            return
        await tx.rounds.move(round_id, [RoundState.CLOSING], RoundState.CLOSED)
        answers = await tx.answers.in_round(round_id)
        # In any mode: feedback may have moved from close to at once while grades were held back.
        await release(tx, group, round_, answers)
        await step(tx, group.id, round_id, attempted(answers))
        await _announce(tx, round_)


async def release_open(services: Services, group: Group) -> None:
    """Show what was held back in the group's open rounds: feedback comes at once from now on."""
    async with services.store.write() as tx:
        for recent in await tx.rounds.recent(group.id):
            round_ = await tx.rounds.get(recent.id, lock=True)
            if round_ is not None and round_.state in (RoundState.OPEN, RoundState.CLOSING):
                await release(tx, group, round_, await tx.answers.in_round(round_.id))


async def _announce(tx: Tx, round_: Round) -> None:
    """Results go into each thread, and the question's post is marked closed."""
    posts = await tx.outbox.posts(round_.id)
    await tx.outbox.add(
        [
            NewOut(
                group_id=round_.group_id,
                channel_id=post.channel_id,
                kind=kind,
                dedupe_key=f"{kind.value}:{round_.id}:{post.channel_id}",
                round_id=round_.id,
            )
            for post in posts
            if post.state is OutState.SENT
            for kind in (OutKind.CLOSED, OutKind.MARK_CLOSED)
        ]
    )
