"""The Store: where rows are kept. Rows are the truth; everything else can be rebuilt.

``async with store.write() as tx`` is one transaction: all of it or, when the block
raises, none of it; it is durable once the block has been left. Blocks must not nest and
must not wait for anything but ``tx``. ``store.read()`` gives a consistent view.
Instants are aware UTC datetimes, going in and coming out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from bot.domain.boards import Standing
from bot.domain.chat import NewPost, Post
from bot.domain.deck import Question
from bot.domain.grading import GradeState, Judgement
from bot.domain.group import Account, Channel, Group, GroupSettings, Member, Role
from bot.domain.rounds import (
    Answer,
    Grade,
    GradedAnswer,
    NewRound,
    Revision,
    RevisionState,
    Round,
    RoundState,
)
from bot.domain.schedule import RoundKind, Schedule
from bot.domain.streaks import Streak
from bot.domain.work import Job, JobKind, NewOut, Out, OutKind, OutState


class Groups(Protocol):
    """Groups, their channels and schedules."""

    async def create(self, name: str, deck_id: str, zone: str, settings: GroupSettings) -> Group:
        """A new group."""

    async def get(self, group_id: int) -> Group | None:
        """The group with that id."""

    async def everyone(self) -> list[Group]:
        """Every group, oldest first."""

    async def by_channel(self, platform: str, external_id: str) -> tuple[Group, Channel] | None:
        """The group that posts in a platform's channel."""

    async def update(self, group: Group) -> None:
        """Store a group's name, deck, zone, paused flag and settings."""

    async def add_channel(
        self, group_id: int, platform: str, external_id: str, name: str
    ) -> Channel:
        """One more channel. Raises ConflictError if another group has it; the same group's is returned."""

    async def channel(self, channel_id: int) -> Channel | None:
        """The channel with that id."""

    async def channels(self, group_id: int) -> list[Channel]:
        """A group's channels, oldest first."""

    async def pause_channel(self, channel_id: int, reason: str | None) -> None:
        """Stop posting in a channel, or post there again (None)."""

    async def schedule(self, group_id: int, kind: RoundKind) -> Schedule | None:
        """A group's schedule of that kind."""

    async def save_schedule(self, schedule: Schedule) -> None:
        """Insert or replace the schedule of (group, kind)."""

    async def due_schedules(self, now: datetime, limit: int = 500) -> list[Schedule]:
        """Schedules with next_at <= now of groups that are not paused, earliest first.

        On PostgreSQL the rows are locked until the transaction ends, and rows that
        another process has locked are skipped.
        """

    async def set_next_at(self, group_id: int, kind: RoundKind, next_at: datetime | None) -> None:
        """Move a schedule on."""


class Members(Protocol):
    """Members and their accounts."""

    async def ensure(self, group_id: int, platform: str, external_id: str, name: str) -> Member:
        """The member behind an account; made on first use. A changed account name is taken over."""

    async def get(self, member_id: int) -> Member | None:
        """The member with that id."""

    async def of_account(self, group_id: int, platform: str, external_id: str) -> Member | None:
        """The member behind an account, if there is one yet."""

    async def in_group(self, group_id: int) -> list[Member]:
        """A group's members by name (casefolded)."""

    async def named(self, name: str) -> list[Member]:
        """Members of any group whose name is this, ignoring case."""

    async def account(self, member_id: int, platform: str) -> Account | None:
        """A member's account on a platform."""

    async def set_role(self, member_id: int, role: Role) -> None:
        """Make a member an organiser, or not."""

    async def set_hidden(self, member_id: int, *, hidden: bool) -> None:
        """Hide a member from boards, or show them."""

    async def streaks(self, group_id: int) -> dict[int, Streak]:
        """Streaks through the last closed round, by member id; absent means none."""

    async def save_streaks(self, group_id: int, streaks: Mapping[int, Streak]) -> None:
        """Store these members' streaks."""

    async def erase(self, member_id: int) -> None:
        """Delete a member with accounts, answers, revisions, grades, scores, posts, messages to them."""


