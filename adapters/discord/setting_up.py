"""Founding a group in a channel, and the panel that its settings are chosen in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import discord

from adapters.discord.callers import Callers, place_of
from adapters.discord.desk import PLATFORM
from adapters.discord.forms import (
    Step,
    at_rest,
    blank_form,
    choices_view,
    chosen,
    filled,
    fits,
    form_modal,
    form_view,
    typed_fields,
)
from adapters.discord.replies import Replies, Reply, reply_of
from bot.commands.core import Call, Form, OptionKind, Response
from bot.commands.people import joined
from bot.commands.run import matching_zones, run_command
from bot.commands.table import JOIN
from bot.domain.group import Group
from bot.domain.schedule import zone_of
from bot.errors import ForbiddenError, InvalidError, NotFoundError, StudyError
from bot.messages.message import Code, Message, paragraph, shortened
from bot.study import joining
from bot.study.groups import found_group
from bot.study.joining import Place

SETUP = "study setup"
FORM_SECONDS = 1.5
NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    embed_links=True,
    add_reactions=True,
    read_message_history=True,
    create_public_threads=True,
    send_messages_in_threads=True,
)
FOUNDED = (
    "I post a question in {channel} by this schedule. Change what you like: each choice is "
    "saved at once. Whom Discord shows /study is set under Server Settings, Integrations."
)
MOVED = "“{name}” goes on in {channel}, with its leaderboard and streaks as they were."
LOST = "can't be posted in any channel any more. Its points and streaks stand."
ELSEWHERE = "Type /study setup in another channel to move it there."
MOST_MOVES = 3
ONLY_ORGANISERS = "Only organisers can set up a study group."


class SettingUp:
    """Runs ``/study setup``, and every command that comes with a form."""

    def __init__(self, callers: Callers, replies: Replies) -> None:
        self._callers = callers
        self._services = callers.desk.services
        self._replies = replies

    # Commands.

    async def setup(
        self,
        interaction: discord.Interaction,
        values: Mapping[str, str],
        channel: discord.TextChannel | None,
    ) -> Reply:
        """``/study setup`` in a channel; the first one founds its group."""
        channel_id = channel.id if channel else place_of(interaction)
        if not await self._has_group(channel_id):
            if not values and channel is None:
                return _where(interaction, await self._stranded(interaction))
            return await self.found(interaction, channel_id, values)
        call = await self.call(interaction, channel_id)
        if values:
            return reply_of(await self.run(call, SETUP, values))
        return await self.panel(call, SETUP)

    async def found(
        self, interaction: discord.Interaction, channel_id: int, values: Mapping[str, str]
    ) -> Reply:
        """Found a channel's group with these settings; its panel.

        Raises ForbiddenError for those who don't organise, and where studybot can't post.
        """
        channel = self._fit(interaction, channel_id, ONLY_ORGANISERS)
        place = _place(channel)
        await found_group(
            self._services,
            PLATFORM,
            place.external_id,
            channel.name,
            channel.guild.name,
            values.get("zone", "UTC"),
            place.server_id,
        )
        call = await self.call(interaction, channel_id)
        said = await self.run(call, SETUP, values) if values else None
        panel = await self.panel(call, SETUP)
        shown = said.message if said else panel.message
        stranded = (await self._stranded(interaction))[:MOST_MOVES]
        lead = paragraph(FOUNDED.format(channel=f"#{channel.name}"))
        lost = [paragraph(f"“{each.name}” {LOST} {ELSEWHERE}") for each in stranded]
        return replace(panel, message=replace(shown, blocks=(lead, *lost, *shown.blocks)))

    async def join(self, interaction: discord.Interaction, values: Mapping[str, str]) -> Reply:
        """``/study join`` in a channel, whether it has a group or not."""
        channel_id = place_of(interaction)
        if await self._has_group(channel_id):
            return reply_of(await self.run(await self.call(interaction), JOIN, values))
        channel = self._fit(interaction, channel_id, "Only organisers can let a channel join.")
        who = f"{PLATFORM}:{interaction.user.id}"
        done = await joining.join(self._services, _place(channel), values.get("code", ""), who)
        return reply_of(joined(done))

    async def panel(self, call: Call, command: str, said: Response | None = None) -> Reply:
        """A command's form as it stands, under what was ``said`` just now."""
        response = await self.run(call, command, {})
        form = response.form
        if form is None or not fits(form):
            return reply_of(said or response)
        channel_id = int(call.channel.external_id)
        more = (_post_button(channel_id),) if command == SETUP else ()
        written = len(typed_fields(form)) == len(form.fields)
        return Reply(
            (said or response).message,
            view=form_view(form, channel_id, more),
            modal=form_modal(form, channel_id) if written and said is None else None,
        )

    async def run(self, call: Call, command: str, values: Mapping[str, str]) -> Response:
        """Run a command of the table; what can't be done comes back in words."""
        (response,) = await run_command(self._services, call, command, values)
        return response

    async def call(self, interaction: discord.Interaction, channel_id: int | None = None) -> Call:
        """Who acts in a channel's group. Raises NotFoundError if it has none."""
        async with self._services.store.write() as tx:
            return await self._callers.here(tx, interaction, channel_id)

    # Components.

    async def step(self, interaction: discord.Interaction, step: Step) -> None:
        """Do what a component of a form, or its modal, says."""
        match step.kind:
            case "fill":
                await self._fill(interaction, step)
            case "form":
                work = self._submitted(interaction, step)
                await self._replies.serve(interaction, work, update=True)
            case "field":
                await self._replies.serve(interaction, self._chosen(interaction, step), update=True)
            case "found" | "here":
                channel_id = _picked(interaction) if step.kind == "found" else step.channel_id
                work = self._placed(interaction, channel_id)
                await self._replies.serve(interaction, work, update=True)
            case "move":
                work = self._moved(interaction, step.channel_id)
                await self._replies.serve(interaction, work, update=True)
            case _:
                await self._replies.serve(interaction, self._ran(interaction, step))

    async def _fill(self, interaction: discord.Interaction, step: Step) -> None:
        """Open the modal; a form that can't be had in time is opened without what holds now."""
        try:
            async with asyncio.timeout(FORM_SECONDS):
                call = await self.call(interaction, step.channel_id)
                form = await self._form(call, step.command)
        except (TimeoutError, StudyError):
            # Why it can't be done is said when it is submitted.
            form = blank_form(step.command)
        await self._replies.open(interaction, form_modal(form, step.channel_id))

    async def _form(self, call: Call, command: str) -> Form:
        return (await self.run(call, command, {})).form or blank_form(command)

    async def _submitted(self, interaction: discord.Interaction, step: Step) -> Reply:
        call = await self.call(interaction, step.channel_id)
        form = await self._form(call, step.command)
        values = _changed(form, filled(interaction))
        unclear = _unclear_zone(form, values)
        said = await self.run(call, step.command, values) if values else None
        if unclear:
            again = Step("field", step.command, step.channel_id, "zone")
            text = "Several time zones fit. Which one is yours?"
            view = choices_view(again, "Time zone", unclear)
            return Reply(Message("Time zone", (paragraph(text),)), view=view, updates=True)
        if step.command != SETUP and said is not None:
            return reply_of(said)
        return replace(await self.panel(call, step.command, said), updates=True)

    async def _chosen(self, interaction: discord.Interaction, step: Step) -> Reply:
        call = await self.call(interaction, step.channel_id)
        said = await self.run(call, step.command, {step.option: chosen(interaction)})
        return replace(await self.panel(call, step.command, said), updates=True)

    async def _placed(self, interaction: discord.Interaction, channel_id: int) -> Reply:
        if await self._has_group(channel_id):
            call = await self.call(interaction, channel_id)
            return replace(await self.panel(call, SETUP), updates=True)
        return replace(await self.found(interaction, channel_id, {}), updates=True)

    async def _moved(self, interaction: discord.Interaction, group_id: int) -> Reply:
        channel = self._fit(interaction, place_of(interaction), ONLY_ORGANISERS)
        done = await joining.move_here(self._services, _place(channel), group_id)
        panel = await self.panel(await self.call(interaction, channel.id), SETUP)
        lead = paragraph(MOVED.format(name=done.group.name, channel=f"#{channel.name}"))
        shown = replace(panel.message, blocks=(lead, *panel.message.blocks))
        return replace(panel, message=shown, updates=True)

    async def _stranded(self, interaction: discord.Interaction) -> list[Group]:
        """Groups of this server that lost all their channels, for whom may move them."""
        if interaction.guild_id is None or not self._callers.organises(interaction):
            return []
        async with self._services.store.read() as tx:
            return await joining.stranded(tx, PLATFORM, str(interaction.guild_id))

    def _fit(
        self, interaction: discord.Interaction, channel_id: int, refusal: str
    ) -> discord.TextChannel:
        """A channel that studybot can post in, at an organiser's word. Raises StudyErrors."""
        if not self._callers.organises(interaction):
            raise ForbiddenError(refusal)
        channel = _text_channel(interaction, channel_id)
        _check_permissions(channel)
        return channel

    async def _ran(self, interaction: discord.Interaction, step: Step) -> Reply:
        call = await self.call(interaction, step.channel_id)
        return reply_of(await self.run(call, step.command, {}))

    async def _has_group(self, channel_id: int) -> bool:
        async with self._services.store.read() as tx:
            return await tx.groups.by_channel(PLATFORM, str(channel_id)) is not None


