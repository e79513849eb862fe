"""Buttons and modals: what members and organisers press, and what they fill in.

Everything is told by custom ids and nothing is kept in memory, so that a message's buttons
work after a restart and for as long as they show.
"""

from __future__ import annotations

import re
from dataclasses import replace

import discord

from adapters.discord.callers import GONE, Callers
from adapters.discord.client import StudyClient
from adapters.discord.desk import PLATFORM
from adapters.discord.forms import at_rest, filled, labelled, modal, step_of
from adapters.discord.render import custom_id, pressed
from adapters.discord.replies import Replies, Reply, reply_of
from adapters.discord.setting_up import SettingUp
from bot.commands.press import press
from bot.domain.rounds import Round
from bot.errors import ConflictError, InvalidError, NotFoundError
from bot.messages.judging import appealed_message
from bot.messages.message import (
    CONSENTS,
    IMPORTS,
    RULINGS,
    Action,
    Button,
    Message,
    Quote,
    Tone,
    paragraph,
)
from bot.store import Tx
from bot.study import answering, appeals
from bot.study.answering import Accepted, Outcome
from bot.study.delivery import deliver_waiting

LONGEST_ANSWER = 4_000
INPUT = "text"
DECIDING = (RULINGS | IMPORTS | CONSENTS) - {Action.IMPORT_SHOW, Action.JOIN}
_BACKSLASHED = re.compile(r"\\(.)")
TAKEN = {
    Outcome.ANSWER: "Your answer is in",
    Outcome.REVISION: "Your new wording is in",
    Outcome.PRACTICE: "Taken as practice",
    Outcome.CONVERSATION: "Nothing was changed",
}


class Acting:
    """Dispatches what is pressed and filled in."""

    def __init__(self, callers: Callers, replies: Replies, setting_up: SettingUp) -> None:
        self._callers = callers
        self._services = callers.desk.services
        self._replies = replies
        self._setting_up = setting_up

    def attach(self, client: StudyClient) -> None:
        """Listen to a client's interactions; its commands are the tree's."""
        client.listen("interaction", self.on_interaction)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A component was used or a modal sent."""
        is_modal = interaction.type is discord.InteractionType.modal_submit
        if not is_modal and interaction.type is not discord.InteractionType.component:
            return
        name = str(interaction.custom_id or "")
        step, button = step_of(name), pressed(name)
        if step is not None:
            await self._setting_up.step(interaction, step)
        elif button is None:
            await self._replies.serve(interaction, _unknown())
        elif is_modal:
            await self._submitted(interaction, *button)
        else:
            await self._pressed(interaction, *button)

    async def _pressed(self, interaction: discord.Interaction, action: Action, target: int) -> None:
        match action:
            case Action.ANSWER:
                await self._replies.open(interaction, _answer_modal(interaction, target))
            case Action.APPEAL:
                await self._replies.open(interaction, _appeal_modal(target))
            case Action.OPEN:
                await self._replies.serve(interaction, self._where(interaction, target))
            case _:
                work = self._press(interaction, action, target)
                await self._replies.serve(interaction, work, update=action in DECIDING)
                if action is Action.MY_GRADE:
                    await self._tell_waiting(interaction, target)

    async def _tell_waiting(self, interaction: discord.Interaction, round_id: int) -> None:
        """Follow up with what could not be sent to them, now that there is a way."""
        async with self._services.store.write() as tx:
            try:
                call = await self._callers.of_round(tx, interaction, round_id)
            except NotFoundError:
                return
        await deliver_waiting(self._services, round_id, call.member.id)

    async def _submitted(
        self, interaction: discord.Interaction, action: Action, target: int
    ) -> None:
        text = filled(interaction).get(INPUT, "")
        match action:
            case Action.ANSWER:
                await self._replies.serve(interaction, self._answer(interaction, target, text))
            case Action.APPEAL:
                await self._replies.serve(interaction, self._appeal(interaction, target, text))
            case _:
                await self._replies.serve(interaction, _unknown())

    async def _answer(self, interaction: discord.Interaction, round_id: int, text: str) -> Reply:
        """Take an answer in; one that can't be taken comes back with its words, not to be lost."""
        try:
            accepted = await self._accept(interaction, round_id, text)
        except (InvalidError, ConflictError) as error:
            blocks = (paragraph(str(error)), Quote(text, source="What you wrote"))
            return Reply(Message("That didn't work", blocks, tone=Tone.NOTICE))
        return Reply(_taken(accepted, round_id))

    async def _accept(self, interaction: discord.Interaction, round_id: int, text: str) -> Accepted:
        now = self._services.clock()
        async with self._services.store.write() as tx:
            if not await tx.first_time(PLATFORM, f"i:{interaction.id}", now):
                # Discord tells of it again after a lost connection.
                return Accepted(Outcome.CONVERSATION, None, note="It was taken in already.")
            call = await self._callers.of_round(tx, interaction, round_id)
            round_ = await _round(tx, call.group.id, round_id)
            reply = answering.Reply(text, now, call.channel.id, form=True)
            return await answering.accept(tx, call.group, round_, call.member, reply, now)

    async def _appeal(self, interaction: discord.Interaction, round_id: int, why: str) -> Reply:
        async with self._services.store.write() as tx:
            call = await self._callers.of_round(tx, interaction, round_id)
        filed = await appeals.appeal(
            self._services, call.group, call.member, why, round_id=round_id
        )
        return Reply(appealed_message(filed.prompt, new=filed.new, reason=filed.appeal.reason))

    async def _press(self, interaction: discord.Interaction, action: Action, target: int) -> Reply:
        async with self._services.store.write() as tx:
            if action in RULINGS | IMPORTS | CONSENTS:
                call = await self._callers.here(tx, interaction)
            else:
                call = await self._callers.of_round(tx, interaction, target)
        response = await press(self._services, call, action, target)
        # The queue is cleared click by click in one message; what became of an import takes
        # its preview's place.
        return replace(reply_of(response), updates=action in DECIDING)

    async def _where(self, interaction: discord.Interaction, round_id: int) -> Reply:
        """The way to a round's thread."""
        async with self._services.store.write() as tx:
            call = await self._callers.of_round(tx, interaction, round_id)
            await _round(tx, call.group.id, round_id)
            posts = await tx.outbox.posts(round_id)
        for post in posts:
            if post.channel_id == call.channel.id and post.external_id is not None:
                thread = post.thread_id or post.external_id
                return Reply(Message("There it is"), view=_link(interaction, thread))
        raise NotFoundError("That question isn't posted here.")