class Rounds(Protocol):
    """Rounds of every kind."""

    async def insert(self, rounds: Sequence[NewRound]) -> list[Round]:
        """Insert those whose (group, local date, kind) is free; returns the inserted ones."""

    async def get(self, round_id: int, *, lock: bool = False) -> Round | None:
        """The round with that id; ``lock`` holds its row until the transaction ends."""

    async def on_date(self, group_id: int, day: date, kind: RoundKind) -> Round | None:
        """The round of (group, local date, kind)."""

    async def current(self, group_id: int) -> Round | None:
        """The newest daily round that was posted; an open one wins over a closed one."""

    async def recent(self, group_id: int, limit: int = 30) -> list[Round]:
        """Daily rounds that were posted or missed, newest local date first."""

    async def closed(self, group_id: int) -> list[int]:
        """Ids of daily rounds that closed, oldest local date first."""

    async def asked(self, group_id: int, deck_id: str) -> list[str]:
        """Ids of questions in daily rounds that are posting or posted, oldest first."""

    async def to_close(self, now: datetime, limit: int = 500) -> list[int]:
        """Ids of open rounds whose closes_at has come."""

    async def ask(self, round_id: int, deck_id: str, question: Question) -> None:
        """Set what a round asks, keeping a snapshot of the question."""

    async def move(
        self,
        round_id: int,
        expected: Sequence[RoundState],
        state: RoundState,
        *,
        opens_at: datetime | None = None,
        closes_at: datetime | None = None,
        reason: str | None = None,
    ) -> bool:
        """UPDATE ... WHERE state IN expected; False if the row had moved on already.

        Given times and reason are stored. Moving to MISSED forgets the question. Moving
        resets attempts, failures and not_before.
        """

    async def claim(
        self, round_id: int, states: Sequence[RoundState], now: datetime, lease: timedelta
    ) -> Round | None:
        """Take a round to work on: counts an attempt, hides it from others for ``lease``.

        None if its state is another or its not_before has not come.
        """

    async def postpone(self, round_id: int, until: datetime, *, failed: bool) -> None:
        """After a handled stop: not_before=until, attempts=0; failures grows by one if failed."""


class Answers(Protocol):
    """Answers, their revisions and their grades."""

    async def get(self, answer_id: int, *, lock: bool = False) -> Answer | None:
        """The answer with that id."""

    async def find(self, round_id: int, member_id: int, *, lock: bool = False) -> Answer | None:
        """A member's answer to a round, withdrawn ones too."""

    async def by_message(self, channel_id: int, message_id: str) -> Answer | None:
        """The answer whose reply is that message."""

    async def create(self, answer: Answer) -> Answer:
        """Insert; ``id`` is ignored. If (round, member) has one already, that one is returned."""

    async def update(self, answer: Answer) -> None:
        """Store revision_id, scoring_id, channel_id, message_id, sealed, withdrawn_at."""

    async def add_revision(
        self, answer_id: int, text: str, state: RevisionState, now: datetime
    ) -> Revision:
        """The next revision of an answer."""

    async def revision(self, revision_id: int) -> Revision | None:
        """The revision with that id."""

    async def revisions(self, answer_id: int) -> list[Revision]:
        """All of an answer's revisions, first to last."""

    async def set_revision_state(
        self, revision_id: int, expected: RevisionState, state: RevisionState
    ) -> bool:
        """UPDATE ... WHERE state = expected; resets attempts, failures, not_before; False: moved on."""

    async def claim_revision(
        self, revision_id: int, now: datetime, lease: timedelta
    ) -> Revision | None:
        """Take a pending revision to grade it: as ``Rounds.claim``."""

    async def postpone_revision(self, revision_id: int, until: datetime, *, failed: bool) -> None:
        """As ``Rounds.postpone``."""

    async def pending(self, round_id: int) -> int:
        """How many of a round's revisions wait for their grade."""

    async def in_round(self, round_id: int) -> list[GradedAnswer]:
        """A round's answers that are not withdrawn, oldest first.

        ``revision`` is the answer's scoring revision, or else its newest one that counts
        (``revision_id``); ``grade`` that revision's current grade.
        """

    async def counts(self, round_ids: Sequence[int]) -> dict[int, int]:
        """Answers not withdrawn, by round id."""

    async def of_member(self, member_id: int, limit: int = 50) -> list[GradedAnswer]:
        """A member's answers, newest first, as ``in_round``."""

    async def add_grade(
        self,
        revision: Revision,
        judgement: Judgement,
        state: GradeState,
        rubric_hash: str,
        now: datetime,
    ) -> Grade:
        """Store a grade as its revision's current one; earlier ones are kept as history."""

    async def grade(self, revision_id: int) -> Grade | None:
        """A revision's current grade."""


