"""Application commands: what may be registered, and what a person typed as Discord sends it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.platforms.discord_server.refusals import Form, Json, Refused
from tests.platforms.discord_server.snowflakes import Snowflakes

CHAT, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE = 1, 2, 3, 4, 5, 6, 7, 8
NUMBER, ATTACHMENT = 10, 11
WITH_CHOICES = (STRING, INTEGER, NUMBER)
NAME = re.compile(r"[-_'\w]{1,32}")
MOST_COMMANDS = {CHAT: 100, USER_MENU: 5, MESSAGE_MENU: 5}
MOST_TOGETHER = 8_000  # characters of names, descriptions and values in one command
LOCALE = re.compile(
    "id|da|de|en-(GB|US)|es-(ES|419)|fr|hr|it|lt|hu|nl|no|pl|pt-BR|ro|fi|sv-SE|vi|tr|cs|el|bg|ru"
    "|uk|hi|th|zh-(CN|TW)|ja|ko"
)
FILLED: Json = {"contexts": None, "integration_types": [0], "nsfw": False, "dm_permission": True}


@dataclass
class Commands:
    """The commands in force; ``syncs`` counts how often a whole set was registered."""

    ids: Snowflakes
    application_id: int
    everywhere: dict[int, Json] = field(default_factory=dict)
    in_guild: dict[int, dict[int, Json]] = field(default_factory=dict)
    syncs: int = 0

    def of(self, guild_id: int | None) -> dict[int, Json]:
        """The set of a guild, or the one for all places."""
        return self.everywhere if guild_id is None else self.in_guild.setdefault(guild_id, {})

    def overwrite(self, guild_id: int | None, commands: Any) -> list[Json]:
        """Register a whole set in place of the one before.

        Raises:
            Refused: 50035 with every mistake, 30032 for too many.
        """
        if not isinstance(commands, list):
            raise Refused(400, 50109, "The request body contains invalid JSON.")
        check_commands(commands)
        known = {_key(command): command for command in self.of(guild_id).values()}
        made = [self._made(command, known.get(_key(command)), guild_id) for command in commands]
        registered = {int(command["id"]): command for command in made}
        if guild_id is None:
            self.everywhere = registered
        else:
            self.in_guild[guild_id] = registered
        self.syncs += 1
        return made

    def find(self, guild_id: int | None, name: str, kind: int = CHAT) -> Json | None:
        """The command that someone in a guild (or in direct messages) gets by a name."""
        places = [self.everywhere] if guild_id is None else [self.of(guild_id), self.everywhere]
        for place in places:
            for command in place.values():
                if _key(command) == (name, kind):
                    return command
        return None

    def _made(self, command: Json, before: Json | None, guild_id: int | None) -> Json:
        """As Discord answers it. The id stays the same for the same name and type."""
        made = FILLED | command
        made |= {
            "id": before["id"] if before else str(self.ids.next()),
            "application_id": str(self.application_id),
            "version": str(self.ids.next()),
            "type": command.get("type", CHAT),
            "description": command.get("description", ""),
            "default_member_permissions": _as_text(command.get("default_member_permissions")),
        }
        return made if guild_id is None else {**made, "guild_id": str(guild_id)}


def _as_text(value: object) -> str | None:
    return None if value is None else str(value)


def _key(command: Json) -> tuple[str, int]:
    return command["name"], command.get("type", CHAT)


def check_commands(commands: list[Json]) -> None:
    """Raises Refused if Discord would not register these."""
    form = Form()
    for number, command in enumerate(commands):
        _check_command(form, str(number), command)
    form.check()
    for kind, most in MOST_COMMANDS.items():
        if sum(command.get("type", CHAT) == kind for command in commands) > most:
            message = f"Maximum number of application commands reached ({most})."
            raise Refused(400, 30032, message)
    twice = [key for key, times in Counter(map(_key, commands)).items() if times > 1]
    if twice:
        form.wrong("", "APPLICATION_COMMANDS_DUPLICATE_NAME", f"Names must be unique: {twice}")
    form.check()


def _check_command(form: Form, path: str, command: Json) -> None:
    kind = command.get("type", CHAT)
    form.choice(f"{path}.type", kind, tuple(MOST_COMMANDS))
    permissions = command.get("default_member_permissions")
    if permissions is not None and not str(permissions).isdigit():
        form.wrong(f"{path}.default_member_permissions", "NUMBER_TYPE_COERCE", "Not a number.")
    if kind != CHAT:
        form.text(f"{path}.name", command.get("name"), 32, least=1)
        if command.get("description") or command.get("options"):
            message = "Context menu commands cannot have description or options"
            form.wrong(f"{path}.description", "CONTEXT_MENU_DESCRIPTION", message)
        return
    _check_named(form, path, command)
    _check_options(form, path, command, depth=0)
    if _weight(command) > MOST_TOGETHER:
        message = f"Command exceeds maximum size ({MOST_TOGETHER})"
        form.wrong(path, "APPLICATION_COMMAND_TOO_LARGE", message)


def _check_named(form: Form, path: str, entry: Json) -> None:
    """Names and descriptions with their localisations."""
    names = {"name": entry.get("name")}
    descriptions = {"description": entry.get("description")}
    for field_name, kept in (("name", names), ("description", descriptions)):
        for locale, text in (entry.get(f"{field_name}_localizations") or {}).items():
            if not LOCALE.fullmatch(locale):
                message = f"{locale} is no locale of Discord"
                form.wrong(f"{path}.{field_name}_localizations", "DICT_TYPE_KEY", message)
            kept[f"{field_name}_localizations.{locale}"] = text
    for where, name in names.items():
        if not isinstance(name, str) or not NAME.fullmatch(name) or name != name.lower():
            message = "Command name is invalid"
            form.wrong(f"{path}.{where}", "APPLICATION_COMMAND_INVALID_NAME", message)
    for where, description in descriptions.items():
        form.text(f"{path}.{where}", description, 100, least=1)


def _check_options(form: Form, path: str, outer: Json, *, depth: int) -> None:
    options = form.count(f"{path}.options", outer.get("options"), 25)
    seen: set[object] = set()
    optional = False
    for number, option in enumerate(options):
        at = f"{path}.options.{number}"
        _check_named(form, at, option)
        _check_kind(form, at, option, depth=depth)
        if option.get("name") in seen:
            message = "Option names must be unique"
            form.wrong(f"{at}.name", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", message)
        if option.get("required") and optional:
            message = "Required options must be placed before non-required options"
            form.wrong(at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
        optional = optional or not option.get("required")
        seen.add(option.get("name"))
    kinds = {option.get("type") in (SUBCOMMAND, GROUP) for option in options}
    if len(kinds) > 1:
        message = "Sub-command and sub-command group option types are mutually exclusive to others"
        form.wrong(f"{path}.options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)


def _check_kind(form: Form, path: str, option: Json, *, depth: int) -> None:
    kind = option.get("type")
    form.choice(f"{path}.type", kind, tuple(range(1, 12)))
    if kind in (SUBCOMMAND, GROUP):
        # Groups lie in commands, subcommands in commands or groups.
        if depth > (1 if kind == SUBCOMMAND else 0):
            form.wrong(f"{path}.type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Too deep")
        deeper = 1 if kind == GROUP else 2
        _check_options(form, path, option, depth=deeper)
        return
    choices = form.count(f"{path}.choices", option.get("choices"), 25)
    check_choices(form, f"{path}.choices", choices, kind)
    if option.get("autocomplete") and (choices or kind not in WITH_CHOICES):
        message = "Autocomplete needs a string or number without choices"
        form.wrong(path, "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID", message)
    form.number(f"{path}.min_length", option.get("min_length"), 0, 6_000)
    form.number(f"{path}.max_length", option.get("max_length"), 1, 6_000)


def check_choices(form: Form, path: str, choices: list[Json], kind: object) -> None:
    """The choices of an option, or those that autocomplete suggests."""
    for number, choice in enumerate(choices):
        form.text(f"{path}.{number}.name", choice.get("name"), 100, least=1)
        value = choice.get("value")
        if kind == STRING:
            form.text(f"{path}.{number}.value", value, 100, least=1)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            form.wrong(f"{path}.{number}.value", "NUMBER_TYPE_COERCE", "Value is not a number.")


def _weight(entry: Json) -> int:
    """The characters that count, each name and description by its longest wording."""
    total = 0
    for name in ("name", "description"):
        wordings = [entry.get(name) or "", *(entry.get(f"{name}_localizations") or {}).values()]
        total += max(map(len, wordings))
    total += sum(len(c["name"]) + len(str(c["value"])) for c in entry.get("choices") or ())
    return total + sum(map(_weight, entry.get("options") or ()))
