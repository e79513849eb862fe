"""Signs on members' replies."""

from __future__ import annotations

from bot.domain.rounds import Answer, Revision
from bot.domain.work import NewOut, OutKind
from bot.ports import Reaction


def reaction_on(
    answer: Answer, reaction: Reaction, revision: Revision, grade_id: int = 0
) -> list[NewOut]:
    """A reaction for the message that the revision was written in, or that it revises.

    ``grade_id`` is the grade that it tells of. Empty where there is no such message, and for
    practice, which never changes the sign on the reply that scores.
    """
    channel_id, message_id = revision.channel_id, revision.message_id
    if message_id is None:
        channel_id, message_id = answer.channel_id, answer.message_id
    if channel_id is None or message_id is None:
        return []
    if is_practice(answer, revision.id) and message_id == answer.message_id:
        return []
    return [
        NewOut(
            group_id=answer.group_id,
            channel_id=channel_id,
            kind=OutKind.REACTION,
            dedupe_key=f"reaction:{revision.id}:{reaction.value}:{grade_id}",
            round_id=answer.round_id,
            answer_id=answer.id,
            member_id=answer.member_id,
            data={
                "reaction": reaction.value,
                "revision_id": revision.id,
                "message_id": message_id,
            },
        )
    ]


def is_practice(answer: Answer, revision_id: int) -> bool:
    """Whether a revision came after the one whose verdict was shown."""
    return answer.scoring_id not in (None, revision_id)
