"""A study group and its people: Group, Channel, Member, Account."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a Member may do."""

    MEMBER = "member"
    ORGANISER = "organiser"


class AnswerMode(StrEnum):
    """How replies are given: in the question's thread, sealed until close, or either."""

    THREAD = "thread"
    SEALED = "sealed"
    BOTH = "both"


class FeedbackMode(StrEnum):
    """When members are shown their grades: at once, or when the round closes."""

    NOW = "now"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """What organisers can set, apart from the schedule. ``catch_up_hours`` is 0..24."""

    answers: AnswerMode = AnswerMode.BOTH
    feedback: FeedbackMode = FeedbackMode.NOW
    catch_up_hours: int = 6
    organisers_ranked: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """A study group. ``zone`` is the IANA zone in which its dates are counted."""

    id: int
    name: str
    deck_id: str
    zone: str = "UTC"
    paused: bool = False
    settings: GroupSettings = field(default_factory=GroupSettings)


@dataclass(frozen=True, slots=True)
class Channel:
    """One place a Group posts in. ``external_id`` is the platform's id, unique on it.

    ``paused_reason`` is set when posting there failed for good; the schedule goes on elsewhere.
    ``server_id`` is the platform's server or workspace that it is in, where there is such a thing.
    """

    id: int
    group_id: int
    platform: str
    external_id: str
    name: str
    paused_reason: str | None = None
    server_id: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a Group."""

    id: int
    group_id: int
    name: str
    role: Role = Role.MEMBER
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """A Member on one platform."""

    id: int
    member_id: int
    platform: str
    external_id: str
    name: str
