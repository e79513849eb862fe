"""The JSON of people, channels and messages, as the Web API and events show them."""

from __future__ import annotations

import hashlib

from tests.platforms.slack_server.refusals import Json
from tests.platforms.slack_server.world import IM, PRIVATE, PUBLIC, Channel, File, Message, User


def user(shown: User, seen_from: str = "") -> Json:
    """``seen_from`` is the id of the workspace that looks: others' people are strangers there."""
    profile: Json = {
        "real_name": shown.real_name,
        "display_name": shown.name,
        "real_name_normalized": shown.real_name,
        "display_name_normalized": shown.name,
        "team": shown.team.id,
    }
    if shown.bot_id:
        profile["bot_id"] = shown.bot_id
    known: Json = {
        "id": shown.id,
        "team_id": shown.team.id,
        "name": shown.name,
        "deleted": shown.deleted,
        "profile": profile,
        "is_bot": bool(shown.bot_id),
        "is_app_user": False,
        "updated": 1_700_000_000,
    }
    if seen_from not in ("", shown.team.id):
        return {**known, "is_stranger": True}
    if shown.deleted:
        return known
    return {
        **known,
        "real_name": shown.real_name,
        "tz": shown.tz,
        "tz_label": shown.tz,
        "tz_offset": shown.tz_offset,
        "is_admin": shown.is_admin,
        "is_owner": shown.is_owner,
        "is_primary_owner": False,
        "is_restricted": shown.is_restricted,
        "is_ultra_restricted": False,
    }


def channel(shown: Channel, viewer: User) -> Json:
    data: Json = {
        "id": shown.id,
        "created": shown.created,
        "is_archived": shown.archived,
        "is_im": shown.kind == IM,
        "is_mpim": shown.kind == "mpim",
        "context_team_id": viewer.team.id,
        "is_ext_shared": shown.shared,
        "is_shared": shown.shared,
        "is_org_shared": False,
    }
    if shown.kind == IM:
        others = [key for key in shown.members if key != viewer.id]
        return {**data, "user": others[0] if others else viewer.id}
    return {
        **data,
        "name": shown.name,
        "name_normalized": shown.name,
        "is_channel": shown.kind == PUBLIC,
        "is_group": shown.kind == PRIVATE,
        "is_private": shown.kind != PUBLIC,
        "is_general": shown.name == "general",
        "is_member": viewer.id in shown.members,
        "creator": shown.creator.id if shown.creator else "",
        "shared_team_ids": [team.id for team in shown.teams],
        "topic": {"value": shown.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(shown.members),
    }


def file(shown: File, base_url: str) -> Json:
    extension = shown.name.rpartition(".")[2] if "." in shown.name else "text"
    return {
        "id": shown.id,
        "created": shown.created,
        "name": shown.name,
        "title": shown.title or shown.name,
        "filetype": extension,
        "mimetype": "text/markdown" if extension == "md" else "text/plain",
        "user": shown.owner.id if shown.owner else "",
        "user_team": shown.team.id,
        "size": len(shown.content or b""),
        "mode": "hosted",
        "is_external": False,
        "url_private": f"{base_url}/files-pri/{shown.team.id}-{shown.id}/{shown.name}",
        "url_private_download": (
            f"{base_url}/files-pri/{shown.team.id}-{shown.id}/download/{shown.name}"
        ),
        "channels": [each.id for each in shown.channels],
        "file_access": "visible",
    }


class Payloads:
    """Messages need to know the app and where files are served."""

    def __init__(self, app_id: str, app_name: str) -> None:
        self._app_id = app_id
        self._app_name = app_name
        self.base_url = ""

    def message(self, shown: Message, *, metadata: bool = True) -> Json:
        data: Json = {"type": "message", "ts": shown.ts, "text": shown.text}
        if shown.subtype:
            data["subtype"] = shown.subtype
        if shown.author is not None and shown.subtype != "bot_message":
            data |= {"user": shown.author.id, "team": shown.author.team.id}
        optional: Json = {
            "client_msg_id": shown.client_msg_id,
            "blocks": shown.blocks or (rich(shown.text) if shown.client_msg_id else []),
            "attachments": shown.attachments,
            "edited": shown.edited,
            "username": shown.username,
            "files": [file(each, self.base_url) for each in shown.files],
        }
        data |= {key: value for key, value in optional.items() if value}
        if shown.bot_id:
            data |= {"bot_id": shown.bot_id, "app_id": self._app_id}
            data["bot_profile"] = self.bot_profile(shown)
        if metadata and shown.metadata:
            data["metadata"] = shown.metadata
        data |= self._thread(shown) | shown.fields
        return data

    def told(self, shown: Message) -> Json:
        """A message as conversations.history has it: with its reactions."""
        data = self.message(shown)
        if shown.reactions:
            data["reactions"] = [
                {"name": name, "users": users, "count": len(users)}
                for name, users in shown.reactions.items()
            ]
        return data

    def bot_profile(self, shown: Message) -> Json:
        team = shown.author.team.id if shown.author else shown.channel.team.id
        return {
            "id": shown.bot_id,
            "app_id": self._app_id,
            "name": self._app_name,
            "deleted": False,
            "team_id": team,
        }

    def _thread(self, shown: Message) -> Json:
        if shown.is_reply:
            parent = shown.channel.messages.get(shown.thread_ts)
            author = parent.author if parent is not None else None
            data = {"thread_ts": shown.thread_ts}
            return data | ({"parent_user_id": author.id} if author else {})
        if not shown.replies:
            return {}
        users = list(dict.fromkeys(each.author.id for each in shown.replies if each.author))
        return {
            "thread_ts": shown.ts,
            "reply_count": len(shown.replies),
            "reply_users_count": len(users),
            "reply_users": users[:5],
            "latest_reply": shown.replies[-1].ts,
            "is_locked": False,
        }


def rich(text: str) -> list[Json]:
    """What Slack's app sends along with what somebody typed."""
    key = hashlib.sha256(text.encode()).hexdigest()[:5]
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return [{"type": "rich_text", "block_id": key, "elements": [section]}]
