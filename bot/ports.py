"""What the core needs of the world, as Protocols: messengers, judges, decks, the queue, the clock.

The Store, the largest of them, has a module of its own: ``bot.store``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from bot.domain.deck import Deck
from bot.domain.explain import Explanation
from bot.domain.grading import GradingTask, JudgeInfo, Judgement, Usage
from bot.domain.group import Account, Channel
from bot.domain.imports import DeckDraft
from bot.domain.stored import DeckVersion, StoredDeck
from bot.domain.work import Job
from bot.messages.message import Message

Clock = Callable[[], datetime]
"""Tells the time as an aware UTC datetime."""


class Reaction(StrEnum):
    """A sign put on a member's reply."""

    RECEIVED = "received"
    CORRECT = "correct"
    PARTIAL = "partial"
    INCORRECT = "incorrect"
    UNGRADED = "ungraded"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as the platform knows it; ``thread_id`` is set if a thread was opened on it."""

    message_id: str
    thread_id: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where a message goes, and who sees it.

    ``thread_id``: into that thread. ``opens_thread``: a thread is opened on the message,
    with this name, shortened to what the platform takes. ``only`` shows it to one account,
    ``organisers`` to organisers alone.
    ``marker`` identifies the message for ever: the same marker is never posted twice.
    ``round_id`` is set on a round's question, whose thread takes the answers. ``fetchable``:
    its reader can also get it with the My grade button, so that a platform which has no
    private way to them may leave it at that. ``calls`` is notified of it.
    ``opened`` False: no thread was opened on the message ``thread_id``, where the platform
    opens them; the message replies to it in the channel.
    """

    channel: Channel
    marker: str
    thread_id: str | None = None
    opens_thread: str | None = None
    only: Account | None = None
    organisers: bool = False
    round_id: int | None = None
    fetchable: bool = False
    calls: Account | None = None
    opened: bool = True


class Messenger(Protocol):
    """One platform's way out.

    Every method raises DeliveryError (try again later), ChannelGoneError (pause the
    channel) or RejectedError (give the message up); UnreachableError where a member takes
    nothing in private.
    """

    @property
    def platform(self) -> str:
        """The platform's name, as in Channel.platform."""

    async def send(self, envelope: Envelope, message: Message) -> Sent:
        """Post a message; sending the same marker again soon must not double it."""

    async def find(self, envelope: Envelope) -> Sent | None:
        """The message with the envelope's marker, if it is there already."""

    async def edit(self, channel: Channel, message_id: str, message: Message) -> None:
        """Replace a message of ours."""

    async def react(
        self, channel: Channel, message_id: str, reaction: Reaction, thread_id: str | None = None
    ) -> None:
        """Put a reaction on a member's message, in place of our earlier one."""


class Grader(Protocol):
    """A judge."""

    @property
    def info(self) -> JudgeInfo:
        """Who judges when nothing is amiss: what a fresh grade is marked with."""

    async def grade(self, task: GradingTask, *, stand_in: bool = True) -> Judgement:
        """Judge one reply.

        With ``stand_in`` another judge grades, provisionally, when this one can't. Raises
        JudgeUnavailableError when it can't be done now.
        """

    def spare(self) -> int:
        """How many replies that another judge stood in for it could take on now.

        0 while it is away, or when nobody ever stands in for it.
        """

    def estimate(self, task: GradingTask) -> Usage:
        """What judging the reply will cost, about; nothing is called."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a language model is asked: the fixed part first, since servers cache beginnings.

    The answer is one JSON object that fits ``schema``, of at most ``max_tokens`` tokens.
    """

    system: str
    user: str
    schema_name: str
    schema: Mapping[str, Any]
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Completion:
    """What a language model wrote: a JSON object, not yet checked against the schema."""

    data: dict[str, Any]
    usage: Usage


class ModelError(Exception):
    """A language model gave nothing that can be used; the message says why and what to do.

    ``kind`` is as in ``Hitch``. ``retry_after`` is in seconds, None where the server named
    no time. ``usage`` is what was paid all the same.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        retry_after: float | None = None,
        usage: Usage | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after
        self.usage = usage or Usage()


class LanguageModel(Protocol):
    """A model behind an API."""

    @property
    def name(self) -> str:
        """The model's name, as configured."""

    async def complete(self, prompt: Prompt) -> Completion:
        """Ask, again if need be, within the configured time in all.

        Raises ModelError, with what was paid for nothing.
        """

    def price(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> float:
        """What that many tokens cost, in US dollars; 0 where the price is not known."""

    async def close(self) -> None:
        """Close every connection."""


class Allowance(Protocol):
    """How much the model may be asked, by all processes together."""

    def call(self, group_id: int | None, estimate: Usage) -> AbstractAsyncContextManager[Ticket]:
        """Wait for a free slot and the rate; the slot is held until the block is left.

        Raises ModelError of kind budget if the day's budget doesn't hold the estimate.
        """


class Ticket(Protocol):
    """One allowed call."""

    def spent(self, usage: Usage, *, failed: bool = False) -> None:
        """What it used, failed or not; stored when the block is left."""


class Library(Protocol):
    """The decks of files, and those of groups that were used last, each with a search index."""

    def decks(self) -> tuple[Deck, ...]:
        """The decks that all groups see, in a fixed order; the shipped one first."""

    def own(self, group_id: int) -> tuple[str, ...]:
        """The ids of a group's own decks, in order."""

    def deck(self, deck_id: str) -> Deck | None:
        """The deck with that id, whosever it is; a group's own only while it is held."""

    def versions(self) -> Mapping[str, DeckVersion]:
        """Which versions of stored decks are known, readable or not, by deck id."""

    def know(self, stored: Mapping[str, DeckVersion]) -> None:
        """Stored decks by id; older versions of them are held no longer."""

    def take_in(self, stored: StoredDeck) -> Deck:
        """Read and hold a stored deck. Takes CPU: use a thread.

        Raises InvalidError if it can't be used.
        """

    def ready(self, deck_id: str) -> bool:
        """Whether ``explain`` and ``suggest`` answer at once of that deck."""

    def prepare(self, deck: Deck) -> None:
        """Make a deck ready. Takes CPU: use a thread."""

    def explain(self, term: str, deck: Deck | None = None) -> Explanation:
        """What a deck, or all those that everybody sees, say of a term; never raises.

        Takes CPU for a deck that isn't ready: use a thread.
        """

    def suggest(self, prefix: str, deck_id: str | None = None, limit: int = 25) -> list[str]:
        """Terms to complete what is being typed, from the same decks; none if not ready."""


class DeckReader(Protocol):
    """Reads guides in the formats that people have them in. It takes CPU time: use a thread."""

    def read(
        self, name: str, data: bytes, *, title: str | None = None, earlier: Deck | None = None
    ) -> DeckDraft:
        """What a file says, as a deck. ``name`` is the file's, whose ending hints at its format.

        With ``earlier``, the same guide as imported before, questions that are the same keep their
        ids and the deck keeps its own. Raises InvalidError saying what can't be read and where.
        """


Handler = Callable[[Job], Awaitable[None]]
"""Acts on one open row. What it raises is logged; the sweep brings the row back."""


class Worker(Protocol):
    """Carries jobs to handlers; the transport, never the truth."""

    async def run(self, handler: Handler) -> None:
        """Handle jobs until ``stop`` is called."""

    def stop(self) -> None:
        """Finish what is under way and return from ``run``."""
