"""Deciding something in the moment in which another process acts on the same rows."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.stored import NewDraft
from bot.errors import NotFoundError
from bot.study import answering, decks
from bot.study.answering import Reply
from tests.story.test_core_races import first_reply, two_processes, until_blocked
from tests.support.guides import GUIDE
from tests.support.harness import FakeClock, Study
from tests.support.judging import ScriptedJudge


async def forget(session: Study, member_id: int) -> None:
    async with session.parts.store.write() as tx:
        await tx.members.erase(member_id)


async def test_forgetting_and_a_reply_at_once_never_block_each_other(
    postgres_url: str, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with two_processes(postgres_url, clock, judge) as (one, other):
        await first_reply(one, "half an answer")
        member, round_ = await one.member("Ada"), await one.round()
        async with one.parts.store.write() as tx:
            await tx.answers.find(round_.id, member.id, lock=True)
            forgetting = asyncio.create_task(forget(other, member.id))
            await until_blocked(postgres_url, forgetting)
            reply = Reply("answer: good", clock(), one.channel.id, "a message")
            await answering.accept(tx, one.group, round_, member, reply, clock())
        await forgetting
        async with one.parts.store.read() as tx:
            assert await tx.members.get(member.id) is None
            assert await tx.answers.in_round(round_.id) == []


async def test_of_two_who_decide_on_an_import_at_once_one_does(
    postgres_url: str, clock: FakeClock, judge: ScriptedJudge
) -> None:
    async with two_processes(postgres_url, clock, judge) as (one, other):
        member = await one.member("Ada")
        new = NewDraft(one.group.id, member.id, "biology", "notes.md", GUIDE, {"title": "Biology"})
        async with one.parts.store.write() as tx:
            draft_id = await tx.decks.add_draft(new, clock())
        services = other.parts.services
        async with one.parts.store.write() as tx:
            await tx.decks.delete_draft(draft_id)
            late = asyncio.create_task(
                decks.accept(services, other.group, member, draft_id, use=False)
            )
            await until_blocked(postgres_url, late)
        with pytest.raises(NotFoundError):
            await late
        async with one.parts.store.read() as tx:
            assert await tx.decks.of_group(one.group.id) == []
