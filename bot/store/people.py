"""Where groups and their people are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from bot.domain.group import Account, Channel, Group, GroupSettings, Member, Role
from bot.domain.schedule import RoundKind, Schedule
from bot.domain.streaks import Streak


class Groups(Protocol):
    """Groups, their channels and schedules."""

    async def create(self, name: str, deck_id: str, zone: str, settings: GroupSettings) -> Group:
        """A new group."""

    async def get(self, group_id: int, *, lock: bool = False) -> Group | None:
        """The group with that id; ``lock`` makes its other writers wait for this transaction."""

    async def everyone(self) -> list[Group]:
        """Every group, oldest first."""

    async def by_channel(self, platform: str, external_id: str) -> tuple[Group, Channel] | None:
        """The group that posts in a platform's channel."""

    async def update(self, group: Group) -> None:
        """Store a group's name, deck, zone, paused flag and settings."""

    async def add_channel(
        self, group_id: int, platform: str, external_id: str, name: str
    ) -> Channel:
        """One more channel, or the one that is there.

        Raises ConflictError if another group has it.
        """

    async def channel(self, channel_id: int) -> Channel | None:
        """The channel with that id."""

    async def channels(self, group_id: int) -> list[Channel]:
        """A group's channels, oldest first."""

    async def pause_channel(self, channel_id: int, reason: str | None) -> None:
        """Stop posting in a channel, or post there again (None)."""

    async def schedule(self, group_id: int, kind: RoundKind) -> Schedule | None:
        """A group's schedule of that kind."""

    async def save_schedule(self, schedule: Schedule) -> None:
        """Insert or replace the schedule of (group, kind)."""

    async def due_schedules(self, now: datetime, limit: int = 500) -> list[Schedule]:
        """Schedules with next_at <= now of groups that are not paused, earliest first.

        On PostgreSQL the rows are locked until the transaction ends, and rows that
        another process has locked are skipped.
        """

    async def set_next_at(self, group_id: int, kind: RoundKind, next_at: datetime | None) -> None:
        """Move a schedule on."""


class Members(Protocol):
    """Members and their accounts."""

    async def ensure(self, group_id: int, platform: str, external_id: str, name: str) -> Member:
        """The member behind an account; made on first use. A changed account name is taken over."""

    async def get(self, member_id: int) -> Member | None:
        """The member with that id."""

    async def of_account(self, group_id: int, platform: str, external_id: str) -> Member | None:
        """The member behind an account, if there is one yet."""

    async def in_group(self, group_id: int) -> list[Member]:
        """A group's members by name (casefolded)."""

    async def named(self, name: str) -> list[Member]:
        """Members of any group whose name is this, ignoring case."""

    async def account(self, member_id: int, platform: str) -> Account | None:
        """A member's account on a platform."""

    async def set_role(self, member_id: int, role: Role) -> None:
        """Make a member an organiser, or not."""

    async def set_hidden(self, member_id: int, *, hidden: bool) -> None:
        """Hide a member from boards, or show them."""

    async def streaks(self, group_id: int) -> dict[int, Streak]:
        """Streaks through the last closed round, by member id; absent means none."""

    async def save_streaks(self, group_id: int, streaks: Mapping[int, Streak]) -> None:
        """Store these members' streaks."""

    async def erase(self, member_id: int) -> None:
        """Delete a member and all that is theirs.

        Accounts, answers, revisions, grades, scores, posts, and messages to them.
        """
