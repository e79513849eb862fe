"""Slash commands from the command table, and one for a message's context menu."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import discord
from discord import app_commands
from discord.http import Route

from adapters.discord.attachments import given_file
from adapters.discord.callers import Callers
from adapters.discord.client import StudyClient
from adapters.discord.locales import Names
from adapters.discord.menu import NAME as MENU
from adapters.discord.menu import Menu
from adapters.discord.replies import OOPS, Replies, Reply, reply_of
from adapters.discord.setting_up import SETUP, SettingUp
from bot.commands.core import Command, Option, OptionKind
from bot.commands.member import help_message
from bot.commands.run import option_values
from bot.commands.table import COMMANDS, GROUPS, HELP, JOIN
from bot.domain.boards import Window
from bot.domain.group import Group
from bot.errors import InvalidError, NotFoundError, StudyError
from bot.messages.message import paragraph

log = logging.getLogger(__name__)

GROUP = "study"
MOST_SUGGESTIONS = 25
SUGGEST_SECONDS = 1.5
MANAGES = discord.Permissions(manage_guild=True)
COMPARED = (
    "name",
    "name_localizations",
    "type",
    "description",
    "description_localizations",
    "required",
    "autocomplete",
    "channel_types",
    "default_member_permissions",
    "contexts",
    "integration_types",
    "nsfw",
)
CHANNEL = "channel"
SORTS: Mapping[OptionKind, type] = {
    OptionKind.FILE: discord.Attachment,
    OptionKind.MEMBER: discord.Member,
}
"""Options that Discord has pickers of its own for; all others are text."""
UNSUGGESTED = (OptionKind.TEXT, *SORTS)
OF_GROUPS = (OptionKind.TERM, OptionKind.DECK)
"""Kinds of options whose suggestions are the group's."""
Suggest = Callable[
    [discord.Interaction[Any], str], Coroutine[Any, Any, list[app_commands.Choice[str]]]
]


class Tree(app_commands.CommandTree[StudyClient]):
    """The commands; what they raise is logged and never shown."""

    def __init__(self, client: StudyClient, replies: Replies) -> None:
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(guild=True),
            allowed_installs=app_commands.AppInstallationType(guild=True),
        )
        self._replies = replies

    async def on_error(
        self, interaction: discord.Interaction[StudyClient], error: app_commands.AppCommandError, /
    ) -> None:
        """A command that is gone, or an option's value that can't be used."""
        log.warning("a command failed: %s", error)
        if interaction.response.is_done():
            return
        text = OOPS
        if isinstance(error, app_commands.CommandNotFound):
            text = "That command is from another version of studybot. Reload Discord, then retry."
        elif isinstance(error, app_commands.TransformerError):
            text = "I can't see that channel. Let me view it, then try again."
            if error.type is discord.AppCommandOptionType.user:
                text = "That user isn't in this server. Choose one of its members."
        await self._replies.serve(interaction, _refusal(text))


