"""The playground's own chat: messages on the web platform."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class NewPost:
    """A message on the web platform.

    ``author_id`` is a Member, None for studybot. ``thread_id`` is the post that it
    replies under. ``body`` is a message of ours as JSON, ``text`` a member's words.
    ``only_member_id`` and ``organisers`` narrow who sees it; ``sealed`` hides the text
    from all but its author until the round closes. ``marker`` is unique where given.
    """

    channel_id: int
    author_id: int | None = None
    text: str = ""
    body: dict[str, Any] | None = None
    thread_id: int | None = None
    round_id: int | None = None
    marker: str | None = None
    only_member_id: int | None = None
    organisers: bool = False
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """A stored NewPost. ``version`` grows with every change in its channel."""

    id: int
    channel_id: int
    created_at: datetime
    version: int
    author_id: int | None = None
    author_name: str = ""
    text: str = ""
    body: dict[str, Any] | None = None
    thread_id: int | None = None
    round_id: int | None = None
    marker: str | None = None
    only_member_id: int | None = None
    organisers: bool = False
    sealed: bool = False
    reaction: str | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
