"""Channels that join a group with a code, leave it, or take the place of one that is gone."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from bot.commands.core import Call, Response
from bot.commands.press import press
from bot.commands.run import run_text
from bot.domain.group import Channel, Group
from bot.domain.rounds import RoundState
from bot.domain.work import OutKind
from bot.errors import StudyError
from bot.messages.message import Action
from bot.messages.plain import plain
from bot.study import joining
from bot.study.channels import DELETED, stop_posting
from bot.study.groups import found_group, set_paused
from bot.study.joining import Joined, Place
from bot.study.notices import tell_organisers
from tests.support.harness import FakeClock, Study, study
from tests.support.judging import ScriptedJudge, points

CODE = re.compile(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b")
ANNEX = Place("web", "annex", "annex", "house")


async def code_of(session: Study) -> str:
    found = CODE.search(await session.command("Ada", "/study invite"))
    assert found is not None
    return found[0]


async def join(session: Study, code: str, place: Place = ANNEX, who: str = "web:ada") -> Joined:
    return await joining.join(session.parts.services, place, code, who)


async def asked_in(session: Study, channel: str) -> list[str]:
    """Titles of the questions that were sent to a channel."""
    async with session.parts.store.read() as tx:
        found = await tx.groups.by_channel("web", channel)
        assert found is not None
        posts = await tx.chat.timeline(found[1].id)
    return [str(post.body["title"]) for post in posts if post.body and post.round_id]


async def own_group(session: Study, *, answered: bool) -> tuple[Group, Channel]:
    """Another group in a channel of its own, which has asked a question."""
    services = session.parts.services
    group, _ = await found_group(services, "web", "annex", "annex", "Early birds")
    async with session.parts.store.read() as tx:
        found = await tx.groups.by_channel("web", "annex")
    assert found is not None
    other = Study(session.parts, session.clock, group, found[1])
    await other.command("Bob", "/study post")
    await other.work()
    if answered:
        await other.reply("Bob", "good answer")
        await other.work()
    return found


async def call_in(session: Study, group: Group, channel: Channel, name: str = "Bob") -> Call:
    async with session.parts.store.write() as tx:
        member = await tx.members.ensure(group.id, "web", name.casefold(), name)
    return Call(group, channel, member, organiser=True)


async def typed(session: Study, call: Call, text: str) -> Response:
    [response] = await run_text(session.parts.services, call, text)
    return response


async def test_organisers_are_told_where_they_chat_rather_than_on_the_page(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        await join(session, await code_of(session), Place("discord", "77", "general", "9"))
        async with session.parts.store.write() as tx:
            await tell_organisers(tx, session.group.id, "news", "News", "Something to know")
        async with session.parts.store.read() as tx:
            [told] = await tx.outbox.recent(session.group.id, OutKind.NOTICE, limit=1)
            channels = {each.id: each for each in await tx.groups.channels(session.group.id)}
        assert channels[told.channel_id].platform == "discord"


async def test_a_channel_joins_and_the_open_question_comes_there_too(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        done = await join(session, (await code_of(session)).lower().replace("-", ""))
        await session.work()
        round_ = await session.round()

        assert done.group.id == session.group.id
        assert round_.question is not None
        assert await asked_in(session, "annex") == [round_.question.prompt]
        await session.pass_time(days=1)
        assert len(await asked_in(session, "annex")) == 2


async def test_a_channel_that_joins_late_in_the_day_gets_the_open_question_as_well(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        # Long after the time in which a question may still be posted at all.
        await session.pass_time(hours=20)
        await join(session, await code_of(session))
        await session.work()

        assert len(await asked_in(session, "annex")) == 1


async def test_a_code_works_once_and_within_its_time(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        code = await code_of(session)
        await join(session, code)
        said = set()
        for text in (code, "ABCD-EFGH", "?"):
            with pytest.raises(StudyError) as refused:
                await join(session, text, Place("web", "third", "third"))
            said.add(str(refused.value))
        late = await code_of(session)
        clock.advance(hours=24)
        with pytest.raises(StudyError) as refused:
            await join(session, late, Place("web", "third", "third"))
        said.add(str(refused.value))

        assert len(said) == 1


async def test_codes_can_not_be_guessed_at_will(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        code = await code_of(session)
        for _ in range(5):
            with pytest.raises(StudyError, match="does nothing"):
                await join(session, "ABCD-EFGH", who="mallory")
        with pytest.raises(StudyError, match="Wait a minute"):
            await join(session, code, who="mallory")
        await join(session, code, who="ada")
        clock.advance(minutes=1)
        with pytest.raises(StudyError, match="does nothing"):
            await join(session, code, who="mallory")


async def test_of_two_channels_that_use_a_code_at_once_one_joins(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        code = await code_of(session)
        tries = [
            join(session, code, Place("web", name, name), f"web:{name}") for name in ("b", "c")
        ]
        done = await asyncio.gather(*tries, return_exceptions=True)
        async with session.parts.store.read() as tx:
            channels = await tx.groups.channels(session.group.id)

        assert sum(isinstance(each, Joined) for each in done) == 1
        assert len(channels) == 2


async def test_a_channel_whose_own_group_was_never_answered_joins_at_once(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        group, channel = await own_group(session, answered=False)
        said = await typed(
            session,
            await call_in(session, group, channel),
            f"/study join {await code_of(session)}",
        )
        await session.work()
        async with session.parts.store.read() as tx:
            found = await tx.groups.by_channel("web", "annex")
            before = await tx.groups.get(group.id)
            left = await tx.rounds.current(group.id)

        assert "has joined" in plain(said.message)
        assert found is not None
        assert found[0].id == session.group.id
        assert before is not None
        assert before.paused
        assert left is not None
        assert left.state is RoundState.CLOSED


async def test_a_channel_whose_group_has_a_past_joins_only_after_a_yes_and_nothing_is_lost(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        services = session.parts.services
        group, channel = await own_group(session, answered=True)
        call = await call_in(session, group, channel)
        asked = await typed(session, call, f"/study join {await code_of(session)}")
        assert "1 answered round and 1 answer" in plain(asked.message)
        async with session.parts.store.read() as tx:
            assert (await tx.groups.by_channel("web", "annex") or [None])[0] == group
        [button] = asked.message.buttons
        assert button.action is Action.JOIN
        await press(services, call, button.action, button.target)
        await session.work()
        with pytest.raises(StudyError, match="Begin again"):
            await press(services, call, button.action, button.target)

        assert len(await asked_in(session, "annex")) == 2
        exported = await session.parts.store.export(group.id)
        assert [score["points"] for score in exported["scores"]] == [100]
        back = CODE.search(plain(asked.message))
        assert back is not None
        returned = await join(session, back[0], Place("web", "third", "third"))
        assert returned.group.id == group.id


async def test_nobody_says_yes_for_another_or_without_being_asked(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        services = session.parts.services
        group, channel = await own_group(session, answered=True)
        bob = await call_in(session, group, channel)
        await typed(session, bob, f"/study join {await code_of(session)}")
        eve = await call_in(session, group, channel, "Eve")
        for action in (Action.JOIN, Action.LINK, Action.FORGET):
            with pytest.raises(StudyError):
                await press(services, eve, action, session.group.id)


async def test_a_second_channel_leaves_and_the_only_one_can_not(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        assert "no other channel" in await session.command("Ada", "/study leave")
        await join(session, await code_of(session))
        await session.work()
        async with session.parts.store.read() as tx:
            found = await tx.groups.by_channel("web", "annex")
        assert found is not None
        said = await typed(session, await call_in(session, *found), "/study leave")
        assert "goes on in playground" in plain(said.message)
        await session.reply("Ada", "good answer")
        await session.pass_time(days=1)

        assert await points(session) == {"Ada": 100}
        assert len(await asked_in(session, "annex")) == 1
        again = await join(session, await code_of(session))
        assert again.group.id == session.group.id


async def test_a_group_whose_channel_was_deleted_moves_within_its_server(
    tmp_path: Path, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with study(tmp_path, clock, grader=judge) as session:
        services, store = session.parts.services, session.parts.store
        group, _ = await found_group(services, "web", "old", "old", "Night owls", server_id="house")
        async with store.write() as tx:
            assert await joining.stranded(tx, "web", "house") == []
            found = await tx.groups.by_channel("web", "old")
            assert found is not None
            await stop_posting(tx, found[1], DELETED, "1")
            [lost] = await joining.stranded(tx, "web", "house")
            assert await joining.stranded(tx, "web", "elsewhere") == []
            [notice] = await tx.outbox.recent(group.id, OutKind.NOTICE)
        assert lost.id == group.id
        assert "/study setup" in notice.data["text"]
        assert "/study resume" not in notice.data["text"]
        with pytest.raises(StudyError, match="posts somewhere"):
            await joining.move_here(services, Place("web", "x", "x", "other"), group.id)
        moved = await joining.move_here(services, ANNEX, group.id)
        await set_paused(services, moved.group, paused=False)
        async with store.read() as tx:
            channels = await tx.groups.channels(group.id)

        assert [each.paused_reason is None for each in channels] == [False, True]
