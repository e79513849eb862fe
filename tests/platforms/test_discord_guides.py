"""Guides brought on Discord: the file is fetched, shown to its bringer, and decided once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.discord import attachments
from tests.platforms.discord_interacting import interacting
from tests.platforms.discord_server.interactions import Interaction
from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_server.refusals import Json
from tests.platforms.discord_server.typed import NotPossible
from tests.platforms.discord_server.world import Message
from tests.platforms.discord_world import Studybot
from tests.support.guides import GUIDE

IMPORT = "study deck import"


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


@pytest.fixture
async def bot(place: Place, tmp_path: Path) -> AsyncIterator[Studybot]:
    async with interacting(tmp_path, place) as bot:
        yield bot


def bring(
    place: Place, content: str | bytes = GUIDE, name: str = "biology.md", **options: Any
) -> Interaction:
    """Ada sends the command with a file."""
    data = content.encode() if isinstance(content, str) else content
    file = place.ada.attach(name, data, place.channel)
    return place.ada.slash(place.channel, IMPORT, {"file": file, **options})


async def preview(place: Place, content: str | bytes = GUIDE) -> Message:
    return await bring(place, content).answer()


def group_of(place: Place) -> Json:
    [study] = [c for c in place.server.commands.everywhere.values() if c["name"] == "study"]
    [deck] = [each for each in study["options"] if each["name"] == "deck"]
    return dict(deck)


@pytest.mark.usefixtures("bot")
async def test_the_commands_are_a_group_under_study_with_a_file_option(place: Place) -> None:
    deck = group_of(place)
    assert deck["type"] == 2
    kinds = {
        each["name"]: {option["name"]: option["type"] for option in each.get("options", ())}
        for each in deck["options"]
    }
    assert kinds == {
        "import": {"file": 11, "title": 3, "deck": 3},
        "list": {},
        "use": {"deck": 3},
    }


async def test_a_file_is_shown_to_its_bringer_alone_and_used_at_their_yes(
    place: Place, bot: Studybot
) -> None:
    shown = await preview(place)
    assert shown.ephemeral
    assert shown not in place.bob.screen(place.channel)
    for words in ("Import “Cell biology”?", "3 questions in 2 sections", "What is osmosis?"):
        assert words in shown.text
    assert bot.services.library.deck("cell-biology") is None

    done = place.ada.press(shown, "Import and use")
    await done.response()
    assert "Imported: Cell biology" in shown.text
    assert shown.buttons == {}
    group, _ = await bot.room()
    assert group.deck_id == "cell-biology"
    question = await bot.ask()
    assert "What does a mitochondrion do?" in question.text


@pytest.mark.usefixtures("bot")
async def test_all_key_points_come_as_a_file(place: Place) -> None:
    shown = await preview(place)
    answer = await place.ada.press(shown, "All key points").answer()
    assert answer.ephemeral
    [file] = answer.attachments
    assert file.filename == "cell-biology.md"
    assert "- It has its own circular DNA" in file.content.decode()
    assert shown.buttons


@pytest.mark.usefixtures("bot")
async def test_words_of_a_guide_ping_nobody_and_fit_a_message(place: Place) -> None:
    sections = "".join(
        f"\n## Section {n} @everyone\n\n### Why {n} <@{place.bob.id}>? {'long ' * 60}\n\n"
        f"Because **{n}** holds. {'Words ' * 200}\n"
        for n in range(40)
    )
    shown = await preview(place, f"# Long @here\n{sections}")
    assert "and 36 more sections" in shown.text
    assert not shown.pinged
    assert not shown.pinged_everyone
    assert len(shown.buttons) == 4


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("biology.pdf", b"%PDF-1.7", "plain text or Markdown"),
        ("biology.md", b"x" * 5_000_001, "5 MB"),
        ("biology.md", b"", "empty"),
    ],
)
@pytest.mark.usefixtures("bot")
async def test_what_does_not_fit_is_not_even_fetched(
    place: Place, name: str, content: bytes, words: str
) -> None:
    answer = await bring(place, content, name).answer()
    assert answer.ephemeral
    assert words in answer.text
    assert place.server.cdn.asked == 0


@pytest.mark.usefixtures("bot")
async def test_what_can_not_be_read_is_told_privately(place: Place) -> None:
    answer = await bring(place, "Nothing here is a question.", "biology.txt").answer()
    assert answer.ephemeral
    assert "That didn't work" in answer.text
    assert answer.buttons == {}


@pytest.mark.parametrize("status", [403, 404, 500, 503])
@pytest.mark.usefixtures("bot")
async def test_a_file_that_discord_does_not_hand_out_is_told(place: Place, status: int) -> None:
    place.server.cdn.status = status
    answer = await bring(place).answer()
    assert answer.ephemeral
    assert "Send the command again" in answer.text


@pytest.mark.usefixtures("bot")
async def test_a_download_that_never_ends_is_given_up(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "FETCH_SECONDS", 0.2)
    place.server.cdn.hold()
    answer = await bring(place).answer()
    place.server.cdn.let_go()
    assert "Send the command again" in answer.text


@pytest.mark.usefixtures("bot")
async def test_what_takes_long_says_what_is_being_read(place: Place) -> None:
    place.server.cdn.hold()
    asked = bring(place)
    first = await asked.response()
    assert first.ephemeral
    assert "Reading biology.md…" in first.text
    place.server.cdn.let_go()
    await place.server.until(lambda: asked.edited, what="the preview")
    assert "Import “Cell biology”?" in first.text


@pytest.mark.usefixtures("bot")
async def test_without_a_file_it_says_how(place: Place) -> None:
    answer = await place.ada.slash(place.channel, IMPORT).answer()
    assert answer.ephemeral
    assert "option `file`" in answer.text


@pytest.mark.usefixtures("bot")
async def test_members_can_not_bring_guides(place: Place) -> None:
    with pytest.raises(NotPossible):
        place.bob.slash(place.channel, IMPORT)


async def test_previews_work_after_a_restart_and_once(place: Place, tmp_path: Path) -> None:
    async with interacting(tmp_path, place):
        shown, again = await preview(place), await preview(place)
    async with interacting(tmp_path, place) as bot:
        await place.ada.press(shown, "Import").response()
        assert "Imported: Cell biology" in shown.text
        assert bot.services.library.deck("cell-biology") is not None
        await place.ada.press(again, "Discard").response()
        assert "Discarded" in again.text
    async with interacting(tmp_path, place) as bot:
        assert "cell-biology" in bot.services.library.versions()


@pytest.mark.usefixtures("bot")
async def test_pressed_twice_it_is_stored_once(place: Place) -> None:
    shown = await preview(place)
    twice = [place.ada.press(shown, "Import"), place.ada.press(shown, "Import")]
    for each in twice:
        await each.response()
    answer = await place.ada.slash(place.channel, "study deck list").answer()
    assert "cell-biology" in answer.text
    assert "version 2" not in answer.text


async def test_a_preview_of_the_day_before_yesterday_has_expired(
    place: Place, bot: Studybot
) -> None:
    shown = await preview(place)
    bot.clock.advance(hours=25)
    answer = await place.ada.press(shown, "Import and use").answer()
    assert answer.ephemeral
    assert "expired" in answer.text
    assert bot.services.library.deck("cell-biology") is None


@pytest.mark.usefixtures("bot")
async def test_guides_are_suggested_by_id_and_title(place: Place) -> None:
    shown = await preview(place)
    await place.ada.press(shown, "Import").response()
    for typed in ("", "cell", "Biology"):
        asked = place.ada.autocomplete(place.channel, "study deck use", "deck", typed)
        values = [choice["value"] for choice in (await asked.response()).choices]
        assert "cell-biology" in values
    answer = await place.ada.slash(
        place.channel, "study deck use", {"deck": "cell-biology"}
    ).answer()
    assert "Now in use: Cell biology" in answer.text
    assert "today's stays" in answer.text
