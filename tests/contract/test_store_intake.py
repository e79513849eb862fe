"""Many replies at once: what is stored for hundreds is what is stored for one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.domain.rounds import Answer, RevisionState, Round
from bot.domain.work import OutKind, OutState
from bot.store.intake import Author, FirstAnswer
from storage.database import Database
from tests.contract.store_world import DAY, NOW, World

ADA = "Ada"


def first(world: World, round_: Round, member_id: int, text: str) -> FirstAnswer:
    answer = Answer(0, round_.id, world.group.id, member_id, NOW, message_id=f"m{member_id}")
    return FirstAnswer(answer, text)


async def test_events_are_new_once(store: Database) -> None:
    async with store.write() as tx:
        assert await tx.intake.first_times("web", ["a", "b", "a"], NOW) == {"a", "b"}
        assert await tx.intake.first_times("web", ["b", "c"], NOW) == {"c"}
        assert await tx.intake.first_times("discord", ["b"], NOW) == {"b"}
        assert await tx.intake.first_times("web", [], NOW) == set()
        assert not await tx.first_time("web", "c", NOW)


async def test_a_scene_is_the_group_channel_and_round_of_a_question(world: World) -> None:
    round_ = await world.round()
    question = replace(world.new_out("q", OutKind.QUESTION), round_id=round_.id)
    async with world.store.write() as tx:
        [out_id] = await tx.outbox.add([question])
        await tx.outbox.finish(out_id, OutState.SENT, NOW, external_id="1")
    async with world.store.read() as tx:
        asked = await tx.intake.asked("web", ["1", "2"])
        assert await tx.intake.asked("discord", ["1"]) == {}
        scenes = await tx.intake.scenes({out_id, out_id + 1})
    assert {key: out.id for key, out in asked.items()} == {"1": out_id}
    assert set(scenes) == {out_id}
    scene = scenes[out_id]
    assert (scene.group, scene.channel, scene.round) == (world.group, world.channel, round_)


async def test_members_are_made_found_and_renamed(world: World) -> None:
    known = await world.member(ADA)
    authors = [
        Author(world.group.id, "ada", ADA),
        Author(world.group.id, "bob", "Bob"),
        Author(world.group.id, "cleo", "Cleo"),
    ]
    async with world.store.write() as tx:
        made = await tx.intake.members("web", authors)
        again = await tx.intake.members("web", [replace(authors[1], name="Bobby"), *authors[2:]])
        everyone = await tx.members.in_group(world.group.id)
    assert made[authors[0]] == known
    assert [made[each].name for each in authors] == [ADA, "Bob", "Cleo"]
    assert again[authors[2]] == made[authors[2]]
    assert [member.name for member in everyone] == [ADA, "Bobby", "Cleo"]
    assert len({member.id for member in made.values()}) == 3


async def test_two_transactions_make_a_member_once(world: World) -> None:
    authors = [Author(world.group.id, f"p{number}", f"P{number}") for number in range(20)]

    async def make() -> set[int]:
        async with world.store.write() as tx:
            made = await tx.intake.members("web", authors)
        return {member.id for member in made.values()}

    one, other = await asyncio.gather(make(), make())
    assert one == other
    async with world.store.read() as tx:
        assert {member.id for member in await tx.members.in_group(world.group.id)} == one


async def test_first_answers_point_to_their_pending_revision(world: World) -> None:
    round_ = await world.round()
    members = [await world.member(name) for name in ("Ada", "Bob", "Cleo")]
    new = [first(world, round_, each.id, f"words of {each.name}") for each in members]
    async with world.store.write() as tx:
        made = await tx.intake.first_answers(new)
    assert len(made) == 3
    async with world.store.read() as tx:
        for member, each in zip(members, new, strict=True):
            answer = await tx.answers.find(round_.id, member.id)
            assert answer is not None
            [revision] = await tx.answers.revisions(answer.id)
            assert (revision.number, revision.state) == (1, RevisionState.PENDING)
            assert (revision.text, revision.message_id) == (each.text, f"m{member.id}")
            assert answer == replace(each.answer, id=answer.id, revision_id=revision.id)
            assert (answer, revision) in made


async def test_who_has_an_answer_is_left_out(world: World) -> None:
    round_ = await world.round()
    ada, bob = await world.member(ADA), await world.member("Bob")
    there = await world.answer(round_, ada)
    async with world.store.write() as tx:
        made = await tx.intake.first_answers(
            [first(world, round_, ada.id, "again"), first(world, round_, bob.id, "hello")]
        )
        assert [answer.member_id for answer, _ in made] == [bob.id]
        assert len(await tx.answers.revisions(there.id)) == 1


async def test_answers_are_found_by_round_and_member(world: World) -> None:
    monday = await world.round()
    tuesday = await world.round(DAY + timedelta(days=1))
    ada, bob = await world.member(ADA), await world.member("Bob")
    answers = [await world.answer(monday, ada), await world.answer(tuesday, bob)]
    asked = {(monday.id, ada.id), (tuesday.id, bob.id), (monday.id, 99)}
    async with world.store.write() as tx:
        found = await tx.intake.answered(asked)
    assert found == {(each.round_id, each.member_id): each for each in answers}
