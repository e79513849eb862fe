"""Sending what the outbox holds: claim, look for the marker, send, confirm.

A process can be killed between sending and confirming. The row then stays open, and before
it is sent again the platform is asked for the message with the row's marker.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from bot.domain.group import Channel
from bot.domain.rounds import RoundState
from bot.domain.schedule import RoundKind
from bot.domain.work import Job, JobKind, NewOut, Out, OutKind, OutState, backoff
from bot.errors import ChannelGoneError, DeliveryError, RejectedError, UnreachableError
from bot.messages.message import Message
from bot.ports import Envelope, Messenger, Reaction, Sent
from bot.store import Tx
from bot.study import compose
from bot.study.channels import stop_posting
from bot.study.leases import kept
from bot.study.rounds import closes_if_opened, miss_without_posts
from bot.study.services import Services

log = logging.getLogger(__name__)

# After too many crashes a row is only looked for any more: an earlier try may have sent it.
LAST_LOOKS = 3
KEEPS_TRYING = timedelta(hours=12)
TOO_LATE = "its catch-up window had ended"
_POSTS = (OutKind.QUESTION, OutKind.RECAP)


async def deliver(services: Services, out_id: int) -> None:
    """Send one outbox row, or find that it was sent, or give it up with a reason."""
    now = services.clock()
    async with services.store.write() as tx:
        out = await tx.outbox.claim(out_id, now, services.lease)
        channel = await tx.groups.channel(out.channel_id) if out else None
        if out is None or channel is None:
            return
        barred = await _barred(tx, services, out, now)
        refusal = _refusal(services, out, channel, barred)
        if refusal is not None:
            await _give_up(tx, services, out, channel, refusal)
            return
    async with kept(services, Job(JobKind.DELIVER, out.id), out.attempts):
        await _deliver(services, out, channel, barred)


async def _deliver(services: Services, out: Out, channel: Channel, barred: str | None) -> None:
    """Send a claimed row and write down how it went."""
    try:
        sent = await _send(services, services.messengers[channel.platform], out, channel, barred)
    except DeliveryError as error:
        await _later(services, out, error)
    except ChannelGoneError as error:
        await _channel_gone(services, out, channel, str(error))
    except RejectedError as error:
        async with services.store.write() as tx:
            if isinstance(error, UnreachableError):
                await _nudge(tx, out)
            await _give_up(tx, services, out, channel, str(error))
    else:
        await _confirm(services, out, sent)


async def _barred(tx: Tx, services: Services, out: Out, now: datetime) -> str | None:
    """Why a row may only be looked for, not sent any more; None if it may be sent."""
    if out.attempts > services.most_crashes:
        return f"sending it stopped studybot {services.most_crashes} times"
    if out.kind not in _POSTS or out.round_id is None:
        return None
    round_ = await tx.rounds.get(out.round_id)
    if out.data.get("late") and round_ is not None and round_.state is RoundState.OPEN:
        # For a channel that joined later; it can still be answered.
        return None
    return TOO_LATE if round_ is None or now > round_.post_until else None


def _refusal(services: Services, out: Out, channel: Channel, barred: str | None) -> str | None:
    """Why a claimed row must be given up at once, or None."""
    if out.attempts > services.most_crashes + LAST_LOOKS:
        return f"looking for it stopped studybot {LAST_LOOKS} times"
    if channel.platform not in services.messengers:
        return f"studybot is not connected to {channel.platform} any more"
    if channel.paused_reason is not None and out.kind in _POSTS:
        return f"the channel is paused: {channel.paused_reason}"
    if barred and not _tried_before(out):
        return barred
    if services.clock() - out.created_at > KEEPS_TRYING:
        return out.error or "it could not be sent for 12 hours"
    return None


def _tried_before(out: Out) -> bool:
    """Whether an earlier try may have reached the platform."""
    return out.attempts > 1 or out.failures > 0


async def _send(
    services: Services, messenger: Messenger, out: Out, channel: Channel, barred: str | None
) -> Sent | None:
    """The sent message; None if there is nothing to say any more."""
    async with services.store.read() as tx:
        draft = await compose.draft(tx, services, out, channel)
    if draft is None:
        return None
    match draft:
        case compose.Post(envelope, message):
            return await _post_once(messenger, out, envelope, message, barred)
        case compose.Edit(message_id, message):
            await messenger.edit(channel, message_id, message)
            return Sent(message_id)
        case compose.React(message_id, thread_id, reaction):
            await messenger.react(channel, message_id, Reaction(reaction), thread_id)
            return Sent(message_id)


async def _post_once(
    messenger: Messenger, out: Out, envelope: Envelope, message: Message, barred: str | None
) -> Sent:
    found = await messenger.find(envelope) if _tried_before(out) else None
    if found is None and barred:
        raise RejectedError(barred)
    return found or await messenger.send(envelope, message)


async def _confirm(services: Services, out: Out, sent: Sent | None) -> None:
    now = services.clock()
    async with services.store.write() as tx:
        if sent is None:
            await tx.outbox.finish(out.id, OutState.DROPPED, now)
            return
        confirmed = await tx.outbox.finish(
            out.id, OutState.SENT, now, external_id=sent.message_id, thread_id=sent.thread_id
        )
        if confirmed and out.kind in _POSTS and out.round_id is not None:
            await _opened(tx, out.round_id, services)


async def _opened(tx: Tx, round_id: int, services: Services) -> None:
    """The first channel that has the question opens the round."""
    now = services.clock()
    round_ = await tx.rounds.get(round_id)
    if round_ is None:
        return
    if round_.kind is RoundKind.RECAP:
        await tx.rounds.move(round_id, [RoundState.POSTING], RoundState.CLOSED, opens_at=now)
        return
    group = await tx.groups.get(round_.group_id)
    closes_at = round_.closes_at
    if group is not None and (closes_at is None or closes_at <= now):
        closes_at = await closes_if_opened(tx, group, round_, now)
    await tx.rounds.move(
        round_id, [RoundState.POSTING], RoundState.OPEN, opens_at=now, closes_at=closes_at
    )


async def _later(services: Services, out: Out, error: DeliveryError) -> None:
    wait = error.retry_after or backoff(out.failures + 1)
    until = services.clock() + timedelta(seconds=wait)
    log.info("outbox %s waits %.0f s: %s", out.id, wait, error)
    async with services.store.write() as tx:
        await tx.outbox.postpone(out.id, until, failed=True, error=str(error))


async def _channel_gone(services: Services, out: Out, channel: Channel, reason: str) -> None:
    async with services.store.write() as tx:
        await stop_posting(tx, channel, reason, str(out.id))
        await _give_up(tx, services, out, channel, reason)


async def _nudge(tx: Tx, out: Out) -> None:
    """Say in the round's thread, once to each, that something waits for a member there."""
    if out.round_id is None or out.member_id is None:
        return
    key = f"nudge:{out.round_id}:{out.channel_id}:{out.member_id}"
    nudge = NewOut(
        group_id=out.group_id,
        channel_id=out.channel_id,
        kind=OutKind.NUDGE,
        dedupe_key=key,
        round_id=out.round_id,
        member_id=out.member_id,
    )
    await tx.outbox.add([nudge])


async def deliver_waiting(services: Services, round_id: int, member_id: int) -> None:
    """Send a member what of a round couldn't be sent to them: they can be told just now."""
    async with services.store.read() as tx:
        waiting = await tx.outbox.unsent(round_id, member_id)
    if not waiting:
        return
    async with services.store.write() as tx:
        again = [each for each in waiting if await tx.outbox.again(each, services.clock())]
    for out_id in again:
        await deliver(services, out_id)


async def _give_up(tx: Tx, services: Services, out: Out, channel: Channel, reason: str) -> None:
    """Fail a row; a round that no channel can carry any more was missed."""
    now = services.clock()
    log.warning("outbox %s (%s) given up: %s", out.id, out.kind.value, reason)
    if not await tx.outbox.finish(out.id, OutState.FAILED, now, error=reason):
        return
    if out.kind in _POSTS and out.round_id is not None:
        await miss_without_posts(tx, out.round_id, f"{channel.name}: {reason}")
