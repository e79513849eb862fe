"""Where rounds, answers, grades and scores are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.domain.boards import Standing
from bot.domain.deck import Question
from bot.domain.grading import GradeState, Judgement
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
from bot.domain.schedule import RoundKind


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

    async def revive(self, round_id: int, post_until: datetime) -> bool:
        """Make a MISSED round DUE again until then; False if it is in another state."""

    async def claim(
        self, round_id: int, states: Sequence[RoundState], now: datetime, lease: timedelta
    ) -> Round | None:
        """Take a round to work on: counts an attempt, hides it from others for ``lease``.

        None if its state is another or its not_before has not come.
        """

    async def postpone(
        self, round_id: int, until: datetime, *, failed: bool, reason: str | None = None
    ) -> None:
        """After a handled stop: not_before=until, attempts=0; failures grows by one if failed.

        ``reason`` is stored if given.
        """


class Answers(Protocol):
    """Answers, their revisions and their grades."""

    async def get(self, answer_id: int, *, lock: bool = False) -> Answer | None:
        """The answer with that id."""

    async def find(self, round_id: int, member_id: int, *, lock: bool = False) -> Answer | None:
        """A member's answer to a round, withdrawn ones too."""

    async def by_message(self, channel_id: int, message_id: str) -> Answer | None:
        """The answer whose reply is that message."""

    async def held(self, channel_id: int, message_id: str) -> Revision | None:
        """The HELD revision that is that message, in a round that is still going on."""

    async def held_in(self, round_id: int) -> list[Revision]:
        """A round's HELD revisions."""

    async def create(self, answer: Answer) -> Answer:
        """Insert; ``id`` is ignored. If (round, member) has one already, that one is returned."""

    async def rounds_of(self, member_id: int) -> dict[int, int]:
        """The ids of all of a member's answers, withdrawn ones too, by their rounds' ids."""

    async def fold(self, answer_id: int, into: int) -> None:
        """Delete an answer; its revisions and grades come after those of another of its round.

        Both are locked, and no appeal of the first is open.
        """

    async def update(self, answer: Answer) -> None:
        """Store revision_id, scoring_id, channel_id, message_id, sealed, withdrawn_at."""

    async def add_revision(
        self,
        answer_id: int,
        text: str,
        state: RevisionState,
        now: datetime,
        *,
        channel_id: int | None = None,
        message_id: str | None = None,
    ) -> Revision:
        """The next revision of an answer."""

    async def revision(self, revision_id: int) -> Revision | None:
        """The revision with that id."""

    async def revisions(self, answer_id: int) -> list[Revision]:
        """All of an answer's revisions, first to last."""

    async def set_revision_state(
        self, revision_id: int, expected: RevisionState, state: RevisionState
    ) -> bool:
        """UPDATE ... WHERE state = expected; False if it had moved on. Resets attempts and such."""

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

    async def set_grade_state(self, grade_id: int, state: GradeState) -> None:
        """Mark a grade: appealed while a human is asked, and back."""

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
