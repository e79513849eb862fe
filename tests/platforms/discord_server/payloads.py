"""Discord's JSON for what is in the world."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.platforms.discord_server import permissions
from tests.platforms.discord_server.refusals import Json
from tests.platforms.discord_server.snowflakes import iso
from tests.platforms.discord_server.world import (
    DM,
    REPLY,
    THREAD_STARTER,
    Attachment,
    Channel,
    Guild,
    Member,
    Message,
    Overwrite,
    Role,
    Thread,
    User,
    World,
)


def user(of: User) -> Json:
    data: Json = {
        "id": str(of.id),
        "username": of.name,
        "discriminator": "0",
        "global_name": None if of.bot else of.name.title(),
        "avatar": None,
        "public_flags": 0,
    }
    return {**data, "bot": True} if of.bot else data


def own_user(of: User) -> Json:
    """The bot as it sees itself."""
    return {**user(of), "verified": True, "mfa_enabled": True, "email": None, "flags": 0}


def partial_member(of: Member) -> Json:
    """A member beside whom the user is told elsewhere."""
    return {
        "roles": [str(role_id) for role_id in sorted(of.role_ids)],
        "joined_at": iso(of.joined_at),
        "nick": of.nick,
        "avatar": None,
        "premium_since": None,
        "communication_disabled_until": iso(of.timed_out_until),
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }


def member(of: Member) -> Json:
    return {**partial_member(of), "user": user(of.user)}


def role(of: Role) -> Json:
    return {
        "id": str(of.id),
        "name": of.name,
        "permissions": str(of.permissions),
        "position": of.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": of.managed,
        "mentionable": False,
        "flags": 0,
    }


def overwrite(target_id: int, of: Overwrite) -> Json:
    return {"id": str(target_id), "type": of.kind, "allow": str(of.allow), "deny": str(of.deny)}


def channel(of: Channel, viewer: User | None = None) -> Json:
    """A channel or thread; with a viewer, a thread says when they joined it."""
    data: Json = {"id": str(of.id), "type": of.type, "flags": 0}
    data["last_message_id"] = None if of.last_message_id is None else str(of.last_message_id)
    if of.type == DM:
        return {**data, "recipients": [user(of.recipient)] if of.recipient else []}
    data |= {
        "guild_id": str(of.guild_id),
        "name": of.name,
        "rate_limit_per_user": of.slow_mode,
    }
    if isinstance(of, Thread):
        return data | _thread(of, viewer)
    return data | {
        "topic": of.topic,
        "position": of.position,
        "parent_id": None,
        "nsfw": False,
        "permission_overwrites": [overwrite(key, value) for key, value in of.overwrites.items()],
    }


def _thread(of: Thread, viewer: User | None) -> Json:
    assert of.owner is not None
    data: Json = {
        "parent_id": str(of.home.id),
        "owner_id": str(of.owner.id),
        "message_count": sum(each.type != THREAD_STARTER for each in of.messages.values()),
        "total_message_sent": of.total_sent,
        "member_count": min(len(of.joined), 50),
        "thread_metadata": {
            "archived": of.archived,
            "locked": of.locked,
            "auto_archive_duration": of.auto_archive,
            "archive_timestamp": iso(of.archive_changed_at),
            "create_timestamp": iso(of.created_at),
        },
    }
    if viewer is not None and viewer.id in of.joined:
        data["member"] = thread_member(of, viewer.id)
    return data


def thread_member(of: Thread, user_id: int) -> Json:
    return {
        "id": str(of.id),
        "user_id": str(user_id),
        "join_timestamp": iso(of.joined[user_id]),
        "flags": 0,
    }


def guild(of: Guild) -> Json:
    """As GET answers it: without channels and members."""
    return {
        "id": str(of.id),
        "name": of.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "description": None,
        "owner_id": str(of.owner.id),
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 1,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": of.locale,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": str(of.updates_channel.id) if of.updates_channel else None,
        "vanity_url_code": None,
        "features": [],
        "emojis": [],
        "stickers": [],
        "roles": [role(each) for each in of.roles.values()],
        "approximate_member_count": len(of.members),
    }


def guild_create(of: Guild, bot: User) -> Json:
    """As the gateway tells it: of members only the bot, of threads the active ones it can see."""
    seen = [
        each
        for each in of.threads.values()
        if not each.archived and permissions.in_channel(each, bot)
    ]
    return guild(of) | {
        "joined_at": iso(of.members[bot.id].joined_at),
        "large": len(of.members) > 250,
        "unavailable": False,
        "member_count": len(of.members),
        "members": [member(of.members[bot.id])],
        "channels": [channel(each) for each in of.channels.values()],
        "threads": [channel(each, bot) for each in seen],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def attachment(of: Attachment) -> Json:
    data: Json = {
        "id": str(of.id),
        "filename": of.filename,
        "size": len(of.content),
        "url": of.url,
        "proxy_url": of.url,
        "content_type": of.content_type,
    }
    return data if of.description is None else {**data, "description": of.description}


def emoji(name: str) -> Json:
    """``name`` is a character, or name:id for a guild's own."""
    custom, _, emoji_id = name.partition(":")
    return {"id": emoji_id or None, "name": custom}


