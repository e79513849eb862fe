"""What the offline judge learned of how strictly a group's organisers grade."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.grading import Calibration
from bot.judge.calibration import learn
from bot.judge.offline import INFO
from bot.store import Store

KEPT = timedelta(minutes=1)


class Corrections:
    """Learned from the database, group by group, and remembered for a minute."""

    def __init__(self) -> None:
        self._learned: dict[int, tuple[datetime, Calibration | None]] = {}

    async def learned(self, store: Store, group_id: int, now: datetime) -> Calibration | None:
        """The group's calibration, None before there are corrections enough."""
        known = self._learned.get(group_id)
        if known is not None and now - known[0] < KEPT:
            return known[1]
        async with store.read() as tx:
            pairs = await tx.regrades.corrections(group_id, INFO)
        calibration = learn(pairs)
        self._learned[group_id] = (now, calibration)
        return calibration
