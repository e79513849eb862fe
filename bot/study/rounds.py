"""Making rounds: what is due is decided from the database, then posted through the outbox."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from bot.domain.deck import Deck, Question
from bot.domain.group import Channel, Group
from bot.domain.rounds import NewRound, Round, RoundState
from bot.domain.schedule import (
    Due,
    RoundKind,
    Schedule,
    catch_up_ends,
    closing_time,
    instant,
    local_date,
    next_occurrence,
    occurrences,
)
from bot.domain.work import JobKind, NewOut, OutKind, OutState, backoff
from bot.errors import ConflictError, NotFoundError, StudyError
from bot.store import Tx
from bot.study.notices import tell_organisers
from bot.study.services import Services
from bot.study.shelves import deck_of, deck_to_ask, make_ready

log = logging.getLogger(__name__)

BROKEN_RETRY = timedelta(hours=1)
DEFAULT_TIME = time(9)
BATCH = 50
"""Schedules that one transaction takes at the most: others wait for it meanwhile."""


async def tick(services: Services) -> bool:
    """Write a round for everything that is due; True if the batch was full, so more may be."""
    now = services.clock()
    async with services.store.write() as tx:
        due = await tx.groups.due_schedules(now, BATCH)
        # One group's broken schedule does not stop the others.
        await plan_due(tx, due, now)
    return len(due) >= BATCH


async def plan_due(tx: Tx, schedules: Sequence[Schedule], now: datetime) -> None:
    """Write the rounds of schedules whose time has come, before their plan is changed."""
    for schedule in schedules:
        if schedule.next_at is None or schedule.next_at > now:
            continue
        try:
            await _plan(tx, schedule, now)
        except StudyError as error:
            await _set_aside(tx, schedule, now, str(error))


async def next_free(tx: Tx, schedule: Schedule, after: datetime) -> Due | None:
    """The next due instant on a date that has no round yet; None if no weekday is left."""
    due = next_occurrence(schedule, after)
    while due is not None and await tx.rounds.on_date(
        schedule.group_id, due.local_date, schedule.kind
    ):
        due = next_occurrence(schedule, due.at)
    return due


async def _plan(tx: Tx, schedule: Schedule, now: datetime) -> None:
    group = await tx.groups.get(schedule.group_id)
    if group is None or schedule.next_at is None:
        return
    since = schedule.next_at - timedelta(microseconds=1)
    rounds = _rounds_due(group, schedule, list(occurrences(schedule, since, now)), now)
    inserted = await tx.rounds.insert(rounds)
    following = await next_free(tx, schedule, now)
    await tx.groups.set_next_at(group.id, schedule.kind, following.at if following else None)
    await tx.enqueue(
        JobKind.OPEN_ROUND, *(each.id for each in inserted if each.state is RoundState.DUE)
    )
    missed = [each for each in inserted if each.state is RoundState.MISSED]
    if missed:
        await _tell_of_missed(tx, group, missed)


def _rounds_due(
    group: Group, schedule: Schedule, dues: Sequence[Due], now: datetime
) -> list[NewRound]:
    """The last due time may still be in its catch-up window; the others were missed."""
    rounds = []
    for due in dues:
        until = catch_up_ends(due, schedule.zone, group.settings.catch_up_hours)
        alive = due is dues[-1] and now <= until
        rounds.append(
            NewRound(
                group_id=group.id,
                local_date=due.local_date,
                kind=schedule.kind,
                state=RoundState.DUE if alive else RoundState.MISSED,
                due_at=due.at,
                post_until=until,
                reason=None if alive else "studybot was not running when it was due",
            )
        )
    return rounds


async def _set_aside(tx: Tx, schedule: Schedule, now: datetime, reason: str) -> None:
    log.warning("schedule of group %s can't be followed: %s", schedule.group_id, reason)
    await tx.groups.set_next_at(schedule.group_id, schedule.kind, now + BROKEN_RETRY)
    day = now.date().isoformat()
    await tell_organisers(
        tx, schedule.group_id, f"schedule:{schedule.kind.value}:{day}", "Schedule broken", reason
    )


def _called(round_: Round) -> str:
    return "recap" if round_.kind is RoundKind.RECAP else "question"


async def _tell_of_missed(tx: Tx, group: Group, missed: Sequence[Round]) -> None:
    first, last = missed[0], missed[-1]
    what = _called(first)
    days = first.local_date.isoformat()
    if last is not first:
        days += f" to {last.local_date.isoformat()}"
    text = (
        f"No {what} was posted for {days}: {last.reason}. "
        "No question is lost and streaks are safe; the next one comes as planned."
    )
    key = f"missed:{first.kind.value}:{last.local_date.isoformat()}"
    await tell_organisers(tx, group.id, key, f"Missed {what}", text)


async def open_round(services: Services, round_id: int) -> None:
    """Choose what a due round asks and queue its posts; hold it while that isn't possible."""
    await make_ready(services, round_id)
    now = services.clock()
    async with services.store.write() as tx:
        if await miss_without_posts(tx, round_id):
            return
        round_ = await tx.rounds.claim(round_id, [RoundState.DUE], now, services.lease)
        group = await tx.groups.get(round_.group_id) if round_ else None
        if round_ is None or group is None:
            return
        if now > round_.post_until:
            await miss(tx, round_, round_.reason or "its time had passed")
            return
        if round_.attempts > services.most_crashes:
            await miss(tx, round_, f"posting it stopped studybot {services.most_crashes} times")
            return
        try:
            await _queue_posts(tx, services, group, round_, now)
        except StudyError as error:
            await _hold(tx, round_, str(error), now)


