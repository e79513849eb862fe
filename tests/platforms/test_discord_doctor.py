"""What `studybot doctor` and `studybot discord invite` say of a bot on the Discord of our own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.discord.adapter import options_of
from adapters.discord.desk import PLATFORM
from adapters.discord.doctor import PERMISSIONS, Report, examine, invitation
from bot.bootstrap import build
from bot.settings import Settings, SettingsError
from bot.study.groups import found_group
from tests.platforms.discord_server import permissions
from tests.platforms.discord_server.place import Place, a_place
from tests.support.processes import Run


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


def environment(place: Place, folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{folder}/studybot.db",
        "DISCORD_TOKEN": place.server.token,
        "DISCORD_API_BASE": place.server.api_base,
        "DISCORD_GATEWAY_URL": place.server.gateway_url,
    }


async def look(place: Place, folder: Path) -> Report:
    settings = Settings.from_env(environment(place, folder))
    channels = [(str(place.channel.id), "general")]
    return await examine(options_of(settings, place.server.token), channels)


async def typed(place: Place, folder: Path, *command: str) -> tuple[int, str]:
    """A command's exit code, and what it printed; typed in a process of its own."""
    with Run(folder, *command, **environment(place, folder)) as run:
        code = await asyncio.to_thread(run.ended)
        return code, "\n".join(run.out + run.err)


async def test_a_bot_with_all_that_it_needs(place: Place, tmp_path: Path) -> None:
    report = await look(place, tmp_path)
    assert report == Report(
        "studybot", place.server.bot.id, sees_content=True, guilds=1, endpoint=None
    )


async def test_the_intent_that_is_missing_is_seen(place: Place, tmp_path: Path) -> None:
    place.server.application.privileged.discard("message_content")
    assert not (await look(place, tmp_path)).sees_content


async def test_permissions_that_are_missing_are_named(place: Place, tmp_path: Path) -> None:
    lacking = permissions.ADD_REACTIONS | permissions.EMBED_LINKS
    place.server.admin.deny(place.channel, place.server.bot, lacking)
    report = await look(place, tmp_path)
    assert report.missing == ("#general lacks Embed Links, Add Reactions",)


async def test_a_channel_that_can_not_be_seen_is_named(place: Place, tmp_path: Path) -> None:
    place.server.admin.deny(place.channel, place.server.bot, permissions.VIEW_CHANNEL)
    (line,) = (await look(place, tmp_path)).missing
    assert line.startswith("#general can't be seen")


async def test_a_bad_token_is_named(place: Place, tmp_path: Path) -> None:
    settings = Settings.from_env(environment(place, tmp_path))
    with pytest.raises(SettingsError, match="DISCORD_TOKEN"):
        await examine(options_of(settings, "wrong"))


def test_the_invitation_asks_for_what_is_needed_and_no_more() -> None:
    asked = parse_qs(urlsplit(invitation(42)).query)
    assert asked["client_id"] == ["42"]
    assert asked["scope"] == ["bot applications.commands"]
    assert int(asked["permissions"][0]) == PERMISSIONS.value
    assert not PERMISSIONS.administrator
    assert not PERMISSIONS.manage_guild


async def test_the_permissions_are_those_that_the_other_tests_run_with() -> None:
    assert permissions.BOT_USUAL & PERMISSIONS.value == PERMISSIONS.value


async def test_doctor_tells_of_discord_line_by_line(place: Place, tmp_path: Path) -> None:
    async with build(Settings.from_env(environment(place, tmp_path))) as parts:
        external = str(place.channel.id)
        await found_group(parts.services, PLATFORM, external, "general", "Study group")
    code, out = await typed(place, tmp_path, "doctor")
    assert code == 0, out
    assert "ok   discord: studybot is in 1 server" in out
    assert "ok   discord intents: Message Content is granted" in out
    assert "ok   discord permissions: nothing is lacking" in out
    place.server.application.privileged.discard("message_content")
    code, out = await typed(place, tmp_path, "doctor")
    assert code == 0, out
    assert "note discord intents: Message Content is not granted" in out
    assert "Message Content Intent" in out
    place.server.admin.deny(place.channel, place.server.bot, permissions.SEND_MESSAGES)
    code, out = await typed(place, tmp_path, "doctor")
    assert code == 1
    assert "FAIL discord permissions: #general lacks Send Messages" in out
    assert place.server.token not in out


async def test_invite_prints_an_address(place: Place, tmp_path: Path) -> None:
    code, out = await typed(place, tmp_path, "discord", "invite")
    assert code == 0, out
    assert out.startswith("https://discord.com/oauth2/authorize?client_id=")
    assert str(place.server.application.id) in out
