"""How one setting's text is read: each parser raises ValueError saying what would do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

LEAST_SECRET_KEY = 32


class Secret:
    """A value that never shows itself: only ``reveal`` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)


def one_of(*choices: str) -> Callable[[str], str]:
    """One of some words, in lower case."""

    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"“{text[:40]}” is none of {', '.join(choices)}. Use one of these.")
        return text.lower()

    return parse


def url(*schemes: str) -> Callable[[str], str]:
    """An address with one of these schemes."""

    def parse(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes or not parts.hostname:
            wanted = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ValueError(f"this is not an address. Use one that begins with {wanted}")
        return text

    return parse


def number(least: float, most: float, unit: str) -> Callable[[str], float]:
    """A number within bounds (both included)."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise ValueError(f"“{text[:40]}” won't do. Use {unit} from {least:g} to {most:g}.")
        return value

    return parse


def whole(least: int, most: int, unit: str) -> Callable[[str], int]:
    """A whole number within bounds (both included)."""
    parse_number = number(least, most, unit)

    def parse(text: str) -> int:
        value = parse_number(text)
        if value != int(value):
            raise ValueError(f"“{text[:40]}” is not a whole number. Use {unit}.")
        return int(value)

    return parse


def numbers(text: str) -> tuple[int, ...]:
    """Whole numbers and ranges of them, such as 0,1 or 0-3."""
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = (each.strip() for each in part.partition("-"))
        ends = (first, last) if dash else (first, first)
        if not all(end.isascii() and end.isdecimal() and len(end) <= 5 for end in ends):
            raise ValueError(f"“{text[:40]}” is no list of numbers. Use one such as 0,1 or 0-3.")
        found.update(range(int(ends[0]), int(ends[1]) + 1))
    if not found:
        raise ValueError(f"“{text[:40]}” names no number. Use a list such as 0,1 or 0-3.")
    return tuple(sorted(found))


def price(text: str) -> tuple[float, float, float]:
    """US dollars per million tokens: of input, of input served from a cache, of output."""
    parse_number = number(0, 10_000, "US dollars per million tokens")
    parts = [parse_number(part.strip()) for part in text.split("/")]
    match parts:
        case [given, taken]:
            return given, given, taken
        case [given, cached, taken]:
            return given, cached, taken
    raise ValueError(f"“{text[:40]}” won't do. Use input/output, such as 0.40/1.60.")


def secret(text: str) -> Secret:
    """A secret without spaces."""
    if any(c.isspace() for c in text):
        raise ValueError("this holds a space or a line break. Copy the value alone.")
    return Secret(text)


def token(prefix: str, where: str) -> Callable[[str], Secret]:
    """A platform token that begins with ``prefix`` and is found at ``where``."""

    def parse(text: str) -> Secret:
        if not text.startswith(prefix):
            raise ValueError(f"this doesn't begin with {prefix}. Copy it from {where}.")
        return secret(text)

    return parse


def secret_key(text: str) -> Secret:
    """A key to encrypt with: long enough that nobody guesses it."""
    if len(text) < LEAST_SECRET_KEY:
        raise ValueError(
            f"this is too short: use {LEAST_SECRET_KEY} random characters or more, such as "
            'python -c "import secrets; print(secrets.token_urlsafe(32))" prints.'
        )
    return secret(text)


def discord_token(text: str) -> Secret:
    """A Discord token, without the word that stands before it in a request."""
    if text.lower().startswith("bot "):
        raise ValueError('leave out the word "Bot" and give the token alone.')
    return secret(text)


def database_url(text: str) -> Secret:
    """A database's address, which may hold a password."""
    known = ("sqlite", "sqlite+aiosqlite", "postgresql", "postgresql+asyncpg", "postgres")
    mend = "Use sqlite:///data/studybot.db or postgresql://user:password@host/name."
    try:
        parts = urlsplit(text)
        usable = parts.scheme in known and "://" in text and parts.port != 0
    except ValueError as error:
        raise ValueError(f"this address can't be read. {mend}") from error
    if not usable:
        raise ValueError(f"this is not a database that studybot knows. {mend}")
    return Secret(text)


def folders(text: str) -> tuple[Path, ...]:
    """Folders separated as in PATH."""
    return tuple(Path(part).expanduser() for part in text.split(os.pathsep) if part.strip())
