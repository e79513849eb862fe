"""Who organises a group by its own word, whatever the platform says."""

from __future__ import annotations

from bot.domain.codes import CodeKind
from bot.domain.group import Group, Member, Role
from bot.errors import ConflictError, InvalidError, NotFoundError
from bot.store import Tx
from bot.study.services import Services


async def named(services: Services, group: Group) -> list[Member]:
    """The organisers that the group has named, by name."""
    async with services.store.read() as tx:
        return await _named(tx, group)


async def add(services: Services, group: Group, who: str) -> Member:
    """Name an organiser. Raises StudyErrors; ConflictError for one who is."""
    async with services.store.write() as tx:
        member = await member_called(tx, group, who)
        if member.role is Role.ORGANISER:
            raise ConflictError(f"{member.name} is an organiser already.")
        await tx.members.set_role(member.id, Role.ORGANISER)
        return member


async def remove(services: Services, group: Group, who: str, *, admin: bool) -> Member:
    """Make an organiser a member like all others; their invitations are void.

    ``admin``: whoever asks organises by the platform's word. Raises ConflictError where nobody
    would be left who can organise.
    """
    async with services.store.write() as tx:
        # Under a lock, so that two who remove each other don't both succeed.
        await tx.groups.get(group.id, lock=True)
        member = await member_called(tx, group, who)
        if member.role is not Role.ORGANISER:
            raise ConflictError(f"{member.name} is not named as an organiser.")
        if len(await _named(tx, group)) == 1 and not admin:
            raise ConflictError(
                f"{member.name} is the last organiser: nobody could organise this group any more. "
                "Add another first: /study organisers add"
            )
        await tx.members.set_role(member.id, Role.MEMBER)
        await tx.codes.drop(member.id, CodeKind.INVITE)
        return member


async def member_called(tx: Tx, group: Group, who: str) -> Member:
    """A member by name, or by ``#`` and their id, as pickers give it.

    Raises NotFoundError, or InvalidError where several have that name.
    """
    name = who.strip().removeprefix("@")
    number = name.removeprefix("#")
    if name != number and number.isascii() and number.isdecimal() and len(number) < 18:
        member = await tx.members.get(int(number))
        if member is not None and member.group_id == group.id:
            return member
    found = [each for each in await tx.members.named(name) if each.group_id == group.id]
    if len(found) > 1:
        numbers = " or ".join(f"#{each.id}" for each in found)
        raise InvalidError(f"Several members are called {found[0].name}. Say which: {numbers}.")
    if not found:
        raise NotFoundError(
            f"There is no member “{name[:40]}” here. Members are made when they first do something."
        )
    return found[0]


async def _named(tx: Tx, group: Group) -> list[Member]:
    everyone = await tx.members.in_group(group.id)
    return [each for each in everyone if each.role is Role.ORGANISER]