class Commands:
    """Registers the table on clients, and runs what people send."""

    def __init__(self, callers: Callers, replies: Replies, setting_up: SettingUp) -> None:
        self._callers = callers
        self._services = callers.desk.services
        self._replies = replies
        self._setting_up = setting_up
        self._menu = Menu(callers)

    def attach(self, client: StudyClient) -> None:
        """Make the client's commands; they are registered once it is logged in."""
        tree = self.tree(client)
        client.at_start(partial(sync, tree))

    def tree(self, client: StudyClient) -> Tree:
        """The table's rows as a client's commands."""
        tree = Tree(client, self._replies)
        groups: dict[str, app_commands.Group] = {}
        for name, summary in GROUPS.items():
            outer, _, last = name.rpartition(" ")
            groups[name] = app_commands.Group(
                name=last,
                description=summary,
                parent=groups.get(outer),
                default_permissions=MANAGES if name == GROUP else None,
            )
            if not outer:
                tree.add_command(groups[name])
        for row in COMMANDS:
            parent = groups.get(row.name.rpartition(" ")[0], tree)
            parent.add_command(self._command(row))
        menu = app_commands.ContextMenu(name=MENU, callback=self._grade)
        menu.default_permissions = MANAGES
        tree.add_command(menu)
        return tree

    def _command(self, row: Command) -> app_commands.Command[Any, ..., None]:
        """One row as discord.py's command, whose parameters it reads off a signature."""

        async def callback(interaction: discord.Interaction, **given: Any) -> None:
            await self._run(interaction, row, given)

        callback.__signature__ = _signature(row)  # type: ignore[attr-defined]
        described = {option.name: option.description[:100] for option in row.options}
        if row.name == SETUP:
            described[CHANNEL] = "Where the questions come; by default here"
        app_commands.describe(**described)(callback)
        choices = {o.name: _choices(o) for o in row.options if _choices(o)}
        app_commands.choices(**choices)(callback)
        suggested = {o.name: self._suggest(row, o) for o in row.options if _is_suggested(o)}
        app_commands.autocomplete(**suggested)(callback)
        return app_commands.Command(
            name=row.name.split()[-1],
            description=row.summary[:100],
            callback=callback,
        )

    async def _run(
        self, interaction: discord.Interaction, row: Command, given: Mapping[str, Any]
    ) -> None:
        if row.organisers:
            # Discord shows these to whom the server's settings allow them, and to nobody else.
            self._callers.tokens.allow(interaction)
        values = {name: value for name, value in given.items() if isinstance(value, str)}
        sent = [each for each in given.values() if isinstance(each, discord.Attachment)]
        if row.name == SETUP:
            work = self._setup(interaction, values, given)
        elif row.name == JOIN:
            work = self._setting_up.join(interaction, values)
        elif row.name == HELP:
            work = self._help(interaction, row, given)
        else:
            work = self._called(interaction, row, given)
        meanwhile = f"Reading {sent[0].filename}…" if sent else ""
        await self._replies.serve(interaction, work, private=row.private, meanwhile=meanwhile)

    async def _setup(
        self,
        interaction: discord.Interaction,
        values: Mapping[str, str],
        given: Mapping[str, Any],
    ) -> Reply:
        return await self._setting_up.setup(interaction, values, given.get(CHANNEL))

    async def _help(
        self,
        interaction: discord.Interaction,
        row: Command,
        given: Mapping[str, Any],
    ) -> Reply:
        """Where no group posts, what there will be, and how one begins."""
        try:
            return await self._called(interaction, row, given)
        except NotFoundError as error:
            organiser = self._callers.organises(interaction)
            page = help_message(COMMANDS, organiser=organiser)
            return Reply(replace(page, blocks=(paragraph(str(error)), *page.blocks)))

    async def _called(
        self,
        interaction: discord.Interaction,
        row: Command,
        given: Mapping[str, Any],
    ) -> Reply:
        call = await self._setting_up.call(interaction)
        values = {name: value for name, value in given.items() if isinstance(value, str)}
        for name, value in given.items():
            if isinstance(value, discord.Attachment):
                call = replace(call, file=given_file(value))
            elif isinstance(value, discord.Member):
                values[name] = await self._callers.named(call, value)
        if row.organisers and not values and call.file is None:
            return await self._setting_up.panel(call, row.name)
        return reply_of(await self._setting_up.run(call, row.name, values))

    async def _grade(self, interaction: discord.Interaction, message: discord.Message) -> None:
        self._callers.tokens.allow(interaction)
        await self._replies.serve(interaction, self._menu.grade(interaction, message))

    def _suggest(self, row: Command, option: Option) -> Suggest:
        async def suggest(
            interaction: discord.Interaction[Any], typed: str
        ) -> list[app_commands.Choice[str]]:
            group = await self._group(interaction) if option.kind in OF_GROUPS else None
            values = option_values(
                self._services, group, row.name, option.name, typed, MOST_SUGGESTIONS
            )
            return [app_commands.Choice(name=v, value=v) for v in values if len(v) <= 100]

        return suggest

    async def _group(self, interaction: discord.Interaction) -> Group | None:
        """Whose guides are meant; without it in time, those that everybody sees."""
        try:
            async with asyncio.timeout(SUGGEST_SECONDS):
                return await self._callers.group(interaction)
        except (TimeoutError, StudyError):
            return None


def _signature(row: Command) -> inspect.Signature:
    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter(
            "interaction",
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            annotation=discord.Interaction,
        )
    ]
    for option in row.options:
        default = inspect.Parameter.empty if option.required else None
        sort = SORTS.get(option.kind, str)
        parameters.append(inspect.Parameter(option.name, kind, annotation=sort, default=default))
    if row.name == SETUP:
        parameters.append(
            inspect.Parameter(CHANNEL, kind, annotation=discord.TextChannel, default=None)
        )
    return inspect.Signature(parameters)


def _choices(option: Option) -> list[app_commands.Choice[str]]:
    """The only values that an option takes, where there are few."""
    values = [window.value for window in Window] if option.kind is OptionKind.WINDOW else []
    return [app_commands.Choice(name=v, value=v) for v in (*option.choices, *values)]


def _is_suggested(option: Option) -> bool:
    return option.kind not in UNSUGGESTED and not _choices(option)


async def _refusal(text: str) -> Reply:
    raise InvalidError(text)


async def sync(tree: Tree) -> None:
    """Register the commands if they are others than those that Discord has."""
    names = Names()
    await tree.set_translator(names)
    wanted = [await each.get_translated_payload(tree, names) for each in tree.get_commands()]
    try:
        if _in_order(wanted) == _in_order(await _registered(tree.client)):
            return
        made = await tree.sync()
    except (discord.HTTPException, app_commands.AppCommandError) as error:
        # The commands that were registered before still work.
        log.warning("the slash commands could not be registered: %s", error)
    else:
        log.info("%s slash commands are registered with Discord", len(made))


async def _registered(client: discord.Client) -> list[dict[str, Any]]:
    """What Discord has, with its names in other languages, which it tells only when asked."""
    path = "/applications/{application_id}/commands?with_localizations=true"
    route = Route("GET", path, application_id=client.application_id)
    found: list[dict[str, Any]] = await client.http.request(route)
    return found


def _in_order(commands: list[dict[str, Any]]) -> list[dict[str, Any]]:
    essences = [_essence({"type": 1, **command}) for command in commands]
    return sorted(essences, key=lambda each: (each["type"], each["name"]))


def _essence(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What tells two commands apart; Discord leaves out what is empty, and adds ids."""
    kept = {key: entry[key] for key in COMPARED if entry.get(key)}
    if "default_member_permissions" in kept:
        kept["default_member_permissions"] = str(kept["default_member_permissions"])
    for key in ("options", "choices"):
        if entry.get(key):
            kept[key] = [_essence(each) for each in entry[key]]
    if "value" in entry:
        kept["value"] = entry["value"]
    return kept
