"""One-use codes that are read to somebody or typed on another device. Pure but for chance."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No 0 and O, no 1, I and L: nobody has to ask which one it is."""
LENGTH = 8


class CodeKind(StrEnum):
    """What a code does. The last two wait for the press of a button, and nobody types them."""

    INVITE = "invite"
    LINK = "link"
    JOIN_ANYWAY = "join_anyway"
    LINK_ANYWAY = "link_anyway"


LIVES = {
    CodeKind.INVITE: timedelta(hours=24),
    CodeKind.LINK: timedelta(minutes=10),
    CodeKind.JOIN_ANYWAY: timedelta(minutes=10),
    CodeKind.LINK_ANYWAY: timedelta(minutes=10),
}


@dataclass(frozen=True, slots=True)
class Code:
    """A code as it is kept: by its ``hash`` alone. ``member_id`` is who made it."""

    hash: str
    kind: CodeKind
    group_id: int
    member_id: int
    expires_at: datetime


def new_code() -> str:
    """A code as people see it: ``K7QM-3XWP``, about 40 bits."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def hash_of(kind: CodeKind, text: str) -> str:
    """What is kept of a code, however it was typed; a code of one kind is none of another."""
    letters = "".join(each for each in text.upper() if each.isalnum())
    return hashlib.sha256(f"{kind.value}:{letters}".encode()).hexdigest()


def mark_of(kind: CodeKind, *ids: int) -> str:
    """What is kept of a yes that is waited for, between those rows."""
    return hashlib.sha256(f"{kind.value}:{ids}".encode()).hexdigest()
