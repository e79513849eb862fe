"""Making and using one-use codes: short-lived, kept as hashes, and not to be guessed."""

from __future__ import annotations

from datetime import datetime

from bot.domain.codes import LIVES, Code, CodeKind, hash_of, mark_of, new_code
from bot.errors import ConflictError, NotFoundError
from bot.store import Store, Tx

TRIES = 5
"""Codes that a person may try in a minute."""
NO_CODE = (
    "That code does nothing: it was used already, its time has passed, or it was mistyped. "
    "Ask for a new one."
)
TOO_MANY = "That were too many codes. Wait a minute, then try again."
OUTDATED = "That took too long, or it was done already. Begin again with a new code."


async def make(tx: Tx, kind: CodeKind, group_id: int, member_id: int, now: datetime) -> str:
    """A new code, as people type it."""
    text = new_code()
    await tx.codes.add(Code(hash_of(kind, text), kind, group_id, member_id, now + LIVES[kind]))
    return text


async def count_try(store: Store, who: str, now: datetime) -> None:
    """Count a try to use a code; ``who`` names the person. Raises ConflictError after too many.

    In a transaction of its own: what is tried in vain is rolled back, and must count.
    """
    async with store.write() as tx:
        for number in range(TRIES):
            if await tx.first_time("codes", f"{who}:{now:%Y%m%d%H%M}:{number}", now):
                return
    raise ConflictError(TOO_MANY)


async def use(tx: Tx, kind: CodeKind, text: str, now: datetime) -> Code:
    """The code that was typed, used up unless the transaction fails. Raises NotFoundError."""
    code = await tx.codes.take(hash_of(kind, text), now)
    if code is None:
        raise NotFoundError(NO_CODE)
    return code


async def ask(tx: Tx, kind: CodeKind, code: Code, *ids: int, now: datetime) -> None:
    """Keep what a used code was for, until its user says yes; ``ids`` say to what."""
    mark = mark_of(kind, *ids)
    await tx.codes.add(Code(mark, kind, code.group_id, code.member_id, now + LIVES[kind]))


async def answered(tx: Tx, kind: CodeKind, *ids: int, now: datetime) -> Code:
    """What was asked and is said yes to now, once. Raises ConflictError if nothing was."""
    code = await tx.codes.take(mark_of(kind, *ids), now)
    if code is None:
        raise ConflictError(OUTDATED)
    return code
