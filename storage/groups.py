"""Groups, channels and schedules."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.group import AnswerMode, Channel, FeedbackMode, Group, GroupSettings
from bot.domain.schedule import RoundKind, Schedule
from bot.errors import ConflictError
from storage.sql import Session
from storage.tables import channels, groups, schedules


class SqlGroups:
    """bot.store.Groups over SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(self, name: str, deck_id: str, zone: str, settings: GroupSettings) -> Group:
        """A new group."""
        values = {"name": name, "deck_id": deck_id, "zone": zone, "settings": asdict(settings)}
        statement = sa.insert(groups).values(values).returning(groups)
        return group_from((await self._session.execute(statement)).one())

    async def get(self, group_id: int, *, lock: bool = False) -> Group | None:
        """The group with that id; ``lock`` makes its other writers wait for this transaction."""
        statement = sa.select(groups).where(groups.c.id == group_id)
        if lock:
            # Rows that point to the group may still be written meanwhile.
            statement = statement.with_for_update(key_share=True)
        row = await self._session.one(statement)
        return group_from(row) if row else None

    async def everyone(self) -> list[Group]:
        """Every group, oldest first."""
        rows = await self._session.all(sa.select(groups).order_by(groups.c.id))
        return [group_from(row) for row in rows]

    async def by_channel(self, platform: str, external_id: str) -> tuple[Group, Channel] | None:
        """The group that posts in a platform's channel."""
        row = await self._session.one(
            sa.select(channels).where(
                channels.c.platform == platform, channels.c.external_id == external_id
            )
        )
        group = await self.get(row.group_id) if row else None
        return (group, channel_from(row)) if row and group else None

    async def update(self, group: Group) -> None:
        """Store a group's name, deck, zone, paused flag and settings."""
        values = asdict(group)
        del values["id"]
        await self._session.execute(sa.update(groups).where(groups.c.id == group.id).values(values))

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
        await self._session.execute(
            self._session.insert(channels)
            .values(
                group_id=group_id,
                platform=platform,
                external_id=external_id,
                name=name,
                server_id=server_id,
            )
            .on_conflict_do_nothing(index_elements=["platform", "external_id"])
        )
        found = await self.by_channel(platform, external_id)
        if found is None or found[1].group_id != group_id:
            raise ConflictError(
                "Another study group already posts in this channel. Use a different channel."
            )
        return found[1]

    async def channel(self, channel_id: int) -> Channel | None:
        """The channel with that id."""
        row = await self._session.one(sa.select(channels).where(channels.c.id == channel_id))
        return channel_from(row) if row else None

    async def channels(self, group_id: int) -> list[Channel]:
        """A group's channels, oldest first."""
        statement = (
            sa.select(channels).where(channels.c.group_id == group_id).order_by(channels.c.id)
        )
        return [channel_from(row) for row in await self._session.all(statement)]

    async def everywhere(self, platform: str) -> list[Channel]:
        """Every group's channels on a platform, oldest first."""
        statement = (
            sa.select(channels).where(channels.c.platform == platform).order_by(channels.c.id)
        )
        return [channel_from(row) for row in await self._session.all(statement)]

    async def rename_channel(self, channel_id: int, name: str) -> None:
        """Store what people call a channel now."""
        await self._session.execute(
            sa.update(channels).where(channels.c.id == channel_id).values(name=name)
        )

    async def pause_channel(self, channel_id: int, reason: str | None) -> None:
        """Stop posting in a channel, or post there again (None)."""
        await self._session.execute(
            sa.update(channels).where(channels.c.id == channel_id).values(paused_reason=reason)
        )

    async def in_server(self, platform: str, server_id: str) -> list[Channel]:
        """Every group's channels in a platform's server, oldest first."""
        statement = (
            sa.select(channels)
            .where(channels.c.platform == platform, channels.c.server_id == server_id)
            .order_by(channels.c.id)
        )
        return [channel_from(row) for row in await self._session.all(statement)]

    async def place_channel(self, channel_id: int, server_id: str) -> None:
        """Store which server a channel is in."""
        await self._session.execute(
            sa.update(channels).where(channels.c.id == channel_id).values(server_id=server_id)
        )

    async def move_channel(self, channel_id: int, group_id: int) -> None:
        """Hand a channel to another group, which posts there from now on.

        What was posted there and answered stays its old group's.
        """
        await self._session.execute(
            sa.update(channels)
            .where(channels.c.id == channel_id)
            .values(group_id=group_id, paused_reason=None, version=channels.c.version + 1)
        )

    async def schedule(self, group_id: int, kind: RoundKind) -> Schedule | None:
        """A group's schedule of that kind."""
        row = await self._session.one(sa.select(schedules).where(*_named(group_id, kind)))
        return _schedule(row) if row else None

    async def save_schedule(self, schedule: Schedule) -> None:
        """Insert or replace the schedule of (group, kind)."""
        values: dict[str, Any] = {
            "zone": schedule.zone,
            "at": schedule.at,
            "days": sorted(schedule.days),
            "skip_dates": sorted(day.isoformat() for day in schedule.skip_dates),
            "next_at": schedule.next_at,
        }
        await self._session.execute(
            self._session.insert(schedules)
            .values(group_id=schedule.group_id, kind=schedule.kind, **values)
            .on_conflict_do_update(index_elements=["group_id", "kind"], set_=values)
        )

    async def due_schedules(self, now: datetime, limit: int = 500) -> list[Schedule]:
        """Schedules with next_at <= now of groups that are not paused, earliest first."""
        statement = (
            sa.select(schedules)
            .join(groups, groups.c.id == schedules.c.group_id)
            .where(schedules.c.next_at <= now, sa.not_(groups.c.paused))
            .order_by(schedules.c.next_at, schedules.c.group_id, schedules.c.kind)
            .limit(limit)
            .with_for_update(skip_locked=True, of=schedules)
        )
        return [_schedule(row) for row in await self._session.all(statement)]

    async def set_next_at(self, group_id: int, kind: RoundKind, next_at: datetime | None) -> None:
        """Move a schedule on."""
        await self._session.execute(
            sa.update(schedules).where(*_named(group_id, kind)).values(next_at=next_at)
        )


def _named(group_id: int, kind: RoundKind) -> tuple[sa.ColumnElement[bool], ...]:
    return (schedules.c.group_id == group_id, schedules.c.kind == kind)


def group_from(row: sa.Row[Any]) -> Group:
    """A Group from a row of ``groups``."""
    stored = row.settings
    # A setting that an older version did not store keeps its default.
    known = {k: v for k, v in stored.items() if k in GroupSettings.__dataclass_fields__}
    if "answers" in known:
        known["answers"] = AnswerMode(known["answers"])
    if "feedback" in known:
        known["feedback"] = FeedbackMode(known["feedback"])
    return Group(row.id, row.name, row.deck_id, row.zone, row.paused, GroupSettings(**known))


def channel_from(row: sa.Row[Any]) -> Channel:
    """A Channel from a row of ``channels``."""
    return Channel(**{name: getattr(row, name) for name in Channel.__dataclass_fields__})


def _schedule(row: sa.Row[Any]) -> Schedule:
    return Schedule(
        group_id=row.group_id,
        kind=RoundKind(row.kind),
        zone=row.zone,
        at=row.at,
        days=frozenset(row.days),
        skip_dates=frozenset(date.fromisoformat(day) for day in row.skip_dates),
        next_at=row.next_at,
    )
