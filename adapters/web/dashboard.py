"""What organisers see of the judge: who grades, what waits for them, what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from adapters.web.context import Room, Web
from bot.domain.grading import JudgeInfo
from bot.store import Tx
from bot.store.judging import Spend
from bot.study.costs import costs

MOST_WAITING = 100
_LATER = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class JudgeCard:
    """The judge at a glance. ``today`` and ``month`` are this UTC date's and month's spending.

    ``appeals`` are the group's open ones. ``waiting`` counts provisional and failed grades that
    the model is to replace, at most ``MOST_WAITING``.
    """

    judge: JudgeInfo
    appeals: int
    waiting: int
    today: Spend
    month: Spend


async def judge_card(tx: Tx, web: Web, room: Room) -> JudgeCard | None:
    """The card, or None while an offline judge grades alone and nothing waits."""
    judge = web.services.grader.info
    offline = judge.kind == "offline"
    now = web.services.clock()
    spent = await costs(tx, now)
    # Also those whose next try is put off: they wait all the same.
    waiting = [] if offline else await tx.regrades.awaiting(now + _LATER, MOST_WAITING)
    card = JudgeCard(
        judge=judge,
        appeals=await tx.appeals.count(room.group.id),
        waiting=len(waiting),
        today=spent.today,
        month=spent.month,
    )
    return None if offline and not card.appeals and not card.month.calls else card
