"""Taking replies in: a first reply is the Answer, later ones are revisions or conversation.

Every function works inside the caller's transaction, so that what the platform knows of a
reply and what we make of it are stored together or not at all.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.group import AnswerMode, Group, Member
from bot.domain.rounds import POSTED, Answer, Revision, RevisionState, Round, RoundState
from bot.domain.work import JobKind, NewOut, OutKind
from bot.errors import ConflictError, InvalidError
from bot.judge.guards import is_contentless
from bot.ports import Reaction
from bot.store import Tx
from bot.study.streaks import recount

LONGEST = 8_000
_PREFIX = re.compile(r"^\s*answer\s*:\s*", re.IGNORECASE)
_LAYOUT = "\t\n\r"

SEALED_ONLY = "This group answers with the Answer button, so that nobody is spoiled. Please use it."
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
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in _LAYOUT for c in tidy):
        raise InvalidError("That looks like binary data. Please send your answer as plain text.")
    if is_contentless(tidy):
        raise InvalidError(NO_ATTEMPT)
    return tidy


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
    _check_open(round_, reply.sent_at)
    if not explicit and group.settings.answers is AnswerMode.SEALED:
        return Accepted(Outcome.CONVERSATION, None, note=SEALED_ONLY)
    text = check_text(_PREFIX.sub("", reply.text, count=1))
    if existing is None:
        return await _first(tx, group, round_, member, reply, text, now)
    if not explicit and await _waits_for_grade(tx, existing):
        # Held: it counts only if the reply before it turns out to be no attempt.
        await tx.answers.add_revision(existing.id, text, RevisionState.HELD, now)
        return Accepted(Outcome.CONVERSATION, existing.id)
    return await _revise(tx, _moved(existing, reply), text, now)


async def edited(tx: Tx, answer: Answer, text: str, now: datetime) -> Accepted:
    """The member edited the message that is their answer: a new revision.

    An edit after close, or one that changes nothing, is left alone.
    """
    round_ = await tx.rounds.get(answer.round_id)
    if round_ is None or answer.withdrawn_at or not _takes_answers(round_, now):
        return Accepted(Outcome.CONVERSATION, answer.id)
    tidy = check_text(_PREFIX.sub("", text, count=1))
    history = await tx.answers.revisions(answer.id)
    if history and history[-1].text == tidy:
        return Accepted(Outcome.CONVERSATION, answer.id)
    return await _revise(tx, answer, tidy, now)


async def withdraw(tx: Tx, answer: Answer, now: datetime) -> None:
    """The member deleted their reply: it stays as a record, its points leave the boards."""
    if answer.withdrawn_at is not None:
        return
    await tx.answers.update(replace(answer, withdrawn_at=now))
    for revision in await tx.answers.revisions(answer.id):
        for state in (RevisionState.PENDING, RevisionState.HELD):
            await tx.answers.set_revision_state(revision.id, state, RevisionState.DROPPED)
    await tx.boards.drop(answer.round_id, answer.member_id)
    round_ = await tx.rounds.get(answer.round_id)
    if round_ is not None and round_.state is RoundState.CLOSED:
        await recount(tx, answer.group_id, answer.member_id)


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


def _moved(answer: Answer, reply: Reply) -> Answer:
    """The answer, pointing at the message that now stands for it."""
    if reply.message_id is None:
        return answer
    return replace(answer, channel_id=reply.channel_id, message_id=reply.message_id)


async def _first(
    tx: Tx, group: Group, round_: Round, member: Member, reply: Reply, text: str, now: datetime
) -> Accepted:
    sealed = reply.form and group.settings.answers is not AnswerMode.THREAD
    answer = await tx.answers.create(
        Answer(
            id=0,
            round_id=round_.id,
            group_id=group.id,
            member_id=member.id,
            created_at=now,
            channel_id=reply.channel_id,
            message_id=reply.message_id,
            sealed=sealed,
        )
    )
    await _add(tx, answer, text, now)
    return Accepted(Outcome.ANSWER, answer.id, sealed)


async def _revise(tx: Tx, answer: Answer, text: str, now: datetime) -> Accepted:
    practice = answer.scoring_id is not None
    await _drop_waiting(tx, answer)
    await _add(tx, replace(answer, withdrawn_at=None), text, now)
    if not practice:
        return Accepted(Outcome.REVISION, answer.id, answer.sealed)
    note = "Your first verdict stands for the leaderboard; this revision is graded as practice."
    return Accepted(Outcome.PRACTICE, answer.id, answer.sealed, note)


async def _drop_waiting(tx: Tx, answer: Answer) -> None:
    """A newer wording replaces those still waiting for their grade."""
    for revision in await tx.answers.revisions(answer.id):
        for state in (RevisionState.PENDING, RevisionState.HELD):
            await tx.answers.set_revision_state(revision.id, state, RevisionState.DROPPED)


async def _add(tx: Tx, answer: Answer, text: str, now: datetime) -> Revision:
    revision = await tx.answers.add_revision(answer.id, text, RevisionState.PENDING, now)
    if answer.scoring_id is None:
        answer = replace(answer, revision_id=revision.id)
    await tx.answers.update(answer)
    await tx.enqueue(JobKind.GRADE, revision.id)
    await add_reaction(tx, answer, Reaction.RECEIVED, revision.id)
    return revision


async def add_reaction(tx: Tx, answer: Answer, reaction: Reaction, revision_id: int) -> None:
    """Put a reaction on the reply, if it is a message that can carry one."""
    if answer.channel_id is None or answer.message_id is None:
        return
    await tx.outbox.add(
        [
            NewOut(
                group_id=answer.group_id,
                channel_id=answer.channel_id,
                kind=OutKind.REACTION,
                dedupe_key=f"reaction:{revision_id}:{reaction.value}",
                round_id=answer.round_id,
                answer_id=answer.id,
                member_id=answer.member_id,
                data={"reaction": reaction.value},
            )
        ]
    )
