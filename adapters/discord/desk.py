"""What every part of the adapter works with: the core, and whose room a channel is."""

from __future__ import annotations

from dataclasses import dataclass, field

import discord

from adapters.discord.tokens import Tokens
from bot.commands.core import Call
from bot.domain.group import Channel, Group, Member, Role
from bot.store import Tx
from bot.study.services import Services

PLATFORM = "discord"


@dataclass(frozen=True, slots=True)
class Room:
    """A channel that a group posts in."""

    group: Group
    channel: Channel


@dataclass(frozen=True, slots=True)
class Desk:
    """The core for the adapter's parts; it outlives every client.

    ``tokens`` are the ways to members who did something lately.
    """

    services: Services
    tokens: Tokens = field(default_factory=Tokens)

    async def room(self, tx: Tx, channel_id: int) -> Room | None:
        """The group behind a channel (a thread's parent, for threads), if one posts there."""
        found = await tx.groups.by_channel(PLATFORM, str(channel_id))
        return Room(*found) if found else None

    async def member(self, tx: Tx, room: Room, user: discord.abc.User) -> Member:
        """The member behind a Discord user; made on first use. ``tx`` must be a write."""
        return await tx.members.ensure(room.group.id, PLATFORM, str(user.id), user.display_name)

    def call(self, room: Room, member: Member, *, admin: bool) -> Call:
        """A command's caller. Organisers are the server's admins, or named by the group."""
        organiser = admin or member.role is Role.ORGANISER
        return Call(room.group, room.channel, member, organiser, admin=admin)


def is_organiser(interaction: discord.Interaction) -> bool:
    """Whether whoever acts may manage the server, by what Discord sent along."""
    return interaction.permissions.manage_guild