@dataclass(frozen=True, slots=True)
class Score:
    """What an answer put on the boards. ``withheld`` says why its points don't count yet."""

    group_id: int
    member_id: int
    round_id: int
    local_date: date
    points: int
    withheld: str | None = None


class Boards(Protocol):
    """What boards are summed from."""

    async def put(self, score: Score) -> None:
        """Insert or replace the score of (round, member)."""

    async def drop(self, round_id: int, member_id: int) -> None:
        """Take a score off the boards."""

    async def score(self, round_id: int, member_id: int) -> Score | None:
        """The score of (round, member)."""

    async def totals(
        self, group_id: int, since: date | None, *, organisers: bool = True
    ) -> list[Standing]:
        """Unranked standings of members who answered since that date.

        Hidden members are left out, organisers too unless ``organisers``; withheld scores
        count as answered with 0 points. ``streak`` is left 0.
        """


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

    async def question_posts(self, round_id: int) -> list[Out]:
        """A round's QUESTION rows, one a channel, in any state."""

    async def round_of(self, channel_id: int, thread_id: str) -> int | None:
        """The round whose question was posted as that thread (or message) in a channel."""

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


class Tx(Protocol):
    """One transaction."""

    @property
    def groups(self) -> Groups:
        """Groups, channels, schedules."""

    @property
    def members(self) -> Members:
        """Members and accounts."""

    @property
    def rounds(self) -> Rounds:
        """Rounds."""

    @property
    def answers(self) -> Answers:
        """Answers, revisions, grades."""

    @property
    def boards(self) -> Boards:
        """Scores."""

    @property
    def outbox(self) -> Outbox:
        """Messages to send."""

    @property
    def chat(self) -> Chat:
        """The web platform's messages."""

    async def first_time(self, platform: str, event_id: str, now: datetime) -> bool:
        """True once for each inbound event: False means that it was stored before."""

    async def enqueue(self, kind: JobKind, *row_ids: int) -> None:
        """Hand rows to the workers when this transaction commits (never if it doesn't)."""


class Store(Protocol):
    """The database."""

    def read(self) -> AbstractAsyncContextManager[Tx]:
        """A consistent view; writing through it is an error."""

    def write(self) -> AbstractAsyncContextManager[Tx]:
        """One transaction."""

    async def open_work(self, now: datetime, limit: int = 1000) -> list[Job]:
        """Every open row whose not_before has come: what the sweep enqueues again.

        Rounds in due, posting (daily ones with no pending QUESTION row) and closing; pending
        revisions; pending outbox rows.
        """

    async def requeue(self, jobs: Sequence[Job]) -> None:
        """Enqueue rows; one that is queued already is left alone."""

    async def release_claims(self) -> None:
        """Forget leases at start, where no other process can hold one (SQLite)."""

    async def prune(self, before: datetime) -> int:
        """Delete inbound-event ids and finished outbox rows older than that; how many."""

    async def counts(self) -> dict[str, int]:
        """Rows by kind, for /metrics: groups, members, answers, graded, pending_grades, outbox_pending."""

    async def export(self, group_id: int) -> dict[str, Any]:
        """A group's data, JSON-ready, without secrets."""

    async def ping(self) -> None:
        """Raise if the database can't be reached."""

    async def close(self) -> None:
        """Close every connection."""
