"""Commands about one's own data: have it, hide it, have it forgotten."""

from __future__ import annotations

import json

from bot.commands.core import Call, Response, TextFile, Values
from bot.domain.group import Role
from bot.errors import ConflictError
from bot.messages.message import Action, Block, Button, Code, Message, Tone, paragraph
from bot.study import organising
from bot.study.services import Services


async def export(services: Services, call: Call, _: Values) -> Response:
    """``/privacy export``: everything that is kept of the caller, as JSON."""
    async with services.store.read() as tx:
        data = await tx.members.export(call.member.id)
    file = TextFile("studybot-my-data.json", json.dumps(data, ensure_ascii=False, indent=2))
    text = (
        f"Everything that “{call.group.name}” keeps of you: your answers in every wording, their "
        "grades, points and appeals, and what you wrote on the web."
    )
    return Response(Message("Your data", (paragraph(text),)), private=True, file=file)


async def forget(services: Services, call: Call, _: Values) -> Response:
    """``/privacy forget``: says what goes, and asks."""
    text = (
        "Your answers, grades, points, streak, appeals and messages in "
        f"“{call.group.name}” are deleted for good, with the accounts they came from. "
        "Your name is taken out of what I said. Messages that you wrote on another platform stay "
        "there until you delete them."
    )
    blocks: list[Block] = [paragraph(text)]
    if call.member.role is Role.ORGANISER:
        named = await organising.named(services, call.group)
        last = all(each.id == call.member.id for each in named)
        blocks.append(paragraph(_for_organisers(call, last=last)))
    blocks.append(paragraph("A copy for yourself: ", Code("/privacy export"), "."))
    button = Button(Action.FORGET, "Forget me", call.member.id)
    message = Message("Forget everything about you?", tuple(blocks), (button,), tone=Tone.NOTICE)
    return Response(message, private=True)


def _for_organisers(call: Call, *, last: bool) -> str:
    if not last or call.admin:
        return "You would no longer be named as an organiser."
    return (
        "You are the last named organiser. Name another first with /study organisers add, or the "
        "group is left without one."
    )


async def forget_anyway(services: Services, call: Call, member_id: int) -> Response:
    """The button below what would go. Raises ConflictError if it isn't the caller's own."""
    if member_id != call.member.id:
        raise ConflictError("That button isn't about you any more. Begin again: /privacy forget")
    async with services.store.write() as tx:
        await tx.members.erase(member_id)
    text = paragraph("Nothing of you is kept. If you answer again, you begin anew.")
    return Response(Message("You are forgotten", (text,)), private=True)


async def hide(services: Services, call: Call, _: Values) -> Response:
    """``/privacy hide``: off the boards; points are counted on."""
    return await _set_hidden(services, call, hidden=True)


async def show(services: Services, call: Call, _: Values) -> Response:
    """``/privacy show``: on the boards again."""
    return await _set_hidden(services, call, hidden=False)


async def _set_hidden(services: Services, call: Call, *, hidden: bool) -> Response:
    async with services.store.write() as tx:
        await tx.members.set_hidden(call.member.id, hidden=hidden)
    if hidden:
        text = paragraph(
            "Your points and streak go on, but no leaderboard shows you. ",
            Code("/privacy show"),
            " brings you back.",
        )
        return Response(Message("You are hidden", (text,)), private=True)
    text = paragraph("Leaderboards show you with all your points.")
    return Response(Message("You are on the boards", (text,)), private=True)
