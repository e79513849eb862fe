"""Keeping streaks: one step at each close, a recount where the past changed."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.rounds import GradedAnswer
from bot.domain.streaks import Streak, advance, streak_of
from bot.store import Tx


def attempted(answers: Iterable[GradedAnswer]) -> set[int]:
    """Members whose answer counts as answering: an attempt, graded or not yet."""
    return {a.answer.member_id for a in answers if a.grade is None or a.grade.attempt}


async def step(tx: Tx, group_id: int, round_id: int, answered: set[int]) -> None:
    """One more posted round has closed: move every member's streak on."""
    await tx.groups.get(group_id, lock=True)
    if (await tx.rounds.closed(group_id))[-1:] != [round_id]:
        # A later date's round was closed before this one: streaks go by date.
        for member in await tx.members.in_group(group_id):
            await recount(tx, group_id, member.id)
        return
    streaks = await tx.members.streaks(group_id)
    members = answered | {m for m, streak in streaks.items() if streak.current}
    moved = {m: advance(streaks.get(m, Streak()), answered=m in answered) for m in members}
    await tx.members.save_streaks(group_id, moved)


async def recount(tx: Tx, group_id: int, member_id: int) -> None:
    """Count a member's streak anew from all closed rounds, after one of them changed."""
    await tx.groups.get(group_id, lock=True)
    given = await tx.answers.of_member(member_id, limit=100_000)
    rounds = {a.answer.round_id for a in given if attempted([a]) and not a.answer.withdrawn_at}
    closed = await tx.rounds.closed(group_id)
    streak = streak_of(round_id in rounds for round_id in closed)
    await tx.members.save_streaks(group_id, {member_id: streak})
