"""Forgetting a member: their rows go, and other rows stop naming them."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from storage.sql import Session
from storage.tables import accounts, answers, appeals, channels, members, outbox, posts, scores

ERASED = "a former member"
"""What stands in studybot's own messages where an erased member's name was."""

_GONE = object()
ONE = ("member_id", "author_id", "only_member_id", "member")
MANY = ("member_ids", "members")


async def erase(session: Session, member_id: int) -> None:
    """Delete a member and all that is theirs; scrub what studybot said of them.

    Accounts, answers, revisions, grades, appeals, scores, and messages to them go with the
    member's row (ON DELETE CASCADE), as do their codes and drafts of decks; appeals that they
    resolved and decks that they imported no longer say by whom.
    What other members wrote stays as it is, but for names in their appeals.
    """
    member = await session.one(sa.select(members).where(members.c.id == member_id))
    if member is None:
        return
    names = await session.scalars(
        sa.select(accounts.c.name).where(accounts.c.member_id == member_id)
    )
    scrub = Scrub(member_id, {member.name, *names})
    await _forget_posts(session, member.group_id, member_id, scrub)
    # Before their member, as whoever takes a reply in locks them: else both could block each other.
    await session.all(
        sa.select(answers.c.id)
        .where(answers.c.member_id == member_id)
        .order_by(answers.c.id)
        .with_for_update()
    )
    await session.execute(sa.delete(members).where(members.c.id == member_id))
    await _scrub_outbox(session, member.group_id, scrub)
    await _scrub_scores(session, member.group_id, scrub)
    await _scrub_appeals(session, member.group_id, scrub)


class Scrub:
    """Takes a member out of text and JSON."""

    def __init__(self, member_id: int, names: set[str]) -> None:
        self._member_id = member_id
        words = [re.escape(name.strip()) for name in sorted(names, key=len, reverse=True)]
        whole = "|".join(word for word in words if word)
        self._name = re.compile(rf"(?<!\w)(?:{whole})(?!\w)" if whole else r"(?!)", re.IGNORECASE)

    def text(self, words: str) -> str:
        """The words with another name in place of theirs."""
        return self._name.sub(ERASED, words)

    def json(self, value: Any) -> Any:
        """The data without what is about them, at any depth; None if all of it is."""
        cleaned = self._clean(value)
        return None if cleaned is _GONE else cleaned

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [item for item in map(self._clean, value) if item is not _GONE]
        if isinstance(value, dict):
            return self._clean_object(value)
        return value

    def _clean_object(self, value: dict[str, Any]) -> Any:
        if any(value.get(key) == self._member_id for key in ONE):
            return _GONE
        cleaned = {self.text(key): self._clean(item) for key, item in value.items()}
        for key in MANY:
            if isinstance(cleaned.get(key), list):
                cleaned[key] = [item for item in cleaned[key] if item != self._member_id]
            elif isinstance(cleaned.get(key), dict):
                cleaned[key].pop(str(self._member_id), None)
        return {key: item for key, item in cleaned.items() if item is not _GONE}


async def _forget_posts(session: Session, group_id: int, member_id: int, scrub: Scrub) -> None:
    here = sa.select(channels.c.id).where(channels.c.group_id == group_id).scalar_subquery()
    bumped = await session.all(
        sa.update(channels)
        .where(channels.c.group_id == group_id)
        .values(version=channels.c.version + 1)
        .returning(channels.c.id, channels.c.version)
    )
    versions = {row.id: row.version for row in bumped}
    # A post that others replied to stays as an empty place, so that the thread holds together.
    replies = posts.alias()
    answered = sa.exists().where(replies.c.thread_id == posts.c.id)
    theirs = posts.c.author_id == member_id
    empty = {
        "author_id": None,
        "text": "",
        "body": None,
        "marker": None,
        "reaction": None,
        "deleted_at": session.clock(),
    }
    for channel_id, version in versions.items():
        await session.execute(
            sa.update(posts)
            .where(posts.c.channel_id == channel_id, theirs, answered)
            .values(version=version, **empty)
        )
    await session.execute(
        sa.delete(posts).where(sa.or_(theirs, posts.c.only_member_id == member_id))
    )
    ours = await session.all(
        sa.select(posts).where(posts.c.channel_id.in_(here), posts.c.author_id.is_(None))
    )
    for row in ours:
        text, body = scrub.text(row.text), scrub.json(row.body)
        if (text, body) == (row.text, row.body):
            continue
        await session.execute(
            sa.update(posts)
            .where(posts.c.id == row.id)
            .values(text=text, body=body, version=versions[row.channel_id])
        )


async def _scrub_outbox(session: Session, group_id: int, scrub: Scrub) -> None:
    rows = await session.all(
        sa.select(outbox.c.id, outbox.c.data, outbox.c.error).where(outbox.c.group_id == group_id)
    )
    for row in rows:
        data = scrub.json(row.data) or {}
        error = None if row.error is None else scrub.text(row.error)
        if (data, error) != (row.data, row.error):
            await session.execute(
                sa.update(outbox).where(outbox.c.id == row.id).values(data=data, error=error)
            )


async def _scrub_scores(session: Session, group_id: int, scrub: Scrub) -> None:
    rows = await session.all(
        sa.select(scores.c.round_id, scores.c.member_id, scores.c.withheld).where(
            scores.c.group_id == group_id, scores.c.withheld.is_not(None)
        )
    )
    for row in rows:
        withheld = scrub.text(row.withheld)
        if withheld != row.withheld:
            await session.execute(
                sa.update(scores)
                .where(scores.c.round_id == row.round_id, scores.c.member_id == row.member_id)
                .values(withheld=withheld)
            )


async def _scrub_appeals(session: Session, group_id: int, scrub: Scrub) -> None:
    rows = await session.all(
        sa.select(appeals.c.id, appeals.c.reason).where(
            appeals.c.group_id == group_id, appeals.c.reason != ""
        )
    )
    for row in rows:
        reason = scrub.text(row.reason)
        if reason != row.reason:
            await session.execute(
                sa.update(appeals).where(appeals.c.id == row.id).values(reason=reason)
            )