async def _round(tx: Tx, group_id: int, round_id: int) -> Round:
    round_ = await tx.rounds.get(round_id)
    if round_ is None or round_.group_id != group_id:
        raise NotFoundError(GONE)
    return round_


async def _unknown() -> Reply:
    raise NotFoundError("That button does nothing any more. /help says what you can do.")


def _link(interaction: discord.Interaction, thread: str) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    url = f"https://discord.com/channels/{interaction.guild_id or '@me'}/{thread}"
    view.add_item(discord.ui.Button(label="Open it", url=url))
    return at_rest(view)


def _taken(accepted: Accepted, round_id: int) -> Message:
    blocks = []
    if accepted.note:
        blocks.append(paragraph(accepted.note))
    elif accepted.outcome is not Outcome.CONVERSATION:
        alone = "Nobody else sees it. " if accepted.sealed else ""
        blocks.append(paragraph(f"{alone}My grade shows what was covered and what was missed."))
    button = Button(Action.MY_GRADE, "My grade", round_id)
    return Message(TAKEN[accepted.outcome], tuple(blocks), (button,))


def _answer_modal(interaction: discord.Interaction, round_id: int) -> discord.ui.Modal:
    """Needs nothing but what was pressed: a modal can't be opened later."""
    embeds = interaction.message.embeds if interaction.message else []
    question = _BACKSLASHED.sub(r"\1", embeds[0].title or "") if embeds else ""
    text = discord.ui.TextInput[discord.ui.LayoutView](
        custom_id=INPUT, style=discord.TextStyle.long, max_length=LONGEST_ANSWER
    )
    fields = [labelled("Your answer, in your own words", text, question)]
    return modal("Answer", custom_id(Action.ANSWER, round_id), fields)


def _appeal_modal(round_id: int) -> discord.ui.Modal:
    text = discord.ui.TextInput[discord.ui.LayoutView](
        custom_id=INPUT,
        style=discord.TextStyle.long,
        max_length=appeals.LONGEST_REASON,
        required=False,
    )
    fields = [labelled("Why, if you like to say", text, "An organiser looks at your answer.")]
    return modal("Appeal", custom_id(Action.APPEAL, round_id), fields)
