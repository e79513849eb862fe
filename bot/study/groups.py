"""Groups: making them, setting them up, pausing and resuming."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, time

from bot.domain.group import AnswerMode, Channel, FeedbackMode, Group, GroupSettings
from bot.domain.schedule import (
    DAY_NAMES,
    EVERY_DAY,
    RoundKind,
    Schedule,
    zone_of,
)
from bot.errors import ConflictError, InvalidError, NotFoundError
from bot.store import Tx
from bot.study.channels import DELETED
from bot.study.closing import release_open
from bot.study.rounds import DEFAULT_TIME, call_off, next_free, plan_due, post_now
from bot.study.services import Services
from bot.study.shelves import deck_of

PLAYGROUND = ("web", "playground")
RECAP_TIME = time(18)
SUNDAY = frozenset({6})
_CLOCK = re.compile(r"(?P<hours>[01]?\d|2[0-3]):(?P<minutes>[0-5]\d)", re.ASCII)
_DAY_SETS = {
    "daily": EVERY_DAY,
    "every day": EVERY_DAY,
    "all": EVERY_DAY,
    "weekdays": frozenset(range(5)),
    "weekends": frozenset({5, 6}),
}


@dataclass(frozen=True, slots=True)
class Setup:
    """What ``/study setup`` changes; None leaves a setting as it is."""

    at: time | None = None
    zone: str | None = None
    days: frozenset[int] | None = None
    deck_id: str | None = None
    answers: AnswerMode | None = None
    feedback: FeedbackMode | None = None


async def playground(services: Services, zone: str) -> Group:
    """The playground's group; on first start it is made and today's question posted at once."""
    try:
        group, fresh = await _the_playground(services, zone)
    except ConflictError:
        # A process that was started at the same time has just made it.
        group, fresh = await _the_playground(services, zone)
    if fresh:
        await post_now(services, group)
    return group


async def _the_playground(services: Services, zone: str) -> tuple[Group, bool]:
    """The playground's group, made if need be, and whether it has had no round yet."""
    async with services.store.write() as tx:
        found = await tx.groups.by_channel(*PLAYGROUND)
        group = found[0] if found else await _make_playground(tx, services, zone)
        return group, not await tx.rounds.recent(group.id, limit=1)


async def _make_playground(tx: Tx, services: Services, zone: str) -> Group:
    decks = services.library.decks()
    if not decks:
        raise NotFoundError("No deck could be loaded. `studybot deck lint` says why.")
    # A machine of one's own is switched off at night: the whole day counts as catch-up.
    settings = GroupSettings(catch_up_hours=24)
    group = await tx.groups.create("Study group", decks[0].id, zone, settings)
    await tx.groups.add_channel(group.id, *PLAYGROUND, "playground")
    await make_schedules(tx, group, services.clock())
    return group


async def found_group(
    services: Services,
    platform: str,
    external_id: str,
    channel: str,
    name: str,
    zone: str = "UTC",
    server_id: str | None = None,
) -> tuple[Group, bool]:
    """The group that posts in a platform's channel; a new one, with True, if there is none.

    ``channel`` and ``name`` are what people call the channel and, for a new group, the group.
    """
    async with services.store.write() as tx:
        there = await tx.groups.by_channel(platform, external_id)
        if there is not None:
            return there[0], False
        decks = services.library.decks()
        if not decks:
            raise NotFoundError("No deck could be loaded. `studybot deck lint` says why.")
        group = await tx.groups.create(name, decks[0].id, zone_of(zone).key, GroupSettings())
        await tx.groups.add_channel(group.id, platform, external_id, channel, server_id)
        await make_schedules(tx, group, services.clock())
        return group, True


async def make_schedules(tx: Tx, group: Group, now: datetime) -> None:
    """A new group's schedules: a question a day, and a recap on Sundays."""
    daily = Schedule(group.id, RoundKind.DAILY, group.zone, DEFAULT_TIME)
    recap = Schedule(group.id, RoundKind.RECAP, group.zone, RECAP_TIME, SUNDAY)
    for schedule in (daily, recap):
        await _save(tx, schedule, now)


async def _save(tx: Tx, schedule: Schedule, now: datetime) -> Schedule:
    due = await next_free(tx, schedule, now)
    planned = replace(schedule, next_at=due.at if due else None)
    await tx.groups.save_schedule(planned)
    return planned


async def _locked(tx: Tx, group: Group) -> Group:
    """The group as it is now. Raises NotFoundError if it was deleted."""
    current = await tx.groups.get(group.id, lock=True)
    if current is None:
        raise NotFoundError("This study group isn't there any more.")
    return current


