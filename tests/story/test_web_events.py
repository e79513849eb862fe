"""Open pages learn of changes at once, from this process and from others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from adapters.web.events import Hub, stream
from bot.domain.chat import NewPost
from tests.support.harness import FakeClock, Study, study
from tests.support.web import Served, served


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Study]:
    async with study(tmp_path, FakeClock()) as running:
        yield running


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        yield running


async def write(session: Study) -> int:
    """A post by another process: the hub isn't told. Returns the channel's version."""
    async with session.parts.store.write() as tx:
        await tx.chat.add(NewPost(session.channel.id, text="news"), session.clock())
        return await tx.chat.version(session.channel.id)


async def next_change(events: AsyncIterator[str]) -> int:
    async with asyncio.timeout(20):
        async for event in events:
            if event.startswith("id:"):
                return int(json.loads(event.split("data: ")[1])["version"])
    raise EOFError("the stream ended")


async def test_a_new_page_is_told_where_the_channel_stands(session: Study) -> None:
    version = await write(session)
    events = stream(Hub(session.parts.store), session.channel.id, None)
    assert await next_change(events) == version


async def test_a_page_that_is_current_hears_only_of_later_changes(session: Study) -> None:
    seen = await write(session)
    hub = Hub(session.parts.store, every=0.02)
    events = stream(hub, session.channel.id, seen)
    waiting = asyncio.ensure_future(next_change(events))
    assert await write(session) == await waiting == seen + 1
    hub.close()


async def test_a_poke_is_heard_without_waiting_for_the_next_look(session: Study) -> None:
    hub = Hub(session.parts.store, every=3600)
    with hub.listen(session.channel.id) as changes:
        first = await asyncio.wait_for(changes.get(), 20)
        version = await write(session)
        hub.poke()
        assert await asyncio.wait_for(changes.get(), 20) == version
        assert first is not None
        assert first < version


async def test_a_second_page_is_told_at_once_what_the_first_one_knows(session: Study) -> None:
    version = await write(session)
    hub = Hub(session.parts.store, every=3600)
    with hub.listen(session.channel.id) as first:
        assert await asyncio.wait_for(first.get(), 20) == version
        assert await next_change(stream(hub, session.channel.id, version - 1)) == version


async def test_a_slow_page_gets_the_newest_version_only(session: Study) -> None:
    hub = Hub(session.parts.store, every=3600)
    with hub.listen(session.channel.id) as slow, hub.listen(session.channel.id) as quick:
        for _ in range(3):
            version = await write(session)
            hub.poke()
            while await asyncio.wait_for(quick.get(), 20) != version:
                continue
        assert slow.qsize() == 1
        assert slow.get_nowait() == version


async def test_quiet_streams_are_kept_open_with_comments(session: Study) -> None:
    hub = Hub(session.parts.store, every=3600)
    seen = await write(session)
    events = stream(hub, session.channel.id, seen, heartbeat=0.01)
    assert (await anext(events)).startswith("retry:")
    assert (await anext(events)).startswith(":")
    hub.close()


async def test_stopping_ends_every_stream_and_forgets_its_pages(session: Study) -> None:
    hub = Hub(session.parts.store)
    events = stream(hub, session.channel.id, 10**9)
    ended = asyncio.ensure_future(next_change(events))
    while hub.pages == 0:  # noqa: ASYNC110 - the page has no event of its own to wait for
        await asyncio.sleep(0)
    hub.close()
    with pytest.raises(EOFError):
        await ended
    assert (hub.pages, hub.full) == (0, True)


def test_a_browsers_stream_brings_changes_and_resumes_where_it_stopped(web: Served) -> None:
    version = -1
    with httpx.stream("GET", f"{web.url}/api/events", timeout=20) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line.startswith("id:"):
                version = int(line[3:])
                break
    web.post("/api/posts", {"member": "ben", "text": "said meanwhile"})
    headers = {"last-event-id": str(version)}
    with httpx.stream("GET", f"{web.url}/api/events", headers=headers, timeout=20) as response:
        later = next(int(line[3:]) for line in response.iter_lines() if line.startswith("id:"))
    assert later > version


def test_the_server_stops_though_pages_are_open(tmp_path: Path) -> None:
    with served(tmp_path) as web, httpx.Client(timeout=20) as client:
        request = client.build_request("GET", f"{web.url}/api/events")
        response = client.send(request, stream=True)
        lines = response.iter_lines()
        next(lines)
        web.loop.call_soon_threadsafe(web.parts.hub.close)
        assert "event: change" in list(lines) or response.is_stream_consumed
