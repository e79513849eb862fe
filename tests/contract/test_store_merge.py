"""What every Store promises when two members become one."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.chat import NewPost
from bot.domain.rounds import RevisionState
from bot.domain.work import NewOut, OutKind
from bot.store import Score
from tests.contract.store_world import DAY, JUDGEMENT, NOW, World


async def test_everything_of_one_member_is_the_others(world: World) -> None:
    answer = await world.answered("Bob")
    appeal, _ = await world.appeal(answer)
    grace = await world.member("Grace")
    async with world.store.write() as tx:
        bob = await tx.members.of_account(world.group.id, "web", "bob")
        assert bob is not None
        score = Score(world.group.id, bob.id, answer.round_id, DAY, 75)
        await tx.boards.put(score)
        post = await tx.chat.add(NewPost(world.channel.id, bob.id, "hello"), NOW)
        body = {"spans": [{"kind": "mention", "member_id": bob.id, "name": "Bob"}]}
        said = await tx.chat.add(NewPost(world.channel.id, body=body), NOW)
        out = NewOut(
            world.group.id,
            world.channel.id,
            OutKind.FEEDBACK,
            "key",
            member_id=bob.id,
            data={"member_ids": [bob.id, grace.id, 77]},
        )
        [out_id] = await tx.outbox.add([out])
        await tx.appeals.resolve(appeal.id, bob.id, NOW)
        assert [each.id for each in await tx.members.lock([grace.id, bob.id])] == [bob.id, grace.id]
        await tx.members.merge(bob.id, grace.id)
    async with world.store.read() as tx:
        assert await tx.members.get(bob.id) is None
        assert await tx.members.of_account(world.group.id, "web", "bob") == grace
        assert len(await tx.members.accounts(grace.id)) == 2
        moved = await tx.answers.get(answer.id)
        assert moved == replace(answer, member_id=grace.id)
        assert await tx.boards.score(answer.round_id, grace.id) == replace(
            score, member_id=grace.id
        )
        found = await tx.chat.get(post.id)
        assert found is not None
        assert found.author_id == grace.id
        found = await tx.chat.get(said.id)
        assert found is not None
        assert found.body is not None
        assert found.body["spans"][0]["member_id"] == grace.id
        row = await tx.outbox.get(out_id)
        assert row is not None
        assert row.member_id == grace.id
        assert row.data["member_ids"] == [grace.id, 77]
        assert await tx.answers.rounds_of(grace.id) == {answer.round_id: answer.id}


async def test_one_answers_wordings_come_after_anothers(world: World) -> None:
    round_ = await world.round()
    first = await world.answer(round_, await world.member("Ada"), "first")
    second = await world.answer(round_, await world.member("Bob"), "second")
    grade = await world.graded(second)
    async with world.store.write() as tx:
        await tx.answers.add_revision(first.id, "first again", RevisionState.PENDING, NOW)
        await tx.answers.fold(second.id, first.id)
    async with world.store.read() as tx:
        assert await tx.answers.get(second.id) is None
        wordings = await tx.answers.revisions(first.id)
        assert [each.text for each in wordings] == ["first", "first again", "second"]
        assert [each.number for each in wordings] == [1, 2, 3]
        kept = await tx.answers.grade(wordings[-1].id)
        assert kept == replace(grade, answer_id=first.id)


async def test_a_members_data_holds_what_is_theirs_alone(world: World) -> None:
    answer = await world.answered("Bob")
    await world.judged(answer)
    await world.appeal(answer, "Please look.")
    other = await world.answer(
        await world.round(DAY.replace(day=2)), await world.member("Ada"), "ADA"
    )
    async with world.store.write() as tx:
        await tx.boards.put(Score(world.group.id, answer.member_id, answer.round_id, DAY, 75))
        await tx.chat.add(NewPost(world.channel.id, answer.member_id, "hello"), NOW)
    async with world.store.read() as tx:
        data = await tx.members.export(answer.member_id)
        assert await tx.members.export(10_000) == {}
    assert data["member"]["name"] == "Bob"
    assert data["member"]["accounts"][0]["platform"] == "web"
    assert data["group"] == world.group.name
    [reply] = data["answers"]
    assert reply["question"] == "What is attention?"
    assert reply["local_date"] == DAY.isoformat()
    assert reply["appeals"][0]["reason"] == "Please look."
    assert reply["revisions"][0]["grades"][0]["feedback"] == JUDGEMENT.feedback
    assert [score["points"] for score in data["scores"]] == [75]
    assert [post["text"] for post in data["posts"]] == ["hello"]
    assert "ADA" not in str(data)
    assert other.id != reply["id"]
