"""How the Discord of our own closes on clients that break the gateway's protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_server.server import TOKEN

HEARTBEAT, IDENTIFY, PRESENCE, RESUME, MEMBERS = 1, 2, 3, 6, 8
GUILDS, MEMBERS_INTENT = 1, 2


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


def identify(**changed: Any) -> dict[str, Any]:
    data = {"token": TOKEN, "intents": GUILDS, "properties": {}, **changed}
    return {"op": IDENTIFY, "d": data}


def resume(session_id: str, sequence: int, token: str = TOKEN) -> dict[str, Any]:
    return {"op": RESUME, "d": {"token": token, "session_id": session_id, "seq": sequence}}


class Line:
    """A raw connection to the gateway."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, frame: dict[str, Any] | str) -> None:
        if isinstance(frame, str):
            await self.socket.send_str(frame)
        else:
            await self.socket.send_json(frame)

    async def receive(self) -> dict[str, Any]:
        data: dict[str, Any] = await self.socket.receive_json(timeout=5)
        return data

    async def closed(self) -> int | None:
        """The code that the server closes with."""
        async with asyncio.timeout(5):
            async for _ in self.socket:
                pass
        return self.socket.close_code


@asynccontextmanager
async def line(place: Place, query: str = "v=10&encoding=json") -> AsyncIterator[Line]:
    url = f"{place.server.gateway_url}/?{query}"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        yield Line(socket)


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (["no JSON"], 4002),
        (["[]"], 4002),
        ([{"op": 99}], 4001),
        ([{"op": PRESENCE, "d": {}}], 4003),
        ([identify(token="wrong")], 4004),
        ([identify(), identify()], 4005),
        ([identify(shard=[2, 2])], 4010),
        ([identify(intents="all")], 4013),
        ([identify(intents=1 << 30)], 4013),
        ([resume("unknown", 1, token="wrong")], 4004),
        ([identify(), *[{"op": HEARTBEAT, "d": None}] * 120], 4008),
    ],
)
async def test_a_broken_protocol_is_closed_with_its_code(
    place: Place, frames: list[dict[str, Any] | str], code: int
) -> None:
    async with line(place) as raw:
        for frame in frames:
            await raw.send(frame)
        assert await raw.closed() == code


async def test_another_version_is_refused(place: Place) -> None:
    async with line(place, "v=9&encoding=json") as raw:
        assert await raw.closed() == 4012


async def test_a_heartbeat_is_acknowledged_unless_the_server_is_deaf(place: Place) -> None:
    place.server.gateway.settings.heartbeat_interval = 0.5
    async with line(place) as raw:
        assert (await raw.receive())["d"] == {"heartbeat_interval": 500}
        await raw.send({"op": HEARTBEAT, "d": None})
        assert (await raw.receive())["op"] == 11
        place.server.gateway.settings.acknowledges = False
        await raw.send({"op": HEARTBEAT, "d": None})
        await raw.send(identify())
        assert (await raw.receive())["t"] == "READY"


async def test_a_resume_replays_what_came_after_a_sequence(place: Place) -> None:
    async with line(place) as first:
        await first.send(identify())
        await first.receive()
        ready, guild = await first.receive(), await first.receive()
        await first.socket.close(code=4000)
    place.server.admin.rename(place.channel, "renamed")
    session = ready["d"]["session_id"]
    async with line(place) as second:
        await second.send(resume(session, guild["s"]))
        told = [await second.receive() for _ in range(3)]
        assert [frame["t"] for frame in told] == [None, "CHANNEL_UPDATE", "RESUMED"]
        assert told[1]["s"] == guild["s"] + 1
        await second.socket.close(code=4000)
    async with line(place) as third:
        await third.send(resume(session, 1_000))
        assert await third.closed() == 4007


async def test_who_closes_with_1000_ends_the_session(place: Place) -> None:
    async with line(place) as raw:
        await raw.send(identify())
        await raw.receive()
        await raw.receive()
        await raw.socket.close(code=1000)
    gateway = place.server.gateway
    await place.server.until(lambda: not gateway.connections)
    assert gateway.sessions == {}


async def test_an_unknown_session_is_invalid(place: Place) -> None:
    async with line(place) as raw:
        await raw.receive()
        await raw.send(resume("unknown", 1))
        frame = await raw.receive()
        assert (frame["op"], frame["d"]) == (9, False)


async def test_all_members_are_only_told_with_their_intent(place: Place) -> None:
    everyone = {"guild_id": str(place.guild.id), "query": "", "limit": 0}
    async with line(place) as raw:
        await raw.send(identify())
        await raw.send({"op": MEMBERS, "d": everyone})
        assert await raw.closed() == 4014
    named = {"guild_id": str(place.guild.id), "user_ids": [str(place.bob.id), "1"], "limit": 0}
    async with line(place) as raw:
        await raw.send(identify())
        await raw.send({"op": MEMBERS, "d": named})
        told = [await raw.receive() for _ in range(4)]
        assert [member["user"]["username"] for member in told[-1]["d"]["members"]] == ["bob"]
        assert told[-1]["d"]["not_found"] == ["1"]


async def test_identifies_that_come_too_fast_are_invalid(place: Place) -> None:
    settings = place.server.gateway.settings
    settings.max_concurrency, settings.window = 1, 60
    async with line(place) as first, line(place) as second:
        await first.send(identify())
        assert [(await first.receive())["op"] for _ in range(2)] == [10, 0]
        await second.send(identify())
        assert [(await second.receive())["op"] for _ in range(2)] == [10, 9]


async def test_delayed_events_keep_their_order(place: Place) -> None:
    async with line(place) as raw:
        await raw.send(identify())
        for _ in range(3):
            await raw.receive()
        with place.server.gateway.delayed(0.05):
            place.server.admin.rename(place.channel, "one")
        place.server.admin.rename(place.channel, "two")
        told = [await raw.receive() for _ in range(2)]
        assert [frame["d"]["name"] for frame in told] == ["one", "two"]
