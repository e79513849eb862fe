"""“Grade this message”: organisers make a message its author's answer, or grade it themselves."""

from __future__ import annotations

from dataclasses import replace

import discord

from adapters.discord.callers import Callers
from adapters.discord.desk import PLATFORM
from adapters.discord.forms import Step, at_rest, form_modal
from adapters.discord.replies import Reply, reply_of
from bot.commands.core import Call, Form
from bot.commands.run import run_command
from bot.domain.group import AnswerMode
from bot.errors import ForbiddenError, InvalidError, NotFoundError
from bot.messages.message import Code, Mention, Message, paragraph
from bot.store import Tx
from bot.study import answering
from bot.study.answering import Accepted, Outcome

NAME = "Grade this message"
GRADE = "study grade"
OF_OTHERS = "That reply is another study group's, which posted here before. It decides on it."
NO_REPLY = "Use this on a member's reply to a question: in its thread, or to its message."
_SAID = {
    Outcome.ANSWER: " now counts as their answer and is being graded.",
    Outcome.REVISION: " now counts as their answer, in place of the one before.",
    Outcome.PRACTICE: " is graded as practice: they had seen a verdict before.",
    Outcome.CONVERSATION: " was left as it is.",
}


class Menu:
    """The command of a message's context menu."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers
        self._services = callers.desk.services

    async def grade(self, interaction: discord.Interaction, message: discord.Message) -> Reply:
        """What counts already is graded through the form; anything else becomes the answer.

        Raises StudyErrors where neither can be done.
        """
        async with self._services.store.write() as tx:
            call = await self._callers.here(tx, interaction)
            if not call.organiser:
                raise ForbiddenError("Only organisers can grade a message.")
            answer = await tx.answers.by_message(call.channel.id, str(message.id))
            if answer is not None and answer.group_id != call.group.id:
                raise ForbiddenError(OF_OTHERS)
            if answer is None or answer.withdrawn_at is not None:
                return _told(message, *await self._count(tx, call, message))
        return await self._form(call, answer.id)

    async def _count(self, tx: Tx, call: Call, message: discord.Message) -> tuple[Accepted, int]:
        """Take a message in as its author's answer, whatever it was taken for before."""
        asked = await tx.outbox.asked_as(PLATFORM, _question(message))
        round_ = await tx.rounds.get(asked.round_id or 0) if asked else None
        if asked is None or round_ is None or asked.channel_id != call.channel.id:
            raise NotFoundError(NO_REPLY)
        if round_.group_id != call.group.id:
            raise ForbiddenError(OF_OTHERS)
        if not message.content.strip():
            raise InvalidError("That message has no words that could be graded.")
        now = self._services.clock()
        author = await tx.members.ensure(
            call.group.id, PLATFORM, str(message.author.id), message.author.display_name
        )
        await tx.first_time(PLATFORM, f"m:{message.id}", now)
        sealed = call.group.settings.answers is AnswerMode.SEALED
        # Said outright, as members say it: words that follow this are never taken for talk.
        text = message.content if sealed else f"Answer: {message.content}"
        reply = answering.Reply(
            text, min(message.created_at, now), call.channel.id, str(message.id), form=sealed
        )
        accepted = await answering.accept(tx, call.group, round_, author, reply, now)
        return accepted, author.id

    async def _form(self, call: Call, answer_id: int) -> Reply:
        (response,) = await run_command(self._services, call, GRADE, {})
        if response.form is None:
            return reply_of(response)
        form = _begun(response.form, str(answer_id))
        channel_id = int(call.channel.external_id)
        text = paragraph("It is answer ", Code(f"#{answer_id}"), ". Its author is told your word.")
        return Reply(
            Message("Grade this answer", (text,)),
            view=_open_form(Step("fill", GRADE, channel_id)),
            modal=form_modal(form, channel_id),
        )


def _begun(form: Form, answer: str) -> Form:
    """The form with the answer filled in."""
    first, *others = form.fields
    return replace(form, fields=(replace(first, value=answer), *others))


def _open_form(step: Step) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Grade it…", custom_id=step.custom_id))
    return at_rest(view)


def _question(message: discord.Message) -> str:
    """The question that a message may reply to. Raises NotFoundError if there can be none."""
    if message.author.bot or message.webhook_id is not None:
        raise NotFoundError(NO_REPLY)
    if isinstance(message.channel, discord.Thread):
        return str(message.channel.id)
    if message.reference is None or message.reference.message_id is None:
        raise NotFoundError(NO_REPLY)
    return str(message.reference.message_id)


def _told(message: discord.Message, accepted: Accepted, member_id: int) -> Reply:
    who = Mention(member_id, message.author.display_name)
    note = paragraph(accepted.note) if accepted.note else None
    said = paragraph("What ", who, " wrote", _SAID[accepted.outcome])
    return Reply(Message("Done", (said, note) if note else (said,)))
