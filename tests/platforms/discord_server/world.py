"""What exists on this Discord: people, guilds, channels, threads and messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.platforms.discord_server.refusals import Json, unknown
from tests.platforms.discord_server.snowflakes import Snowflakes, time_of

TEXT, DM, PUBLIC_THREAD, PRIVATE_THREAD = 0, 1, 11, 12
THREADS = (PUBLIC_THREAD, PRIVATE_THREAD)

# Kinds of message.
DEFAULT, THREAD_CREATED, REPLY, CHAT_COMMAND, THREAD_STARTER, CONTEXT_COMMAND = (
    0,
    18,
    19,
    20,
    21,
    23,
)

# Flags of messages.
SUPPRESS_EMBEDS = 1 << 2
HAS_THREAD = 1 << 5
EPHEMERAL = 1 << 6
LOADING = 1 << 7
SUPPRESS_NOTIFICATIONS = 1 << 12
COMPONENTS_V2 = 1 << 15

# Flags of applications: each privileged intent has one for small bots and one for verified ones.
PRIVILEGED_FLAGS = {"presences": 1 << 13, "members": 1 << 15, "message_content": 1 << 19}


@dataclass(eq=False)
class User:
    id: int
    name: str
    bot: bool = False
    takes_messages: bool = True
    blocks_bot: bool = False

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass(eq=False)
class Role:
    id: int
    name: str
    permissions: int
    position: int = 1
    managed: bool = False

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"


@dataclass(eq=False)
class Member:
    user: User
    joined_at: datetime
    role_ids: set[int] = field(default_factory=set)
    nick: str | None = None
    timed_out_until: datetime | None = None

    @property
    def timed_out(self) -> bool:
        return self.timed_out_until is not None and self.timed_out_until > datetime.now(UTC)


@dataclass
class Overwrite:
    """Permissions allowed and denied in one channel, for a role (kind 0) or a member (kind 1)."""

    kind: int
    allow: int = 0
    deny: int = 0


@dataclass(eq=False)
class Guild:
    id: int
    name: str
    owner: User
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    threads: dict[int, Thread] = field(default_factory=dict)
    locale: str = "en-US"
    available: bool = True
    updates_channel: Channel | None = None

    @property
    def everyone(self) -> Role:
        return self.roles[self.id]


@dataclass(eq=False)
class Channel:
    """A text channel of a guild, or a direct message when it has a recipient instead."""

    id: int
    type: int
    name: str = ""
    guild: Guild | None = None
    recipient: User | None = None
    topic: str | None = None
    position: int = 0
    slow_mode: int = 0
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    last_message_id: int | None = None
    last_said: dict[int, datetime] = field(default_factory=dict)

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"

    @property
    def guild_id(self) -> int | None:
        return None if self.guild is None else self.guild.id

    @property
    def home(self) -> Channel:
        """Whose overwrites count: a thread's are its parent's."""
        return self


@dataclass(eq=False)
class Thread(Channel):
    parent: Channel | None = None
    owner: User | None = None
    archived: bool = False
    locked: bool = False
    auto_archive: int = 1440
    archive_changed_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    joined: dict[int, datetime] = field(default_factory=dict)
    total_sent: int = 0

    @property
    def home(self) -> Channel:
        assert self.parent is not None
        return self.parent


@dataclass(eq=False)
class Attachment:
    id: int
    filename: str
    content: bytes
    content_type: str
    url: str
    description: str | None = None


@dataclass(eq=False)
class Message:
    """``pinged`` are the users who would have been notified, by id."""

    id: int
    channel: Channel
    author: User
    content: str = ""
    type: int = DEFAULT
    flags: int = 0
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    reply_to: int | None = None
    nonce: str | None = None
    mentions: list[int] = field(default_factory=list)
    pinged: set[int] = field(default_factory=set)
    pinged_roles: list[int] = field(default_factory=list)
    pinged_everyone: bool = False
    edited_at: datetime | None = None
    reactions: dict[str, list[int]] = field(default_factory=dict)
    thread: Thread | None = None
    interaction: Json | None = None
    seen_by: int | None = None
    deleted: bool = False

    @property
    def at(self) -> datetime:
        return time_of(self.id)

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        return bool(self.flags & LOADING)

    @property
    def text(self) -> str:
        """Everything a person reads: the content, then the embeds, then texts among components."""
        parts = [self.content]
        for embed in self.embeds:
            parts += [embed.get("title", ""), embed.get("description", "")]
            for entry in embed.get("fields", ()):
                parts += [entry["name"], entry["value"]]
            parts.append(embed.get("footer", {}).get("text", ""))
        parts += [c["content"] for c in every_component(self.components) if c["type"] == 10]
        return "\n".join(part for part in parts if part)

    @property
    def buttons(self) -> dict[str, str]:
        """The labels of the buttons that can be pressed, by custom id."""
        found = every_component(self.components)
        pressable = [c for c in found if c["type"] == 2 and "custom_id" in c]
        return {c["custom_id"]: c.get("label", "") for c in pressable if not c.get("disabled")}


def every_component(components: list[Json]) -> Iterator[Json]:
    """Components and what lies within them, in reading order."""
    for component in components:
        yield component
        yield from every_component(component.get("components", []))
        within = [component[key] for key in ("component", "accessory") if key in component]
        yield from every_component(within)


@dataclass(eq=False)
class Application:
    """``privileged`` holds the names of the intents that the portal grants."""

    id: int
    name: str
    owner: User
    privileged: set[str] = field(default_factory=lambda: set(PRIVILEGED_FLAGS))

    @property
    def flags(self) -> int:
        return sum(flag for name, flag in PRIVILEGED_FLAGS.items() if name in self.privileged)


class World:
    """Everything there is, by id."""

    def __init__(self, token: str, bot_name: str) -> None:
        self.ids = Snowflakes()
        self.token = token
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.bot = self.add_user(bot_name, bot=True)
        developer = self.add_user(f"{bot_name}-developer")
        # Since 2016 an application has its bot user's id.
        self.application = Application(self.bot.id, bot_name, developer)

    def add_user(self, name: str, *, bot: bool = False) -> User:
        user = User(self.ids.next(), name, bot=bot)
        self.users[user.id] = user
        return user

    def user(self, user_id: int) -> User:
        if user_id not in self.users:
            raise unknown("User")
        return self.users[user_id]

    def guild(self, guild_id: int) -> Guild:
        """A guild that the bot is in; others don't exist for it."""
        guild = self.guilds.get(guild_id)
        if guild is None or self.bot.id not in guild.members:
            raise unknown("Guild")
        return guild

    def channel(self, channel_id: int) -> Channel:
        if channel_id not in self.channels:
            raise unknown("Channel")
        return self.channels[channel_id]

    def direct(self, user: User) -> Channel:
        """The direct messages between a person and the bot; made when there are none yet."""
        for channel in self.channels.values():
            if channel.type == DM and channel.recipient is user:
                return channel
        channel = Channel(self.ids.next(), DM, recipient=user)
        self.channels[channel.id] = channel
        return channel

    def bot_guilds(self) -> list[Guild]:
        return [guild for guild in self.guilds.values() if self.bot.id in guild.members]

    def find_message(self, channel: Channel, message_id: int) -> Message:
        if message_id not in channel.messages:
            raise unknown("Message")
        return channel.messages[message_id]

    def all_messages(self) -> Iterator[Message]:
        for channel in list(self.channels.values()):
            yield from list(channel.messages.values())


def changed(target: Any, values: dict[str, object]) -> bool:
    """Set attributes; whether any of them was different before."""
    different = {name: value for name, value in values.items() if getattr(target, name) != value}
    for name, value in different.items():
        setattr(target, name, value)
    return bool(different)
