"""What owners and moderators do, and what happens to the bot through them."""

from __future__ import annotations

from datetime import timedelta

from tests.platforms.discord_server import payloads, permissions
from tests.platforms.discord_server.routing import Parts
from tests.platforms.discord_server.world import (
    Channel,
    Guild,
    Message,
    Overwrite,
    Role,
    Thread,
    User,
)


class Admin:
    """Nothing here is refused: these people may do everything."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def allow(self, channel: Channel, who: User | Role, given: int) -> None:
        """Allow permissions in a channel, on top of the overwrite that is there."""
        self._overwrite(channel, who, allow=given)

    def deny(self, channel: Channel, who: User | Role, taken: int) -> None:
        """Deny permissions in a channel, as in ``deny(channel, server.bot, SEND_MESSAGES)``."""
        self._overwrite(channel, who, deny=taken)

    def clear_overwrite(self, channel: Channel, who: User | Role) -> None:
        self._parts.places.overwrite(channel, who.id, None)

    def set_permissions(self, guild: Guild, role: Role, given: int) -> None:
        """What a role gives in the whole guild."""
        self._parts.places.set_role_permissions(guild, role, given)

    def add_role(self, guild: Guild, name: str, given: int = 0, *, top: bool = False) -> Role:
        """A role below the bot's own, which it may give if it manages roles, or above all."""
        return self._parts.places.add_role(guild, name, given, top=top)

    def give_role(self, guild: Guild, user: User, role: Role) -> None:
        member = guild.members[user.id]
        self._parts.places.change_member(guild, member, role_ids=member.role_ids | {role.id})

    def take_role(self, guild: Guild, user: User, role: Role) -> None:
        member = guild.members[user.id]
        self._parts.places.change_member(guild, member, role_ids=member.role_ids - {role.id})

    def bot_role(self, guild: Guild) -> Role:
        """The managed role that came with the bot's invitation."""
        own = guild.members[self._parts.world.bot.id].role_ids
        return next(role for role in guild.roles.values() if role.id in own and role.managed)

    def kick_bot(self, guild: Guild) -> None:
        self._parts.places.remove_bot(guild)

    def invite_bot(self, guild: Guild, given: int = permissions.BOT_USUAL) -> None:
        self._parts.places.add_bot(guild, given)

    def set_available(self, guild: Guild, *, available: bool) -> None:
        """Begin or end an outage of one guild."""
        self._parts.places.set_available(guild, available=available)

    def kick(self, guild: Guild, user: User) -> None:
        self._parts.places.remove_member(guild, user)

    def set_nick(self, guild: Guild, user: User, nick: str | None) -> None:
        self._parts.places.change_member(guild, guild.members[user.id], nick=nick)

    def time_out(self, guild: Guild, user: User, seconds: float) -> None:
        """For so long they can only read."""
        until = payloads.now() + timedelta(seconds=seconds)
        self._parts.places.change_member(guild, guild.members[user.id], timed_out_until=until)

    def start_thread(self, message: Message, name: str) -> Thread:
        """The bot's thread on a message, as if it had been made long ago."""
        bot = self._parts.world.bot
        return self._parts.places.start_thread(
            message.channel, bot, name, on=message, auto_archive=10_080
        )

    def delete_channel(self, channel: Channel) -> None:
        """A channel with its threads, or one thread."""
        self._parts.places.delete_channel(channel)

    def rename(self, channel: Channel, name: str) -> None:
        self._parts.places.change_channel(channel, name=name)

    def rename_guild(self, guild: Guild, name: str) -> None:
        self._parts.places.rename_guild(guild, name)

    def slow_mode(self, channel: Channel, seconds: int) -> None:
        self._parts.places.change_channel(channel, slow_mode=seconds)

    def delete_message(self, message: Message) -> None:
        self._parts.messages.delete(message)

    def delete_messages(self, where: Channel, *messages: Message) -> None:
        """Delete messages of a channel or thread all at once."""
        self._parts.messages.delete_many(where, messages)

    def unfurl(self, message: Message, url: str) -> None:
        """Discord itself adds the preview of a link: an update that is no edit."""
        self._parts.messages.unfurl(message, {"type": "link", "url": url, "title": url})

    def tell_again(self, message: Message) -> None:
        """Tell of a message a second time."""
        self._parts.messages.tell_again(message)

    def archive(self, thread: Thread, *, locked: bool = False) -> None:
        """Close a thread; locked, only who manages threads can write there again."""
        self._parts.places.change_thread(thread, archived=True, locked=locked or thread.locked)

    def open(self, thread: Thread) -> None:
        """Unarchive and unlock."""
        self._parts.places.change_thread(thread, archived=False, locked=False)

    def lock(self, thread: Thread) -> None:
        """Leave a thread open where only who manages threads can write."""
        self._parts.places.change_thread(thread, locked=True)

    def _overwrite(
        self, channel: Channel, who: User | Role, *, allow: int = 0, deny: int = 0
    ) -> None:
        before = channel.overwrites.get(who.id, Overwrite(int(isinstance(who, User))))
        merged = Overwrite(before.kind, before.allow & ~deny | allow, before.deny & ~allow | deny)
        self._parts.places.overwrite(channel, who.id, merged)
