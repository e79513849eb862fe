"""Slash commands at the wire: registered once, answered in time, seen by the right people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.discord import interactions
from adapters.discord.replies import OOPS
from bot.commands.table import COMMANDS
from tests.platforms.discord_interacting import interacting
from tests.platforms.discord_listening import Trouble
from tests.platforms.discord_server.commands import GROUP, SUBCOMMAND
from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_server.refusals import Json
from tests.platforms.discord_server.typed import NotPossible
from tests.platforms.discord_world import Studybot, a_studybot


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


@pytest.fixture
async def bot(place: Place, tmp_path: Path) -> AsyncIterator[Studybot]:
    async with interacting(tmp_path, place) as bot:
        yield bot


def described(entry: Json) -> list[Json]:
    """What a command describes: itself, its subcommands and their options."""
    return [entry, *(inner for each in entry.get("options", ()) for inner in described(each))]


def leaves(command: Json) -> list[str]:
    """What can be typed: a command's name, or those of its subcommands, groups' included."""
    inner = [each for each in command.get("options", ()) if each["type"] in (SUBCOMMAND, GROUP)]
    below = [leaf for each in inner for leaf in leaves(each)]
    return [f"{command['name']} {leaf}" for leaf in below] or [command["name"]]


@pytest.mark.usefixtures("bot")
async def test_every_row_of_the_table_is_a_command_of_discord(place: Place) -> None:
    registered = set()
    for command in place.server.commands.everywhere.values():
        registered |= set(leaves(command))
    assert registered == {row.name for row in COMMANDS} | {"Grade this message"}


async def test_commands_are_registered_only_when_they_changed(place: Place, tmp_path: Path) -> None:
    for _ in range(2):
        async with interacting(tmp_path, place):
            assert place.server.commands.syncs == 1
    for command in place.server.commands.everywhere.values():
        if command["name"] == "explain":
            command["options"][0]["description"] = "As an earlier version had it"
    async with interacting(tmp_path, place):
        assert place.server.commands.syncs == 2


async def test_studybot_starts_though_commands_can_not_be_registered(
    place: Place, tmp_path: Path
) -> None:
    place.server.faults.add("PUT /applications/*/commands", 400, times=None)
    async with interacting(tmp_path, place) as bot:
        assert bot.client.is_ready()


@pytest.mark.usefixtures("bot")
async def test_a_term_is_explained_to_everyone_from_the_guide(place: Place) -> None:
    asked = place.bob.slash(place.channel, "explain", {"term": "lora"})
    answer = await asked.answer()
    assert not answer.ephemeral
    assert "low-rank" in answer.text.lower()
    assert answer in place.ada.screen(place.channel)


@pytest.mark.usefixtures("bot")
async def test_what_concerns_one_member_is_shown_to_them_alone(place: Place) -> None:
    answer = await place.bob.slash(place.channel, "me").answer()
    assert answer.ephemeral
    assert answer not in place.ada.screen(place.channel)


@pytest.mark.usefixtures("bot")
async def test_organisers_commands_are_shown_to_those_who_manage_the_server(place: Place) -> None:
    with pytest.raises(NotPossible):
        place.bob.slash(place.channel, "study status")
    status = await place.ada.slash(place.channel, "study status").answer()
    assert status.ephemeral
    assert "status" in status.text


@pytest.mark.usefixtures("bot")
async def test_commands_work_in_threads_of_the_groups_channel(place: Place) -> None:
    message = place.ada.say(place.channel, "About today")
    thread = place.ada.open_thread(message, "About today")
    answer = await place.bob.slash(thread, "leaderboard", {"window": "month"}).answer()
    assert "month" in answer.text.lower()


async def test_a_channel_without_a_group_is_told_how_to_begin(place: Place, tmp_path: Path) -> None:
    async with interacting(tmp_path, place, founded=False):
        answer = await place.bob.slash(place.channel, "explain", {"term": "lora"}).answer()
        assert answer.ephemeral
        assert "/study setup" in answer.text


async def test_help_is_there_before_any_group_is(place: Place, tmp_path: Path) -> None:
    async with interacting(tmp_path, place, founded=False):
        answer = await place.bob.slash(place.channel, "help").answer()
        assert answer.ephemeral
        for words in ("How this works", "No study group posts in this channel yet", "/explain"):
            assert words in answer.text
        assert "/study post" not in answer.text
        assert "/study post" in (await place.ada.slash(place.channel, "help").answer()).text


@pytest.mark.usefixtures("bot")
async def test_terms_are_suggested_while_typing_though_misspelt(place: Place) -> None:
    for typed, wanted in (("lor", "LoRA"), ("aligment", "Alignment"), ("", "")):
        asked = place.bob.autocomplete(place.channel, "explain", "term", typed)
        choices = (await asked.response()).choices
        assert 0 < len(choices) <= 25
        assert any(wanted.casefold() in choice["value"].casefold() for choice in choices)


@pytest.mark.usefixtures("bot")
async def test_time_zones_are_suggested_by_city_though_misspelt(place: Place) -> None:
    for typed in ("berlin", "Berlni", "europe/ber"):
        asked = place.ada.autocomplete(place.channel, "study setup", "zone", typed)
        values = [choice["value"] for choice in (await asked.response()).choices]
        assert values[0] == "Europe/Berlin"


@pytest.mark.usefixtures("bot")
async def test_windows_are_offered_as_choices(place: Place) -> None:
    with pytest.raises(NotPossible):
        place.bob.slash(place.channel, "leaderboard", {"window": "year"})


@pytest.mark.usefixtures("bot")
async def test_members_commands_have_names_in_other_languages(place: Place) -> None:
    named = {
        command["name"]: command.get("name_localizations") or {}
        for command in place.server.commands.everywhere.values()
    }
    assert named["leaderboard"]["de"] == "rangliste"
    assert named["explain"]["fr"] == "expliquer"
    assert named["privacy"]["es-419"] == "privacidad"
    assert named["study"] == {}


@pytest.mark.usefixtures("bot")
async def test_members_commands_and_options_are_described_in_other_languages(place: Place) -> None:
    languages = {"de", "es-ES", "es-419", "fr", "pt-BR"}
    members = {row.name.split()[0] for row in COMMANDS if not row.organisers}
    ours = [c for c in place.server.commands.everywhere.values() if c["name"] in members]
    entries = [entry for command in ours for entry in described(command)]
    assert len(entries) > len(ours) > 5
    for entry in entries:
        assert set(entry["description_localizations"] or {}) == languages, entry["description"]


async def test_what_breaks_inside_is_told_without_its_details_and_logged(
    place: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trouble = Trouble(RuntimeError("no such table: secrets"))
    async with a_studybot(tmp_path, place, attach=[trouble.attach, interactions.attach]):
        trouble.unread = trouble.left = 10
        shown = await place.bob.slash(place.channel, "me").answer()
    assert shown.ephemeral
    assert OOPS in shown.text
    assert "secrets" not in shown.text
    assert "no such table: secrets" in caplog.text
