"""What a chat command is, and what its handler gets and gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.group import Channel, Group, Member
from bot.messages.message import Message
from bot.study.decks import GivenFile
from bot.study.services import Services


class OptionKind(StrEnum):
    """What an option holds; adapters offer a fitting picker or completion."""

    TEXT = "text"
    CHOICE = "choice"
    TIME = "time"
    ZONE = "zone"
    DAYS = "days"
    DECK = "deck"
    TERM = "term"
    WINDOW = "window"
    FILE = "file"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a command. ``choices`` are the only values of a CHOICE."""

    name: str
    description: str
    kind: OptionKind = OptionKind.TEXT
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls a command, and where. ``organiser`` was decided before.

    ``file`` is what they sent along, for a command with a FILE option. ``admin`` says that the
    platform itself lets them organise, whatever the group's roles say.
    """

    group: Group
    channel: Channel
    member: Member
    organiser: bool
    file: GivenFile | None = None
    admin: bool = False


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a guided form; ``value`` is what holds now.

    ``told`` says in words what each of the option's choices means.
    """

    option: Option
    label: str
    value: str
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A guided form. Submitting it runs ``command`` with the fields that were changed."""

    title: str
    command: str
    fields: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file to download."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Response:
    """What a command answers. ``private`` shows it to the caller alone.

    A ``form`` is opened where the platform can; the message stands in where it can't. A
    ``file`` comes with the message.
    """

    message: Message
    private: bool = False
    form: Form | None = None
    file: TextFile | None = None


Values = Mapping[str, str]
Run = Callable[[Services, Call, Values], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the command table.

    ``name`` has one word, or two with ``privacy``; those of organisers have two or three,
    ``study`` first.
    ``positional`` options may be typed without their names: a word each in their order, and
    what is left for the last.
    """

    name: str
    summary: str
    run: Run
    options: tuple[Option, ...] = ()
    organisers: bool = False
    private: bool = False
    example: str = ""
    positional: bool = False

    @property
    def usage(self) -> str:
        """How to type it: ``/study setup [time=...]``."""
        options = (o.name.upper() if o.required else f"[{o.name}]" for o in self.options)
        return " ".join((f"/{self.name}", *options))
