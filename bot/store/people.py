"""Where groups and their people are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from bot.domain.codes import Code, CodeKind
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
        self,
        group_id: int,
        platform: str,
        external_id: str,
        name: str,
        server_id: str | None = None,
    ) -> Channel:
        """One more channel, or the one that is there.

        Raises ConflictError if another group has it.
        """

    async def channel(self, channel_id: int) -> Channel | None:
        """The channel with that id."""

    async def channels(self, group_id: int) -> list[Channel]:
        """A group's channels, oldest first."""

    async def everywhere(self, platform: str) -> list[Channel]:
        """Every group's channels on a platform, oldest first."""

    async def rename_channel(self, channel_id: int, name: str) -> None:
        """Store what people call a channel now."""

    async def pause_channel(self, channel_id: int, reason: str | None) -> None:
        """Stop posting in a channel, or post there again (None)."""

    async def in_server(self, platform: str, server_id: str) -> list[Channel]:
        """Every group's channels in a platform's server, oldest first."""

    async def place_channel(self, channel_id: int, server_id: str) -> None:
        """Store which server a channel is in."""

    async def move_channel(self, channel_id: int, group_id: int) -> None:
        """Hand a channel to another group, which posts there from now on.

        What was posted there and answered stays its old group's.
        """

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

    async def accounts(self, member_id: int) -> list[Account]:
        """All of a member's accounts, oldest first."""

    async def set_role(self, member_id: int, role: Role) -> None:
        """Make a member an organiser, or not."""

    async def set_hidden(self, member_id: int, *, hidden: bool) -> None:
        """Hide a member from boards, or show them."""

    async def streaks(self, group_id: int) -> dict[int, Streak]:
        """Streaks through the last closed round, by member id; absent means none."""

    async def save_streaks(self, group_id: int, streaks: Mapping[int, Streak]) -> None:
        """Store these members' streaks."""

    async def lock(self, member_ids: Sequence[int]) -> list[Member]:
        """Those that are there, by id. Until this transaction ends nothing new can name them."""

    async def merge(self, member_id: int, into: int) -> None:
        """Delete a member; every row of theirs is another's from now on.

        Both are locked; of answers and scores to one round they may not each have one.
        """

    async def export(self, member_id: int) -> dict[str, Any]:
        """A member's data, JSON-ready; {} if there is no such member.

        Keys: member (with accounts), group (its name), answers (each with the question,
        revisions, grades and appeals), scores, posts.
        """

    async def erase(self, member_id: int) -> None:
        """Delete a member and all that is theirs.

        Accounts, answers, revisions, grades, scores, posts, and messages to them.
        """


class Codes(Protocol):
    """One-use codes, kept by their hashes."""

    async def add(self, code: Code) -> None:
        """Keep a code; one with the same hash is replaced."""

    async def take(self, code_hash: str, now: datetime) -> Code | None:
        """The code with that hash, used up; None if it was used before, ran out or never was."""

    async def drop(self, member_id: int, kind: CodeKind) -> None:
        """Void a member's codes of a kind."""
