"""What every Store promises of the outbox, the web platform's posts, and open work."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.chat import NewPost
from bot.domain.rounds import RevisionState, RoundState
from bot.domain.work import Job, JobKind, OutKind, OutState, Place
from tests.contract.store_world import DAY, MINUTE, NOW, World, revision_of

LEASE = 5 * MINUTE


async def test_a_message_with_the_same_key_is_added_once(world: World) -> None:
    async with world.store.write() as tx:
        new = replace(world.new_out("a"), data={"points": [1, {"é": None}]}, not_before=NOW)
        first = await tx.outbox.add([new, world.new_out("b")])
        again = await tx.outbox.add([world.new_out("b"), world.new_out("c")])
        assert (len(first), len(again)) == (2, 1)
        assert again[0] not in first
        assert await tx.outbox.add([]) == []
        out = await tx.outbox.get(first[0])
        assert out is not None
        assert (out.data, out.state, out.dedupe_key) == (
            {"points": [1, {"é": None}]},
            OutState.PENDING,
            "a",
        )
        assert await tx.outbox.get(999) is None


async def test_a_key_added_at_once_is_added_once(world: World) -> None:
    async def add() -> int:
        async with world.store.write() as tx:
            return len(await tx.outbox.add([world.new_out("same")]))

    assert sum(await asyncio.gather(*(add() for _ in range(8)))) == 1


async def test_a_message_is_claimed_postponed_and_finished_once(world: World) -> None:
    out_id = await world.out()
    async with world.store.write() as tx:
        claimed = await tx.outbox.claim(out_id, NOW, LEASE)
        assert claimed is not None
        assert claimed.attempts == 1
        assert await tx.outbox.claim(out_id, NOW, LEASE) is None
        await tx.outbox.postpone(out_id, NOW + MINUTE, failed=True, error="Slack is down.")
        out = await tx.outbox.get(out_id)
        assert out is not None
        assert (out.attempts, out.failures, out.error) == (0, 1, "Slack is down.")
        assert await tx.outbox.claim(out_id, NOW + MINUTE, LEASE)
        sent = OutState.SENT
        assert await tx.outbox.finish(out_id, sent, NOW, external_id="m1", thread_id="t1")
        assert not await tx.outbox.finish(out_id, OutState.FAILED, NOW, error="late")
        out = await tx.outbox.get(out_id)
        assert out is not None
        assert (out.state, out.external_id, out.thread_id, out.error) == (sent, "m1", "t1", None)
        assert await tx.outbox.claim(out_id, NOW + 60 * MINUTE, LEASE) is None


async def test_a_thread_leads_to_its_round(world: World) -> None:
    round_ = await world.round()
    new = replace(world.new_out("q", OutKind.QUESTION), round_id=round_.id)
    note = replace(world.new_out("n"), round_id=round_.id)
    async with world.store.write() as tx:
        question_id, note_id = await tx.outbox.add([new, note])
        await tx.outbox.finish(question_id, OutState.SENT, NOW, external_id="m1", thread_id="t1")
        await tx.outbox.finish(note_id, OutState.SENT, NOW, external_id="m2", thread_id="t2")
        for name in ("t1", "m1"):
            assert await tx.outbox.round_of(world.channel.id, name) == round_.id
        assert await tx.outbox.round_of(world.channel.id, "t2") is None
        assert await tx.outbox.round_of(world.channel.id + 1, "t1") is None
        assert [out.id for out in await tx.outbox.posts(round_.id)] == [question_id]


async def test_recent_messages_come_newest_first(world: World) -> None:
    ids = [await world.out(f"k{n}") for n in range(4)]
    await world.out("other", OutKind.RECAP)
    async with world.store.read() as tx:
        recent = await tx.outbox.recent(world.group.id, OutKind.NOTICE, limit=3)
    assert [out.id for out in recent] == ids[:0:-1]


async def test_open_work_is_every_row_whose_time_has_come(world: World) -> None:
    states = (RoundState.DUE, RoundState.POSTING, RoundState.OPEN, RoundState.CLOSING)
    rounds = [await world.round(DAY + timedelta(days=n), s) for n, s in enumerate(states)]
    answer = await world.answer(rounds[2], await world.member("Ada"))
    out_id = await world.out()
    due, posting, _, closing = (round_.id for round_ in rounds)
    grade = Job(JobKind.GRADE, answer.revision_id or 0)
    deliver = Job(JobKind.DELIVER, out_id)
    everything = {
        Job(JobKind.OPEN_ROUND, due),
        Job(JobKind.OPEN_ROUND, posting),
        Job(JobKind.CLOSE_ROUND, closing),
        grade,
        deliver,
    }
    assert set(await world.store.open_work(NOW)) == everything
    assert len(await world.store.open_work(NOW, limit=3)) == 3
    async with world.store.write() as tx:
        assert await tx.rounds.claim(due, (RoundState.DUE,), NOW, LEASE)
        await tx.outbox.postpone(out_id, NOW + MINUTE, failed=True)
        await tx.answers.set_revision_state(grade.row_id, RevisionState.PENDING, RevisionState.DONE)
        question = replace(world.new_out("q", OutKind.QUESTION), round_id=posting)
        [question_id] = await tx.outbox.add([question])
    waiting = {Job(JobKind.CLOSE_ROUND, closing), Job(JobKind.DELIVER, question_id)}
    assert set(await world.store.open_work(NOW)) == waiting
    later = set(await world.store.open_work(NOW + LEASE))
    assert later == waiting | {Job(JobKind.OPEN_ROUND, due), deliver}


async def test_a_lease_is_renewed_only_by_who_holds_it(world: World) -> None:
    answer = await world.answer(await world.round(), await world.member("Ada"))
    jobs = [Job(JobKind.GRADE, answer.revision_id or 0), Job(JobKind.DELIVER, await world.out())]
    until, after = NOW + 2 * LEASE, NOW + 3 * LEASE

    async def claim(now: datetime) -> list[bool]:
        async with world.store.write() as tx:
            revision = await tx.answers.claim_revision(jobs[0].row_id, now, LEASE)
            out = await tx.outbox.claim(jobs[1].row_id, now, LEASE)
        return [revision is not None, out is not None]

    assert await claim(NOW) == [True, True]
    assert [await world.store.renew(job, 1, until) for job in jobs] == [True, True]
    assert await world.store.open_work(NOW + LEASE) == []
    assert await claim(until) == [True, True]
    assert [await world.store.renew(job, 1, after) for job in jobs] == [False, False]
    assert [await world.store.renew(job, 2, after) for job in jobs] == [True, True]
    async with world.store.write() as tx:
        done = RevisionState.DONE
        await tx.answers.set_revision_state(jobs[0].row_id, RevisionState.PENDING, done)
        await tx.outbox.finish(jobs[1].row_id, OutState.SENT, NOW)
    assert [await world.store.renew(job, 2, after) for job in jobs] == [False, False]


async def test_leases_are_forgotten_at_start_where_one_process_holds_them_all(
    world: World, kind: str
) -> None:
    answer = await world.answer(await world.round(), await world.member("Ada"))
    revision = await revision_of(world.store, answer)
    pause = await world.out()
    async with world.store.write() as tx:
        await tx.answers.claim_revision(revision.id, NOW, LEASE)
        await tx.outbox.postpone(pause, NOW + MINUTE, failed=True)
    await world.store.release_claims()
    async with world.store.write() as tx:
        again = await tx.answers.claim_revision(revision.id, NOW, LEASE)
        assert await tx.outbox.claim(pause, NOW, LEASE) is None
    if kind == "sqlite":
        assert again == replace(revision, attempts=2)
    else:
        assert again is None


async def test_a_post_with_the_same_marker_is_stored_once(world: World) -> None:
    new = NewPost(world.channel.id, body={"title": "Hello"}, marker="sb-1")

    async def post() -> int:
        async with world.store.write() as tx:
            return (await tx.chat.add(new, NOW)).id

    assert len(set(await asyncio.gather(*(post() for _ in range(6))))) == 1
    async with world.store.write() as tx:
        found = await tx.chat.by_marker(world.channel.id, "sb-1")
        assert found is not None
        assert found.body == {"title": "Hello"}
        assert await tx.chat.by_marker(world.channel.id, "sb-2") is None
        assert await tx.chat.get(found.id) == found
        plain = NewPost(world.channel.id, text="hi")
        assert (await tx.chat.add(plain, NOW)).id != (await tx.chat.add(plain, NOW)).id


async def test_every_change_takes_the_channels_next_version(world: World) -> None:
    ada = await world.member("Ada")
    versions: list[int] = []

    async def changed() -> None:
        async with world.store.read() as tx:
            versions.append(await tx.chat.version(world.channel.id))

    await changed()
    async with world.store.write() as tx:
        post = await tx.chat.add(NewPost(world.channel.id, author_id=ada.id, text="one"), NOW)
    assert (post.author_name, post.text, post.body) == ("Ada", "one", None)
    await changed()
    async with world.store.write() as tx:
        await tx.chat.edit(post.id, NOW + MINUTE, text="two")
    await changed()
    async with world.store.write() as tx:
        await tx.chat.react(post.id, "correct")
    await changed()
    async with world.store.write() as tx:
        edited = await tx.chat.get(post.id)
        await tx.chat.delete(post.id, NOW)
        await tx.chat.edit(999, NOW, text="no such post")
    await changed()
    assert versions == sorted(set(versions))
    assert edited is not None
    assert (edited.text, edited.reaction, edited.edited_at) == ("two", "correct", NOW + MINUTE)
    async with world.store.read() as tx:
        deleted = await tx.chat.get(post.id)
    assert deleted is not None
    assert (deleted.text, deleted.deleted_at, deleted.version) == ("", NOW, versions[-1])


async def test_versions_grow_without_gaps_or_doubles_under_concurrency(world: World) -> None:
    async def post(number: int) -> int:
        async with world.store.write() as tx:
            return (await tx.chat.add(NewPost(world.channel.id, text=str(number)), NOW)).version

    versions = await asyncio.gather(*(post(n) for n in range(20)))
    assert sorted(versions) == list(range(1, 21))


async def test_a_timeline_shows_the_newest_oldest_first_and_threads_apart(world: World) -> None:
    ada = await world.member("Ada")
    async with world.store.write() as tx:
        roots = [await tx.chat.add(NewPost(world.channel.id, text=f"p{n}"), NOW) for n in range(4)]
        root = roots[0].id
        replies = [
            await tx.chat.add(
                NewPost(world.channel.id, author_id=ada.id, text="re", thread_id=root), NOW
            )
            for _ in range(3)
        ]
        await tx.chat.add(NewPost(world.channel.id, text="bot", thread_id=root), NOW)
        await tx.chat.delete(replies[0].id, NOW)
        assert [p.text for p in await tx.chat.timeline(world.channel.id, limit=3)] == [
            "p1",
            "p2",
            "p3",
        ]
        thread = await tx.chat.timeline(world.channel.id, thread_id=root)
        assert [p.text for p in thread] == ["", "re", "re", "bot"]
        counts = await tx.chat.thread_counts([root, roots[1].id])
        assert counts == {root: 2, roots[1].id: 0}


async def _asked(world: World, day: int, external_id: str, closes_at: datetime | None) -> int:
    """A round asked as that message, which is its thread as well."""
    state = RoundState.OPEN
    round_ = await world.round(DAY + timedelta(days=day), RoundState.POSTING)
    new = replace(world.new_out(f"q{day}"), kind=OutKind.QUESTION, round_id=round_.id)
    async with world.store.write() as tx:
        await tx.rounds.move(round_.id, [RoundState.POSTING], state, closes_at=closes_at)
        [out_id] = await tx.outbox.add([new])
        done = OutState.SENT
        await tx.outbox.finish(out_id, done, NOW, external_id=external_id, thread_id=external_id)
    return round_.id


async def test_a_question_is_found_by_its_message_on_its_own_platform(world: World) -> None:
    round_id = await _asked(world, 0, "m7", None)
    async with world.store.read() as tx:
        found = await tx.outbox.asked_as(world.channel.platform, "m7")
        assert found is not None
        assert (found.round_id, found.channel_id) == (round_id, world.channel.id)
        assert await tx.outbox.asked_as(world.channel.platform, "m8") is None
        assert await tx.outbox.asked_as("elsewhere", "m7") is None


async def test_a_thread_is_watched_until_it_was_read_after_its_close(world: World) -> None:
    await _asked(world, 0, "m1", NOW)
    await _asked(world, 1, "m2", NOW + 10 * MINUTE)
    platform, now, since = world.channel.platform, NOW + MINUTE, NOW - MINUTE

    async def watched() -> dict[str, str | None]:
        async with world.store.read() as tx:
            found = await tx.outbox.watched(platform, now, since)
        return {each.message_id: each.thread_seen for each in found}

    assert await watched() == {"m1": None, "m2": None}
    places = [Place(world.channel.id, place, f"{place}-last", now) for place in ("m1", "m2")]
    async with world.store.write() as tx:
        await tx.outbox.saw(places)
    # The first one's round has closed before; the second one's goes on.
    assert await watched() == {"m2": "m2-last"}
    async with world.store.write() as tx:
        await tx.outbox.saw([replace(places[1], last_seen="m2-later")])
        await tx.outbox.saw([])
    assert await watched() == {"m2": "m2-later"}
    async with world.store.read() as tx:
        assert await tx.outbox.watched("elsewhere", now, since) == []


async def test_what_was_given_up_for_a_member_can_be_sent_again(world: World) -> None:
    round_id, member = await _asked(world, 0, "m1", None), await world.member("bob")
    new = replace(world.new_out("h1"), kind=OutKind.HELP, round_id=round_id, member_id=member.id)
    public = replace(new, dedupe_key="n1", kind=OutKind.NUDGE)
    async with world.store.write() as tx:
        ids = await tx.outbox.add([new, replace(new, dedupe_key="h2"), public])
        for out_id in (ids[0], ids[2]):
            await tx.outbox.claim(out_id, NOW, MINUTE)
            await tx.outbox.finish(out_id, OutState.FAILED, NOW, error="not taken")
        assert await tx.outbox.unsent(round_id, member.id) == [ids[0]]
        assert await tx.outbox.again(ids[0], NOW + MINUTE)
        assert not await tx.outbox.again(ids[0], NOW + MINUTE)
        assert await tx.outbox.unsent(round_id, member.id) == []
        found = await tx.outbox.get(ids[0])
    assert found is not None
    assert (found.state, found.attempts, found.error) == (OutState.PENDING, 0, None)
    assert found.created_at == NOW + MINUTE


async def test_a_closed_thread_is_unsettled_until_it_was_read(world: World) -> None:
    for number, closes_at in enumerate([NOW - 9 * MINUTE, NOW, NOW + MINUTE, None]):
        await _asked(world, number, f"m{number}", closes_at)
    platform, until, since = world.channel.platform, NOW, NOW - 5 * MINUTE

    async def unsettled() -> list[str]:
        async with world.store.read() as tx:
            found = await tx.outbox.unsettled(platform, until, since)
        return [each.message_id for each in found]

    assert await unsettled() == ["m1"]
    many = [Place(world.channel.id, f"t{number}", "1", NOW) for number in range(9_000)]
    async with world.store.write() as tx:
        await tx.outbox.saw([*many, Place(world.channel.id, "m1", None, NOW)])
    assert await unsettled() == []


async def test_what_was_read_of_a_channel_is_told_with_its_questions(world: World) -> None:
    round_id = await _asked(world, 0, "m1", None)
    own = world.channel.external_id
    async with world.store.write() as tx:
        await tx.outbox.saw([Place(world.channel.id, own, "m9", NOW)])
        [found] = await tx.outbox.watched(world.channel.platform, NOW, NOW)
    assert (found.channel, found.round_id, found.thread_id) == (own, round_id, "m1")
    assert (found.seen, found.thread_seen, found.closes_at) == ("m9", None, None)
