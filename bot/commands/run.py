"""From what was typed to a response; what people get wrong comes back as a hint, not an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import available_timezones

from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from bot.commands.core import Call, Command, Option, OptionKind, Response
from bot.commands.table import COMMANDS
from bot.domain.boards import Window
from bot.domain.group import Group
from bot.errors import ForbiddenError, InvalidError, NotFoundError, StudyError
from bot.messages.build import error_message
from bot.study import shelves
from bot.study.services import Services

BY_NAME = {command.name: command for command in COMMANDS}
_GROUPS = {name.split()[0] for name in BY_NAME if " " in name} - {"study"}
LONGEST_LINE = 1_000
_PAIR = re.compile(
    # Phones write a capital first and curly quotes.
    r"(?<!\S)(?P<name>[a-z]+)=(?:[\"“”„](?P<quoted>[^\"“”„]*)[\"“”]|(?P<bare>\S*))",
    re.IGNORECASE | re.ASCII,
)
_FIRST = re.compile(r"(?:[\"“”„](?P<quoted>[^\"“”„]*)[\"“”](?!\S)|(?P<bare>\S+))\s*")
_DAYS = ("every day", "mon-fri", "sat,sun", "mon,wed,fri")
_ALIKE = 0.85
_TIMES = tuple(f"{hour:02}:00" for hour in (9, 8, 7, 10, 12, 18, 20))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One completion: ``text`` is the whole line with it applied."""

    text: str
    label: str
    description: str


async def run_text(services: Services, call: Call, text: str) -> list[Response]:
    """Run a typed line such as ``/explain lora``. A StudyError comes back as a private hint."""
    try:
        command, values = parse(text)
        return [await _run(services, call, command, values)]
    except StudyError as error:
        return [Response(error_message(str(error)), private=True)]


async def run_command(
    services: Services, call: Call, name: str, options: Mapping[str, str]
) -> list[Response]:
    """Run a command whose options a platform has taken apart; errors as in ``run_text``."""
    try:
        command = BY_NAME[name]
        return [await _run(services, call, command, _checked(command, options))]
    except StudyError as error:
        return [Response(error_message(str(error)), private=True)]


async def _run(
    services: Services, call: Call, command: Command, values: Mapping[str, str]
) -> Response:
    if command.organisers and not call.organiser:
        raise ForbiddenError(f"Only organisers can use /{command.name}.")
    return await command.run(services, call, values)


def parse(text: str) -> tuple[Command, dict[str, str]]:
    """Take a typed line apart. Raises NotFoundError or InvalidError saying how to type it.

    ``/study explain lora`` means ``/explain lora``: on Slack, short names clash between apps.
    """
    line = text.strip()
    if len(line) > LONGEST_LINE:
        raise InvalidError(f"A command has at most {LONGEST_LINE:,} characters.")
    words = line.removeprefix("/").split()
    if not words:
        raise InvalidError("Type a command after the slash. /help lists them all.")
    command, used = _match(words)
    rest = line.removeprefix("/").strip().split(maxsplit=used)
    return command, _values(command, rest[used] if len(rest) > used else "")


def _match(words: list[str]) -> tuple[Command, int]:
    first, second, third = (*(word.casefold() for word in words[:3]), "", "")[:3]
    if first != "study":
        return _of_member(first, second)
    for name, used in ((f"study {second} {third}", 3), (f"study {second}", 2), (second, 2)):
        if name in BY_NAME:
            return BY_NAME[name], used
    if second in _GROUPS:
        command, used = _of_member(second, third)
        return command, used + 1
    group = f"study {second}"
    if not any(name.startswith(f"{group} ") for name in BY_NAME):
        group = "study"
    raise _incomplete(group)


def _of_member(first: str, second: str) -> tuple[Command, int]:
    """A command that doesn't begin with ``study``, and how many words it has."""
    if first not in _GROUPS:
        return _command(first), 1
    if f"{first} {second}" in BY_NAME:
        return BY_NAME[f"{first} {second}"], 2
    raise _incomplete(first)


