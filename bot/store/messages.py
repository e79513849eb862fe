"""Where messages are kept: those to send, and the web platform's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.domain.chat import NewPost, Post
from bot.domain.work import NewOut, Out, OutKind, OutState, Place, Watched


class Outbox(Protocol):
    """Messages to send, and the record of those sent."""

    async def add(self, items: Sequence[NewOut]) -> list[int]:
        """Insert those whose dedupe_key is free, and enqueue them; returns the new ids."""

    async def get(self, out_id: int) -> Out | None:
        """The row with that id."""

    async def claim(self, out_id: int, now: datetime, lease: timedelta) -> Out | None:
        """Take a pending row to send it: as ``Rounds.claim``."""

    async def postpone(
        self, out_id: int, until: datetime, *, failed: bool, error: str | None = None
    ) -> None:
        """As ``Rounds.postpone``; ``error`` is kept for organisers."""

    async def finish(
        self,
        out_id: int,
        state: OutState,
        now: datetime,
        *,
        external_id: str | None = None,
        thread_id: str | None = None,
        error: str | None = None,
    ) -> bool:
        """UPDATE ... WHERE state = 'pending'; False if the row had moved on already."""

    async def unsent(self, round_id: int, member_id: int) -> list[int]:
        """The ids of what is for a member alone, about a round, and was given up."""

    async def again(self, out_id: int, now: datetime) -> bool:
        """Make a row that was given up a new one; False if it isn't given up any more."""

    async def posts(self, round_id: int) -> list[Out]:
        """A round's QUESTION (or RECAP) rows, one a channel, in any state."""

    async def round_of(self, channel_id: int, thread_id: str) -> int | None:
        """The round whose question was posted as that thread (or message) in a channel."""

    async def asked_as(self, platform: str, external_id: str) -> Out | None:
        """The QUESTION row that was posted as that message, in any channel of a platform."""

    async def watched(self, platform: str, now: datetime, since: datetime) -> list[Watched]:
        """Posted questions whose rounds are open, or were when their threads were last read.

        Rounds that closed before ``since`` are left out.
        """

    async def unsettled(self, platform: str, until: datetime, since: datetime) -> list[Watched]:
        """Posted questions whose rounds closed since then, by ``until``, and were not read then."""

    async def confirmed(self, platform: str, since: datetime) -> list[Watched]:
        """Questions of open rounds that we learned to be posted after that instant."""

    async def saw(self, places: Sequence[Place]) -> None:
        """Store how far those places were read."""

    async def recent(self, group_id: int, kind: OutKind, limit: int = 10) -> list[Out]:
        """A group's rows of a kind, newest first."""


class Chat(Protocol):
    """The web platform's messages."""

    async def add(self, post: NewPost, now: datetime) -> Post:
        """Store a post; one with the same marker wins and is returned instead."""

    async def get(self, post_id: int) -> Post | None:
        """The post with that id."""

    async def by_marker(self, channel_id: int, marker: str) -> Post | None:
        """The post with that marker."""

    async def edit(
        self,
        post_id: int,
        now: datetime,
        *,
        text: str | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> None:
        """Change a post's words."""

    async def react(self, post_id: int, reaction: str) -> None:
        """Set our reaction on a post."""

    async def delete(self, post_id: int, now: datetime) -> None:
        """Mark a post deleted and forget its words."""

    async def timeline(
        self, channel_id: int, *, thread_id: int | None = None, limit: int = 200
    ) -> list[Post]:
        """A channel's (or thread's) newest posts, oldest first, private ones too."""

    async def version(self, channel_id: int) -> int:
        """A number that grows with every change in a channel."""

    async def thread_counts(self, thread_ids: Sequence[int]) -> dict[int, int]:
        """How many undeleted member posts each thread holds."""
