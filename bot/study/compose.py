"""From an outbox row to what is sent: words are made when they are sent, from the rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.grading import verdict_of
from bot.domain.group import Channel
from bot.domain.rounds import Answer, Revision, RevisionState, RoundState
from bot.domain.work import Out, OutKind
from bot.messages.build import (
    closed_message,
    help_note,
    notice_message,
    nudge_message,
    question_message,
    use_button_message,
)
from bot.messages.judging import feedback_message
from bot.messages.message import Mention, Message
from bot.ports import Envelope, Reaction
from bot.store import Tx
from bot.study.reactions import is_practice
from bot.study.recap import recap_message
from bot.study.services import Services
from bot.study.streaks import attempted
from bot.study.views import is_held_back


@dataclass(frozen=True, slots=True)
class Post:
    """A message to post."""

    envelope: Envelope
    message: Message


@dataclass(frozen=True, slots=True)
class Edit:
    """One of our messages to replace."""

    message_id: str
    message: Message


@dataclass(frozen=True, slots=True)
class React:
    """A reaction to put on a member's message."""

    message_id: str
    thread_id: str | None
    reaction: str


Draft = Post | Edit | React


async def draft(tx: Tx, services: Services, out: Out, channel: Channel) -> Draft | None:
    """What an outbox row says now; None when it has nothing to say any more."""
    match out.kind:
        case OutKind.QUESTION:
            return await _question(tx, out, channel)
        case OutKind.CLOSED:
            return await _closed(tx, out, channel)
        case OutKind.MARK_CLOSED:
            return await _mark_closed(tx, out)
        case OutKind.REACTION:
            return await _reaction(tx, out)
        case OutKind.FEEDBACK:
            return await _feedback(tx, out, channel)
        case OutKind.HELP:
            return await _to_member(tx, out, channel, help_note(str(out.data["text"])))
        case OutKind.USE_BUTTON | OutKind.NUDGE:
            return await _in_thread(tx, out, channel)
        case OutKind.RECAP:
            return await _recap(tx, services, out, channel)
        case OutKind.NOTICE:
            return await _notice(tx, out, channel)


async def _notice(tx: Tx, out: Out, channel: Channel) -> Draft:
    # It may be read far from the channel, by who organises several groups.
    group = await tx.groups.get(out.group_id)
    where = f"{group.name}, in {channel.name}" if group else channel.name
    message = notice_message(str(out.data["title"]), str(out.data["text"]), where)
    return Post(Envelope(channel, out.marker, organisers=True), message)


async def _question(tx: Tx, out: Out, channel: Channel) -> Draft | None:
    round_ = await tx.rounds.get(out.round_id or 0)
    if round_ is None or round_.question is None:
        return None
    name = round_.question.prompt
    envelope = Envelope(channel, out.marker, opens_thread=name, round_id=round_.id)
    return Post(envelope, question_message(round_, round_.question))


async def _thread_of(tx: Tx, out: Out) -> str | None:
    """The thread of the row's round in the row's channel."""
    post = await _post_of(tx, out)
    return (post.thread_id or post.external_id) if post else None


async def _beneath(tx: Tx, out: Out, channel: Channel) -> Envelope:
    """Into the thread of the row's round, or below its question where none could be opened."""
    post = await _post_of(tx, out)
    if post is None:
        return Envelope(channel, out.marker)
    thread = post.thread_id or post.external_id
    return Envelope(channel, out.marker, thread_id=thread, opened=post.thread_id is not None)


async def _post_of(tx: Tx, out: Out) -> Out | None:
    # A round that was missed and asked after all has the rows of its first try as well.
    posts = [p for p in await tx.outbox.posts(out.round_id or 0) if p.channel_id == out.channel_id]
    return next((post for post in posts if post.external_id is not None), None)


async def _closed(tx: Tx, out: Out, channel: Channel) -> Draft | None:
    round_ = await tx.rounds.get(out.round_id or 0)
    if round_ is None or round_.question is None:
        return None
    answers = await tx.answers.in_round(round_.id)
    counted = attempted(answers)
    message = closed_message(round_.question, [a for a in answers if a.answer.member_id in counted])
    return Post(await _beneath(tx, out, channel), message)


