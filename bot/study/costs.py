"""What the language model was used for and cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.store import Tx
from bot.store.judging import Spend


@dataclass(frozen=True, slots=True)
class Costs:
    """Of the UTC day and the UTC month that it is."""

    today: Spend
    month: Spend


async def costs(tx: Tx, now: datetime, group_id: int | None = None) -> Costs:
    """What a group's answers cost, or all groups' together."""
    day = now.date()
    return Costs(
        today=await tx.model_use.spent(day, group_id=group_id),
        month=await tx.model_use.spent(day.replace(day=1), group_id=group_id),
    )


def in_words(found: Costs) -> str:
    """Both in one line; empty if there was no call this month."""
    if not found.month.calls:
        return ""
    today, month = found.today, found.month
    calls = "call" if today.calls == 1 else "calls"
    return (
        f"{today.calls:,} {calls} today, {_tokens(today):,} tokens, {money(today.cost_usd)}; "
        f"this month {month.calls:,}, {money(month.cost_usd)}"
    )


def money(usd: float) -> str:
    """An amount in US dollars: ``$1,204.50``; what is less than a cent is said so."""
    if 0 < usd < 0.01:
        return "under $0.01"
    return f"${usd:,.2f}"


def _tokens(spend: Spend) -> int:
    return spend.prompt_tokens + spend.completion_tokens
