"""Setting a study group up in Discord, and the forms and the menu that organisers use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest

from adapters.discord.forms import Step, at_rest
from bot.domain.grading import GradeState
from bot.domain.group import AnswerMode, Group
from bot.domain.rounds import Answer
from bot.study.groups import daily_schedule
from tests.platforms.discord_interacting import (
    answer_by_button,
    answer_of,
    grade_of,
    interacting,
    modal_of,
    reference,
    values_of,
    words_of,
)
from tests.platforms.discord_server import permissions
from tests.platforms.discord_server.interactions import Interaction
from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_server.world import Channel, Message, every_component
from tests.platforms.discord_world import Studybot

WRONG = "It is a kind of pasta that is boiled in salted water for nine minutes."
MENU = "Grade this message"


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


@pytest.fixture
async def bot(place: Place, tmp_path: Path) -> AsyncIterator[Studybot]:
    async with interacting(tmp_path, place) as bot:
        yield bot


@pytest.fixture
async def fresh(place: Place, tmp_path: Path) -> AsyncIterator[Studybot]:
    """No group was founded yet."""
    async with interacting(tmp_path, place, founded=False) as bot:
        yield bot


def id_of(message: Message, part: str) -> str:
    """The custom id of the component whose id has that part."""
    ids = [str(c.get("custom_id", "")) for c in every_component(message.components)]
    [found] = [each for each in ids if part in each]
    return found


async def group_of(bot: Studybot, channel: Channel) -> Group | None:
    async with bot.parts.store.read() as tx:
        found = await tx.groups.by_channel("discord", str(channel.id))
    return found[0] if found else None


async def when(bot: Studybot) -> str:
    """When questions are posted."""
    group, _ = await bot.room()
    async with bot.parts.store.read() as tx:
        schedule = await daily_schedule(tx, group)
    return f"{schedule.at:%H:%M} {schedule.zone}"


async def updated(asked: Interaction) -> str:
    """What the message shows whose component was used."""
    response = await asked.response()
    assert response.kind == "update"
    return response.text


async def test_a_group_is_begun_here_with_three_clicks_and_a_short_form(
    fresh: Studybot, place: Place
) -> None:
    begin = await place.ada.slash(place.channel, "study setup").answer()
    assert begin.ephemeral
    assert "Begin a study group" in begin.text
    assert "#general" in await updated(place.ada.press(begin, "Here"))
    await updated(place.ada.select(begin, id_of(begin, ":answers:"), ["sealed"]))
    asked = place.ada.click(begin, id_of(begin, "fill:"))
    assert await values_of(asked) == {"time": "09:00", "zone": "UTC", "days": "every day"}
    sent = place.ada.submit(asked, {"time": "18:30", "zone": "berlin"})
    assert "18:30" in await updated(sent)
    group, _ = await fresh.room()
    assert group.settings.answers is AnswerMode.SEALED
    assert await when(fresh) == "18:30 Europe/Berlin"
    posted = await place.ada.press(begin, "Post a question now").answer()
    assert "on its way" in posted.text
    await fresh.work()
    assert await place.server.sent(lambda m: "Answer" in m.buttons.values())


async def test_each_choice_of_the_form_is_told_in_words(bot: Studybot, place: Place) -> None:
    panel = await place.ada.slash(place.channel, "study setup").answer()
    shown = {
        option["label"]: option.get("description")
        for component in every_component(panel.components)
        for option in component.get("options", ())
    }
    assert shown["Answers: sealed"] == "sealed, through the Answer button"
    assert shown["Feedback: close"] == "when the round closes"
    group, _ = await bot.room()
    deck = bot.services.library.deck(group.deck_id)
    assert deck is not None
    assert shown[f"Deck: {deck.id}"] == deck.title


async def test_a_group_is_begun_in_another_channel_and_set_up_from_here(
    fresh: Studybot, place: Place
) -> None:
    study = place.server.channel(place.guild, "study")
    begin = await place.ada.slash(place.channel, "study setup").answer()
    chosen = place.ada.select(begin, id_of(begin, "found:"), [str(study.id)])
    assert "#study" in await updated(chosen)
    await updated(place.ada.select(begin, id_of(begin, ":feedback:"), ["close"]))
    group = await group_of(fresh, study)
    assert group is not None
    assert group.settings.feedback.value == "close"
    assert await group_of(fresh, place.channel) is None


async def test_options_begin_a_group_at_once(fresh: Studybot, place: Place) -> None:
    study = place.server.channel(place.guild, "study")
    options = {"channel": study, "time": "07:15", "zone": "Asia/Tokyo"}
    answer = await place.ada.slash(place.channel, "study setup", options).answer()
    assert "07:15" in answer.text
    group = await group_of(fresh, study)
    assert group is not None
    assert group.zone == "Asia/Tokyo"


async def test_a_group_is_not_begun_where_studybot_can_not_post(
    fresh: Studybot, place: Place
) -> None:
    study = place.server.channel(place.guild, "study")
    place.server.admin.deny(study, place.server.bot, permissions.CREATE_PUBLIC_THREADS)
    await fresh.settled()
    answer = await place.ada.slash(place.channel, "study setup", {"channel": study}).answer()
    assert answer.ephemeral
    assert "Create Public Threads" in answer.text
    assert await group_of(fresh, study) is None


async def test_a_zone_that_fits_several_is_asked_for(bot: Studybot, place: Place) -> None:
    panel = await place.ada.slash(place.channel, "study setup").answer()
    asked = place.ada.click(panel, id_of(panel, "fill:"))
    await modal_of(asked)
    sent = place.ada.submit(asked, {"time": "10:00", "zone": "america/indiana"})
    assert "Which one" in await updated(sent)
    zone = place.ada.select(panel, id_of(panel, ":zone:"), ["America/Indiana/Knox"])
    assert "10:00" in await updated(zone)
    assert await when(bot) == "10:00 America/Indiana/Knox"


async def test_what_can_not_be_set_is_told_beside_the_form(bot: Studybot, place: Place) -> None:
    panel = await place.ada.slash(place.channel, "study setup").answer()
    asked = place.ada.click(panel, id_of(panel, "fill:"))
    await modal_of(asked)
    assert "not a time" in await updated(place.ada.submit(asked, {"time": "half past nine"}))
    assert id_of(panel, "fill:")
    assert await when(bot) == "09:00 UTC"


async def test_the_form_opens_though_the_database_is_slow(bot: Studybot, place: Place) -> None:
    panel = await place.ada.slash(place.channel, "study setup").answer()
    async with bot.parts.store.write():
        asked = place.ada.click(panel, id_of(panel, "fill:"))
        assert await values_of(asked) == {"time": "", "zone": "", "days": ""}
    await updated(place.ada.submit(asked, {"time": "06:00"}))
    assert await when(bot) == "06:00 UTC"


async def test_an_organiser_grades_through_a_form(bot: Studybot, place: Place) -> None:
    question = await bot.ask()
    await answer_by_button(place.bob, question, WRONG)
    await bot.work()
    answer = await answer_of(bot, place.bob)
    assert answer is not None
    asked = place.ada.slash(place.channel, "study grade")
    assert set(await values_of(asked)) == {"answer", "score", "note"}
    values = {"answer": str(answer.id), "score": "75", "note": "Well seen"}
    said = await place.ada.submit(asked, values).answer()
    assert "Graded" in said.text
    grade = await grade_of(bot, place.bob)
    assert grade is not None
    assert (grade.state, grade.score) == (GradeState.FINAL, 0.75)


async def test_a_message_that_was_taken_for_talk_is_made_an_answer(
    bot: Studybot, place: Place
) -> None:
    question = await bot.ask()
    thread = await place.server.threaded(question)
    words = await reference(bot)
    said = place.bob.say(thread, words)
    done = await place.ada.menu(said, MENU).answer()
    assert done.ephemeral
    assert "now counts as their answer" in done.text
    await bot.work()
    assert await words_of(bot, place.bob) == [words]
    assert await place.server.reacted(said, "✅")


async def test_a_message_that_counts_is_graded_through_the_form(
    bot: Studybot, place: Place
) -> None:
    question = await bot.ask()
    thread = await place.server.threaded(question)
    said = place.bob.say(thread, WRONG)
    await place.ada.menu(said, MENU).answer()
    await bot.work()
    answer = await answer_of(bot, place.bob)
    assert isinstance(answer, Answer)
    asked = place.ada.menu(said, MENU)
    assert (await values_of(asked))["answer"] == str(answer.id)
    await place.ada.submit(asked, {"score": "uphold"}).answer()
    grade = await grade_of(bot, place.bob)
    assert grade is not None
    assert grade.state is GradeState.FINAL


async def test_only_replies_of_members_to_a_question_can_be_graded(
    bot: Studybot, place: Place
) -> None:
    question = await bot.ask()
    elsewhere = place.bob.say(place.channel, "Good morning")
    for message in (question, elsewhere):
        refused = await place.ada.menu(message, MENU).answer()
        assert refused.ephemeral
        assert "reply to a question" in refused.text


async def test_a_button_below_a_public_message_begins_a_group_without_changing_it(
    fresh: Studybot, place: Place
) -> None:
    view = discord.ui.View(timeout=None)
    step = Step("here", "study setup", place.channel.id)
    view.add_item(discord.ui.Button(label="Set up", custom_id=step.custom_id))
    channel = fresh.client.get_partial_messageable(place.channel.id)
    await channel.send("Welcome", view=at_rest(view))
    welcome = await place.server.sent(where=place.channel)
    refused = await place.bob.press(welcome, "Set up").answer()
    assert "Only organisers" in refused.text
    panel = await place.ada.press(welcome, "Set up").answer()
    assert panel.ephemeral
    assert id_of(panel, "fill:")
    assert welcome.text == "Welcome"
    assert await group_of(fresh, place.channel) is not None


async def test_a_form_that_comes_too_late_to_open_waits_behind_a_button(
    bot: Studybot, place: Place
) -> None:
    async with bot.parts.store.write():
        sent = place.ada.slash(place.channel, "study grade")
        assert (await sent.response()).kind == "deferred"
    message = await sent.answer()
    asked = place.ada.click(message, id_of(message, "fill:"))
    assert set(await values_of(asked)) == {"answer", "score", "note"}
