"""What a button does, the same on every platform."""

from __future__ import annotations

from bot.commands.core import Call, Response
from bot.commands.decks import press_import
from bot.commands.judging import queue_response
from bot.commands.people import join_anyway, link_anyway
from bot.commands.privacy import forget_anyway
from bot.domain.rounds import Round, RoundState
from bot.errors import ForbiddenError, InvalidError, NotFoundError
from bot.messages.judging import appealed_message, decided_text, feedback_message
from bot.messages.message import Action, Message, paragraph
from bot.store import Tx
from bot.study import appeals
from bot.study.services import Services
from bot.study.views import shown

NO_ANSWER = (
    "You haven't answered this question yet. Reply in its thread, or press Answer; then My grade "
    "shows what was covered and what was missed."
)
TOO_LATE = "You didn't answer this question, and it is closed. The next one takes answers again."


async def press(services: Services, call: Call, action: Action, target: int) -> Response:
    """Do what a button says; what it answers is for the caller alone.

    ``target`` is the button's. Raises StudyErrors with what to tell the caller; InvalidError
    for ANSWER and OPEN, which are forms and links of the platform's own.
    """
    match action:
        case Action.MY_GRADE:
            return await _my_grade(services, call, target)
        case Action.APPEAL:
            return await _appeal(services, call, target)
        case Action.UPHOLD | Action.RULE_CORRECT | Action.RULE_PARTIAL | Action.RULE_INCORRECT:
            return await _rule(services, call, action, target)
        case Action.IMPORT_USE | Action.IMPORT | Action.IMPORT_SHOW | Action.IMPORT_DISCARD:
            return await press_import(services, call, action, target)
        case Action.ANSWER | Action.OPEN:
            raise InvalidError("That button works on its own platform only.")
        case Action.JOIN | Action.LINK | Action.FORGET:
            return await _agree(services, call, action, target)


async def _agree(services: Services, call: Call, action: Action, target: int) -> Response:
    """A yes to what was asked before."""
    if action is Action.LINK:
        return await link_anyway(services, call, target)
    if action is Action.FORGET:
        return await forget_anyway(services, call, target)
    if not call.organiser:
        raise ForbiddenError("Only organisers can let this channel join another group.")
    return await join_anyway(services, call, target)


async def _appeal(services: Services, call: Call, round_id: int) -> Response:
    filed = await appeals.appeal(services, call.group, call.member, round_id=round_id)
    message = appealed_message(filed.prompt, new=filed.new, reason=filed.appeal.reason)
    return Response(message, private=True)


async def _rule(services: Services, call: Call, action: Action, appeal_id: int) -> Response:
    """Decide an appeal. The next one comes back, so that a queue is cleared click by click."""
    if not call.organiser:
        raise ForbiddenError("Only organisers can decide appeals.")
    word = action.value.removeprefix("rule_")
    ruling = appeals.parse_ruling(word)
    done = await appeals.decide_appeal(services, call.group, call.member, appeal_id, ruling)
    text = decided_text(done.member_name, done.prompt, done.points, upheld=done.upheld)
    return await queue_response(services, call, text)


async def _my_grade(services: Services, call: Call, round_id: int) -> Response:
    async with services.store.read() as tx:
        round_ = await _round(tx, call, round_id)
        answer = await tx.answers.find(round_.id, call.member.id)
        if answer is None or answer.withdrawn_at is not None:
            raise NotFoundError(NO_ANSWER if round_.state is RoundState.OPEN else TOO_LATE)
        seen = await shown(tx, answer)
        if seen.grade is None:
            text = paragraph("You are told as soon as it may be shown.")
            return Response(Message("Waiting for its grade", (text,)), private=True)
        score = await tx.boards.score(round_.id, call.member.id)
    withheld = score.withheld if score else None
    message = feedback_message(seen.grade, round_id=round_.id, practice=False, withheld=withheld)
    return Response(message, private=True)


async def _round(tx: Tx, call: Call, round_id: int) -> Round:
    round_ = await tx.rounds.get(round_id)
    if round_ is None or round_.group_id != call.group.id:
        raise NotFoundError("That question isn't there any more.")
    return round_
