"""Taking replies in: a first reply is the Answer, later ones are revisions or conversation.

Every function works inside the caller's transaction, so that what the platform knows of a
reply and what we make of it are stored together or not at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.grading import GradeState
from bot.domain.group import AnswerMode, Group, Member
from bot.domain.rounds import POSTED, Answer, RevisionState, Round, RoundState
from bot.domain.work import JobKind
from bot.errors import ConflictError, InvalidError
from bot.judge.guards import is_contentless
from bot.ports import Reaction
from bot.store import Tx
from bot.store.intake import FirstAnswer
from bot.study.reactions import reaction_on
from bot.study.streaks import recount

LONGEST = 8_000
_PREFIX = re.compile(r"^\s*answer\s*:\s*", re.IGNORECASE)
_LAYOUT = "\t\n\r"
_WAITING = (RevisionState.PENDING, RevisionState.HELD)

SEALED_ONLY = "This group answers with the Answer button, so that nobody is spoiled. Please use it."
FIRST_STANDS = "Your first verdict stands for the leaderboard; this revision is graded as practice."
FIRST_WITHDRAWN = (
    "You had seen a verdict before you deleted your reply, so this one is graded as practice "
    "and scores nothing."
)
NO_ATTEMPT = (
    "I couldn't find an answer in that. Write what you know in your own words; "
    "your turn isn't used up."
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a member wrote.

    ``message_id`` is their message on its platform, None when it came through a form or the
    API. ``form`` marks the Answer button: always an answer or a revision of it.
    """

    text: str
    sent_at: datetime
    channel_id: int | None = None
    message_id: str | None = None
    form: bool = False


@dataclass(frozen=True, slots=True)
class First:
    """A member's first reply to a round, its text checked."""

    group: Group
    round: Round
    member: Member
    reply: Reply
    text: str

    def as_new(self, now: datetime) -> FirstAnswer:
        """What is stored of it."""
        answer = Answer(
            id=0,
            round_id=self.round.id,
            group_id=self.group.id,
            member_id=self.member.id,
            created_at=now,
            channel_id=self.reply.channel_id,
            message_id=self.reply.message_id,
            sealed=_is_sealed(self.group, self.reply),
        )
        return FirstAnswer(answer, self.text)


class Outcome(StrEnum):
    """What became of a reply."""

    ANSWER = "answer"
    REVISION = "revision"
    PRACTICE = "practice"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A reply's outcome; ``note`` is for the member, empty when nothing needs saying."""

    outcome: Outcome
    answer_id: int | None
    sealed: bool = False
    note: str = ""


def check_text(text: str) -> str:
    """The text to store, with line ends made one kind. Raises InvalidError saying what would do."""
    tidy = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(tidy) > LONGEST:
        raise InvalidError(
            f"That is {len(tidy):,} characters; an answer has at most {LONGEST:,}. "
            "Please shorten it."
        )
    if not tidy.isprintable() and _has_controls(tidy):
        raise InvalidError("That looks like binary data. Please send your answer as plain text.")
    if is_contentless(tidy):
        raise InvalidError(NO_ATTEMPT)
    return tidy


def _has_controls(text: str) -> bool:
    return any(unicodedata.category(c) in ("Cc", "Cs") and c not in _LAYOUT for c in text)


async def accept(
    tx: Tx, group: Group, round_: Round, member: Member, reply: Reply, now: datetime
) -> Accepted:
    """Store a reply to a round.

    Raises InvalidError for what can't be an answer and ConflictError when the round takes
    none; nothing is stored then.
    """
    existing = await tx.answers.find(round_.id, member.id, lock=True)
    explicit = reply.form or bool(_PREFIX.match(reply.text))
    if not explicit and await _is_conversation(tx, existing):
        return Accepted(Outcome.CONVERSATION, existing.id if existing else None)
    if existing is None:
        text = first_words(group, round_, reply)
        if text is None:
            return Accepted(Outcome.CONVERSATION, None, note=SEALED_ONLY)
        first = First(group, round_, member, reply, text)
        for answer in await take_first(tx, [first], now):
            return Accepted(Outcome.ANSWER, answer.id, answer.sealed)
        # Another process took a reply of theirs in since we looked.
        return await accept(tx, group, round_, member, reply, now)
    _check_open(round_, reply.sent_at)
    waits = not explicit and await _waits_for_grade(tx, existing)
    if not reply.form and group.settings.answers is AnswerMode.SEALED:
        # Who has answered may talk on; whoever tries to answer in the open is told how to.
        return Accepted(Outcome.CONVERSATION, None, note="" if waits else SEALED_ONLY)
    if waits:
        return await _hold(tx, existing, reply, now)
    text = check_text(_PREFIX.sub("", reply.text, count=1))
    if existing.withdrawn_at is not None:
        return await _revise(tx, _anew(group, existing, reply), reply, text, now)
    return await _revise(tx, _moved(existing, reply), reply, text, now)


