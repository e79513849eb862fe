"""What scopes of a bot token allow: https://docs.slack.dev/reference/scopes."""

from __future__ import annotations

from tests.platforms.slack_server.world import IM, MPIM, PRIVATE, PUBLIC

BY_KIND = {PUBLIC: "channels", PRIVATE: "groups", IM: "im", MPIM: "mpim"}
METHODS = {
    "bots.info": "users:read",
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.join": "channels:join",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "files.info": "files:read",
    "reactions.add": "reactions:write",
    "reactions.get": "reactions:read",
    "reactions.remove": "reactions:write",
    "team.info": "team:read",
    "users.info": "users:read",
    "users.list": "users:read",
}
# Methods whose scope depends on the kind of conversation.
READING = {
    "conversations.history": "history",
    "conversations.info": "read",
    "conversations.list": "read",
    "conversations.members": "read",
    "conversations.replies": "history",
    "users.conversations": "read",
}
EVENTS = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "app_mention": "app_mentions:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "channel_archive": "channels:read",
    "channel_unarchive": "channels:read",
    "channel_rename": "channels:read",
    "channel_deleted": "channels:read",
    "channel_left": "channels:read",
    "group_archive": "groups:read",
    "group_unarchive": "groups:read",
    "group_rename": "groups:read",
    "group_deleted": "groups:read",
    "group_left": "groups:read",
    "file_shared": "files:read",
    "user_change": "users:read",
    "app_home_opened": "",
    "app_uninstalled": "",
    "tokens_revoked": "",
}
EVERY = frozenset(
    {
        *METHODS.values(),
        *(scope for scope in EVENTS.values() if scope),
        *(f"{kind}:{what}" for kind in BY_KIND.values() for what in ("read", "history", "write")),
        "chat:write.public",
        "chat:write.customize",
        "commands",
    }
)


def for_channel(method: str, kind: str) -> str:
    """The scope that a reading method needs for one kind of conversation."""
    return f"{BY_KIND[kind]}:{READING[method]}"
