"""Decks that groups bring themselves: stored by version, drafts that wait for a yes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.domain.group import GroupSettings
from bot.domain.stored import NewDraft
from storage.database import Database
from tests.contract.store_world import MINUTE, NOW, World


async def another_group(store: Database) -> int:
    async with store.write() as tx:
        return (await tx.groups.create("Another", "llm", "UTC", GroupSettings())).id


async def put(
    world: World, deck_id: str = "biology", text: str = "# one", later: timedelta = 0 * MINUTE
) -> int:
    member = await world.member("Ada")
    async with world.store.write() as tx:
        stored = await tx.decks.put(
            deck_id, world.group.id, "notes.txt", text, member.id, NOW + later
        )
    assert stored is not None
    return stored.version


def draft_of(world: World, member_id: int, text: str = "# draft") -> NewDraft:
    return NewDraft(
        world.group.id, member_id, "biology", "notes.txt", text, {"notes": [["odd", 3]]}
    )


async def test_a_deck_is_stored_and_each_import_is_its_next_version(world: World) -> None:
    assert await put(world) == 1
    assert await put(world, text="# two", later=MINUTE) == 2
    async with world.store.read() as tx:
        stored = await tx.decks.get("biology")
        missing = await tx.decks.get("chemistry")
    assert stored is not None
    assert (stored.text, stored.version, stored.source) == ("# two", 2, "notes.txt")
    assert stored.updated_at == NOW + MINUTE
    assert missing is None


async def test_a_decks_id_is_never_taken_over_by_another_group(world: World) -> None:
    await put(world)
    other = await another_group(world.store)
    async with world.store.write() as tx:
        member = await tx.members.ensure(other, "web", "eve", "Eve")
        assert await tx.decks.put("biology", other, "x.txt", "# theirs", member.id, NOW) is None
    async with world.store.read() as tx:
        stored = await tx.decks.get("biology")
        assert stored is not None
        assert stored.text == "# one"
        assert await tx.decks.of_group(other) == []
        assert await tx.decks.of_group(world.group.id) == [stored]


async def test_two_groups_that_want_one_id_at_once_get_one_deck(world: World) -> None:
    other = await another_group(world.store)
    async with world.store.write() as tx:
        members = {
            group_id: (await tx.members.ensure(group_id, "web", "ada", "Ada")).id
            for group_id in (world.group.id, other)
        }

    async def take(group_id: int) -> bool:
        async with world.store.write() as tx:
            stored = await tx.decks.put("new", group_id, "a.txt", "#", members[group_id], NOW)
        return stored is not None

    assert sorted(await asyncio.gather(*map(take, members))) == [False, True]


async def test_what_changed_since_an_instant_is_told_by_version(world: World) -> None:
    await put(world, "early")
    await put(world, "late", later=2 * MINUTE)
    async with world.store.read() as tx:
        everything = await tx.decks.versions()
        changed = await tx.decks.versions(NOW + MINUTE)
        exact = await tx.decks.versions(NOW + 2 * MINUTE)
    assert {deck_id: each.version for deck_id, each in everything.items()} == {
        "early": 1,
        "late": 1,
    }
    assert set(changed) == set(exact) == {"late"}
    assert changed["late"].updated_at == NOW + 2 * MINUTE


async def test_a_draft_waits_until_somebody_decides_once(world: World) -> None:
    member = await world.member("Ada")
    async with world.store.write() as tx:
        draft_id = await tx.decks.add_draft(draft_of(world, member.id), NOW)
    async with world.store.read() as tx:
        draft = await tx.decks.draft(draft_id)
        assert await tx.decks.waiting([draft_id, draft_id + 1]) == {draft_id}
        assert await tx.decks.waiting([]) == set()
    assert draft is not None
    assert (draft.text, draft.report, draft.created_at) == ("# draft", {"notes": [["odd", 3]]}, NOW)

    async def decide() -> bool:
        async with world.store.write() as tx:
            return await tx.decks.delete_draft(draft_id)

    assert sorted(await asyncio.gather(decide(), decide())) == [False, True]
    async with world.store.read() as tx:
        assert await tx.decks.draft(draft_id) is None


async def test_old_drafts_are_pruned(world: World) -> None:
    member = await world.member("Ada")
    async with world.store.write() as tx:
        old = await tx.decks.add_draft(draft_of(world, member.id), NOW - MINUTE)
        new = await tx.decks.add_draft(draft_of(world, member.id), NOW)
    async with world.store.write() as tx:
        assert await tx.decks.prune_drafts(NOW) == 1
    async with world.store.read() as tx:
        assert await tx.decks.waiting([old, new]) == {new}


async def test_a_forgotten_members_deck_stays_and_their_drafts_go(world: World) -> None:
    await put(world)
    member = await world.member("Ada")
    async with world.store.write() as tx:
        draft_id = await tx.decks.add_draft(draft_of(world, member.id), NOW)
        await tx.members.erase(member.id)
    async with world.store.read() as tx:
        stored = await tx.decks.get("biology")
        assert await tx.decks.draft(draft_id) is None
    assert stored is not None
    assert stored.updated_by is None


async def test_a_groups_decks_are_in_its_export_and_drafts_are_not(world: World) -> None:
    await put(world)
    member = await world.member("Ada")
    async with world.store.write() as tx:
        await tx.decks.add_draft(draft_of(world, member.id, "# never said yes to"), NOW)
    data = await world.store.export(world.group.id)
    [deck] = data["decks"]
    assert (deck["deck_id"], deck["text"], deck["updated_by"]) == ("biology", "# one", member.id)
    assert "never said yes to" not in str(data)
    other = await world.store.export(await another_group(world.store))
    assert other["decks"] == []
