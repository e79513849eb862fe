"""Who acts, and in which group: from an interaction to a caller of the core."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from adapters.discord.desk import PLATFORM, Desk, Room, is_organiser
from adapters.discord.tokens import Tokens
from bot.commands.core import Call
from bot.domain.group import Group, Role
from bot.domain.rounds import Round
from bot.errors import InvalidError, NotFoundError
from bot.store import Tx

NO_GROUP = (
    "No study group posts in this channel yet. An organiser begins one with /study setup, "
    "here or in the channel where the questions should come."
)
GONE = "That question isn't there any more."


def place_of(interaction: discord.Interaction) -> int:
    """The channel that an interaction happened in; a thread's parent, for threads.

    Raises NotFoundError where there is none.
    """
    channel = interaction.channel
    if isinstance(channel, discord.Thread):
        return channel.parent_id
    if channel is None:
        raise NotFoundError(NO_GROUP)
    return channel.id


@dataclass(frozen=True, slots=True)
class Callers:
    """Finds callers. ``tokens`` knows whom Discord showed organisers' commands."""

    desk: Desk
    tokens: Tokens

    async def here(
        self, tx: Tx, interaction: discord.Interaction, channel_id: int | None = None
    ) -> Call:
        """Who acts in the group of a channel, by default the interaction's; ``tx`` is a write.

        Raises NotFoundError if no group posts there.
        """
        if channel_id is not None and not _in_guild(interaction, channel_id):
            raise NotFoundError(NO_GROUP)
        room = await self.desk.room(tx, channel_id or place_of(interaction))
        if room is None:
            raise NotFoundError(NO_GROUP)
        return await self._call(tx, room, interaction)

    async def of_round(self, tx: Tx, interaction: discord.Interaction, round_id: int) -> Call:
        """Who acts on a round; from a direct message, which has no channel, as a member of it.

        Where a channel has left, rounds that were posted there are still its old group's.
        Raises NotFoundError.
        """
        round_ = await tx.rounds.get(round_id)
        if interaction.guild_id is not None:
            return await self._where_posted(tx, interaction, round_)
        group = await tx.groups.get(round_.group_id) if round_ else None
        if group is None:
            raise NotFoundError(GONE)
        member = await tx.members.of_account(group.id, PLATFORM, str(interaction.user.id))
        channels = await tx.groups.channels(group.id)
        ours = [channel for channel in channels if channel.platform == PLATFORM]
        if member is None or not ours:
            raise NotFoundError(GONE)
        return Call(group, ours[0], member, member.role is Role.ORGANISER)

    async def group(self, interaction: discord.Interaction) -> Group | None:
        """The group that posts where the interaction happened, if one does."""
        async with self.desk.services.store.read() as tx:
            room = await self.desk.room(tx, place_of(interaction))
        return room.group if room else None

    def organises(self, interaction: discord.Interaction) -> bool:
        """Whether the guild lets them organise, by permission or by its commands' settings."""
        return is_organiser(interaction) or self.tokens.allowed(interaction)

    async def named(self, call: Call, person: discord.Member) -> str:
        """A command's word for somebody who was picked: a member from now on, if they weren't.

        Raises InvalidError for bots.
        """
        if person.bot:
            raise InvalidError(f"{person.display_name} is a bot. Choose a person.")
        if not call.organiser:
            return person.display_name
        async with self.desk.services.store.write() as tx:
            room = Room(call.group, call.channel)
            return f"#{(await self.desk.member(tx, room, person)).id}"

    async def _where_posted(
        self, tx: Tx, interaction: discord.Interaction, round_: Round | None
    ) -> Call:
        room = await self.desk.room(tx, place_of(interaction))
        if room is None:
            raise NotFoundError(NO_GROUP)
        if round_ is None or round_.group_id == room.group.id:
            return await self._call(tx, room, interaction)
        group = await tx.groups.get(round_.group_id)
        posts = await tx.outbox.posts(round_.id)
        if group is None or all(post.channel_id != room.channel.id for post in posts):
            raise NotFoundError(GONE)
        member = await self.desk.member(tx, Room(group, room.channel), interaction.user)
        return Call(group, room.channel, member, member.role is Role.ORGANISER)

    async def _call(self, tx: Tx, room: Room, interaction: discord.Interaction) -> Call:
        member = await self.desk.member(tx, room, interaction.user)
        guild_id = interaction.guild_id
        if room.channel.server_id is None and guild_id is not None:
            await tx.groups.place_channel(room.channel.id, str(guild_id))
        return self.desk.call(room, member, admin=self.organises(interaction))


def _in_guild(interaction: discord.Interaction, channel_id: int) -> bool:
    guild = interaction.guild
    return guild is not None and guild.get_channel(channel_id) is not None
