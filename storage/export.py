"""A group's data as JSON-ready data."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from storage.sql import Session
from storage.tables import (
    accounts,
    answers,
    appeals,
    channels,
    decks,
    grades,
    groups,
    members,
    model_spend,
    posts,
    questions,
    revisions,
    rounds,
    schedules,
    scores,
)
from storage.types import as_json

_INTERNAL = {
    "attempts",
    "failures",
    "not_before",
    "name_key",
    "question_hash",
    "counted",
    "version",
    "cache_key",
}

_WRITTEN = ("id", "text", "created_at", "edited_at", "deleted_at")

Row = dict[str, Any]


async def export(session: Session, group_id: int) -> Row:
    """Everything that a group is and did; {} if there is no such group.

    Keys: group, channels, schedules, members (with accounts), rounds (with the question),
    answers (with revisions, each with its grades, and appeals), scores, decks (those that the
    group brought itself), model_spend (by UTC day). What is secret or waits for a yes stays out:
    codes, drafts.
    """
    group = await _rows(session, groups, groups.c.id == group_id)
    if not group:
        return {}
    people = await _rows(session, members, members.c.group_id == group_id)
    links = await _rows(session, accounts, accounts.c.group_id == group_id)
    _nest(people, "accounts", links, "member_id")
    return {
        "group": group[0],
        "channels": await _rows(session, channels, channels.c.group_id == group_id),
        "schedules": await _rows(session, schedules, schedules.c.group_id == group_id),
        "members": people,
        "rounds": await _rounds(session, group_id),
        "answers": await _answers(session, answers.c.group_id == group_id),
        "scores": await _rows(session, scores, scores.c.group_id == group_id),
        "decks": await _rows(session, decks, decks.c.group_id == group_id),
        "model_spend": await _rows(session, model_spend, model_spend.c.group_id == group_id),
    }


async def export_member(session: Session, member_id: int) -> Row:
    """What one member is, wrote and was graded; {} if there is no such member.

    Keys: member (with accounts), group (its name), answers (each with the question, revisions
    with their grades, and appeals), scores, posts.
    """
    found = await _rows(session, members, members.c.id == member_id)
    if not found:
        return {}
    person = found[0]
    links = await _rows(session, accounts, accounts.c.member_id == member_id)
    _nest(found, "accounts", links, "member_id")
    theirs = answers.c.member_id == member_id
    group_id = person["group_id"]
    [group] = await _rows(session, groups, groups.c.id == group_id)
    asked = {row["id"]: row for row in await _rounds(session, group_id)}
    replies = [
        {**answer, "local_date": asked[answer["round_id"]]["local_date"]}
        | {"question": (asked[answer["round_id"]]["question"] or {}).get("prompt")}
        for answer in await _answers(session, theirs)
    ]
    written = await _rows(session, posts, posts.c.author_id == member_id)
    return {
        "member": person,
        "group": group["name"],
        "answers": replies,
        "scores": await _rows(session, scores, scores.c.member_id == member_id),
        "posts": [{key: post[key] for key in _WRITTEN} for post in written],
    }


async def _answers(session: Session, theirs: sa.ColumnElement[bool]) -> list[Row]:
    """Answers with their revisions, each with its grades, and appeals."""
    of_answers = sa.select(answers.c.id).where(theirs)
    replies = await _rows(session, answers, theirs)
    wordings = await _rows(session, revisions, revisions.c.answer_id.in_(of_answers))
    judged = await _rows(session, grades, grades.c.answer_id.in_(of_answers))
    asked = await _rows(session, appeals, appeals.c.answer_id.in_(of_answers))
    _nest(wordings, "grades", judged, "revision_id")
    _nest(replies, "revisions", wordings, "answer_id")
    _nest(replies, "appeals", asked, "answer_id")
    return replies


async def _rows(session: Session, table: sa.Table, condition: sa.ColumnElement[bool]) -> list[Row]:
    statement = sa.select(table).where(condition).order_by(*table.primary_key.columns)
    kept = [column.name for column in table.c if column.name not in _INTERNAL]
    return [
        {name: as_json(getattr(row, name)) for name in kept} for row in await session.all(statement)
    ]


async def _rounds(session: Session, group_id: int) -> list[Row]:
    asked = sa.select(rounds.c.id, questions.c.data).join(
        questions, questions.c.hash == rounds.c.question_hash
    )
    found = await session.all(asked.where(rounds.c.group_id == group_id))
    snapshots = {row.id: row.data for row in found}
    rows = await _rows(session, rounds, rounds.c.group_id == group_id)
    return [{**row, "question": snapshots.get(row["id"])} for row in rows]


def _nest(parents: list[Row], key: str, children: list[Row], link: str) -> None:
    """Move each child under its parent."""
    grouped: dict[int, list[Row]] = defaultdict(list)
    for child in children:
        grouped[child.pop(link)].append(child)
    for parent in parents:
        parent[key] = grouped[parent["id"]]