async def miss_without_posts(tx: Tx, round_id: int, reason: str | None = None) -> bool:
    """Whether a round was posting; if no post is left that could carry it, it is missed.

    Two channels that are given up at once each see the other one's post still waiting, so
    whoever is asked to open the round looks again.
    """
    round_ = await tx.rounds.get(round_id)
    if round_ is None or round_.state is not RoundState.POSTING:
        return False
    posts = await tx.outbox.posts(round_id)
    if not any(post.state in (OutState.PENDING, OutState.SENT) for post in posts):
        error = next((post.error for post in posts if post.error), None)
        await miss(tx, round_, reason or error or "no channel could be posted in")
    return True


async def _queue_posts(
    tx: Tx, services: Services, group: Group, round_: Round, now: datetime
) -> None:
    channels = await _working_channels(tx, group)
    if round_.kind is RoundKind.RECAP:
        await tx.rounds.move(round_.id, [RoundState.DUE], RoundState.POSTING)
        await _add_posts(tx, round_, channels, OutKind.RECAP)
        return
    deck = await deck_to_ask(services, tx, group)
    question = await choose(tx, group, deck)
    await tx.rounds.ask(round_.id, deck.id, question)
    closes_at = await closes_if_opened(tx, group, round_, now)
    await tx.rounds.move(round_.id, [RoundState.DUE], RoundState.POSTING, closes_at=closes_at)
    await _add_posts(tx, round_, channels, OutKind.QUESTION)


async def closes_if_opened(tx: Tx, group: Group, round_: Round, opened: datetime) -> datetime:
    """When a round closes if it is opened at that instant."""
    schedule = await tx.groups.schedule(group.id, RoundKind.DAILY)
    at = schedule.at if schedule else DEFAULT_TIME
    return closing_time(opened, round_.local_date, at, group.zone)


async def _working_channels(tx: Tx, group: Group) -> list[Channel]:
    channels = [c for c in await tx.groups.channels(group.id) if c.paused_reason is None]
    if not channels:
        raise ConflictError(
            "No channel of this group can be posted in. Give studybot its permissions back, "
            "then use /study resume there; if the channel is gone, use /study setup in another."
        )
    return channels


async def _add_posts(
    tx: Tx, round_: Round, channels: Sequence[Channel], kind: OutKind, *, late: bool = False
) -> None:
    # A missed round that is asked after all has posts that failed; it gets new ones.
    tried = Counter(post.channel_id for post in await tx.outbox.posts(round_.id))
    await tx.outbox.add(
        [
            NewOut(
                group_id=round_.group_id,
                channel_id=channel.id,
                kind=kind,
                dedupe_key=f"{kind.value}:{round_.id}:{channel.id}:{tried[channel.id]}",
                round_id=round_.id,
                data={"late": True} if late else {},
            )
            for channel in channels
        ]
    )


