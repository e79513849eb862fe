"""What happens to guilds, channels, threads and memberships, whoever does it."""

from __future__ import annotations

from datetime import datetime

from tests.platforms.discord_server import payloads, permissions
from tests.platforms.discord_server.drafts import Draft
from tests.platforms.discord_server.gateway import Gateway
from tests.platforms.discord_server.messages import Messages
from tests.platforms.discord_server.refusals import Json, Refused
from tests.platforms.discord_server.world import (
    HAS_THREAD,
    PUBLIC_THREAD,
    TEXT,
    THREAD_CREATED,
    THREAD_STARTER,
    Channel,
    Guild,
    Member,
    Message,
    Overwrite,
    Role,
    Thread,
    User,
    World,
    changed,
)


class Places:
    """Changes and the events that tell of them. Permissions are the callers' to check."""

    def __init__(self, world: World, gateway: Gateway, messages: Messages) -> None:
        self._world = world
        self._gateway = gateway
        self._messages = messages

    # Guilds.

    def add_guild(self, name: str, owner: User, *, everyone: int, guild_id: int | None) -> Guild:
        """A guild with its owner and @everyone, which the bot isn't in yet."""
        guild = Guild(guild_id or self._world.ids.next_apart(), name, owner)
        guild.roles[guild.id] = Role(guild.id, "@everyone", everyone, position=0)
        guild.members[owner.id] = Member(owner, payloads.now())
        self._world.guilds[guild.id] = guild
        return guild

    def add_bot(self, guild: Guild, given: int) -> None:
        """Invite the bot with permissions, which its own managed role holds."""
        bot = self._world.bot
        role = self.add_role(guild, bot.name, given, managed=True)
        guild.members[bot.id] = Member(bot, payloads.now(), {role.id})
        created = payloads.guild_create(guild, bot)
        # Only guilds that were known before are said to be available.
        del created["unavailable"]
        self._emit(guild, "GUILD_CREATE", created)

    def remove_bot(self, guild: Guild) -> None:
        """The bot is kicked or leaves; its managed role goes with it."""
        member = guild.members.pop(self._world.bot.id)
        for role_id in [each for each in member.role_ids if guild.roles[each].managed]:
            del guild.roles[role_id]
        self._gateway.emit("GUILD_DELETE", {"id": str(guild.id)}, guild_id=guild.id)

    def set_available(self, guild: Guild, *, available: bool) -> None:
        """An outage of one guild begins or ends."""
        guild.available = available
        if available:
            self._emit(guild, "GUILD_CREATE", payloads.guild_create(guild, self._world.bot))
        else:
            self._emit(guild, "GUILD_DELETE", {"id": str(guild.id), "unavailable": True})

    def add_role(
        self, guild: Guild, name: str, given: int = 0, *, managed: bool = False, top: bool = False
    ) -> Role:
        """A role below all others, as Discord makes them, or above all."""
        position = len(guild.roles) if top else 1
        for other in guild.roles.values():
            other.position += 1 if other.position >= position else 0
        role = Role(self._world.ids.next(), name, given, position, managed=managed)
        guild.roles[role.id] = role
        self._tell_role(guild, "GUILD_ROLE_CREATE", role)
        return role

    def set_role_permissions(self, guild: Guild, role: Role, given: int) -> None:
        role.permissions = given
        self._tell_role(guild, "GUILD_ROLE_UPDATE", role)

    # Members.

    def add_member(self, guild: Guild, user: User, joined_at: datetime | None = None) -> Member:
        member = Member(user, joined_at or payloads.now())
        guild.members[user.id] = member
        data = {**payloads.member(member), "guild_id": str(guild.id)}
        self._emit(guild, "GUILD_MEMBER_ADD", data)
        return member

    def remove_member(self, guild: Guild, user: User) -> None:
        if guild.members.pop(user.id, None) is not None:
            data = {"guild_id": str(guild.id), "user": payloads.user(user)}
            self._emit(guild, "GUILD_MEMBER_REMOVE", data)

    def change_member(self, guild: Guild, member: Member, **values: object) -> None:
        if not changed(member, values):
            return
        data = {**payloads.member(member), "guild_id": str(guild.id)}
        if member.user is self._world.bot:
            self._gateway.emit_own("GUILD_MEMBER_UPDATE", data, guild.id)
        else:
            self._emit(guild, "GUILD_MEMBER_UPDATE", data)

    def rename_guild(self, guild: Guild, name: str) -> None:
        guild.name = name
        self._emit(guild, "GUILD_UPDATE", payloads.guild(guild))

    # Channels.

    def add_channel(self, guild: Guild, name: str, overwrites: dict[int, Overwrite]) -> Channel:
        channel = Channel(self._world.ids.next(), TEXT, name, guild, position=len(guild.channels))
        channel.overwrites = overwrites
        guild.channels[channel.id] = self._world.channels[channel.id] = channel
        self._emit(guild, "CHANNEL_CREATE", payloads.channel(channel))
        return channel

    def change_channel(self, channel: Channel, **values: object) -> None:
        """Set attributes of a channel, or of a thread as ``change_thread`` does."""
        if not changed(channel, values) or channel.guild is None:
            return
        event = "THREAD_UPDATE" if isinstance(channel, Thread) else "CHANNEL_UPDATE"
        self._tell_channel(channel.guild, event, channel)

    def overwrite(self, channel: Channel, target_id: int, overwrite: Overwrite | None) -> None:
        """Set a channel's overwrite for a role or member; None takes it away."""
        kept = {key: value for key, value in channel.overwrites.items() if key != target_id}
        if overwrite is not None:
            kept[target_id] = overwrite
        self.change_channel(channel, overwrites=kept)

    def delete_channel(self, channel: Channel) -> None:
        """A channel goes with its threads, of which no event tells (discord.js#10883)."""
        guild = channel.guild
        assert guild is not None
        if isinstance(channel, Thread):
            self._tell_deleted(guild, channel)
            del self._world.channels[channel.id], guild.threads[channel.id]
            return
        for thread in [each for each in guild.threads.values() if each.parent is channel]:
            del self._world.channels[thread.id], guild.threads[thread.id]
        del self._world.channels[channel.id], guild.channels[channel.id]
        self._emit(guild, "CHANNEL_DELETE", payloads.channel(channel))

    def _tell_deleted(self, guild: Guild, thread: Thread) -> None:
        data = {
            "id": str(thread.id),
            "guild_id": str(guild.id),
            "parent_id": str(thread.home.id),
            "type": thread.type,
        }
        self._tell_thread(guild, thread, "THREAD_DELETE", data)

    # Threads.

    def start_thread(
        self, channel: Channel, starter: User, name: str, *, on: Message | None, auto_archive: int
    ) -> Thread:
        """A public thread, on a message or on its own.

        Raises:
            Refused: 160004 if the message has one.
        """
        if on is not None and on.thread is not None:
            raise Refused(400, 160004, "A thread has already been created for this message")
        thread = self._make_thread(channel, starter, name, on, auto_archive)
        guild = thread.guild
        assert guild is not None
        data = {**payloads.channel(thread, self._world.bot), "newly_created": True}
        self._tell_thread(guild, thread, "THREAD_CREATE", data)
        if on is None:
            self._messages.post(channel, starter, Draft(content=name), kind=THREAD_CREATED)
            return thread
        on.thread = thread
        on.flags |= HAS_THREAD
        self._messages.tell_updated(on)
        self._messages.post(thread, starter, Draft(reply_to=on.id), kind=THREAD_STARTER)
        return thread

    def _make_thread(
        self, channel: Channel, starter: User, name: str, on: Message | None, auto_archive: int
    ) -> Thread:
        guild = channel.guild
        assert guild is not None
        thread_id = self._world.ids.next() if on is None else on.id
        thread = Thread(thread_id, PUBLIC_THREAD, name, guild, parent=channel, owner=starter)
        thread.auto_archive = auto_archive
        thread.joined[starter.id] = payloads.now()
        guild.threads[thread.id] = self._world.channels[thread.id] = thread
        return thread

    def change_thread(self, thread: Thread, **values: object) -> None:
        """Set attributes; when it was last archived or opened is kept with them."""
        if "archived" in values and values["archived"] != thread.archived:
            thread.archive_changed_at = payloads.now()
        self.change_channel(thread, **values)

    def join_thread(self, thread: Thread, user: User) -> None:
        if user.id in thread.joined or thread.guild is None:
            return
        thread.joined[user.id] = payloads.now()
        joined = payloads.thread_member(thread, user.id)
        joined["member"] = payloads.member(thread.guild.members[user.id])
        self._tell_joined(thread, user, added_members=[joined])

    def leave_thread(self, thread: Thread, user: User) -> None:
        if thread.joined.pop(user.id, None) is not None:
            self._tell_joined(thread, user, removed_member_ids=[str(user.id)])

    def wake(self, thread: Thread) -> None:
        """Writing in an archived thread opens it again."""
        if thread.archived:
            self.change_thread(thread, archived=False)

    # Telling.

    def _tell_joined(self, thread: Thread, user: User, **who: object) -> None:
        guild = thread.guild
        assert guild is not None
        data = {
            "id": str(thread.id),
            "guild_id": str(guild.id),
            "member_count": min(len(thread.joined), 50),
            **who,
        }
        if user is self._world.bot:
            self._gateway.emit_own("THREAD_MEMBERS_UPDATE", data, guild.id)
        else:
            self._tell_thread(guild, thread, "THREAD_MEMBERS_UPDATE", data)

    def _tell_role(self, guild: Guild, event: str, role: Role) -> None:
        self._emit(guild, event, {"guild_id": str(guild.id), "role": payloads.role(role)})

    def _tell_channel(self, guild: Guild, event: str, channel: Channel) -> None:
        data = payloads.channel(channel, self._world.bot)
        if isinstance(channel, Thread):
            self._tell_thread(guild, channel, event, data)
        else:
            self._emit(guild, event, data)

    def _tell_thread(self, guild: Guild, thread: Thread, event: str, data: Json) -> None:
        """Bots are told of the threads that they can see, joined or not."""
        if permissions.in_channel(thread, self._world.bot) & permissions.VIEW_CHANNEL:
            self._emit(guild, event, data)

    def _emit(self, guild: Guild, event: str, data: Json) -> None:
        """Only guilds that the bot is in are told of."""
        if self._world.bot.id in guild.members:
            self._gateway.emit(event, data, guild_id=guild.id)