class MessagePayloads:
    """Messages as the bot sees them; ``redacted`` ones are for who lacks the content intent."""

    def __init__(self, world: World) -> None:
        self._world = world

    def message(self, of: Message, *, redacted: bool = False, nested: bool = False) -> Json:
        """``nested`` ones don't hold the message they reply to."""
        hidden = redacted and not self.content_shown(of)
        data: Json = {
            "id": str(of.id),
            "channel_id": str(of.channel.id),
            "author": user(of.author),
            "content": "" if hidden else of.content,
            "timestamp": iso(of.at),
            "edited_timestamp": iso(of.edited_at),
            "tts": False,
            "mention_everyone": of.pinged_everyone,
            "mentions": [user(self._world.users[each]) for each in of.mentions],
            "mention_roles": [str(each) for each in of.pinged_roles],
            "attachments": [] if hidden else [attachment(each) for each in of.attachments],
            "embeds": [] if hidden else of.embeds,
            "components": [] if hidden else of.components,
            "pinned": False,
            "type": of.type,
            "flags": of.flags,
        }
        self._add_reactions(data, of)
        self._add_reference(data, of, redacted=redacted, nested=nested)
        if of.thread is not None:
            data["thread"] = channel(of.thread, self._world.bot)
        if of.interaction is not None:
            data |= {
                "interaction_metadata": of.interaction,
                "application_id": str(self._world.application.id),
                "webhook_id": str(self._world.application.id),
            }
        return data

    def event(self, of: Message, *, redacted: bool = False) -> Json:
        """As the gateway tells it, with the author's membership."""
        data = self.message(of, redacted=redacted)
        where = of.channel.guild
        if where is None:
            return {**data, "channel_type": DM}
        data |= {"guild_id": str(where.id), "channel_type": of.channel.type}
        author = where.members.get(of.author.id)
        return data if author is None else {**data, "member": partial_member(author)}

    def content_shown(self, of: Message) -> bool:
        """Whether the bot sees the content without its intent.

        It does in direct messages, of its own messages, and where it is mentioned, which a reply
        that pings it does as well.
        """
        bot = self._world.bot
        if of.author is bot or of.channel.type == DM:
            return True
        return bot.id in of.mentions

    def _add_reactions(self, data: Json, of: Message) -> None:
        if not of.reactions:
            return
        data["reactions"] = [
            {
                "emoji": emoji(name),
                "count": len(people),
                "count_details": {"burst": 0, "normal": len(people)},
                "me": self._world.bot.id in people,
                "me_burst": False,
                "burst_colors": [],
            }
            for name, people in of.reactions.items()
        ]

    def _add_reference(self, data: Json, of: Message, *, redacted: bool, nested: bool) -> None:
        if of.reply_to is None:
            return
        source = of.channel if of.type == REPLY else of.channel.home
        reference: Json = {"type": 0, "message_id": str(of.reply_to), "channel_id": str(source.id)}
        if of.channel.guild is not None:
            reference["guild_id"] = str(of.channel.guild.id)
        data["message_reference"] = reference
        if not nested:
            target = source.messages.get(of.reply_to)
            data["referenced_message"] = (
                None if target is None else self.message(target, redacted=redacted, nested=True)
            )


def now() -> datetime:
    return datetime.now(UTC)