def _changed(form: Form, given: Mapping[str, str]) -> dict[str, str]:
    """What was filled in; what holds already needs no saving, unless it must be there."""
    was = {field.option.name: field for field in form.fields}
    return {
        name: value.strip()
        for name, value in given.items()
        if name in was
        and value.strip()
        and (was[name].option.required or value.strip() != was[name].value)
    }


def _unclear_zone(form: Form, values: dict[str, str]) -> list[str]:
    """Take the one zone that fits what was typed, or take it out and return those that may."""
    kinds = {field.option.name: field.option.kind for field in form.fields}
    for name, typed in tuple(values.items()):
        if kinds.get(name) is not OptionKind.ZONE:
            continue
        try:
            zone_of(typed)
        except InvalidError:
            near = matching_zones(typed)
            if len(near) == 1:
                values[name] = near[0]
            elif near:
                del values[name]
                return near
    return []


def _picked(interaction: discord.Interaction) -> int:
    value = chosen(interaction)
    return int(value) if value.isdecimal() else 0


def _where(interaction: discord.Interaction, stranded: Sequence[Group]) -> Reply:
    """Asks where the questions should come; or which group that lost its channel goes on here."""
    view = discord.ui.View(timeout=None)
    view.add_item(
        discord.ui.ChannelSelect(
            custom_id=Step("found", SETUP, 0).custom_id,
            channel_types=[discord.ChannelType.text, discord.ChannelType.news],
            placeholder="Where should the questions come?",
        )
    )
    if isinstance(interaction.channel, discord.TextChannel):
        view.add_item(
            discord.ui.Button(
                label="Here",
                style=discord.ButtonStyle.primary,
                custom_id=Step("here", SETUP, place_of(interaction)).custom_id,
            )
        )
        for group in stranded[:MOST_MOVES]:
            view.add_item(
                discord.ui.Button(
                    label=shortened(f"Move “{group.name}” here", 80),
                    custom_id=Step("move", SETUP, group.id).custom_id,
                )
            )
    lost = [paragraph(f"“{each.name}” {LOST} It can go on here.") for each in stranded[:MOST_MOVES]]
    text = paragraph(
        "Choose the channel where the daily question should come. Everything else can be "
        "changed afterwards, here or with ",
        Code("/study setup"),
        ".",
    )
    return Reply(Message("Begin a study group", (*lost, text)), view=at_rest(view))


