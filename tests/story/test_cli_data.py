"""The commands about the database: doctor, db, export and forget."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.chat import NewPost
from bot.domain.group import GroupSettings
from storage.database import open_store
from storage.migrate import upgrade
from tests.support.command_line import Typed, typing_in

Command = Callable[..., Typed]
DATABASE = "sqlite:///data/studybot.db"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    with typing_in(tmp_path, monkeypatch, capsys) as run:
        yield run


async def fill() -> None:
    """Two groups: Ada is in one, a Bob in each; Bob's name would be a formula."""
    await upgrade(DATABASE)
    store = await open_store(DATABASE)
    async with store.write() as tx:
        for name in ("Reading circle", "Night owls"):
            group = await tx.groups.create(name, "llm-interviews", "UTC", GroupSettings())
            channel = await tx.groups.add_channel(group.id, "web", name, name)
            bob = await tx.members.ensure(group.id, "web", f"bob-{group.id}", "=Bob")
            await tx.chat.add(NewPost(channel.id, author_id=bob.id, text="hello"), NOON)
        await tx.members.ensure(1, "web", "ada", "Ada")
    await store.close()


@pytest.fixture
def filled(typed: Command) -> Command:
    asyncio.run(fill())
    return typed


def names(done: Typed) -> list[str]:
    return [member["name"] for member in json.loads(done.out)["members"]]


def test_doctor_finds_a_fresh_machine_in_order(typed: Command) -> None:
    done = typed("doctor")
    assert done.code == 0
    lines = done.out.splitlines()
    assert all(line.startswith("ok ") for line in lines)
    for check in ("python", "time zones", "settings", "database", "decks", "judge", "web"):
        assert any(f" {check}: " in line for line in lines), check
    assert not Path("data").exists()


def test_doctor_fails_with_the_mend_where_something_is_wrong(typed: Command) -> None:
    Path("data").mkdir()
    Path("data/studybot.db").write_text("this is no database, and long enough to be read as one")
    Path(".env").write_text("STUDYBOT_DECKS=nowhere\nSTUDYBOT_WEB_PASSWORD=hunter2\n")
    done = typed("doctor", "--json")
    report = json.loads(done.out)
    assert (done.code, report["ok"]) == (1, False)
    failed = {check["check"]: check for check in report["checks"] if not check["ok"]}
    assert {"database", "decks"} <= set(failed)
    assert "studybot.db" in failed["database"]["detail"]
    assert "nowhere" in failed["decks"]["detail"]
    assert "hunter2" not in done.out + done.err


def test_doctor_names_every_setting_that_is_wrong(typed: Command) -> None:
    Path(".env").write_text("STUDYBOT_LOG=xml\nDISCORD_TOKEN=Bot abc\n")
    done = typed("doctor")
    assert done.code == 1
    failures = [line for line in done.out.splitlines() if line.startswith("FAIL settings: ")]
    assert len(failures) == 2


def test_upgrading_makes_the_database_and_may_be_repeated(typed: Command) -> None:
    for _ in range(2):
        done = typed("db", "upgrade")
        assert done.code == 0
        assert "up to date" in done.out
    assert "can be written" in typed("doctor").out


def test_a_database_that_is_not_there_is_no_traceback(typed: Command) -> None:
    for command in (["export", "--group", "x"], ["forget", "--member", "x", "--yes"]):
        done = typed(*command)
        assert (done.code, done.out) == (1, "")
        assert "studybot db upgrade" in done.err
    assert not Path("data").exists()


def test_a_group_is_exported_as_json_by_name_or_number(filled: Command) -> None:
    done = filled("export", "--group", "reading CIRCLE")
    assert names(done) == names(filled("export", "--group", "1"))
    assert sorted(names(done)) == ["=Bob", "Ada"]
    assert json.loads(done.out)["group"]["name"] == "Reading circle"


def test_a_group_is_exported_as_csv_files_that_hold_no_formula(filled: Command) -> None:
    done = filled("export", "--group", "Reading circle", "--to", "json,csv")
    folder = Path("export-reading-circle")
    assert done.code == 0
    assert {str(path) for path in folder.iterdir()} == set(done.out.splitlines())
    with (folder / "members.csv").open(encoding="utf-8", newline="") as file:
        assert {row["name"] for row in csv.DictReader(file)} == {"Ada", "'=Bob"}
    again = filled("export", "--group", "Reading circle", "--to", "csv")
    assert again.code == 1
    assert "--force" in again.err
    assert filled("export", "--group", "1", "--to", "csv", "--force").code == 0


def test_an_export_goes_to_the_file_that_was_named(filled: Command) -> None:
    assert filled("export", "--group", "1", "--out", "copies/one.json").out.strip().endswith("json")
    assert json.loads(Path("copies/one.json").read_text(encoding="utf-8"))["members"]


def test_an_unknown_group_is_told_with_those_there_are(filled: Command) -> None:
    done = filled("export", "--group", "chess")
    assert (done.code, done.out) == (1, "")
    assert "Reading circle" in done.err
    assert "Night owls" in done.err


def test_a_member_is_forgotten_for_good(filled: Command) -> None:
    done = filled("forget", "--member", "ada", "--yes")
    assert done.code == 0
    assert "Erased Ada of Reading circle" in done.out
    left = filled("export", "--group", "1").out
    assert "Ada" not in left
    assert "ada" not in left


def test_forgetting_asks_first_and_does_nothing_without_a_yes(filled: Command) -> None:
    done = filled("forget", "--member", "Ada")
    assert (done.code, done.out) == (1, "")
    assert "--yes" in done.err
    assert "Ada" in names(filled("export", "--group", "1"))


def test_members_of_one_name_are_listed_to_choose_from(filled: Command) -> None:
    done = filled("forget", "--member", "=bob", "--yes")
    assert done.code == 1
    assert "of Reading circle" in done.err
    assert "of Night owls" in done.err
    assert filled("forget", "--member", "=Bob", "--group", "Night owls", "--yes").code == 0
    assert names(filled("export", "--group", "Night owls")) == []
    assert "=Bob" in names(filled("export", "--group", "Reading circle"))
    assert "no member “Eve”" in filled("forget", "--member", "Eve", "--yes").err


def test_a_copy_brings_back_what_was_lost(filled: Command) -> None:
    assert filled("db", "backup", "copy.db").code == 0
    filled("forget", "--member", "Ada", "--yes")
    refused = filled("db", "restore", "copy.db")
    assert refused.code == 1
    assert "--force" in refused.err
    assert "Ada" not in names(filled("export", "--group", "1"))
    assert filled("db", "restore", "copy.db", "--force").code == 0
    assert "Ada" in names(filled("export", "--group", "1"))


def test_what_is_no_copy_is_not_restored(filled: Command) -> None:
    Path("notes.txt").write_text("this is no database")
    for name in ("notes.txt", "absent.db"):
        done = filled("db", "restore", name, "--force")
        assert done.code == 1
        assert name in done.err
    assert "Ada" in names(filled("export", "--group", "1"))
