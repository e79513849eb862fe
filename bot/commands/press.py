"""What a button does, the same on every platform."""

from __future__ import annotations

from bot.commands.core import Call, Response
from bot.domain.rounds import Round
from bot.errors import InvalidError, NotFoundError
from bot.messages.build import feedback_message
from bot.messages.message import Action, Message, paragraph
from bot.store import Tx
from bot.study.services import Services
from bot.study.views import shown


async def press(services: Services, call: Call, action: Action, target: int) -> Response:
    """Do what a button says; what it answers is for the caller alone.

    ``target`` is the button's. Raises StudyErrors with what to tell the caller; InvalidError
    for ANSWER and OPEN, which are forms and links of the platform's own.
    """
    match action:
        case Action.MY_GRADE:
            return await _my_grade(services, call, target)
        case _:
            raise InvalidError("That button works on its own platform only.")


async def _my_grade(services: Services, call: Call, round_id: int) -> Response:
    async with services.store.read() as tx:
        round_ = await _round(tx, call, round_id)
        answer = await tx.answers.find(round_.id, call.member.id)
        if answer is None or answer.withdrawn_at is not None:
            raise NotFoundError("You have no answer to this question.")
        seen = await shown(tx, answer)
        if seen.grade is None:
            text = paragraph("You are told as soon as it may be shown.")
            return Response(Message("Waiting for its grade", (text,)), private=True)
        score = await tx.boards.score(round_.id, call.member.id)
    withheld = score.withheld if score else None
    return Response(feedback_message(seen.grade, practice=False, withheld=withheld), private=True)


async def _round(tx: Tx, call: Call, round_id: int) -> Round:
    round_ = await tx.rounds.get(round_id)
    if round_ is None or round_.group_id != call.group.id:
        raise NotFoundError("That question isn't there any more.")
    return round_
