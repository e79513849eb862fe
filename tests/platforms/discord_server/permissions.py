"""Permissions as Discord computes them: roles of the guild, then a channel's overwrites."""

from __future__ import annotations

from tests.platforms.discord_server.refusals import missing_access, missing_permissions
from tests.platforms.discord_server.world import DM, Channel, Guild, Member, Thread, User

KICK_MEMBERS = 1 << 1
ADMINISTRATOR = 1 << 3
MANAGE_CHANNELS = 1 << 4
MANAGE_GUILD = 1 << 5
ADD_REACTIONS = 1 << 6
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
SEND_TTS_MESSAGES = 1 << 12
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
USE_EXTERNAL_EMOJIS = 1 << 18
MANAGE_ROLES = 1 << 28
USE_APPLICATION_COMMANDS = 1 << 31
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
CREATE_PRIVATE_THREADS = 1 << 36
SEND_MESSAGES_IN_THREADS = 1 << 38

EVERYTHING = (1 << 53) - 1
NEEDS_SENDING = MENTION_EVERYONE | SEND_TTS_MESSAGES | ATTACH_FILES | EMBED_LINKS
READING = VIEW_CHANNEL | READ_MESSAGE_HISTORY
WRITING = SEND_MESSAGES | SEND_MESSAGES_IN_THREADS | EMBED_LINKS | ATTACH_FILES | ADD_REACTIONS

# What a new guild gives to everyone, and what a bot like ours is invited with.
USUAL = READING | WRITING | USE_APPLICATION_COMMANDS | CREATE_PUBLIC_THREADS | USE_EXTERNAL_EMOJIS
BOT_USUAL = READING | WRITING | CREATE_PUBLIC_THREADS | MANAGE_THREADS
IN_DIRECT = READING | WRITING | MENTION_EVERYONE


def in_guild(guild: Guild, member: Member) -> int:
    """What the roles give; administrators and the owner have everything."""
    if member.user is guild.owner:
        return EVERYTHING
    given = guild.everyone.permissions
    for role_id in member.role_ids:
        given |= guild.roles[role_id].permissions
    if given & ADMINISTRATOR:
        return EVERYTHING
    return given & READING if member.timed_out else given


def in_channel(channel: Channel, user: User) -> int:
    """What someone may do in a channel or thread; nothing for those who aren't there."""
    if channel.type == DM:
        return IN_DIRECT
    guild = channel.guild
    member = None if guild is None else guild.members.get(user.id)
    if guild is None or member is None:
        return 0
    given = in_guild(guild, member)
    if given == EVERYTHING:
        return given
    given = _overwritten(given, guild, member, channel.home)
    sending = SEND_MESSAGES_IN_THREADS if isinstance(channel, Thread) else SEND_MESSAGES
    if not given & sending:
        given &= ~NEEDS_SENDING
    if member.timed_out:
        given &= READING
    return given if given & VIEW_CHANNEL else 0


def _overwritten(given: int, guild: Guild, member: Member, channel: Channel) -> int:
    """Everyone's overwrite, then all the roles' together, then the member's own."""
    overwrites = channel.overwrites
    if everyone := overwrites.get(guild.id):
        given = given & ~everyone.deny | everyone.allow
    mine = [overwrites[role_id] for role_id in member.role_ids if role_id in overwrites]
    allow = deny = 0
    for overwrite in mine:
        allow |= overwrite.allow
        deny |= overwrite.deny
    given = given & ~deny | allow
    if own := overwrites.get(member.user.id):
        given = given & ~own.deny | own.allow
    return given


def require(channel: Channel, user: User, needed: int) -> int:
    """The permissions there.

    Raises:
        Refused: 50001 for who can't see the channel, 50013 for who lacks something needed.
    """
    given = in_channel(channel, user)
    if not given & VIEW_CHANNEL:
        raise missing_access()
    if given & needed != needed:
        raise missing_permissions()
    return given


def require_in_guild(guild: Guild, user: User, needed: int) -> Member:
    """The member, who has the permissions in the whole guild; raises Refused as ``require``."""
    member = guild.members.get(user.id)
    if member is None:
        raise missing_access()
    if in_guild(guild, member) & needed != needed:
        raise missing_permissions()
    return member


def top_position(guild: Guild, member: Member) -> int:
    """How high someone stands: roles at or above this can't be given or taken by them."""
    if member.user is guild.owner:
        return 1 << 30
    return max((guild.roles[role_id].position for role_id in member.role_ids), default=0)
