"""Names and texts that come in over HTTP, made safe to store and to show."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.errors import InvalidError

NAME_LIMIT = 40
TEXT_LIMIT = 8_000
LARGEST_ID = 2**53
_JOINERS = "\u200c\u200d"  # scripts and emoji need them inside a name
_UNFIT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SHOWN_UNFIT = (
    "\\u0000-\\u001f\\u007f-\\u009f\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff"
)
NAME_PATTERN = rf"^[^{_SHOWN_UNFIT}]*[^\s{_SHOWN_UNFIT}][^{_SHOWN_UNFIT}]*$"
"""What /openapi.json says of names; ``clean_name`` decides."""
TEXT_PATTERN = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
"""What /openapi.json says of texts: something that can be seen, and no NUL."""
NO_NUL_PATTERN = r"^[^\u0000]*$"
"""The same of texts that may be empty."""


def storable(text: str) -> str:
    """The text itself. Raises InvalidError for what no database keeps: NUL, half characters."""
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise InvalidError(
            "That text holds characters that can't be stored (NUL or half of a surrogate pair). "
            "Remove them and send it again."
        )
    return text


def clean_name(raw: str) -> str:
    """A member's name: NFC, trimmed, 1 to 40 visible characters. Raises InvalidError."""
    name = unicodedata.normalize("NFC", storable(raw).strip())
    if any(unicodedata.category(char) in _UNFIT and char not in _JOINERS for char in name):
        raise InvalidError("A name can't hold control or formatting characters. Type it again.")
    name = " ".join(name.split())
    if not name.strip(_JOINERS):
        raise InvalidError("A name is missing: type 1 to 40 characters.")
    if len(name) > NAME_LIMIT:
        raise InvalidError(f"That name is too long: at most {NAME_LIMIT} characters.")
    return name


def name_key(name: str) -> str:
    """What two spellings of one name share: the web account's external id."""
    return unicodedata.normalize("NFC", name.casefold())


def clean_post(raw: str) -> str:
    """A chat message: trimmed, 1 to 8,000 characters. Raises InvalidError."""
    text = storable(raw).strip()
    if not text:
        raise InvalidError("There is nothing to send yet: type a message.")
    if len(text) > TEXT_LIMIT:
        raise InvalidError(f"That is too long: a message has at most {TEXT_LIMIT:,} characters.")
    return text


def _valid(text: str) -> str:
    # Pydantic reports ValueError as a validation error; InvalidError isn't one.
    try:
        return storable(text)
    except InvalidError as error:
        raise ValueError(str(error)) from error


Storable = AfterValidator(_valid)
"""Refuses text that not every database can store."""
Words = Annotated[str, Storable]
"""Text that every database can store."""

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
"""A row's id."""
