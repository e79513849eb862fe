"""Forgetting a member leaves nothing of theirs behind, and nobody else's rows broken."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bot.domain.chat import NewPost
from bot.domain.streaks import Streak
from bot.domain.work import OutKind
from bot.store import Score
from storage.tables import metadata
from storage.urls import parse_url
from tests.contract.store_world import DAY, NOW, World

MEMBER_COLUMNS = ("member_id", "author_id", "only_member_id", "resolved_by")


async def _rows(url: str) -> list[tuple[str, dict[str, Any]]]:
    engine = create_async_engine(parse_url(url).url)
    async with engine.connect() as connection:
        rows = [
            (table.name, dict(row))
            for table in metadata.sorted_tables
            for row in (await connection.execute(sa.select(table))).mappings()
        ]
    await engine.dispose()
    return rows


async def _live(world: World, name: str, other: str) -> int:
    """Everything that can be known of a member, some of it in rows about others."""
    round_ = await world.round()
    who, bystander = await world.member(name), await world.member(other)
    answer = await world.answer(round_, who, f"{name} thinks so")
    kept = await world.answer(round_, bystander, "my own words")
    await world.graded(answer)
    await world.graded(kept)
    channel, group = world.channel.id, world.group.id
    async with world.store.write() as tx:
        await tx.members.save_streaks(group, {who.id: Streak(1, 1, 0)})
        await tx.boards.put(Score(group, who.id, round_.id, DAY, 75))
        await tx.boards.put(
            Score(group, bystander.id, round_.id, DAY, 75, f"Near copy of {name}'s answer")
        )
        for each, reason in ((answer, "It is right."), (kept, f"As {name} says, it is right.")):
            appeal, _ = await tx.appeals.add(group, each.id, each.revision_id or 0, reason, NOW)
            await tx.appeals.resolve(appeal.id, who.id, NOW)
        await tx.outbox.add(
            [
                replace(world.new_out("question", OutKind.QUESTION), round_id=round_.id),
                replace(world.new_out("to them"), member_id=who.id),
                replace(world.new_out("feedback"), answer_id=answer.id),
                replace(world.new_out("kept"), answer_id=kept.id, member_id=bystander.id),
                replace(
                    world.new_out("recap", OutKind.RECAP),
                    data={
                        "top": [
                            {"member_id": who.id, "points": 75},
                            {"member_id": bystander.id, "points": 75},
                        ],
                        "members": [who.id, bystander.id],
                        "text": f"Well done, {name}!",
                        "points": who.id,
                    },
                ),
            ]
        )
        question = await tx.chat.add(NewPost(channel, body={"title": "?"}, marker="q"), NOW)
        theirs = await tx.chat.add(
            NewPost(channel, author_id=who.id, text="mine", thread_id=question.id), NOW
        )
        await tx.chat.add(
            NewPost(channel, author_id=bystander.id, text="reply", thread_id=theirs.id), NOW
        )
        await tx.chat.add(
            NewPost(channel, author_id=who.id, text="lonely", thread_id=question.id), NOW
        )
        await tx.chat.add(NewPost(channel, only_member_id=who.id, body={"title": "for you"}), NOW)
        await tx.chat.add(
            NewPost(channel, body={"rows": [[name, 75], [other, 75]]}, text=f"1. {name}"), NOW
        )
    return who.id


async def test_an_erased_member_is_nowhere_to_be_found(world: World, url: str) -> None:
    # Ids apart from every other number, so that a scan can tell them.
    for number in range(40):
        await world.member(f"someone {number}")
    member_id = await _live(world, "Ada Lovelace", "Bo")
    async with world.store.read() as tx:
        before = await tx.chat.version(world.channel.id)
    async with world.store.write() as tx:
        await tx.members.erase(member_id)
        assert await tx.members.get(member_id) is None
        assert await tx.chat.version(world.channel.id) > before
    for table, row in await _rows(url):
        assert "lovelace" not in json.dumps(row, default=str).casefold(), (table, row)
        assert member_id not in [row.get(column) for column in MEMBER_COLUMNS], (table, row)
        if table == "members":
            assert row["id"] != member_id
    recap = next(r for t, r in await _rows(url) if t == "outbox" and r["kind"] == "recap")
    assert recap["data"]["points"] == member_id, "a number that isn't theirs was touched"
    assert len(recap["data"]["top"]) == 1
    assert member_id not in recap["data"]["members"]


async def test_others_keep_all_that_is_theirs(world: World) -> None:
    member_id = await _live(world, "Ada", "Bo")
    async with world.store.write() as tx:
        await tx.members.erase(member_id)
        await tx.members.erase(member_id)
    async with world.store.read() as tx:
        [bo] = await tx.members.in_group(world.group.id)
        assert bo.name == "Bo"
        [graded] = await tx.answers.of_member(bo.id)
        assert graded.grade is not None
        assert graded.revision is not None
        assert graded.revision.text == "my own words"
        score = await tx.boards.score(graded.answer.round_id, bo.id)
        assert score is not None
        assert score.points == 75
        data = await world.store.export(world.group.id)
        [appeal] = data["answers"][0]["appeals"]
        assert appeal["reason"] == "As a former member says, it is right."
        assert (appeal["state"], appeal["resolved_by"]) == ("resolved", None)
        keys = {
            out.dedupe_key
            for kind in OutKind
            for out in await tx.outbox.recent(world.group.id, kind)
        }
        assert keys == {"question", "kept", "recap"}
        question = await tx.chat.by_marker(world.channel.id, "q")
        assert question is not None
        [place] = await tx.chat.timeline(world.channel.id, thread_id=question.id)
        assert (place.text, place.author_id) == ("", None)
        assert place.deleted_at is not None
        [reply] = await tx.chat.timeline(world.channel.id, thread_id=place.id)
        assert (reply.text, reply.author_name) == ("reply", "Bo")


async def test_a_short_name_is_not_cut_out_of_other_words(world: World) -> None:
    al = await world.member("Al")
    async with world.store.write() as tx:
        post = await tx.chat.add(
            NewPost(world.channel.id, body={"text": "Also: al, Alan and AL!"}), NOW
        )
        await tx.members.erase(al.id)
        found = await tx.chat.get(post.id)
    assert found is not None
    assert found.body == {"text": "Also: a former member, Alan and a former member!"}


async def test_an_export_holds_everything_of_a_group_and_is_json(world: World) -> None:
    await _live(world, "Ada", "Bo")
    data = json.loads(json.dumps(await world.store.export(world.group.id)))
    assert data["group"]["name"] == world.group.name
    assert [member["name"] for member in data["members"]] == ["Ada", "Bo"]
    assert data["members"][0]["accounts"][0]["platform"] == "web"
    assert data["rounds"][0]["question"]["prompt"] == "What is attention?"
    [revision] = data["answers"][0]["revisions"]
    assert revision["text"] == "Ada thinks so"
    assert revision["grades"][0]["score"] == 0.75
    assert "cache_key" not in revision["grades"][0]
    [appeal] = data["answers"][0]["appeals"]
    assert (appeal["reason"], appeal["state"]) == ("It is right.", "resolved")
    assert (appeal["revision_id"], appeal["resolved_by"]) == (
        revision["id"],
        data["members"][0]["id"],
    )
    assert [score["points"] for score in data["scores"]] == [75, 75]
    assert await world.store.export(999) == {}