async def post_also(tx: Tx, group: Group, channel: Channel, now: datetime) -> Round | None:
    """Queue the open round's question in one more channel; the round, None if there is none."""
    round_ = await tx.rounds.current(group.id)
    if round_ is None or round_.state is not RoundState.OPEN:
        round_ = await tx.rounds.on_date(group.id, local_date(now, group.zone), RoundKind.DAILY)
    if round_ is None or round_.state not in (RoundState.POSTING, RoundState.OPEN):
        return None
    if round_.closes_at is not None and round_.closes_at <= now:
        return None
    there = [post for post in await tx.outbox.posts(round_.id) if post.channel_id == channel.id]
    if not any(post.state in (OutState.PENDING, OutState.SENT) for post in there):
        await _add_posts(tx, round_, [channel], OutKind.QUESTION, late=True)
    return round_


async def choose(tx: Tx, group: Group, deck: Deck) -> Question:
    """The next question in the deck's order; none repeats before all have been asked.

    Raises NotFoundError if the deck is empty.
    """
    questions = list(deck.questions())
    if not questions:
        raise NotFoundError(f"The deck “{deck.title}” has no questions.")
    asked = Counter(await tx.rounds.asked(group.id, deck.id))
    return min(questions, key=lambda question: asked[question.id])


async def _hold(tx: Tx, round_: Round, reason: str, now: datetime) -> None:
    """Try again until the catch-up window ends, and say so to organisers once."""
    wait = timedelta(seconds=backoff(round_.failures + 1))
    # A moment past the window's end, so that the last try records the round as missed.
    until = min(now + wait, round_.post_until + timedelta(seconds=1))
    await tx.rounds.postpone(round_.id, until, failed=True, reason=reason)
    text = f"{reason} I keep trying until the day's window ends."
    await tell_organisers(tx, round_.group_id, f"held:{round_.id}", "Not posted yet", text)


async def miss(tx: Tx, round_: Round, reason: str) -> None:
    """Record a round as missed; its question is free again, organisers are told why."""
    states = [RoundState.DUE, RoundState.POSTING]
    if not await tx.rounds.move(round_.id, states, RoundState.MISSED, reason=reason):
        return
    what = _called(round_)
    text = f"No {what} was posted for {round_.local_date.isoformat()}: {reason}"
    await tell_organisers(tx, round_.group_id, f"round:{round_.id}", f"Missed {what}", text)


async def post_now(services: Services, group: Group) -> tuple[Round, bool]:
    """Today's round at an organiser's word: (round, True), or (today's round, False) if there.

    A round that was missed earlier today is posted after all.
    """
    now = services.clock()
    today = local_date(now, group.zone)
    midnight = instant(today + timedelta(days=1), time(0), group.zone)
    until = max(midnight, now + timedelta(hours=1))
    await deck_of(services, group)
    async with services.store.write() as tx:
        await _working_channels(tx, group)
        await choose(tx, group, await deck_to_ask(services, tx, group))
        new = NewRound(group.id, today, RoundKind.DAILY, RoundState.DUE, now, until)
        inserted = await tx.rounds.insert([new])
        round_ = inserted[0] if inserted else None
        if round_ is None:
            round_ = await tx.rounds.on_date(group.id, today, RoundKind.DAILY)
            if round_ is None:
                raise ConflictError("Today's round is being made. Try again in a moment.")
            if round_.state is RoundState.DUE:
                # It was held; what held it may have been mended.
                await tx.rounds.postpone(round_.id, now, failed=False)
            elif not await tx.rounds.revive(round_.id, until):
                return round_, False
        await tx.enqueue(JobKind.OPEN_ROUND, round_.id)
        await _skip_today(tx, group, now)
        return round_, True


async def _skip_today(tx: Tx, group: Group, now: datetime) -> None:
    """Today has its round: the plan goes on with the next date that has none."""
    schedule = await tx.groups.schedule(group.id, RoundKind.DAILY)
    if schedule is None or schedule.next_at is None or schedule.next_at <= now:
        return
    following = await next_free(tx, schedule, now)
    await tx.groups.set_next_at(group.id, schedule.kind, following.at if following else None)


async def call_off(tx: Tx, group: Group, now: datetime) -> None:
    """A group is paused: what was held and not yet posted stays unposted."""
    for kind in RoundKind:
        round_ = await tx.rounds.on_date(group.id, local_date(now, group.zone), kind)
        if round_ is not None and round_.state is RoundState.DUE:
            await miss(tx, round_, "the schedule was paused before it could be posted.")