def first_words(group: Group, round_: Round, reply: Reply) -> str | None:
    """The text of a member's first reply to a round; None if it may only be given sealed.

    Raises as ``accept``.
    """
    _check_open(round_, reply.sent_at)
    if not reply.form and group.settings.answers is AnswerMode.SEALED:
        return None
    return check_text(_PREFIX.sub("", reply.text, count=1))


async def take_first(tx: Tx, firsts: Sequence[First], now: datetime) -> list[Answer]:
    """Store first replies, given in the order in which they came.

    Those of members who have answered since are left out.
    """
    # Who wrote the same words first can be told though both are stored together.
    moments = [now + timedelta(microseconds=number) for number in range(len(firsts))]
    new = [each.as_new(moment) for each, moment in zip(firsts, moments, strict=True)]
    made = await tx.intake.first_answers(new)
    await tx.enqueue(JobKind.GRADE, *(revision.id for _, revision in made))
    signs = [reaction_on(answer, Reaction.RECEIVED, revision) for answer, revision in made]
    await tx.outbox.add([out for each in signs for out in each])
    return [answer for answer, _ in made]


async def edited(tx: Tx, answer: Answer, text: str, now: datetime) -> Accepted:
    """The member edited the message that is their answer: a new revision.

    An edit after close, or one that changes nothing, is left alone.
    """
    round_ = await tx.rounds.get(answer.round_id)
    current = await tx.answers.get(answer.id, lock=True)
    if round_ is None or current is None or current.withdrawn_at:
        return Accepted(Outcome.CONVERSATION, answer.id)
    if not _takes_answers(round_, now):
        return Accepted(Outcome.CONVERSATION, answer.id)
    tidy = check_text(_PREFIX.sub("", text, count=1))
    if tidy == await _words_of(tx, current):
        return Accepted(Outcome.CONVERSATION, answer.id)
    reply = Reply(tidy, now, current.channel_id, current.message_id)
    return await _revise(tx, current, reply, tidy, now)


async def _words_of(tx: Tx, answer: Answer) -> str | None:
    """What the answer's message said last; a form or another message may have revised it since.

    Platforms report a link's preview as an edit, which must not bring older words back.
    """
    texts = [
        revision.text
        for revision in await tx.answers.revisions(answer.id)
        if revision.message_id == answer.message_id
    ]
    return texts[-1] if texts else None


async def withdraw(tx: Tx, answer: Answer, now: datetime) -> None:
    """The member deleted their reply: it stays as a record, its points leave the boards."""
    round_ = await steady_round(tx, answer.round_id, now)
    current = await tx.answers.get(answer.id, lock=True)
    if current is None or current.withdrawn_at is not None:
        return
    await tx.answers.update(replace(current, withdrawn_at=now))
    await drop_revisions(tx, current, *_WAITING)
    await _drop_appeal(tx, current, now)
    await tx.boards.drop(current.round_id, current.member_id)
    if round_ is not None and round_.state is RoundState.CLOSED:
        await recount(tx, current.group_id, current.member_id)


async def forget_held(tx: Tx, channel_id: int, message_id: str) -> bool:
    """A reply that waited behind its author's first was deleted; whether there was one."""
    revision = await tx.answers.held(channel_id, message_id)
    if revision is None:
        return False
    return await tx.answers.set_revision_state(
        revision.id, RevisionState.HELD, RevisionState.DROPPED
    )


async def steady_round(tx: Tx, round_id: int, now: datetime) -> Round | None:
    """The round with that id; once its time is up, it can't close before this transaction ends.

    Rows are locked in one order everywhere: round, answer, revision, group.
    """
    round_ = await tx.rounds.get(round_id)
    if round_ is None or (
        round_.state is RoundState.OPEN and round_.closes_at is not None and now < round_.closes_at
    ):
        return round_
    return await tx.rounds.get(round_id, lock=True)


