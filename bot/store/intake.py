"""Taking many replies in at once: what one takes, in as few statements for hundreds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.group import Channel, Group, Member
from bot.domain.rounds import Answer, Revision, Round
from bot.domain.work import Out


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a question was posted."""

    group: Group
    channel: Channel
    round: Round


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody on a platform, as a group knows them."""

    group_id: int
    external_id: str
    name: str


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """An Answer to insert with the words of its first Revision. The answer's id is ignored."""

    answer: Answer
    text: str


class Intake(Protocol):
    """Inbound replies."""

    async def first_times(
        self, platform: str, event_ids: Collection[str], now: datetime
    ) -> set[str]:
        """Those of the events that were not stored before; see ``Tx.first_time``."""

    async def asked(self, platform: str, external_ids: Collection[str]) -> dict[str, Out]:
        """The QUESTION rows that were posted as those messages, in any channel of a platform."""

    async def scenes(self, asked: Collection[int]) -> dict[int, Scene]:
        """The scenes of QUESTION rows, by the rows' ids; those that are gone are left out."""

    async def members(self, platform: str, authors: Collection[Author]) -> dict[Author, Member]:
        """Everybody as a member, made on first use: as ``Members.ensure``."""

    async def answered(self, by: Collection[tuple[int, int]]) -> dict[tuple[int, int], Answer]:
        """The answers there are by (round id, member id), locked, withdrawn ones too."""

    async def first_answers(self, new: Sequence[FirstAnswer]) -> list[tuple[Answer, Revision]]:
        """Insert answers, each with a pending first revision, which it points to.

        Those whose (round, member) has one already are left out.
        """
