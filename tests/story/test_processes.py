"""``studybot run`` as real processes: one on SQLite, several on PostgreSQL."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bot.bootstrap import build, utc_now
from bot.settings import Settings
from bot.study.groups import playground
from storage.urls import parse_url
from tests.support.postgres import Server
from tests.support.processes import Events, Pages, Run, until

GOOD = (
    "Self-attention lets every position look at every other one, and it replaces recurrence, "
    "so that training runs in parallel over the whole sequence."
)
PASSWORD = "hunter2-hunter2-hunter2"
EVERYONE = "0.0.0.0"  # noqa: S104 - it is refused
STOPS_WITHIN = 10


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_serves_stops_when_told_and_continues_where_it_was(
    tmp_path: Path, number: signal.Signals
) -> None:
    with Run(tmp_path, "run", "--port", "0") as first, Pages(first.address()) as pages:
        assert pages.ready()
        grade = pages.grade(pages.answer("ada", GOOD))
        assert grade["state"] == "graded"
        before = pages.round(), pages.board()
        events = Events(first.address())
        stop(first, number)
        assert events.ended.wait(STOPS_WITHIN)
    with Run(tmp_path, "run", "--port", "0") as second, Pages(second.address()) as pages:
        assert (pages.round(), pages.board()) == before
        assert len(pages.get("/api/rounds")["rounds"]) == 1
        stop(second, number)


def stop(run: Run, number: signal.Signals) -> None:
    """It ends in order, in time, and has nothing to complain of."""
    run.send(number)
    assert run.ended(STOPS_WITHIN) == 0
    assert run.said.splitlines()[-1].endswith("stopping")
    assert not re.search("WARNING|ERROR|Traceback|Warning", run.said), run.said


def refused(run: Run, *words: str) -> None:
    """It ended with one clear line that holds these words, and no secret."""
    assert run.ended() in (1, 2)
    assert run.out == []
    assert "Traceback" not in run.said
    assert PASSWORD not in run.said
    lines = run.said.splitlines()
    assert len([line for line in lines if not line.startswith("Please mend")]) == 1, lines
    for word in words:
        assert word in run.said


def test_what_cannot_be_run_is_refused_in_one_clear_line(tmp_path: Path) -> None:
    with ExitStack() as stack, socket.create_server(("127.0.0.1", 0)) as taken:

        def run(*arguments: str, **settings: str) -> Run:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            # Nobody, root neither, can make the default folder where this file is.
            (folder / "data").write_text("no folder")
            return stack.enter_context(Run(folder, "run", *arguments, **settings))

        port = str(taken.getsockname()[1])
        server = f"postgresql://ada:{PASSWORD}@127.0.0.1:{closed_port()}/study"
        no_url = f"postgresql//ada:{PASSWORD}@host/study"
        no_port = f"postgresql://ada:{PASSWORD}@host:x/study"
        # All are started before the first is looked at.
        for started, words in [
            (run("--port", port), ("--port", port)),
            (run("--host", EVERYONE), (EVERYONE, "STUDYBOT_WEB_PASSWORD", "--host")),
            (run("--roles", "http,wroker"), ("wroker", "worker, scheduler")),
            (run("--port", "0"), ("data/studybot.db", "DATABASE_URL")),
            (run("--port", "0", DATABASE_URL=no_url), ("DATABASE_URL",)),
            (run("--port", "0", DATABASE_URL=no_port), ("DATABASE_URL",)),
            (run("--port", "0", DATABASE_URL=server), ("DATABASE_URL", "127.0.0.1", "runs")),
        ]:
            refused(started, *words)


def closed_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


QUESTIONS = """
SELECT count(*) FROM posts WHERE author_id IS NULL AND only_member_id IS NULL AND NOT organisers
"""
UNDER_WAY = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""
ROLES = ("http", "worker", "scheduler,worker")


def test_processes_that_start_together_on_an_empty_database_share_its_work(
    tmp_path: Path, postgres_url: str
) -> None:
    """Three processes, one of them killed while it grades."""
    with ExitStack() as stack:
        http, worker, other = (
            stack.enter_context(
                Run(
                    tmp_path / roles,
                    "run",
                    "--roles",
                    roles,
                    "--port",
                    "0",
                    DATABASE_URL=postgres_url,
                )
            )
            for roles in ROLES
        )
        pages = stack.enter_context(Pages(http.address()))
        assert pages.ready()
        round_ = pages.round()
        assert rows(postgres_url, "SELECT count(*) FROM groups") == [1]
        events = Events(http.address())
        seen = len(events.versions)
        assert pages.grade(pages.answer("ada", GOOD))["state"] == "graded"
        events.next_after(seen)

        answers = kill_while_grading(postgres_url, worker, other, pages)
        for answer in answers:
            assert pages.grade(answer)["state"] == "graded"
        assert len(pages.board()) == 1 + len(answers)
        check_once(postgres_url, round_["id"])
        stop(other, signal.SIGTERM)
        stop(http, signal.SIGTERM)
        assert other.out == ["studybot is running: scheduler, worker (Ctrl+C stops it)"]


async def test_the_playground_is_made_once_by_whoever_comes_first(postgres_url: str) -> None:
    settings = Settings.from_env({"DATABASE_URL": postgres_url})
    async with AsyncExitStack() as stack:
        several = [await stack.enter_async_context(build(settings)) for _ in range(3)]
        groups = await asyncio.gather(*(playground(each.services, "UTC") for each in several))
        assert len({group.id for group in groups}) == 1
        assert len(await several[0].store.open_work(utc_now())) == 1


def kill_while_grading(url: str, worker: Run, other: Run, pages: Pages) -> list[int]:
    """Answers whose grading the worker had begun when it was killed; the other may go on then."""
    stand_still(url, other)
    with no_grade_written(url):
        answers = [pages.answer(f"member {n}", f"{GOOD} This is wording {n}.") for n in range(4)]
        begun = "SELECT count(*) FROM revisions WHERE state = 'pending' AND attempts = 1"
        until(lambda: rows(url, begun) == [len(answers)], "grading of every answer")
        worker.send(signal.SIGKILL)
        worker.ended()
        other.send(signal.SIGCONT)
    return answers


def stand_still(url: str, process: Run) -> None:
    """Stop a process between two transactions: one inside would hold the others up."""

    def stopped() -> bool:
        process.send(signal.SIGSTOP)
        if rows(url, UNDER_WAY) == [0]:
            return True
        process.send(signal.SIGCONT)
        return False

    until(stopped, "moment in which nothing is written")


def check_once(url: str, round_id: int) -> None:
    """One group, one round, one question; one grade a revision, one message for each thing."""
    assert rows(url, "SELECT id FROM rounds") == [round_id]
    assert rows(url, "SELECT count(*) FROM groups") == [1]
    assert rows(url, QUESTIONS) == [1]
    twice = "SELECT revision_id FROM grades GROUP BY revision_id HAVING count(*) > 1"
    assert rows(url, twice) == []
    assert rows(url, "SELECT count(*) FROM grades") == rows(url, "SELECT count(*) FROM revisions")


@contextmanager
def no_grade_written(url: str) -> Iterator[None]:
    """Grades wait to be written while the block runs; they can be read."""
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(parse_url(url).dsn))
    loop.run_until_complete(connection.execute("BEGIN; LOCK TABLE grades IN SHARE MODE"))
    yield
    loop.run_until_complete(connection.close())
    loop.close()


def rows(url: str, statement: str) -> list[Any]:
    """The first column of what a query finds."""

    async def ask() -> list[Any]:
        connection = await asyncpg.connect(parse_url(url).dsn)
        try:
            return [row[0] for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_a_database_that_goes_away_is_told_of_once_and_found_again(
    tmp_path: Path, postgres_url: str, server: Server
) -> None:
    name = str(parse_url(postgres_url).url.database)
    with ExitStack() as stack:
        run = stack.enter_context(Run(tmp_path, "run", "--port", "0", DATABASE_URL=postgres_url))
        pages = stack.enter_context(Pages(run.address()))
        path = f"/api/rounds/{pages.round()['id']}/answers"
        Events(run.address())
        asyncio.run(server.close_to_all(name))
        ready = pages.http.get("/readyz")
        assert (ready.status_code, ready.json()["waiting_for"]) == (503, ["database"])
        answered = pages.http.post(path, json={"member": "ada", "text": GOOD})
        assert answered.status_code == 503
        assert "Try again" in answered.json()["detail"]
        assert pages.http.get("/healthz").status_code == 200
        until(lambda: run.said.count("job queue broke") > 2, "further try of the worker's")
        asyncio.run(server.open_again(name))
        until(pages.ready, "readiness")
        assert pages.grade(pages.answer("ada", GOOD))["state"] == "graded"
        run.send(signal.SIGTERM)
        assert run.ended(STOPS_WITHIN) == 0
    assert "Traceback" not in run.said
    assert run.said.count("PostgreSQL at") == 1
    assert run.said.count("PostgreSQL is back") == 1