async def _mark_closed(tx: Tx, out: Out) -> Draft | None:
    round_ = await tx.rounds.get(out.round_id or 0)
    post = await _post_of(tx, out)
    if round_ is None or round_.question is None or post is None or post.external_id is None:
        return None
    return Edit(post.external_id, question_message(round_, round_.question))


async def _reaction(tx: Tx, out: Out) -> Draft | None:
    answer = await tx.answers.get(out.answer_id or 0)
    revision = await tx.answers.revision(int(out.data["revision_id"]))
    if answer is None or revision is None or answer.withdrawn_at is not None:
        return None
    message_id, reaction = str(out.data["message_id"]), Reaction(out.data["reaction"])
    if await _is_outdated(tx, answer, revision, message_id, reaction):
        return None
    return React(message_id, await _thread_of(tx, out), reaction.value)


async def _is_outdated(
    tx: Tx, answer: Answer, revision: Revision, message_id: str, reaction: Reaction
) -> bool:
    """Whether a sign comes so late that it would cover a newer one on the same message."""
    if is_practice(answer, revision.id) and message_id == answer.message_id:
        return True
    grade = await tx.answers.grade(revision.id)
    if reaction is not Reaction.RECEIVED:
        return grade is None or verdict_of(grade.score).value != reaction.value
    if grade is None or not grade.attempt:
        return revision.state is RevisionState.DROPPED
    return not await is_held_back(tx, answer, grade)


async def _feedback(tx: Tx, out: Out, channel: Channel) -> Draft | None:
    answer = await tx.answers.get(out.answer_id or 0)
    grade = await tx.answers.grade(int(out.data["revision_id"]))
    if answer is None or grade is None or answer.withdrawn_at is not None:
        return None
    if grade.id != out.data.get("grade_id", grade.id):
        # Graded again since; that has a row of its own.
        return None
    score = await tx.boards.score(answer.round_id, answer.member_id)
    practice = bool(out.data["practice"])
    withheld = score.withheld if score and not practice else None
    before = out.data.get("before")
    message = feedback_message(
        grade, round_id=answer.round_id, practice=practice, withheld=withheld, before=before
    )
    # My grade shows a first grade as it is; what changed, and practice, only this message tells.
    fetchable = before is None and not practice
    return await _to_member(tx, out, channel, message, fetchable=fetchable)


async def _in_thread(tx: Tx, out: Out, channel: Channel) -> Draft | None:
    """What leads members to a button, in the round's thread."""
    if out.kind is OutKind.NUDGE:
        return await _nudge(tx, out, channel)
    return await _use_button(tx, out, channel)


async def _use_button(tx: Tx, out: Out, channel: Channel) -> Draft | None:
    round_ = await tx.rounds.get(out.round_id or 0)
    envelope = await _beneath(tx, out, channel)
    if round_ is None or envelope.thread_id is None or round_.state is RoundState.CLOSED:
        return None
    return Post(envelope, use_button_message(round_.id))


async def _nudge(tx: Tx, out: Out, channel: Channel) -> Draft | None:
    member = await tx.members.get(out.member_id or 0)
    account = await tx.members.account(out.member_id or 0, channel.platform)
    envelope = replace(await _beneath(tx, out, channel), calls=account)
    if member is None or account is None or envelope.thread_id is None or out.round_id is None:
        return None
    return Post(envelope, nudge_message(out.round_id, Mention(member.id, member.name)))


async def _to_member(
    tx: Tx, out: Out, channel: Channel, message: Message, *, fetchable: bool = False
) -> Draft | None:
    account = await tx.members.account(out.member_id or 0, channel.platform)
    if account is None:
        return None
    where = await _beneath(tx, out, channel)
    return Post(replace(where, only=account, fetchable=fetchable), message)


async def _recap(tx: Tx, services: Services, out: Out, channel: Channel) -> Draft | None:
    round_ = await tx.rounds.get(out.round_id or 0)
    group = await tx.groups.get(out.group_id)
    if round_ is None or group is None:
        return None
    message = await recap_message(tx, group, round_.local_date, services.clock())
    return Post(Envelope(channel, out.marker), message)