def _place(channel: discord.TextChannel) -> Place:
    return Place(PLATFORM, str(channel.id), channel.name, str(channel.guild.id))


def _text_channel(interaction: discord.Interaction, channel_id: int) -> discord.TextChannel:
    """The guild's text channel with that id. Raises NotFoundError or InvalidError."""
    channel = interaction.guild.get_channel(channel_id) if interaction.guild else None
    if channel is None:
        raise NotFoundError("I can't see that channel. Let me view it, then try again.")
    if not isinstance(channel, discord.TextChannel):
        raise InvalidError("Questions need a text channel with threads. Choose such a one.")
    return channel


def _check_permissions(channel: discord.TextChannel) -> None:
    """Raises ForbiddenError naming what studybot may not do there."""
    missing = NEEDED & ~channel.permissions_for(channel.guild.me)
    names = [name.replace("_", " ").title() for name, wanted in missing if wanted]
    if names:
        raise ForbiddenError(
            f"In #{channel.name} I lack: {', '.join(names)}. Give my role these permissions in "
            "the channel's settings, then try again."
        )


def _post_button(channel_id: int) -> discord.ui.Button[discord.ui.View]:
    return discord.ui.Button(
        label="Post a question now",
        style=discord.ButtonStyle.secondary,
        custom_id=Step("run", "study post", channel_id).custom_id,
    )