async def _is_conversation(tx: Tx, answer: Answer | None) -> bool:
    """Whether a further plain message of an answer's author is talk rather than an attempt."""
    if answer is None or answer.withdrawn_at is not None:
        return False
    if answer.scoring_id is not None:
        return True
    if answer.revision_id is None or await _waits_for_grade(tx, answer):
        return False
    grade = await tx.answers.grade(answer.revision_id)
    return grade is None or grade.attempt


async def _waits_for_grade(tx: Tx, answer: Answer) -> bool:
    if answer.revision_id is None or answer.withdrawn_at is not None:
        return False
    revision = await tx.answers.revision(answer.revision_id)
    return revision is not None and revision.state is RevisionState.PENDING


def _takes_answers(round_: Round, sent_at: datetime) -> bool:
    if round_.closes_at is not None and sent_at >= round_.closes_at:
        return False
    # A reply found after downtime counts by when it was sent, though the round has closed since.
    return round_.state in (*POSTED, RoundState.POSTING)


def _check_open(round_: Round, sent_at: datetime) -> None:
    if not _takes_answers(round_, sent_at):
        raise ConflictError("This round is closed. The next question takes answers again.")


async def _hold(tx: Tx, answer: Answer, reply: Reply, now: datetime) -> Accepted:
    """Keep a reply that counts only if the one before it turns out to be no attempt."""
    talk = Accepted(Outcome.CONVERSATION, answer.id)
    try:
        text = check_text(reply.text)
    except InvalidError:
        # Said beside an answer, it needs no correcting.
        return talk
    await tx.answers.add_revision(
        answer.id,
        text,
        RevisionState.HELD,
        now,
        channel_id=reply.channel_id,
        message_id=reply.message_id,
    )
    return talk


def _moved(answer: Answer, reply: Reply) -> Answer:
    """The answer, pointing at the message that now stands for it."""
    if reply.message_id is None or answer.scoring_id is not None:
        # Practice: the reply that scores stays the one that a delete withdraws.
        return answer
    return replace(answer, channel_id=reply.channel_id, message_id=reply.message_id)


def _anew(group: Group, answer: Answer, reply: Reply) -> Answer:
    """A withdrawn answer, given again: nothing of the deleted message stands."""
    return replace(
        answer,
        channel_id=reply.channel_id,
        message_id=reply.message_id,
        sealed=_is_sealed(group, reply),
    )


def _is_sealed(group: Group, reply: Reply) -> bool:
    return reply.form and group.settings.answers is not AnswerMode.THREAD


async def _revise(tx: Tx, answer: Answer, reply: Reply, text: str, now: datetime) -> Accepted:
    # A newer wording replaces those still waiting for their grade.
    await drop_revisions(tx, answer, *_WAITING)
    await _add(tx, replace(answer, withdrawn_at=None), reply, text, now)
    if answer.scoring_id is None:
        return Accepted(Outcome.REVISION, answer.id, answer.sealed)
    note = FIRST_STANDS if answer.withdrawn_at is None else FIRST_WITHDRAWN
    return Accepted(Outcome.PRACTICE, answer.id, answer.sealed, note)


async def drop_revisions(tx: Tx, answer: Answer, *states: RevisionState) -> None:
    """Void an answer's revisions that are in one of those states; its row is locked already."""
    for revision in await tx.answers.revisions(answer.id):
        if revision.state in states:
            await tx.answers.set_revision_state(revision.id, revision.state, RevisionState.DROPPED)


async def _add(tx: Tx, answer: Answer, reply: Reply, text: str, now: datetime) -> None:
    revision = await tx.answers.add_revision(
        answer.id,
        text,
        RevisionState.PENDING,
        now,
        channel_id=reply.channel_id,
        message_id=reply.message_id,
    )
    if answer.scoring_id is None:
        answer = replace(answer, revision_id=revision.id)
        await _drop_appeal(tx, answer, now)
    await tx.answers.update(answer)
    await tx.enqueue(JobKind.GRADE, revision.id)
    await tx.outbox.add(reaction_on(answer, Reaction.RECEIVED, revision))


async def _drop_appeal(tx: Tx, answer: Answer, now: datetime) -> None:
    """What was appealed stands no more."""
    appeal = await tx.appeals.open_for(answer.id)
    if appeal is None:
        return
    await tx.appeals.resolve(appeal.id, None, now)
    grade = await tx.answers.grade(appeal.revision_id)
    if grade is not None and grade.state is GradeState.APPEALED:
        state = GradeState.UNGRADED if grade.score is None else GradeState.GRADED
        await tx.answers.set_grade_state(grade.id, state)
