"""What every Store promises of groups, channels, schedules, members and accounts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from bot.domain.group import AnswerMode, FeedbackMode, GroupSettings, Role
from bot.domain.schedule import RoundKind, Schedule
from bot.domain.streaks import Streak
from bot.errors import ConflictError
from storage.database import Database, open_store
from tests.contract.store_world import MINUTE, NOW, World, found_world


def _schedule(group_id: int, kind: RoundKind = RoundKind.DAILY, minutes: int = 0) -> Schedule:
    return Schedule(
        group_id,
        kind,
        "Europe/Berlin",
        time(9, 30),
        frozenset({0, 2}),
        frozenset({date(2026, 12, 24)}),
        NOW + minutes * MINUTE,
    )


async def test_a_group_is_stored_whole_and_changed_whole(world: World) -> None:
    settings = GroupSettings(AnswerMode.SEALED, FeedbackMode.CLOSE, 3, organisers_ranked=False)
    changed = replace(
        world.group, name="Early", deck_id="x", zone="UTC", paused=True, settings=settings
    )
    async with world.store.write() as tx:
        await tx.groups.update(changed)
    async with world.store.read() as tx:
        assert await tx.groups.get(world.group.id) == changed
        assert await tx.groups.everyone() == [changed]
        assert await tx.groups.get(world.group.id + 1) is None


async def test_a_channel_belongs_to_one_group(world: World) -> None:
    other = await found_world(world.store, "elsewhere")
    async with world.store.write() as tx:
        again = await tx.groups.add_channel(world.group.id, "web", "room", "Other name")
        assert again == world.channel
        second = await tx.groups.add_channel(world.group.id, "slack", "room", "Slack")
        with pytest.raises(ConflictError, match="different channel"):
            await tx.groups.add_channel(other.group.id, "web", "room", "Taken")
    async with world.store.read() as tx:
        assert await tx.groups.channels(world.group.id) == [world.channel, second]
        assert await tx.groups.by_channel("slack", "room") == (world.group, second)
        assert await tx.groups.by_channel("discord", "room") is None
        assert await tx.groups.channel(second.id) == second


async def test_a_paused_channel_says_why(world: World) -> None:
    for reason in ("It was deleted.", None):
        async with world.store.write() as tx:
            await tx.groups.pause_channel(world.channel.id, reason)
        async with world.store.read() as tx:
            assert await tx.groups.channel(world.channel.id) == replace(
                world.channel, paused_reason=reason
            )


async def test_a_schedule_is_replaced_and_moved_on(world: World) -> None:
    first = _schedule(world.group.id)
    second = replace(first, at=time(18, 0), days=frozenset(range(7)), skip_dates=frozenset())
    async with world.store.write() as tx:
        await tx.groups.save_schedule(first)
        assert await tx.groups.schedule(world.group.id, RoundKind.DAILY) == first
        await tx.groups.save_schedule(second)
        await tx.groups.set_next_at(world.group.id, RoundKind.DAILY, None)
    async with world.store.read() as tx:
        found = await tx.groups.schedule(world.group.id, RoundKind.DAILY)
        assert found == replace(second, next_at=None)
        assert await tx.groups.schedule(world.group.id, RoundKind.RECAP) is None


async def test_due_schedules_come_earliest_first_without_paused_groups(world: World) -> None:
    paused = await found_world(world.store, "paused")
    late = _schedule(world.group.id, RoundKind.DAILY, -1)
    early = _schedule(world.group.id, RoundKind.RECAP, -2)
    async with world.store.write() as tx:
        await tx.groups.update(replace(paused.group, paused=True))
        for schedule in (late, early, _schedule(paused.group.id, minutes=-3)):
            await tx.groups.save_schedule(schedule)
        assert await tx.groups.due_schedules(NOW) == [early, late]
        assert await tx.groups.due_schedules(NOW, limit=1) == [early]
        assert await tx.groups.due_schedules(NOW - 2 * MINUTE) == [early]
        assert await tx.groups.due_schedules(NOW - timedelta(days=1)) == []


async def test_two_processes_never_take_the_same_due_schedule(world: World, url: str) -> None:
    worlds = [world, *[await found_world(world.store, f"room{n}") for n in range(7)]]
    async with world.store.write() as tx:
        for each in worlds:
            await tx.groups.save_schedule(_schedule(each.group.id))
    other = await open_store(url)
    taken: list[int] = []

    async def tick(store: Database) -> None:
        async with store.write() as tx:
            for due in await tx.groups.due_schedules(NOW, limit=4):
                taken.append(due.group_id)
                await tx.groups.set_next_at(due.group_id, due.kind, NOW + timedelta(days=1))

    await asyncio.gather(*(tick(store) for store in (world.store, other) * 3))
    await tick(other)
    assert sorted(taken) == sorted(each.group.id for each in worlds)
    await other.close()


async def test_a_locked_schedule_is_skipped_not_waited_for(
    world: World, url: str, kind: str
) -> None:
    async with world.store.write() as tx:
        await tx.groups.save_schedule(_schedule(world.group.id))
    if kind == "sqlite":
        return  # one writer at a time: nothing is ever locked beside it
    other = await open_store(url)
    async with world.store.write() as tx:
        assert len(await tx.groups.due_schedules(NOW)) == 1
        async with other.read() as unlocked:
            assert await unlocked.groups.schedule(world.group.id, RoundKind.DAILY)
        assert await asyncio.wait_for(_due(other), 10) == 0
    assert await _due(other) == 1
    await other.close()


async def _due(store: Database) -> int:
    async with store.write() as tx:
        return len(await tx.groups.due_schedules(NOW))


async def test_a_member_is_made_on_first_use_and_takes_a_new_name_over(world: World) -> None:
    ada = await world.member("Ada")
    async with world.store.write() as tx:
        renamed = await tx.members.ensure(world.group.id, "web", "ada", "Ada Lovelace")
        assert renamed == replace(ada, name="Ada Lovelace")
        assert await tx.members.of_account(world.group.id, "web", "ada") == renamed
        assert await tx.members.of_account(world.group.id, "slack", "ada") is None
        account = await tx.members.account(ada.id, "web")
        assert account is not None
        assert (account.external_id, account.name) == ("ada", "Ada Lovelace")
        assert await tx.members.account(ada.id, "discord") is None
        assert await tx.members.named("ADA LOVELACE") == [renamed]
        assert await tx.members.named("ada") == []


async def test_one_account_makes_one_member_however_many_ask_at_once(world: World) -> None:
    members = await asyncio.gather(*(world.member("Ada") for _ in range(20)))
    assert len({member.id for member in members}) == 1
    assert (await world.store.counts())["members"] == 1


async def test_members_are_listed_by_name_whatever_its_case(world: World) -> None:
    for name in ("bo", "Ada", "Émile", "Zoe", "cy"):
        await world.member(name)
    async with world.store.read() as tx:
        names = [member.name for member in await tx.members.in_group(world.group.id)]
    assert names == ["Ada", "bo", "cy", "Zoe", "Émile"]


async def test_names_are_found_in_any_case_of_any_alphabet(world: World) -> None:
    member = await world.member("ŁUKASZ Straße")
    async with world.store.read() as tx:
        assert await tx.members.named("łukasz STRASSE") == [member]


async def test_role_and_hiding_are_kept(world: World) -> None:
    ada = await world.member("Ada")
    async with world.store.write() as tx:
        await tx.members.set_role(ada.id, Role.ORGANISER)
        await tx.members.set_hidden(ada.id, hidden=True)
        assert await tx.members.get(ada.id) == replace(ada, role=Role.ORGANISER, hidden=True)


async def test_streaks_are_kept_by_member(world: World) -> None:
    ada, bo = await world.member("Ada"), await world.member("Bo")
    await world.member("Cy")
    streaks = {ada.id: Streak(7, 9, 1), bo.id: Streak(0, 2, 0)}
    async with world.store.write() as tx:
        await tx.members.save_streaks(world.group.id, {})
        await tx.members.save_streaks(world.group.id, streaks)
    async with world.store.read() as tx:
        assert await tx.members.streaks(world.group.id) == streaks


async def test_channels_of_a_platform_are_found_everywhere_and_renamed(world: World) -> None:
    async with world.store.write() as tx:
        other = await tx.groups.create("Others", "llm", "UTC", GroupSettings())
        room = await tx.groups.add_channel(other.id, world.channel.platform, "other", "Other")
        await tx.groups.add_channel(other.id, "elsewhere", "third", "Third")
        await tx.groups.rename_channel(room.id, "Lobby")
        found = await tx.groups.everywhere(world.channel.platform)
    assert [each.name for each in found] == [world.channel.name, "Lobby"]


async def test_an_event_is_known_once_it_was_stored(world: World) -> None:
    async with world.store.write() as tx:
        assert not await tx.is_known("discord", "welcome:1")
        assert await tx.first_time("discord", "welcome:1", NOW)
        assert await tx.is_known("discord", "welcome:1")
        assert not await tx.is_known("slack", "welcome:1")
