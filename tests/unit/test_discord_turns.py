"""What one member does is dealt with in order, a deletion after what it deletes."""

from __future__ import annotations

import asyncio

from adapters.discord.turns import Turns

ADA, FIRST, SECOND = 1, 10, 11


async def test_a_deletion_waits_for_an_edit_though_the_message_itself_is_dealt_with() -> None:
    turns, done = Turns(), list[str]()
    gates = {what: asyncio.Event() for what in ("written", "talk", "edited")}

    async def deal(what: str, message_id: int) -> None:
        async with turns.of(ADA, message_id):
            await gates[what].wait()
            done.append(what)

    async def delete(message_id: int) -> None:
        async with turns.after(message_id):
            done.append("deleted")

    written, *others = (
        asyncio.create_task(deal(what, message_id))
        for what, message_id in (("written", FIRST), ("talk", SECOND), ("edited", FIRST))
    )
    await asyncio.sleep(0)
    gates["written"].set()
    await written
    deleting = asyncio.create_task(delete(FIRST))
    await asyncio.sleep(0)
    gates["talk"].set()
    gates["edited"].set()
    await asyncio.gather(*others, deleting)
    assert done == ["written", "talk", "edited", "deleted"]