def _incomplete(group: str) -> NotFoundError:
    known = [name.removeprefix(f"{group} ") for name in BY_NAME if name.startswith(f"{group} ")]
    return NotFoundError(f"/{group} goes with one of: {', '.join(known)}.")


def _command(name: str) -> Command:
    if name in BY_NAME:
        return BY_NAME[name]
    near = get_close_matches(name, BY_NAME, n=1)
    hint = f" Did you mean /{near[0]}?" if near else ""
    raise NotFoundError(f"There is no command /{name[:40]}.{hint} /help lists them all.")


def _values(command: Command, rest: str) -> dict[str, str]:
    """``name=value`` pairs for the options, the other words for the first one that is free."""
    known = {option.name for option in command.options}
    given: dict[str, str] = {}

    def take(match: re.Match[str]) -> str:
        name = match["name"].casefold()
        if name not in known:
            return match[0]
        given[name] = match["quoted"] if match["quoted"] is not None else match["bare"]
        return " "

    words = " ".join(_PAIR.sub(take, rest).split())
    if words:
        free = [option.name for option in command.options if option.name not in given]
        if not free or _takes_only_pairs(command):
            raise InvalidError(f"I don't know what to do with “{words[:60]}”. {_how(command)}")
        given.update(zip(free, _in_order(words, len(free)), strict=False))
    return _checked(command, given)


def _in_order(words: str, most: int) -> list[str]:
    """A word, or a quoted name, for each option; the last takes what is left."""
    parts: list[str] = []
    while words and len(parts) < most - 1:
        first = _FIRST.match(words)
        if first is None:
            break
        parts.append(first["quoted"] if first["quoted"] is not None else first["bare"])
        words = words[first.end() :]
    return [*parts, words] if words else parts


def _takes_only_pairs(command: Command) -> bool:
    return len(command.options) > 1 and not command.positional


def _how(command: Command) -> str:
    return f"Type it like this: {command.example or command.usage}"


def _checked(command: Command, given: Mapping[str, str]) -> dict[str, str]:
    known = {option.name: option for option in command.options}
    for name in given:
        if name not in known:
            raise InvalidError(f"/{command.name} has no option {name[:40]}. {_how(command)}")
    for option in command.options:
        if option.required and not given.get(option.name, "").strip():
            raise InvalidError(f"/{command.name} needs a {option.name}. {_how(command)}")
    return {name: _value(known[name], value.strip()) for name, value in given.items()}


def _value(option: Option, value: str) -> str:
    if not value:
        raise InvalidError(f"{option.name}= needs a value: {option.description}.")
    if option.kind is not OptionKind.CHOICE:
        return value
    if value.casefold() not in option.choices:
        raise InvalidError(
            f"{option.name} is one of {', '.join(option.choices)}, not “{value[:40]}”."
        )
    return value.casefold()


def takes_member(text: str) -> bool:
    """Whether a member is to be named next in a line being typed."""
    line = " ".join(text.removeprefix("/").casefold().split())
    members = (name for name in BY_NAME if any(_is_member(o) for o in BY_NAME[name].options))
    return any(line.startswith(name) for name in members)


def _is_member(option: Option) -> bool:
    return option.kind is OptionKind.MEMBER


def suggest(
    services: Services, group: Group, text: str, limit: int = 10, members: Sequence[str] = ()
) -> list[Suggestion]:
    """Completions for a line being typed: command names first, then an option's values.

    ``members`` are the names to complete where ``takes_member`` says that one is to come.
    """
    line = text.lstrip().removeprefix("/")
    # "/study explain x" is typed where short names clash; it completes as "/explain x" does.
    for command in sorted(COMMANDS, key=lambda c: -len(c.name)):
        if line.casefold().startswith(f"{command.name} ") and command.options:
            rest = line[len(command.name) + 1 :]
            return _complete_option(services, group, command, rest, limit, members)
    typed = " ".join(line.casefold().split())
    return [
        Suggestion(f"/{c.name}{' ' if c.options else ''}", c.usage, c.summary)
        for c in COMMANDS
        if c.name.startswith(typed) or any(w.startswith(typed) for w in c.name.split())
    ][:limit]


