"""A group's own guide, from the file to the question, in one process and in several."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.bootstrap import Parts, build
from bot.commands.core import Call, Response
from bot.commands.press import press
from bot.commands.run import run_command, run_text, suggest
from bot.domain.group import Group
from bot.domain.schedule import RoundKind, local_date
from bot.errors import ForbiddenError, NotFoundError
from bot.messages.message import Action
from bot.messages.plain import plain
from bot.settings import Settings
from bot.study import decks, jobs, shelves
from bot.study.groups import found_group
from bot.study.rounds import post_now
from bot.study.services import Services
from content.library import Library
from tests.support.guides import GUIDE, given
from tests.support.harness import FakeClock, Study, study

OTHER = GUIDE.replace("mitochondrion", "ribosome")
LONGER = GUIDE + "\n### What is diffusion?\n\nDiffusion is the net movement of particles.\n"


async def group_now(services: Services, group: Group) -> Group:
    async with services.store.read() as tx:
        found = await tx.groups.get(group.id)
    assert found is not None
    return found


async def call_of(session: Study, *, organiser: bool = True) -> Call:
    member = await session.member("Ada")
    group = await group_now(session.parts.services, session.group)
    return Call(group, session.channel, member, organiser)


async def bring(session: Study, text: str = GUIDE, name: str = "biology.md") -> Response:
    """Send a file with the command; the preview."""
    call = replace(await call_of(session), file=given(text, name))
    [response] = await run_command(session.parts.services, call, "study deck import", {})
    return response


async def decide(session: Study, response: Response, action: Action) -> str:
    [target] = {button.target for button in response.message.buttons}
    answer = await press(session.parts.services, await call_of(session), action, target)
    return plain(answer.message)


async def another_group(parts: Parts, name: str = "Another") -> Call:
    services = parts.services
    group, _ = await found_group(services, "fake", name, "general", name)
    async with services.store.write() as tx:
        member = await tx.members.ensure(group.id, "fake", "eve", "Eve")
        [channel] = await tx.groups.channels(group.id)
    return Call(group, channel, member, organiser=True)


async def test_the_next_question_comes_from_the_groups_own_guide(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        today = await session.round()
        text = await decide(session, await bring(session), Action.IMPORT_USE)
        assert "the next question comes from it, today's stays" in text
        assert (await session.round()).question == today.question
        await session.pass_time(days=1)
        question = (await session.round()).question
        assert question is not None
        assert question.prompt == "What does a mitochondrion do?"
        explained = await session.command("Ada", "/explain osmosis")
        assert "net movement of water" in explained


async def test_a_new_version_keeps_ids_and_what_was_posted(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        await decide(session, await bring(session), Action.IMPORT_USE)
        await session.pass_time(days=1)
        before = (await session.round()).question
        assert before is not None
        again = await bring(session, LONGER.replace("circular DNA", "circular DNA of its own"))
        assert "3 kept, 1 new" in plain(again.message)
        assert [button.label for button in again.message.buttons][:1] == ["Update"]
        assert "the next question comes from it" in await decide(session, again, Action.IMPORT)
        assert (await session.round()).question == before
        deck = session.parts.services.library.deck("cell-biology")
        assert deck is not None
        mended = deck.question(before.id)
        assert mended is not None
        assert mended.reference != before.reference


async def test_no_other_group_sees_names_or_searches_it(tmp_path: Path, clock: FakeClock) -> None:
    async with study(tmp_path, clock) as session:
        await decide(session, await bring(session), Action.IMPORT)
        services, other = session.parts.services, await another_group(session.parts)
        for line in ("/study deck use cell-biology", "/study setup deck=cell-biology"):
            [response] = await run_text(services, other, line)
            assert "There is no deck" in plain(response.message)
            assert "cell" not in plain(response.message).split("Decks here:")[1]
        [listed] = await run_text(services, other, "/study deck list")
        assert "Cell" not in plain(listed.message)
        assert suggest(services, other.group, "/study deck use ce") == []
        [found] = suggest(services, session.group, "/study deck use ce")
        assert found.text == "/study deck use cell-biology"
        assert suggest(services, other.group, "/study setup deck=ce") == []
        [form] = await run_text(services, other, "/study setup")
        assert form.form is not None
        assert not any("cell-biology" in field.option.choices for field in form.form.fields)
        assert (await group_now(services, other.group)).deck_id == "llm-interviews"


async def test_two_groups_may_bring_guides_of_one_title(tmp_path: Path, clock: FakeClock) -> None:
    async with study(tmp_path, clock) as session:
        services, other = session.parts.services, await another_group(session.parts)
        mine = await bring(session)
        theirs = replace(other, file=given(OTHER))
        [response] = await run_command(services, theirs, "study deck import", {})
        draft_id = response.message.buttons[0].target
        await asyncio.gather(
            decide(session, mine, Action.IMPORT),
            press(services, other, Action.IMPORT_USE, draft_id),
        )
        seen = {
            group.id: (await shelves.decks_of(services, group))[-1]
            for group in (session.group, other.group)
        }
        assert {deck.id for deck in seen.values()} == {"cell-biology", "cell-biology-2"}
        assert seen[other.group.id].sections[0].questions[0].prompt == "What does a ribosome do?"
        used = await group_now(services, other.group)
        assert used.deck_id == seen[other.group.id].id

        [again] = await run_command(services, theirs, "study deck import", {})
        assert f"{used.deck_id}: 3 kept, 0 new" in plain(again.message)


async def test_an_import_is_for_organisers_of_its_group(tmp_path: Path, clock: FakeClock) -> None:
    async with study(tmp_path, clock) as session:
        services = session.parts.services
        shown = await bring(session)
        draft_id = shown.message.buttons[0].target
        member = await call_of(session, organiser=False)
        with pytest.raises(ForbiddenError):
            await press(services, member, Action.IMPORT, draft_id)
        other = await another_group(session.parts)
        for action in (Action.IMPORT_USE, Action.IMPORT_SHOW, Action.IMPORT_DISCARD):
            with pytest.raises(NotFoundError):
                await press(services, other, action, draft_id)
        assert "Imported" in await decide(session, shown, Action.IMPORT)


async def test_a_chosen_guide_is_updated_whatever_the_file_is_called(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        services = session.parts.services
        await decide(session, await bring(session), Action.IMPORT)
        call = replace(await call_of(session), file=given(LONGER.replace("Cell", "The cell")))
        for chosen, words in (("cell-biology", "3 kept, 1 new"), ("llm-interviews", "comes with")):
            [response] = await run_command(
                services, call, "study deck import", {"deck": chosen, "title": "Cells"}
            )
            assert words in plain(response.message)


async def test_every_process_takes_a_guide_in_that_one_imported(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = Settings.from_env({"DATABASE_URL": f"sqlite:///{tmp_path}/studybot.db"})
    async with study(tmp_path, clock) as session, build(settings, clock=clock) as second:
        other = second.services
        await decide(session, await bring(session), Action.IMPORT_USE)
        assert other.library.own(session.group.id) == ()
        await shelves.refresh(other)
        assert other.library.own(session.group.id) == ("cell-biology",)
        [said] = await run_text(other, await call_of(session), "/explain osmosis")
        assert "net movement of water" in plain(said.message)

        await decide(session, await bring(session, LONGER), Action.IMPORT)
        clock.advance(days=1)
        await jobs.tick_once(other)
        for job in await other.store.open_work(clock()):
            # Nobody told this process, which opens the round: it looks before it asks.
            await jobs.handle(other, job)
        deck = other.library.deck("cell-biology")
        assert deck is not None
        assert sum(1 for _ in deck.questions()) == 4


async def test_a_guide_that_can_not_be_read_any_more_stops_nothing(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        await decide(session, await bring(session), Action.IMPORT)
        member = await session.member("Ada")
        async with session.parts.store.write() as tx:
            await tx.decks.put(
                "cell-biology", session.group.id, "old.txt", "no deck", member.id, clock()
            )
    for _ in range(2):
        async with study(tmp_path, clock) as session:
            listed = await session.command("Ada", "/study deck list")
            assert "Cell biology" not in listed
            await session.work()
            told = [title for title in await session.titles() if "can't be read" in title]
            assert told == ["A guide can't be read any more"]
    async with study(tmp_path, clock) as session:
        assert "Updated" in await decide(session, await bring(session), Action.IMPORT)
        deck = session.parts.services.library.deck("cell-biology")
        assert deck is not None
        assert await post_now(session.parts.services, session.group)


async def test_after_a_restart_a_guide_is_read_when_it_is_needed(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        await decide(session, await bring(session), Action.IMPORT_USE)
    async with study(tmp_path, clock) as session:
        assert session.parts.services.library.deck("cell-biology") is None
        await session.pass_time(days=1)
        question = (await session.round()).question
        assert question is not None
        assert question.prompt == "What does a mitochondrion do?"
    for line, words in (
        ("/explain osmosis", "net movement of water"),
        ("/study status", "Cell biology, 3 questions"),
        ("/study setup", "Cell biology"),
        ("/study deck list", "Cell biology"),
        ("/study deck use cell biology", "Cell biology"),
    ):
        async with study(tmp_path, clock) as session:
            assert words in await session.command("Ada", line), line


async def test_terms_are_completed_once_the_guide_is_indexed(
    tmp_path: Path, clock: FakeClock
) -> None:
    head = "---\nid: cell-biology\ntitle: Cell biology\n---\n"
    question = "## Cells\n### What is osmosis? {#osmosis}\nWater moves.\n"
    with_term = f"{head}{question}#### Terms\n- Osmosis: Water on the move.\n"
    async with study(tmp_path, clock) as session:
        await decide(session, await bring(session, with_term), Action.IMPORT_USE)
    async with study(tmp_path, clock) as session:
        services, group = (
            session.parts.services,
            await group_now(session.parts.services, session.group),
        )
        assert suggest(services, group, "/explain os") == []
        assert suggest(services, group, "/explain os") == []
        await services.background.ended()
        [found] = suggest(services, group, "/explain os")
        assert found.text == "/explain Osmosis"


async def test_every_groups_round_finds_its_guide_however_few_are_held(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with study(tmp_path, clock) as session:
        calls = [await another_group(session.parts, f"Group {n}") for n in range(4)]
        few = Library([], most_decks=1)
        services = replace(session.parts.services, library=few)
        await shelves.refresh(services)
        for call in calls:
            text = GUIDE.replace("mitochondrion", call.group.name)
            brought = replace(call, file=given(text.replace("Cell biology", call.group.name)))
            [shown] = await run_command(services, brought, "study deck import", {})
            await press(services, call, Action.IMPORT_USE, shown.message.buttons[0].target)
        clock.advance(days=1)
        today = local_date(clock(), "UTC")
        await jobs.tick_once(services)
        work = await services.store.open_work(clock())
        await asyncio.gather(*(jobs.handle(services, job) for job in work))
        for call in calls:
            async with services.store.read() as tx:
                round_ = await tx.rounds.on_date(call.group.id, today, RoundKind.DAILY)
            assert round_ is not None
            assert round_.question is not None
            assert round_.question.prompt == f"What does a {call.group.name} do?"
        few.close()


async def test_drafts_that_nobody_decided_are_pruned(tmp_path: Path, clock: FakeClock) -> None:
    async with study(tmp_path, clock) as session:
        shown = await bring(session)
        clock.advance(hours=25)
        await jobs.prune(session.parts.services)
        async with session.parts.store.read() as tx:
            assert await tx.decks.waiting([shown.message.buttons[0].target]) == set()


async def test_a_group_has_only_so_many_guides(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decks, "MOST_DECKS", 1)
    async with study(tmp_path, clock) as session:
        await decide(session, await bring(session), Action.IMPORT)
        another = await bring(session, GUIDE.replace("Cell biology", "Botany"))
        assert "1 guides" in plain(another.message)
        assert "Update" in plain((await bring(session)).message)
