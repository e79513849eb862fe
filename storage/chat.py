"""The web platform's messages. Every change takes the channel's next version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.chat import NewPost, Post
from storage.sql import Session
from storage.tables import channels, members, posts


class SqlChat:
    """bot.store.Chat over SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, post: NewPost, now: datetime) -> Post:
        """Store a post; one with the same marker wins and is returned instead."""
        if post.marker is not None and (
            there := await self.by_marker(post.channel_id, post.marker)
        ):
            return there
        version = await self._bump(post.channel_id)
        row = await self._session.one(
            self._session.insert(posts)
            .values(**asdict(post), created_at=now, version=version)
            .on_conflict_do_nothing(index_elements=["channel_id", "marker"])
            .returning(posts.c.id)
        )
        if row is not None:
            made = await self.get(row.id)
        else:
            made = await self.by_marker(post.channel_id, post.marker or "")
        if made is None:
            raise LookupError(f"a post in channel {post.channel_id} vanished while being made")
        return made

    async def get(self, post_id: int) -> Post | None:
        """The post with that id."""
        row = await self._session.one(_select().where(posts.c.id == post_id))
        return _post(row) if row else None

    async def by_marker(self, channel_id: int, marker: str) -> Post | None:
        """The post with that marker."""
        row = await self._session.one(
            _select().where(posts.c.channel_id == channel_id, posts.c.marker == marker)
        )
        return _post(row) if row else None

    async def edit(
        self,
        post_id: int,
        now: datetime,
        *,
        text: str | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> None:
        """Change a post's words."""
        changes: dict[str, Any] = {"edited_at": now}
        if text is not None:
            changes["text"] = text
        if body is not None:
            changes["body"] = dict(body)
        await self._change(post_id, changes)

    async def react(self, post_id: int, reaction: str) -> None:
        """Set our reaction on a post."""
        await self._change(post_id, {"reaction": reaction})

    async def delete(self, post_id: int, now: datetime) -> None:
        """Mark a post deleted and forget its words."""
        await self._change(post_id, {"deleted_at": now, "text": "", "body": None})

    async def timeline(
        self, channel_id: int, *, thread_id: int | None = None, limit: int = 200
    ) -> list[Post]:
        """A channel's (or thread's) newest posts, oldest first, private ones too."""
        statement = (
            _select()
            .where(
                posts.c.channel_id == channel_id, posts.c.thread_id.is_not_distinct_from(thread_id)
            )
            .order_by(posts.c.id.desc())
            .limit(limit)
        )
        return [_post(row) for row in reversed(await self._session.all(statement))]

    async def version(self, channel_id: int) -> int:
        """A number that grows with every change in a channel."""
        row = await self._session.one(
            sa.select(channels.c.version).where(channels.c.id == channel_id)
        )
        return 0 if row is None else int(row.version)

    async def thread_counts(self, thread_ids: Sequence[int]) -> dict[int, int]:
        """How many undeleted member posts each thread holds."""
        statement = (
            sa.select(posts.c.thread_id, sa.func.count().label("number"))
            .where(
                posts.c.thread_id.in_(thread_ids),
                posts.c.author_id.is_not(None),
                posts.c.deleted_at.is_(None),
            )
            .group_by(posts.c.thread_id)
        )
        found = {row.thread_id: row.number for row in await self._session.all(statement)}
        return {thread_id: found.get(thread_id, 0) for thread_id in thread_ids}

    async def _change(self, post_id: int, changes: dict[str, Any]) -> None:
        row = await self._session.one(sa.select(posts.c.channel_id).where(posts.c.id == post_id))
        if row is None:
            return
        version = await self._bump(row.channel_id)
        await self._session.execute(
            sa.update(posts).where(posts.c.id == post_id).values(version=version, **changes)
        )

    async def _bump(self, channel_id: int) -> int:
        """The channel's next version; its row stays locked, so versions commit in order."""
        result = await self._session.execute(
            sa.update(channels)
            .where(channels.c.id == channel_id)
            .values(version=channels.c.version + 1)
            .returning(channels.c.version)
        )
        return int(result.scalar_one())


def _select() -> sa.Select[Any]:
    return sa.select(posts, members.c.name.label("author_name")).select_from(
        posts.outerjoin(members, members.c.id == posts.c.author_id)
    )


def _post(row: sa.Row[Any]) -> Post:
    value = {name: getattr(row, name) for name in Post.__dataclass_fields__}
    return Post(**{**value, "author_name": row.author_name or ""})
