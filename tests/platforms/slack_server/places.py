"""Channels: coming, going, archiving, renaming and deleting, with their events."""

from __future__ import annotations

from tests.platforms.discord_server.changes import Changes
from tests.platforms.slack_server.events import Events
from tests.platforms.slack_server.messages import Messages
from tests.platforms.slack_server.refusals import Json, Refused
from tests.platforms.slack_server.world import PRIVATE, Channel, User, World


class Places:
    """What happens to channels, whoever does it."""

    def __init__(self, world: World, events: Events, messages: Messages, changes: Changes) -> None:
        self._world = world
        self._events = events
        self._messages = messages
        self._changes = changes

    def join(self, channel: Channel, user: User, inviter: User | None = None) -> None:
        if channel.archived:
            raise Refused("is_archived")
        if user.id in channel.members:
            return
        channel.members[user.id] = user
        told: Json = {"type": "member_joined_channel", "user": user.id, "team": user.team.id}
        told |= {"channel": channel.id, "channel_type": "G" if channel.kind == PRIVATE else "C"}
        if inviter is not None:
            told["inviter"] = inviter.id
        self._events.in_channel(channel, "member_joined_channel", told)
        what = "group_join" if channel.kind == PRIVATE else "channel_join"
        self._messages.system(channel, user, what, f"{user.mention} has joined the channel")

    def leave(self, channel: Channel, user: User) -> None:
        """Leave or be taken out; a bot that goes is told with channel_left."""
        if user.id not in channel.members:
            raise Refused("not_in_channel")
        del channel.members[user.id]
        if user.bot_id:
            name = "group_left" if channel.kind == PRIVATE else "channel_left"
            self._events.in_team(user.team, name, {"type": name, "channel": channel.id})
        else:
            told = {"type": "member_left_channel", "user": user.id, "team": user.team.id}
            told |= {"channel": channel.id, "channel_type": "C"}
            self._events.in_channel(channel, "member_left_channel", told)
        self._changes.notify()

    def archive(self, channel: Channel, user: User) -> None:
        channel.archived = True
        self._tell(channel, "archive", {"channel": channel.id, "user": user.id})

    def unarchive(self, channel: Channel, user: User) -> None:
        channel.archived = False
        self._tell(channel, "unarchive", {"channel": channel.id, "user": user.id})

    def rename(self, channel: Channel, name: str) -> None:
        channel.name = name
        shown = {"id": channel.id, "name": name, "created": channel.created}
        self._tell(channel, "rename", {"channel": shown})

    def delete(self, channel: Channel) -> None:
        self._tell(channel, "deleted", {"channel": channel.id})
        channel.deleted = True

    def _tell(self, channel: Channel, what: str, event: Json) -> None:
        name = f"group_{what}" if channel.kind == PRIVATE else f"channel_{what}"
        self._events.in_channel(channel, name, {"type": name, **event})
        self._changes.notify()
