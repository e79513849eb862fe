"""One question's life on Discord, with the whole adapter: asked, answered, graded, closed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.discord.inbound import NO_TEXT
from bot.study.answering import NO_ATTEMPT
from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_server.world import Thread
from tests.platforms.discord_world import Studybot, a_studybot
from tests.support.judging import ScriptedJudge


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


async def reference(bot: Studybot) -> str:
    round_ = await bot.round()
    assert round_.question is not None
    return round_.question.reference


async def test_a_question_is_asked_answered_graded_and_closed(place: Place, tmp_path: Path) -> None:
    cleo = place.server.person("cleo")
    cleo.join(place.guild)
    async with a_studybot(tmp_path, place, grader=ScriptedJudge()) as bot:
        asked = await bot.ask()
        thread = await place.server.threaded(asked)
        replies = {
            "✅": place.bob.say(thread, "good as far as I can tell"),
            "🟡": place.ada.say(thread, "half of it, I think"),
            "❌": cleo.say(thread, "bad but I tried to answer it"),
        }
        await bot.settled()
        await bot.work()
        for verdict, reply in replies.items():
            assert mine(place, reply.reactions) == {verdict}
        # Nothing was sent into anybody's direct messages.
        assert not place.bob.screen(place.bob.direct)

        grade = await place.bob.press(asked, "My grade").answer()
        assert grade.ephemeral
        assert grade.text.startswith("Correct · 100 points")

        await bot.close_round()
        assert not asked.buttons
        results = [m.text for m in thread.messages.values() if "This round is closed" in m.text]
        assert len(results) == 1
        assert "1 correct, 1 partial, 1 not yet" in results[0]
        assert place.server.journal.invalid == 0


async def test_who_takes_no_direct_messages_is_led_to_their_note_once(
    place: Place, tmp_path: Path
) -> None:
    place.bob.user.takes_messages = False
    async with a_studybot(tmp_path, place) as bot:
        thread = await place.server.threaded(await bot.ask())
        for name in ("answer.png", "notes.txt"):
            place.bob.say(thread, "", attachments=[(name, b"1001")])
        place.bob.say(thread, "🤔")
        await bot.settled()
        await bot.work()
        ours = [m for m in thread.messages.values() if m.buttons]
        assert len(ours) == 1
        (nudge,) = ours
        assert place.bob.id in nudge.pinged
        assert "A note is waiting" in nudge.text
        assert not {NO_ATTEMPT, NO_TEXT} & set(nudge.text.splitlines())
        pressed = place.bob.press(nudge, "My grade")
        assert "You haven't answered" in (await pressed.answer()).text
        hints = [(await pressed.followup(number)).text for number in range(2)]
        assert [NO_TEXT in hints[0], NO_ATTEMPT in hints[1]] == [True, True]
        assert all(each.ephemeral for each in pressed.followups)
        again = place.bob.press(nudge, "My grade")
        await again.answer()
        await bot.settled()
        assert not again.followups
    assert not [m for m in place.ada.screen(thread) if m.seen_by == place.bob.id]


async def test_after_a_restart_an_old_message_still_works(place: Place, tmp_path: Path) -> None:
    async with a_studybot(tmp_path, place) as bot:
        asked = await bot.ask()
        clock = bot.clock
    async with a_studybot(tmp_path, place, clock=clock) as bot:
        form = place.bob.press(asked, "Answer")
        await form.response()
        answered = place.bob.submit(form, {"text": await reference(bot)})
        await answered.answer()
        await bot.work()
        grade = await place.bob.press(asked, "My grade").answer()
        assert grade.text.startswith("Correct")


async def test_what_a_member_writes_pings_nobody_and_formats_nothing(
    place: Place, tmp_path: Path
) -> None:
    async with a_studybot(tmp_path, place) as bot:
        asked = await bot.ask()
        thread = await place.server.threaded(asked)
        assert isinstance(thread, Thread)
        words = f"{await reference(bot)} @everyone {place.ada.mention} **loud**"
        place.bob.say(thread, words)
        await bot.settled()
        await bot.work()
        await place.bob.press(asked, "My grade").answer()
        await bot.close_round()
        for message in place.server.messages.sent:
            assert not message.pinged
            assert not message.pinged_everyone


def mine(place: Place, reactions: dict[str, list[int]]) -> set[str]:
    return {emoji for emoji, ids in reactions.items() if place.server.bot.id in ids}
