"""Channels that join, organisers that are named, accounts and one's own data, at the wire."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.discord.desk import PLATFORM
from bot.domain.group import Channel, Group, Role
from bot.study import joining, linking
from bot.study.channels import DELETED, stop_posting
from bot.study.joining import Place as JoiningPlace
from tests.platforms.discord_interacting import interacting
from tests.platforms.discord_server import permissions
from tests.platforms.discord_server import world as discord_world
from tests.platforms.discord_server.place import Place, a_place
from tests.platforms.discord_server.typed import NotPossible
from tests.platforms.discord_world import Studybot, a_studybot

CODE = re.compile(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b")


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


@pytest.fixture
async def bot(place: Place, tmp_path: Path) -> AsyncIterator[Studybot]:
    async with interacting(tmp_path, place) as bot:
        yield bot


def code_in(text: str) -> str:
    found = CODE.search(text)
    assert found is not None, text
    return found[0]


async def invited(place: Place) -> str:
    return code_in((await place.ada.slash(place.channel, "study invite").answer()).text)


async def room_of(bot: Studybot, channel: discord_world.Channel) -> tuple[Group, Channel] | None:
    async with bot.parts.store.read() as tx:
        return await tx.groups.by_channel(PLATFORM, str(channel.id))


async def test_a_second_channel_joins_and_the_question_comes_there_too(
    bot: Studybot, place: Place
) -> None:
    asked = await bot.ask()
    second = place.server.channel(place.guild, "second")
    code = await invited(place)
    joined = await place.ada.slash(second, "study join", {"code": code}).answer()
    await bot.work()
    posted = await place.server.sent(lambda m: "Answer" in m.buttons.values(), where=second)

    assert not joined.ephemeral
    assert posted.text.splitlines()[0] == asked.text.splitlines()[0]
    found = await room_of(bot, second)
    assert found is not None
    assert found[1].server_id == str(place.guild.id)
    again = await place.ada.slash(second, "study join", {"code": code}).answer()
    assert "does nothing" in again.text
    assert again.ephemeral
    left = await place.ada.slash(second, "study leave").answer()
    assert "goes on in general" in left.text


async def test_an_open_question_is_answered_by_its_button_though_its_channel_has_left(
    bot: Studybot, place: Place
) -> None:
    second = place.server.channel(place.guild, "second")
    await place.ada.slash(second, "study join", {"code": await invited(place)}).answer()
    group, _ = await bot.room()
    await bot.ask()
    posted = await place.server.sent(lambda m: "Answer" in m.buttons.values(), where=second)
    await place.ada.slash(second, "study leave").answer()
    form = place.bob.press(posted, "Answer")
    await form.response()
    taken = await place.bob.submit(form, {"text": "Tokens look at each other."}).answer()
    assert "Your answer is in" in taken.text
    graded = await place.bob.press(posted, "My grade").answer()
    assert "isn't there" not in graded.text
    async with bot.parts.store.read() as tx:
        bob = await tx.members.of_account(group.id, PLATFORM, str(place.bob.id))
    assert bob is not None
    stranger = place.server.channel(place.guild, "third")
    elsewhere = await place.ada.slash(stranger, "study status").answer()
    assert "No study group" in elsewhere.text


async def test_a_channel_that_has_left_decides_nothing_of_its_old_group(
    bot: Studybot, place: Place
) -> None:
    second = place.server.channel(place.guild, "second")
    await place.ada.slash(second, "study join", {"code": await invited(place)}).answer()
    await bot.ask()
    posted = await place.server.sent(lambda m: "Answer" in m.buttons.values(), where=second)
    thread = await place.server.threaded(posted)
    await place.ada.slash(second, "study leave").answer()
    said = place.bob.say(thread, "Tokens look at each other by attention.")
    refused = await place.ada.menu(said, "Grade this message").answer()
    assert "another study group" in refused.text
    round_ = await bot.round()
    async with bot.parts.store.read() as tx:
        assert await tx.answers.counts([round_.id]) == {round_.id: 0}


async def test_a_channel_is_let_join_by_its_organisers_alone_and_where_studybot_can_post(
    bot: Studybot, place: Place
) -> None:
    second = place.server.channel(place.guild, "second")
    code = await invited(place)
    with pytest.raises(NotPossible):
        place.bob.slash(second, "study join", {"code": code})
    place.server.admin.deny(second, place.server.bot, permissions.CREATE_PUBLIC_THREADS)
    await bot.settled()
    refused = await place.ada.slash(second, "study join", {"code": code}).answer()
    assert "Create Public Threads" in refused.text
    assert await room_of(bot, second) is None


async def test_codes_are_not_guessed_in_a_channel_without_a_group(
    bot: Studybot, place: Place
) -> None:
    second = place.server.channel(place.guild, "second")
    said = [
        (await place.ada.slash(second, "study join", {"code": "AAAA-AAAA"}).answer()).text
        for _ in range(6)
    ]
    assert all("does nothing" in each for each in said[:5])
    assert "Wait a minute" in said[5]
    assert await room_of(bot, second) is None


async def test_a_deleted_channels_group_moves_by_setting_up_elsewhere_in_the_server(
    bot: Studybot, place: Place
) -> None:
    await place.ada.slash(place.channel, "study status").answer()
    group, channel = await bot.room()
    async with bot.parts.store.write() as tx:
        await stop_posting(tx, channel, DELETED, "1")
    place.server.admin.delete_channel(place.channel)
    second = place.server.channel(place.guild, "second")
    await bot.settled()
    begin = await place.ada.slash(second, "study setup").answer()
    assert "points and streaks stand" in begin.text
    label = next(each for each in begin.buttons.values() if each.startswith("Move"))
    moved = await place.ada.press(begin, label).response()

    assert "goes on in #second" in moved.text
    found = await room_of(bot, second)
    assert found is not None
    assert found[0].id == group.id


async def test_organisers_are_told_of_a_deleted_channel_though_studybot_restarts(
    place: Place, tmp_path: Path
) -> None:
    async with a_studybot(tmp_path, place) as bot:
        place.server.admin.delete_channel(place.channel)
        await bot.settled()
        assert (await bot.room())[1].paused_reason == DELETED
    async with a_studybot(tmp_path, place, founded=False) as bot:
        await bot.work()
        notice = await place.server.sent(where=place.ada.direct)
    assert "/study setup" in notice.text
    assert "/study resume" not in notice.text


async def test_who_begins_anew_is_told_of_a_group_that_lost_its_channel(
    bot: Studybot, place: Place
) -> None:
    await place.ada.slash(place.channel, "study status").answer()
    group, channel = await bot.room()
    async with bot.parts.store.write() as tx:
        await stop_posting(tx, channel, DELETED, "1")
    second = place.server.channel(place.guild, "second")
    founded = await place.ada.slash(second, "study setup", {"time": "10:00"}).answer()
    assert f"“{group.name}” can't be posted" in founded.text
    found = await room_of(bot, second)
    assert found is not None
    assert found[0].id != group.id


async def test_organisers_are_picked_from_the_server_and_made_members(
    bot: Studybot, place: Place
) -> None:
    picked = {"member": place.bob.user}
    added = await place.ada.slash(place.channel, "study organisers add", picked).answer()
    assert added.ephemeral
    async with bot.parts.store.read() as tx:
        group, _ = await bot.room()
        bob = await tx.members.of_account(group.id, PLATFORM, str(place.bob.id))
    assert bob is not None
    assert bob.role is Role.ORGANISER
    listed = await place.ada.slash(place.channel, "study organisers list").answer()
    assert bob.name in listed.text
    twice = await place.ada.slash(place.channel, "study organisers add", picked).answer()
    assert "already" in twice.text
    removed = await place.ada.slash(place.channel, "study organisers remove", picked).answer()
    assert "like all others" in removed.text
    robot = {"member": place.server.bot}
    refused = await place.ada.slash(place.channel, "study organisers add", robot).answer()
    assert "is a bot" in refused.text


async def test_two_accounts_become_one_after_a_yes(bot: Studybot, place: Place) -> None:
    group, _ = await bot.room()
    async with bot.parts.store.write() as tx:
        ada = await tx.members.ensure(group.id, "web", "ada", "Ada on the web")
    code = await linking.offer(bot.services, group, ada)
    asked = await place.ada.slash(place.channel, "link", {"code": code}).answer()
    assert asked.ephemeral
    assert "Ada on the web (web)" in asked.text
    done = await place.ada.press(asked, "Make them one").response()
    assert "one member" in done.text
    member = await bot.member(place.ada)
    assert member.id == ada.id
    offered = await place.ada.slash(place.channel, "link").answer()
    assert offered.ephemeral
    own = {"code": code_in(offered.text)}
    again = await place.ada.slash(place.channel, "link", own).answer()
    assert "one member already" in again.text


@pytest.mark.usefixtures("bot")
async def test_ones_own_data_comes_as_a_file_for_oneself(place: Place) -> None:
    answer = await place.bob.slash(place.channel, "privacy export").answer()
    assert answer.ephemeral
    [file] = answer.attachments
    assert file.filename == "studybot-my-data.json"
    assert json.loads(file.content)["member"]["accounts"][0]["external_id"] == str(place.bob.id)


async def test_hidden_members_are_on_no_board_until_they_show_themselves(
    bot: Studybot, place: Place
) -> None:
    for step, hidden in (("hide", True), ("show", False)):
        answer = await place.bob.slash(place.channel, f"privacy {step}").answer()
        assert answer.ephemeral
        assert (await bot.member(place.bob)).hidden is hidden


async def test_forgetting_is_asked_and_then_done(bot: Studybot, place: Place) -> None:
    before = await bot.member(place.bob)
    asked = await place.bob.slash(place.channel, "privacy forget").answer()
    async with bot.parts.store.read() as tx:
        assert await tx.members.get(before.id) is not None
    done = await place.bob.press(asked, "Forget me").response()
    assert "You are forgotten" in done.text
    async with bot.parts.store.read() as tx:
        assert await tx.members.get(before.id) is None


async def test_a_channel_with_a_past_of_its_own_is_asked_about(bot: Studybot, place: Place) -> None:
    services = bot.services
    group, _ = await bot.room()
    async with bot.parts.store.write() as tx:
        other = await tx.groups.create("Elsewhere", group.deck_id, "UTC", group.settings)
        boss = await tx.members.ensure(other.id, "web", "boss", "Boss")
    code = await joining.invite(services, other, boss)
    await bot.ask()
    asked = place.bob.press(
        await place.server.sent(lambda m: "Answer" in m.buttons.values()), "Answer"
    )
    await asked.response()
    await place.bob.submit(asked, {"text": "Tokens look at each other by attention."}).answer()
    doubt = await place.ada.slash(place.channel, "study join", {"code": code}).answer()
    assert doubt.ephemeral
    assert "1 answered round" in doubt.text
    assert (await bot.room())[0].id == group.id
    joined = await place.ada.press(doubt, "Join “Elsewhere” all the same").answer()
    assert "has joined" in joined.text
    assert (await bot.room())[0].id == other.id
    back = JoiningPlace("web", "back", "back")
    returned = await joining.join(services, back, code_in(doubt.text), "web:boss")
    assert returned.group.id == group.id
