"""What every Store promises of one-use codes and of channels in servers."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.domain.codes import Code, CodeKind, hash_of, new_code
from bot.errors import ConflictError
from storage.database import Database, open_store
from tests.contract.store_world import NOW, World, found_world

LATER = NOW + timedelta(minutes=10)


async def _made(world: World, kind: CodeKind = CodeKind.LINK) -> tuple[str, Code]:
    ada = await world.member("Ada")
    text = new_code()
    code = Code(hash_of(kind, text), kind, world.group.id, ada.id, LATER)
    async with world.store.write() as tx:
        await tx.codes.add(code)
    return text, code


async def test_a_code_is_found_once_however_it_is_typed(world: World) -> None:
    text, code = await _made(world)
    typed = f" {text.lower().replace('-', ' ')} "
    async with world.store.write() as tx:
        assert await tx.codes.take(hash_of(CodeKind.INVITE, typed), NOW) is None
        assert await tx.codes.take(hash_of(CodeKind.LINK, typed), NOW) == code
        assert await tx.codes.take(hash_of(CodeKind.LINK, typed), NOW) is None


async def test_a_code_that_ran_out_is_no_code_and_is_deleted_in_time(world: World) -> None:
    _, code = await _made(world)
    async with world.store.write() as tx:
        assert await tx.codes.take(code.hash, LATER) is None
    await world.store.prune(LATER + timedelta(days=1))
    async with world.store.write() as tx:
        assert await tx.codes.take(code.hash, NOW) is None


async def test_a_code_stands_when_the_work_it_was_taken_for_fails(world: World) -> None:
    _, code = await _made(world)

    async def take_in_vain() -> None:
        async with world.store.write() as tx:
            assert await tx.codes.take(code.hash, NOW) is not None
            await tx.groups.add_channel(world.group.id + 1, "web", "room", "Taken")

    with pytest.raises(ConflictError):
        await take_in_vain()
    async with world.store.write() as tx:
        assert await tx.codes.take(code.hash, NOW) == code


async def test_of_two_who_use_a_code_at_once_one_has_it(world: World, url: str) -> None:
    _, code = await _made(world)
    other = await open_store(url)

    async def take(store: Database) -> bool:
        async with store.write() as tx:
            return await tx.codes.take(code.hash, NOW) is not None

    taken = await asyncio.gather(*(take(store) for store in (world.store, other) * 4))
    await other.close()
    assert taken.count(True) == 1


async def test_codes_go_with_their_maker_and_can_be_voided(world: World) -> None:
    _, code = await _made(world)
    _, invite = await _made(world, CodeKind.INVITE)
    async with world.store.write() as tx:
        await tx.codes.drop(code.member_id, CodeKind.INVITE)
        assert await tx.codes.take(invite.hash, NOW) is None
        await tx.members.erase(code.member_id)
        assert await tx.codes.take(code.hash, NOW) is None


async def test_channels_are_found_by_their_server_and_moved_to_another_group(world: World) -> None:
    other = await found_world(world.store, "elsewhere")
    async with world.store.write() as tx:
        placed = await tx.groups.add_channel(world.group.id, "discord", "1", "general", "guild")
        await tx.groups.pause_channel(placed.id, "the channel was deleted.")
        await tx.groups.place_channel(world.channel.id, "house")
        await tx.groups.move_channel(placed.id, other.group.id)
    async with world.store.read() as tx:
        [found] = await tx.groups.in_server("discord", "guild")
        assert (found.group_id, found.paused_reason) == (other.group.id, None)
        assert await tx.groups.in_server("web", "guild") == []
        [room] = await tx.groups.in_server("web", "house")
        assert room.id == world.channel.id
        assert [each.id for each in await tx.groups.channels(world.group.id)] == [room.id]