def _complete_option(
    services: Services,
    group: Group,
    command: Command,
    rest: str,
    limit: int,
    members: Sequence[str],
) -> list[Suggestion]:
    if len(command.options) == 1:
        option = command.options[0]
        if _is_member(option):
            values = [name for name in members if name.casefold().startswith(rest.casefold())]
        else:
            values = _choices(services, group, option, rest.strip(), limit)
        named = values[:limit]
        return [Suggestion(f"/{command.name} {v}", v, option.description) for v in named]
    head, _, last = rest.rpartition(" ")
    start = f"/{command.name} {head} ".replace("  ", " ")
    name, equals, value = last.partition("=")
    if equals:
        option_ = next((o for o in command.options if o.name == name), None)
        found = _choices(services, group, option_, value, limit) if option_ else []
        return [Suggestion(f"{start}{name}={_quoted(v)}", v, "") for v in found]
    return [
        Suggestion(f"{start}{o.name}=", f"{o.name}=", o.description)
        for o in command.options
        if o.name.startswith(name) and f"{o.name}=" not in head
    ][:limit]


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value


def option_values(
    services: Services, group: Group | None, name: str, option: str, prefix: str, limit: int = 25
) -> list[str]:
    """Values for one option of a command being typed, the likeliest first; none if unknown.

    ``group`` narrows terms to its guide, and guides to those that it sees.
    """
    command = BY_NAME.get(name)
    found = next((o for o in command.options if o.name == option), None) if command else None
    return _choices(services, group, found, prefix.strip(), limit) if found else []


def _choices(
    services: Services, group: Group | None, option: Option, prefix: str, limit: int
) -> list[str]:
    match option.kind:
        case OptionKind.TERM:
            return shelves.suggest(services, prefix, group.deck_id if group else None, limit)
        case OptionKind.ZONE:
            return matching_zones(prefix, limit)
        case OptionKind.DECK:
            return _decks(prefix, shelves.names_of(services, group), limit)
        case OptionKind.WINDOW:
            return _starting(prefix, (window.value for window in Window), limit)
        case OptionKind.DAYS:
            return _starting(prefix, _DAYS, limit)
        case OptionKind.TIME:
            return _starting(prefix, _TIMES, limit)
        case _:
            return _starting(prefix, option.choices, limit)


def _starting(prefix: str, values: Iterable[str], limit: int) -> list[str]:
    return [value for value in values if value.startswith(prefix.casefold())][:limit]


def _decks(prefix: str, decks: Mapping[str, str], limit: int) -> list[str]:
    """Ids of decks whose id, or a word of whose title, begins as typed."""
    typed = prefix.casefold()
    return [
        deck_id
        for deck_id, title in decks.items()
        if deck_id.startswith(typed) or f" {title.casefold()}".find(f" {typed}") >= 0
    ][:limit]


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


def matching_zones(prefix: str, limit: int = 25) -> list[str]:
    """Zone names for what is typed: those that begin so, then those with a part that does.

    Where there is none, those whose city is spelt much like it.
    """
    wanted = prefix.casefold().replace(" ", "_")
    whole = [zone for zone in _zones() if zone.casefold().startswith(wanted)]
    parts = [
        zone
        for zone in _zones()
        if zone not in whole and any(p.startswith(wanted) for p in zone.casefold().split("/"))
    ]
    return [*whole, *parts][:limit] or _zones_like(wanted, limit)


def _zones_like(wanted: str, limit: int) -> list[str]:
    cities = {zone: zone.casefold().rpartition("/")[2] for zone in _zones()}
    alike = process.extract(
        wanted, cities, scorer=JaroWinkler.similarity, score_cutoff=_ALIKE, limit=limit
    )
    return [zone for _, _, zone in alike]