async def set_up(services: Services, group: Group, setup: Setup) -> tuple[Group, Schedule]:
    """Change a group's settings and plan its next posts; both are returned as they are now.

    Raises InvalidError or NotFoundError; nothing is changed then.
    """
    now = services.clock()
    zone = None if setup.zone is None else zone_of(setup.zone).key
    deck_id = setup.deck_id and (await deck_of(services, group, setup.deck_id)).id
    async with services.store.write() as tx:
        before = await _locked(tx, group)
        settings = replace(
            before.settings,
            answers=setup.answers or before.settings.answers,
            feedback=setup.feedback or before.settings.feedback,
        )
        changed = replace(
            before,
            zone=zone or before.zone,
            deck_id=deck_id or before.deck_id,
            settings=settings,
        )
        await tx.groups.update(changed)
        planned = await _replan(tx, changed, setup, now)
    if settings.feedback is FeedbackMode.NOW and before.settings.feedback is FeedbackMode.CLOSE:
        await release_open(services, changed)
    return changed, planned


async def _replan(tx: Tx, group: Group, setup: Setup, now: datetime) -> Schedule:
    """Plan the next posts anew if the time, the zone or the days change."""
    daily = await _schedule(tx, group, RoundKind.DAILY)
    if setup.at is None and setup.zone is None and setup.days is None:
        return daily
    recap = await _schedule(tx, group, RoundKind.RECAP)
    if not group.paused:
        # What came due a moment ago must not be forgotten with the old plan.
        await plan_due(tx, (daily, recap), now)
    days = daily.days if setup.days is None else setup.days
    planned = replace(daily, zone=group.zone, at=setup.at or daily.at, days=days)
    planned = await _save(tx, planned, now)
    await _save(tx, replace(recap, zone=group.zone), now)
    return planned


async def _schedule(tx: Tx, group: Group, kind: RoundKind) -> Schedule:
    found = await tx.groups.schedule(group.id, kind)
    if found is not None:
        return found
    if kind is RoundKind.DAILY:
        return Schedule(group.id, kind, group.zone, DEFAULT_TIME)
    return Schedule(group.id, kind, group.zone, RECAP_TIME, SUNDAY)


async def daily_schedule(tx: Tx, group: Group) -> Schedule:
    """When a group's questions are due."""
    return await _schedule(tx, group, RoundKind.DAILY)


async def set_paused(services: Services, group: Group, *, paused: bool) -> Group:
    """Stop a group's schedule, or go on from now; working channels are posted in again."""
    now = services.clock()
    async with services.store.write() as tx:
        before = await _locked(tx, group)
        changed = replace(before, paused=paused)
        await tx.groups.update(changed)
        if paused:
            await call_off(tx, changed, now)
            return changed
        schedules = [await _schedule(tx, group, kind) for kind in RoundKind]
        if not before.paused:
            await plan_due(tx, schedules, now)
        for schedule in schedules:
            await _save(tx, schedule, now)
        for channel in await tx.groups.channels(group.id):
            await _wake(tx, channel)
        return changed


async def _wake(tx: Tx, channel: Channel) -> None:
    if channel.paused_reason not in (None, DELETED):
        await tx.groups.pause_channel(channel.id, None)


def parse_time(text: str) -> time:
    """``HH:MM`` (24 hours) as a time. Raises InvalidError."""
    match = _CLOCK.fullmatch(text.strip())
    if match is not None:
        return time(int(match["hours"]), int(match["minutes"]))
    raise InvalidError(f"“{text[:40]}” is not a time. Use HH:MM, such as 09:00 or 18:30.")


def parse_days(text: str) -> frozenset[int]:
    """Weekdays such as ``mon-fri``, ``mon,wed,fri`` or ``every day``. Raises InvalidError."""
    wanted = text.strip().casefold()
    if wanted in _DAY_SETS:
        return _DAY_SETS[wanted]
    days: set[int] = set()
    for part in wanted.replace(" ", ",").split(","):
        if part:
            days |= _day_range(part, text)
    if not days:
        raise _bad_days(text)
    return frozenset(days)


def _day_range(part: str, whole: str) -> set[int]:
    first, dash, last = part.partition("-")
    start = _day(first, whole)
    end = _day(last, whole) if dash else start
    return {(start + step) % 7 for step in range((end - start) % 7 + 1)}


def _day(name: str, whole: str) -> int:
    for number, short in enumerate(DAY_NAMES):
        if len(name) >= 3 and name.startswith(short):
            return number
    raise _bad_days(whole)


def _bad_days(text: str) -> InvalidError:
    return InvalidError(
        f"“{text[:40]}” names no weekdays. Use mon-fri, or mon,wed,fri, or every day."
    )


def day_list(days: frozenset[int]) -> str:
    """Weekdays as people write them."""
    for name, each in (("every day", EVERY_DAY), ("weekdays", _DAY_SETS["weekdays"])):
        if days == each:
            return name
    return ", ".join(DAY_NAMES[day].capitalize() for day in sorted(days))
