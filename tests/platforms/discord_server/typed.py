"""What a person types after a slash, turned into the options that Discord sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.platforms.discord_server import commands, payloads, permissions
from tests.platforms.discord_server.refusals import Json
from tests.platforms.discord_server.world import Attachment, Channel, Guild, Role, User

NUMERIC = (commands.INTEGER, commands.NUMBER)


class NotPossible(Exception):  # noqa: N818  (a test did it, nothing failed)
    """Discord's app would not let a person do this: {reason}"""


@dataclass
class Typed:
    """A command's data as an interaction carries it, with what its options refer to."""

    command: Json
    options: list[Json]
    resolved: Json = field(default_factory=dict)

    @property
    def data(self) -> Json:
        data: Json = {
            "id": self.command["id"],
            "name": self.command["name"],
            "type": commands.CHAT,
            "options": self.options,
        }
        if "guild_id" in self.command:
            data["guild_id"] = self.command["guild_id"]
        return {**data, "resolved": self.resolved} if self.resolved else data


def fill_in(
    command: Json,
    path: list[str],
    values: Mapping[str, object],
    *,
    focused: str | None = None,
) -> Typed:
    """The command with its options' values; ``path`` names the group and subcommand.

    Raises:
        NotPossible: where the app would not send it. With ``focused``, values may be missing.
    """
    leaf, outer = command, []
    for step in path:
        leaf = _within(leaf, step)
        outer.append(leaf)
    known = {option["name"]: option for option in leaf.get("options") or ()}
    if any(option["type"] in (commands.SUBCOMMAND, commands.GROUP) for option in known.values()):
        raise NotPossible(f"{leaf['name']} needs one of its subcommands: {', '.join(known)}")
    typed = Typed(command, [])
    if unknown := set(values) - set(known):
        raise NotPossible(f"{leaf['name']} has no option {', '.join(sorted(unknown))}")
    if focused is not None and not known.get(focused, {}).get("autocomplete"):
        raise NotPossible(f"{leaf['name']} has no option {focused} with autocomplete")
    filled = []
    for name, option in known.items():
        if name in values:
            filled.append(_value(typed, option, values[name], focused=name == focused))
        elif option.get("required") and focused is None:
            raise NotPossible(f"{leaf['name']} requires {name}")
    for entry in reversed(outer):
        filled = [{"name": entry["name"], "type": entry["type"], "options": filled}]
    typed.options = filled
    return typed


def _within(outer: Json, name: str) -> Json:
    for option in outer.get("options") or ():
        if option["name"] == name and option["type"] in (commands.SUBCOMMAND, commands.GROUP):
            return dict(option)
    raise NotPossible(f"{outer['name']} has no subcommand {name}")


def _value(typed: Typed, option: Json, value: object, *, focused: bool) -> Json:
    kind = option["type"]
    entry: Json = {"name": option["name"], "type": kind}
    if focused:
        return {**entry, "value": value, "focused": True}
    if isinstance(value, User | Channel | Role | Attachment):
        entry["value"] = str(value.id)
        _resolve(typed.resolved, kind, value)
        return entry
    _check_value(option, value)
    return {**entry, "value": value}


def _check_value(option: Json, value: object) -> None:
    """What the app checks before it sends."""
    name, kind = option["name"], option["type"]
    wanted: dict[int, type | tuple[type, ...]] = {
        commands.STRING: str,
        commands.INTEGER: int,
        commands.BOOLEAN: bool,
        commands.NUMBER: (int, float),
    }
    fits = isinstance(value, wanted.get(kind, ()))
    if not fits or (kind in NUMERIC and isinstance(value, bool)):
        raise NotPossible(f"{name} doesn't take {value!r}")
    allowed = [choice["value"] for choice in option.get("choices") or ()]
    if allowed and value not in allowed:
        raise NotPossible(f"{name} has no choice {value!r}, only {allowed}")
    size = len(value) if isinstance(value, str) else value
    least = option.get("min_length" if kind == commands.STRING else "min_value")
    most = option.get("max_length" if kind == commands.STRING else "max_value")
    most = 6_000 if most is None and kind == commands.STRING else most
    assert isinstance(size, int | float)
    if (least is not None and size < least) or (most is not None and size > most):
        raise NotPossible(f"{name} must be within {least} and {most}, not {size}")


def _resolve(resolved: Json, kind: int, value: User | Channel | Role | Attachment) -> None:
    """Add what an option refers to; the member of a user is added by who knows the guild."""
    fitting = {commands.USER: User, commands.CHANNEL: Channel, commands.ROLE: Role}
    fitting[commands.ATTACHMENT] = Attachment
    if kind not in fitting or not isinstance(value, fitting[kind]):
        raise NotPossible(f"option type {kind} doesn't take {value!r}")
    if isinstance(value, User):
        resolved.setdefault("users", {})[str(value.id)] = payloads.user(value)
    elif isinstance(value, Role):
        resolved.setdefault("roles", {})[str(value.id)] = payloads.role(value)
    elif isinstance(value, Attachment):
        shown = {**payloads.attachment(value), "ephemeral": True}
        resolved.setdefault("attachments", {})[str(value.id)] = shown
    else:
        resolved.setdefault("channels", {})[str(value.id)] = payloads.channel(value)


def add_members(resolved: Json, guild: Guild, viewer: User) -> None:
    """The guild's side of what was resolved: members, and the viewer's rights in channels."""
    for user_id in resolved.get("users", {}):
        member = guild.members.get(int(user_id))
        if member is not None:
            entry = {**payloads.partial_member(member), "permissions": "0"}
            resolved.setdefault("members", {})[user_id] = entry
    for channel_id, entry in resolved.get("channels", {}).items():
        channel = guild.channels.get(int(channel_id)) or guild.threads[int(channel_id)]
        entry["permissions"] = str(permissions.in_channel(channel, viewer))


def may_use(command: Json, channel: Channel, user: User) -> bool:
    """Whether the app shows a command to someone in a place."""
    if channel.guild is None:
        contexts = command.get("contexts")
        return bool(command.get("dm_permission", True)) if contexts is None else 1 in contexts
    given = permissions.in_channel(channel, user)
    if not given & permissions.USE_APPLICATION_COMMANDS:
        return False
    asked = command.get("default_member_permissions")
    needed = int(asked) if asked is not None else None
    # "0" hides a command from all but administrators.
    if needed is None or given & permissions.ADMINISTRATOR:
        return True
    return needed > 0 and given & needed == needed
