"""The composition root: builds every part from Settings and runs the chosen ones.

Only this module and the command line know all folders. Tests build with the same functions.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import ipaddress
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tzlocal
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from adapters.web.events import Hub
from adapters.web.messenger import WebMessenger
from bot.domain.deck import Deck
from bot.domain.group import Group
from bot.domain.imports import DeckDraft
from bot.errors import ConflictError, ForbiddenError, InvalidError, StoreUnavailableError
from bot.judge.grader import OfflineGrader
from bot.ports import Clock, Grader, Messenger
from bot.settings import Settings
from bot.store import Store
from bot.study import groups, jobs, shelves
from bot.study.regrading import bring_back
from bot.study.services import Services
from content.library import Library
from storage.database import Database, open_store
from storage.migrate import upgrade

if TYPE_CHECKING:
    from adapters.discord.adapter import DiscordAdapter

log = logging.getLogger(__name__)

ROLES = ("gateway", "http", "worker", "scheduler")
TICK_SECONDS = 1
SWEEP_SECONDS = 10
BRING_BACK_SECONDS = 2
REFRESH_SECONDS = 3
PRUNE_SECONDS = 3600
LAST_TURNS_SECONDS = 3
GRADING_AT_ONCE = 64

Work = Callable[[Services], Awaitable[object]]


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


class _LateReader:
    """The DeckReader, imported with the first guide that somebody brings."""

    def read(
        self, name: str, data: bytes, *, title: str | None = None, earlier: Deck | None = None
    ) -> DeckDraft:
        from content.importing import FileReader  # noqa: PLC0415

        return FileReader().read(name, data, title=title, earlier=earlier)


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that was built."""

    settings: Settings
    services: Services
    store: Database
    hub: Hub
    discord: DiscordAdapter | None = None


@asynccontextmanager
async def build(
    settings: Settings, *, clock: Clock = utc_now, grader: Grader | None = None
) -> AsyncIterator[Parts]:
    """Every part over a migrated database; closes what it opened."""
    url = settings.database_url.reveal()
    await upgrade(url)
    async with AsyncExitStack() as stack:
        library = stack.enter_context(closing(Library([Path(d) for d in settings.decks])))
        store = await open_store(url, clock=clock)
        stack.push_async_callback(store.close)
        hub = Hub(store)
        if grader is None:
            grader = await stack.enter_async_context(_judging(settings, store, clock))
        discord = _discord(settings)
        messengers: dict[str, Messenger] = {"web": WebMessenger(store, clock, hub)}
        if discord is not None:
            messengers["discord"] = discord.messenger
        services = Services(
            store=store,
            library=library,
            grader=grader,
            clock=clock,
            messengers=messengers,
            deck_reader=_LateReader(),
        )
        stack.push_async_callback(services.background.close)
        await shelves.refresh(services)
        yield Parts(settings, services, store, hub, discord)


def _discord(settings: Settings) -> DiscordAdapter | None:
    """The Discord adapter, where it is configured."""
    if settings.discord_token is None:
        return None
    # discord.py is imported by those alone who need it.
    from adapters.discord.adapter import adapter_of  # noqa: PLC0415

    return adapter_of(settings)


@asynccontextmanager
async def _judging(settings: Settings, store: Store, clock: Clock) -> AsyncIterator[Grader]:
    """The configured judge."""
    offline = OfflineGrader()
    if not settings.uses_llm:
        yield offline
        return
    # The openai client takes a second to import, which nobody without a model should wait for.
    from adapters.llm.judging import llm_judge  # noqa: PLC0415

    async with llm_judge(settings, offline, store, clock) as grader:
        yield grader


async def serve(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    roles: Sequence[str] = ROLES,
    announce: Callable[[str], None] = print,
) -> None:
    """Run the chosen roles until SIGINT or SIGTERM.

    Raises InvalidError, ForbiddenError or ConflictError before anything was started.
    """
    chosen = _checked_roles(roles)
    _check_host(settings, host)
    _tell_what_is_unused(settings)
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(_bound(host, port)) if "http" in chosen else None
        parts = await stack.enter_async_context(build(settings))
        if chosen != set(ROLES) and settings.database_url.reveal().startswith("sqlite"):
            log.warning("roles are split over processes: that wants PostgreSQL, not SQLite")
        if chosen == set(ROLES):
            # A process that runs everything owns what an earlier one left half done.
            await parts.store.release_claims()
        stop = _stop_event()
        if parts.discord is not None and chosen & {"gateway", "worker"}:
            gateway = "gateway" in chosen
            running = parts.discord.running(parts.services, gateway=gateway, ended=stop.set)
            await stack.enter_async_context(running)
        if "worker" in chosen:
            await stack.enter_async_context(_working(parts, stop))
        await stack.enter_async_context(_timers(parts.services, chosen))
        if "http" in chosen or "scheduler" in chosen:
            group = await groups.playground(parts.services, tzlocal.get_localzone_name() or "UTC")
            if "worker" in chosen:
                await _first_question(parts.services, group)
        if listener is not None:
            await stack.enter_async_context(_http(parts, host, listener, stop, announce))
        else:
            announce(f"studybot is running: {', '.join(sorted(chosen))} (Ctrl+C stops it)")
        await stop.wait()
        log.info("stopping")


