"""Groups and members as they are named on the command line."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cli.output import CommandError, tell
from bot.domain.group import Group, Member
from bot.store import Tx


async def find_group(tx: Tx, wanted: str) -> Group:
    """The group with that name or number. Raises CommandError listing those there are."""
    groups = await tx.groups.everyone()
    found = [g for g in groups if g.name.casefold() == wanted.casefold()]
    found = found or [g for g in groups if str(g.id) == wanted.removeprefix("#")]
    if len(found) == 1:
        return found[0]
    if found:
        _tell_each(f"{g.id}: {g.name}" for g in found)
        raise CommandError(f"{len(found)} groups are called “{wanted}”: give the number.")
    if not groups:
        raise CommandError("There is no group yet. Start studybot once; it makes the first one.")
    _tell_each(f"{g.id}: {g.name}" for g in groups)
    raise CommandError(f"There is no group “{wanted}”. Those above are there.")


async def find_member(
    tx: Tx, wanted: str, within: Group | None, groups: dict[int, Group]
) -> Member:
    """The member with that name or number. Raises CommandError listing those who could be meant."""
    found = await tx.members.named(wanted)
    number = wanted.removeprefix("#")
    if not found and number.isdecimal():
        one = await tx.members.get(int(number))
        found = [one] if one else []
    if within is not None:
        found = [m for m in found if m.group_id == within.id]
    if len(found) == 1:
        return found[0]
    if not found:
        where = f" in {within.name}" if within else ""
        raise CommandError(f"There is no member “{wanted}”{where}. Check the spelling.")
    _tell_each(f"{m.id}: {m.name}, of {groups[m.group_id].name}" for m in found)
    raise CommandError(f"{len(found)} members are called “{wanted}”: give the number or --group.")


def _tell_each(lines: Iterable[str]) -> None:
    for line in lines:
        tell(f"  {line}")
