"""Buttons and modals at the wire: answers, grades, appeals and rulings, whatever goes wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.grading import GradeState
from bot.domain.group import Account
from bot.messages.message import Action, Button, Message
from bot.ports import Envelope
from bot.study import closing
from tests.platforms.discord_interacting import (
    answer_by_button,
    answer_of,
    grade_of,
    interacting,
    modal_of,
    reference,
    words_of,
)
from tests.platforms.discord_server import permissions
from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_server.world import Thread
from tests.platforms.discord_world import Studybot

WRONG = "It is a kind of pasta that is boiled in salted water for nine minutes."
CALLBACK = "POST /interactions/*/*/callback"


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


@pytest.fixture
async def bot(place: Place, tmp_path: Path) -> AsyncIterator[Studybot]:
    async with interacting(tmp_path, place) as bot:
        yield bot


async def test_an_answer_through_the_button_is_sealed_and_its_grade_comes_to_its_author_alone(
    bot: Studybot, place: Place
) -> None:
    question = await bot.ask()
    asked = place.bob.press(question, "Answer")
    modal = await modal_of(asked)
    round_ = await bot.round()
    assert round_.question is not None
    assert round_.question.prompt.startswith(modal["components"][0]["description"][:-1])
    sent = place.bob.submit(asked, {"text": await reference(bot)})
    taken = await sent.answer()
    assert taken.ephemeral
    assert "Your answer is in" in taken.text
    assert "Nobody else sees it" in taken.text
    answer = await answer_of(bot, place.bob)
    assert answer is not None
    assert answer.sealed
    await bot.work()
    assert "Correct" in (await sent.followup()).text
    mine = await place.bob.press(taken, "My grade").answer()
    assert mine.ephemeral
    assert "Correct" in mine.text
    assert all("Correct" not in each.text for each in place.ada.screen(place.channel))


async def test_a_second_answer_before_the_grade_takes_the_place_of_the_first(
    bot: Studybot, place: Place
) -> None:
    question = await bot.ask()
    await answer_by_button(place.bob, question, WRONG)
    again = await answer_by_button(place.bob, question, await reference(bot))
    assert "Your new wording is in" in again.text
    assert await words_of(bot, place.bob) == [WRONG, await reference(bot)]


async def test_an_answer_that_comes_too_late_is_given_back_with_its_words(
    bot: Studybot, place: Place
) -> None:
    question = await bot.ask()
    asked = place.bob.press(question, "Answer")
    await modal_of(asked)
    group, _ = await bot.room()
    await closing.close_now(bot.services, group)
    refused = await place.bob.submit(asked, {"text": WRONG}).answer()
    assert refused.ephemeral
    assert "closed" in refused.text
    assert WRONG in refused.text
    assert await answer_of(bot, place.bob) is None


async def test_what_was_not_answered_has_no_grade_and_is_told_alone(
    bot: Studybot, place: Place
) -> None:
    question = await bot.ask()
    refused = await place.bob.press(question, "My grade").answer()
    assert refused.ephemeral
    assert "You haven't answered" in refused.text


async def test_buttons_work_after_a_restart(place: Place, tmp_path: Path) -> None:
    async with interacting(tmp_path, place) as bot:
        question = await bot.ask()
        asked = place.bob.press(question, "Answer")
        await modal_of(asked)
    async with interacting(tmp_path, place, founded=False) as bot:
        # Even the form that was open all the while.
        assert "is in" in (await place.bob.submit(asked, {"text": WRONG}).answer()).text
        await answer_by_button(place.ada, question, WRONG)
        await bot.work()
        mine = await place.ada.press(question, "My grade").answer()
        assert "Not yet" in mine.text


async def test_a_button_of_another_time_is_answered_politely(bot: Studybot, place: Place) -> None:
    question = await bot.ask()
    [button, *_] = question.components[0]["components"]
    button["custom_id"] = "sb:dance:12"
    answer = await place.bob.click(question, "sb:dance:12").answer()
    assert answer.ephemeral
    assert "does nothing any more" in answer.text


async def test_an_appeal_takes_a_reason_and_an_organiser_decides_in_one_message(
    bot: Studybot, place: Place
) -> None:
    question = await bot.ask()
    await answer_by_button(place.bob, question, WRONG)
    await answer_by_button(place.ada, question, WRONG)
    await bot.work()
    for person, why in ((place.bob, "I meant the other pasta"), (place.ada, "")):
        asked = person.press(question, "Appeal")
        await modal_of(asked)
        filed = await person.submit(asked, {"text": why}).answer()
        assert filed.ephemeral
        assert "Appealed" in filed.text
    queue = await place.ada.slash(place.channel, "study appeals").answer()
    assert "2 appeals wait" in queue.text
    assert "I meant the other pasta" in queue.text
    [correct] = [key for key in queue.buttons if "rule_correct" in key]
    ruled = place.ada.click(queue, correct)
    assert (await ruled.response()).kind == "update"
    assert "1 appeal waits" in queue.text
    grade = await grade_of(bot, place.bob)
    assert grade is not None
    assert (grade.state, grade.score) == (GradeState.FINAL, 1.0)


async def test_a_ruling_that_was_made_before_is_refused_alone(bot: Studybot, place: Place) -> None:
    question = await bot.ask()
    await answer_by_button(place.bob, question, WRONG)
    await bot.work()
    asked = place.bob.press(question, "Appeal")
    await modal_of(asked)
    await place.bob.submit(asked, {}).answer()
    first = await place.ada.slash(place.channel, "study appeals").answer()
    second = await place.ada.slash(place.channel, "study appeals").answer()
    [correct] = [key for key in first.buttons if "rule_correct" in key]
    await place.ada.click(first, correct).answer()
    late = await place.ada.click(second, correct).answer()
    assert late.ephemeral
    assert "That didn't work" in late.text


async def test_slow_work_is_acknowledged_in_time_and_answered_when_it_is_done(
    bot: Studybot, place: Place
) -> None:
    question = await bot.ask()
    asked = place.bob.press(question, "Answer")
    await modal_of(asked)
    async with bot.parts.store.write():
        sent = place.bob.submit(asked, {"text": WRONG})
        response = await sent.response()
        assert (response.kind, response.ephemeral) == ("deferred", True)
        assert place.server.interactions.late == 0
    assert "Your answer is in" in (await sent.answer()).text


async def test_what_takes_too_long_for_everyones_eyes_still_goes_to_everyone(
    bot: Studybot, place: Place
) -> None:
    async with bot.parts.store.write():
        sent = place.bob.slash(place.channel, "explain", {"term": "lora"})
        response = await sent.response()
        assert (response.kind, response.ephemeral) == ("deferred", False)
    assert "low-rank" in (await sent.answer()).text.lower()


async def test_a_refusal_of_slow_work_is_not_shown_to_everyone(
    place: Place, tmp_path: Path
) -> None:
    async with interacting(tmp_path, place, founded=False) as bot:
        async with bot.parts.store.write():
            sent = place.bob.slash(place.channel, "explain", {"term": "lora"})
            response = await sent.response()
            assert not response.ephemeral
        refused = await sent.followup()
        assert refused.ephemeral
        assert "/study setup" in refused.text
        assert place.ada.screen(place.channel) == []


async def test_an_answer_whose_token_ran_out_comes_directly_or_into_the_channel(
    bot: Studybot, place: Place
) -> None:
    await bot.ask()
    place.server.interactions.settings.token_lives = 0
    async with bot.parts.store.write():
        alone = place.bob.slash(place.channel, "me")
        everyone = place.bob.slash(place.channel, "explain", {"term": "lora"})
        await alone.response()
        await everyone.response()
    direct = await place.server.sent(where=place.bob.direct)
    assert direct.text
    explained = await place.server.sent(lambda m: "low-rank" in m.text.lower())
    assert explained.channel is place.channel


async def test_an_interaction_that_reached_us_too_late_is_done_all_the_same(
    bot: Studybot, place: Place
) -> None:
    question = await bot.ask()
    asked = place.bob.press(question, "Answer")
    await modal_of(asked)
    place.server.interactions.settings.answer_within = 0
    place.bob.submit(asked, {"text": WRONG})
    assert "Your answer is in" in (await place.server.sent(where=place.bob.direct)).text
    assert await words_of(bot, place.bob) == [WRONG]


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 503}, {"status": 500}])
@pytest.mark.parametrize("committed", [True, False])
async def test_an_answer_on_a_broken_line_arrives_once(
    bot: Studybot,
    place: Place,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, int],
    *,
    committed: bool,
) -> None:
    question = await bot.ask()
    place.server.faults.add(CALLBACK, committed=committed, **fault)
    asked = place.bob.press(question, "My grade")
    assert "You haven't answered" in (await asked.answer()).text
    await bot.settled()
    shown = [m for m in place.bob.screen(place.channel) if "You haven't answered" in m.text]
    assert len(shown) == 1
    assert "could not be dealt with" not in caplog.text
    assert "refused" not in caplog.text


async def test_what_breaks_inside_is_logged_and_never_shown(
    bot: Studybot, place: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with sqlite3.connect(tmp_path / "studybot.db") as database:
        database.execute("ALTER TABLE scores RENAME TO elsewhere")
    database.close()
    answer = await place.bob.slash(place.channel, "leaderboard").answer()
    assert answer.ephemeral
    assert "logged" in answer.text
    assert "scores" not in answer.text
    assert "scores" in caplog.text
    assert bot.client.is_ready()


async def test_an_interaction_that_is_told_twice_acts_once(bot: Studybot, place: Place) -> None:
    question = await bot.ask()
    asked = place.bob.press(question, "Answer")
    await modal_of(asked)
    sent = place.bob.submit(asked, {"text": WRONG})
    taken = await sent.answer()
    place.server.interactions.tell(sent)
    await bot.settled()
    assert await words_of(bot, place.bob) == [WRONG]
    await bot.work()
    place.server.interactions.tell(sent)
    await bot.settled()
    assert await words_of(bot, place.bob) == [WRONG]
    asked = place.bob.press(taken, "My grade")
    await asked.answer()
    appeal = place.bob.press(question, "Appeal")
    await modal_of(appeal)
    filed = place.bob.submit(appeal, {"text": "Pasta is fine"})
    await filed.answer()
    place.server.interactions.tell(filed)
    await bot.settled()
    group, _ = await bot.room()
    async with bot.parts.store.read() as tx:
        assert len(await tx.appeals.queue(group.id)) == 1


async def test_an_appeal_is_made_from_a_direct_message(bot: Studybot, place: Place) -> None:
    question = await bot.ask()
    await answer_by_button(place.bob, question, WRONG)
    await bot.work()
    round_, member = await bot.round(), await bot.member(place.bob)
    _, channel = await bot.room()
    bot.desk.tokens.drop(place.bob.id)
    account = Account(1, member.id, "discord", str(place.bob.id), "bob")
    button = Button(Action.APPEAL, "Appeal", round_.id)
    envelope = Envelope(channel, "sb-direct", only=account)
    messenger = bot.services.messengers["discord"]
    await messenger.send(envelope, Message("Graded again", buttons=(button,)))
    direct = await place.server.sent(where=place.bob.direct)
    asked = place.bob.press(direct, "Appeal")
    await modal_of(asked)
    assert "Appealed" in (await place.bob.submit(asked, {"text": "Look again"}).answer()).text
    grade = await grade_of(bot, place.bob)
    assert grade is not None
    assert grade.state is GradeState.APPEALED


async def test_in_a_locked_thread_what_is_for_everyone_is_told_to_who_asked(
    bot: Studybot, place: Place
) -> None:
    question = await bot.ask()
    thread = await place.server.threaded(question)
    assert isinstance(thread, Thread)
    place.server.admin.lock(thread)
    place.server.admin.deny(place.channel, place.server.bot, permissions.MANAGE_THREADS)
    answer = await place.bob.slash(thread, "explain", {"term": "lora"}).answer()
    assert answer.ephemeral
    assert "low-rank" in answer.text.lower()


async def test_nothing_is_kept_in_memory_of_what_was_shown(bot: Studybot, place: Place) -> None:
    question = await bot.ask()
    await answer_by_button(place.bob, question, WRONG)
    await place.ada.slash(place.channel, "study setup").answer()
    await modal_of(place.ada.slash(place.channel, "study grade"))
    store = bot.client._connection._view_store
    assert (store._views, store._modals) == ({}, {})


async def test_whom_the_servers_settings_show_study_commands_organises_with_their_buttons_too(
    bot: Studybot, place: Place
) -> None:
    question = await bot.ask()
    await answer_by_button(place.ada, question, WRONG)
    await bot.work()
    asked = place.ada.press(question, "Appeal")
    await modal_of(asked)
    await place.ada.submit(asked, {}).answer()
    # As the owner can, under Integrations.
    for command in place.server.commands.everywhere.values():
        command["default_member_permissions"] = None
    queue = await place.bob.slash(place.channel, "study appeals").answer()
    [partial] = [key for key in queue.buttons if "rule_partial" in key]
    await place.bob.click(queue, partial).response()
    assert "No appeal is waiting" in queue.text
    grade = await grade_of(bot, place.ada)
    assert grade is not None
    assert (grade.state, grade.score) == (GradeState.FINAL, 0.6)


async def test_rulings_below_a_message_that_everyone_sees_are_for_organisers_alone(
    bot: Studybot, place: Place
) -> None:
    question = await bot.ask()
    [button, *_] = question.components[0]["components"]
    button["custom_id"] = "sb:rule_correct:1"
    refused = await place.bob.click(question, "sb:rule_correct:1").answer()
    assert refused.ephemeral
    assert "Only organisers" in refused.text