def _checked_roles(roles: Sequence[str]) -> set[str]:
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise InvalidError(f"Roles are some of {', '.join(ROLES)}, not “{', '.join(unknown)}”.")
    return set(roles)


def _check_host(settings: Settings, host: str) -> None:
    if settings.web_password is None and not is_loopback(host):
        raise ForbiddenError(
            f"Serving on {host} lets others in. Set STUDYBOT_WEB_PASSWORD first, "
            "or leave --host at 127.0.0.1."
        )


def _tell_what_is_unused(settings: Settings) -> None:
    if settings.slack_bot_token or settings.slack_client_id:
        log.warning("Slack is configured, but this version has no adapter for it yet")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host name or address."""
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket. Raises ConflictError if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=512)
    except (OSError, OverflowError) as error:
        raise ConflictError(
            f"Can't listen on {host}:{port} ({error}). Choose another port with --port."
        ) from error
    with closing(listener):
        yield listener


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if os.name == "nt":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        else:
            loop.add_signal_handler(number, stop.set)
    return stop


@asynccontextmanager
async def _working(parts: Parts, stop: asyncio.Event) -> AsyncIterator[None]:
    """The worker, until the block is left; what is under way is finished first.

    A worker that dies stops the process: a half-dead one would take replies and grade none.
    """
    worker = parts.store.worker(grading=_at_once(parts.settings))
    handler = functools.partial(jobs.handle, parts.services)
    task = asyncio.create_task(worker.run(handler), name="worker")
    task.add_done_callback(lambda _: stop.set())
    try:
        yield
    finally:
        worker.stop()
        await task


def _at_once(settings: Settings) -> int:
    """How many replies are graded at once: twice the calls, so that none waits for a worker."""
    calls = settings.llm_concurrency * settings.judge_votes
    return max(GRADING_AT_ONCE, 2 * calls) if settings.uses_llm else GRADING_AT_ONCE


async def _first_question(services: Services, group: Group) -> None:
    """On first start, post before the address is told: whoever opens it finds a question."""
    while not await _has_round(services, group):
        work = await services.store.open_work(services.clock())
        if not work:
            return
        for job in work:
            await jobs.handle(services, job)


async def _has_round(services: Services, group: Group) -> bool:
    async with services.store.read() as tx:
        return await tx.rounds.current(group.id) is not None


@asynccontextmanager
async def _timers(services: Services, roles: set[str]) -> AsyncIterator[None]:
    """In-memory timers; what is due is decided from the database each time."""
    # A turn that is skipped, since the one before takes longer, is no reason to warn people.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    scheduler = AsyncIOScheduler(
        timezone=UTC,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    under_way: set[asyncio.Task[Any]] = set()

    async def turn(work: Work) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine always runs in a task
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        try:
            await _if_reachable(work, services)
        except asyncio.CancelledError:
            # Only stopping cuts a turn off; APScheduler would log it as a failure.
            log.info("%s was cut off; what it left open is taken up again", work.__name__)

    def every(seconds: int, work: Work) -> None:
        name = work.__name__
        scheduler.add_job(
            turn, "interval", [work], name=name, seconds=seconds, next_run_time=utc_now()
        )

    if "scheduler" in roles:
        every(TICK_SECONDS, jobs.tick_once)
        every(PRUNE_SECONDS, jobs.prune)
    if "worker" in roles:
        every(BRING_BACK_SECONDS, bring_back)
    if roles & {"worker", "scheduler"}:
        every(SWEEP_SECONDS, jobs.sweep)
    every(REFRESH_SECONDS, shelves.refresh)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.pause()
        # What was begun just now gets to its first line; shutdown cuts off what still runs.
        await asyncio.sleep(0)
        if under_way:
            await asyncio.wait(under_way, timeout=LAST_TURNS_SECONDS)
        scheduler.shutdown(wait=False)


async def _if_reachable(work: Work, services: Services) -> None:
    """One turn of a timer. While the database is away the Store says so, once; turns come again."""
    with contextlib.suppress(StoreUnavailableError):
        await work(services)


@asynccontextmanager
async def _http(
    parts: Parts,
    host: str,
    listener: socket.socket,
    stop: asyncio.Event,
    announce: Callable[[str], None],
) -> AsyncIterator[None]:
    """The web adapter on a bound socket."""
    # FastAPI takes a second to import, which workers and commands needn't wait for; nor should
    # those who connect meanwhile.
    await asyncio.to_thread(importlib.import_module, "adapters.web.serving")
    from adapters.web.context import WebOptions  # noqa: PLC0415
    from adapters.web.serving import serving  # noqa: PLC0415

    port = listener.getsockname()[1]
    password = parts.settings.web_password
    key = parts.settings.secret_key
    options = WebOptions(
        host=host,
        port=port,
        password=password.reveal() if password else None,
        secret=key.reveal().encode() if key else None,
        hub=parts.hub,
        ready=parts.discord.waiting_for if parts.discord else tuple,
    )
    async with serving(parts.services, options, listener, stop.set):
        shown = f"[{host}]" if ":" in host else host
        announce(f"studybot is running at http://{shown}:{port} (Ctrl+C stops it)")
        yield
