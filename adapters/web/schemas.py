"""The JSON API's shapes, as /openapi.json describes them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from adapters.web.words import (
    NAME_LIMIT,
    NAME_PATTERN,
    NO_NUL_PATTERN,
    TEXT_LIMIT,
    TEXT_PATTERN,
    Id,
    Storable,
    Words,
)
from bot.commands.core import OptionKind
from bot.domain.boards import Window
from bot.domain.grading import GradeState, PointStatus, Verdict
from bot.domain.rounds import RoundState
from bot.messages.message import Action
from bot.study.answering import Outcome

MemberName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=NAME_LIMIT,
        description="Who acts; made on first use.",
        json_schema_extra={"pattern": NAME_PATTERN},
    ),
    Storable,
]


class Problem(BaseModel):
    """Why a request can't be met."""

    detail: str = Field(description="A sentence that says what to do about it.")


class CommandIn(BaseModel):
    """A chat command."""

    member: MemberName
    text: Annotated[
        str,
        Field(
            min_length=1,
            max_length=TEXT_LIMIT,
            examples=["/explain lora", "/leaderboard week"],
            json_schema_extra={"pattern": TEXT_PATTERN},
        ),
        Storable,
    ]
    thread_id: Id | None = Field(None, description="Answer in this thread, not in the channel.")


class PressIn(BaseModel):
    """A press of a button on a message."""

    member: MemberName
    action: Action = Field(
        description="What the button does. `answer` and `open` are the page's own: it refuses them."
    )
    target: Id = Field(
        description="What it acts on: an appeal for `uphold` and the rules, an import's draft "
        "for those, else a round."
    )
    text: Annotated[
        str,
        Field(
            max_length=TEXT_LIMIT,
            description="With `appeal`: why, or why after all.",
            json_schema_extra={"pattern": NO_NUL_PATTERN},
        ),
        Storable,
    ] = ""
    thread_id: Id | None = Field(None, description="Answer in this thread, not in the channel.")


class FieldOut(BaseModel):
    """One field of a guided form."""

    name: str
    label: str
    kind: OptionKind = Field(description="What it holds, for a fitting control.")
    required: bool = Field(description="Always sent, changed or not.")
    value: str = Field(description="What holds now.")
    description: str
    choices: list[str] = Field(description="The only values; empty for free text.")
    told: list[str] = Field(
        description="What each of the choices means; empty if their names say it."
    )


class FormOut(BaseModel):
    """A guided form: sending it is the command with ``name=value`` for what was changed."""

    title: str
    command: str
    fields: list[FieldOut]


class FileOut(BaseModel):
    """A file to download."""

    name: str
    text: str


class CommandPost(BaseModel):
    """One message that a command or a button answered with."""

    post_id: int | None = Field(description="The post in the channel; null where none was made.")
    text: str = Field(description="The message as plain text.")
    private: bool = Field(description="Whether only the member who asked sees it.")
    refused: bool = Field(description="Whether nothing was done; the text says why.")
    form: FormOut | None = Field(None, description="A guided form to fill in instead.")
    file: FileOut | None = Field(None, description="A file that comes with the message.")


class CommandOut(BaseModel):
    """What a command or a button answered."""

    posts: list[CommandPost]


class QuestionOut(BaseModel):
    """The question that a round asks."""

    id: str
    deck: str | None
    section: str
    prompt: str
    difficulty: int = Field(description="1 warm-up, 2 core, 3 deep dive.")


class RoundOut(BaseModel):
    """One question asked to the group on one local date."""

    id: int
    local_date: date
    state: RoundState
    opens_at: datetime | None
    closes_at: datetime | None
    question: QuestionOut | None = Field(description="null for a round that was missed.")
    answers: int = Field(description="Answers that are not withdrawn.")
    reason: str | None = Field(None, description="Why a round was missed.")


class RoundsOut(BaseModel):
    """Rounds, newest first."""

    rounds: list[RoundOut]


class TextIn(BaseModel):
    """A member's words."""

    member: MemberName
    text: Annotated[
        Words,
        Field(
            description=f"1 to {TEXT_LIMIT:,} characters.",
            json_schema_extra={"minLength": 1, "maxLength": TEXT_LIMIT, "pattern": TEXT_PATTERN},
        ),
    ]


class PostIn(TextIn):
    """A member's message in the channel or in a thread."""

    thread_id: Id | None = Field(None, description="The post that it replies under.")


class AnswerAccepted(BaseModel):
    """An answer was stored and waits for its grade."""

    answer_id: int
    outcome: Outcome
    note: str = Field(description="Words for the member; empty when nothing needs saying.")


class PostOut(BaseModel):
    """What became of a member's message."""

    post_id: int | None
    answer_id: int | None
    outcome: Outcome
    note: str = Field(description="Words for the member; empty when nothing needs saying.")


class PointOut(BaseModel):
    """One key point and what became of it."""

    id: str
    text: str
    status: PointStatus
    evidence: str | None = Field(description="The exact words of the reply that earned it.")


class JudgeOut(BaseModel):
    """Who graded."""

    kind: str = Field(description="llm, offline or human.")
    model: str
    version: str


class GradeOut(BaseModel):
    """A judgement of one answer."""

    score: float | None = Field(description="0 to 1; null when ungraded.")
    verdict: Verdict
    state: GradeState
    points: list[PointOut]
    feedback: str
    judge: JudgeOut


class AnswerOut(BaseModel):
    """An answer; its grade is for its author and organisers."""

    id: int
    member: str
    state: GradeState
    grade: GradeOut | None


class StandingOut(BaseModel):
    """One line of a leaderboard."""

    rank: int = Field(description="Shared by members with equal points: 1, 1, 3.")
    member: str
    points: int
    answered: int
    streak: int = Field(description="Posted rounds answered in a row.")


class LeaderboardOut(BaseModel):
    """The ranked list in a window."""

    window: Window
    as_of: datetime
    standings: list[StandingOut]


class SuggestionOut(BaseModel):
    """One way to go on with what is being typed."""

    text: str = Field(description="The whole completed line.")
    label: str
    description: str


class SuggestionsOut(BaseModel):
    """Ways to go on, best first."""

    suggestions: list[SuggestionOut]


class ReadyOut(BaseModel):
    """Whether requests and adapters can be served."""

    ready: bool
    waiting_for: list[str]


class AliveOut(BaseModel):
    """The process answers."""

    alive: bool
