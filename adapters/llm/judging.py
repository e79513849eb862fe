"""The judge over this adapter's model, put together from the settings."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

from adapters.llm.model import OpenAIModel, open_model
from adapters.llm.prices import Price, price_of
from bot.errors import InvalidError
from bot.judge.llm.allowance import Limits, LocalAllowance, SharedAllowance
from bot.judge.llm.grader import LlmGrader
from bot.judge.llm.memory import Memory
from bot.ports import Allowance, Clock, Grader
from bot.settings import Settings
from bot.store import Store

log = logging.getLogger(__name__)

ASSUMED = Price(2.0, 2.0, 8.0)
"""Dearer than most models that one would grade with: a budget must rather end early than late."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def llm_judge(
    settings: Settings, stand_in: Grader, store: Store | None = None, clock: Clock = _utc_now
) -> AsyncIterator[LlmGrader]:
    """A judge that asks the configured model; ``stand_in`` grades what it can't.

    Without a store it recalls nothing and keeps no rate or budget: for single commands.
    Raises InvalidError for a key or an address that can't be one.
    """
    async with AsyncExitStack() as stack:
        model = await _model(settings)
        allowance: Allowance = LocalAllowance(settings.llm_concurrency)
        if store is not None:
            shared = SharedAllowance(store, clock, settings.model, _limits(settings))
            stack.push_async_callback(shared.close)
            allowance = shared
        recall = Memory(store).recall if store is not None else None
        grader = LlmGrader(model, allowance, stand_in, votes=settings.judge_votes, recall=recall)
        stack.push_async_callback(grader.close)
        yield grader


async def _model(settings: Settings) -> OpenAIModel:
    key = settings.openai_api_key
    try:
        return await asyncio.to_thread(
            open_model,
            api_key=key.reveal() if key else None,
            base_url=settings.openai_base_url,
            model=settings.model,
            timeout=settings.llm_timeout,
            connections=settings.llm_concurrency,
            price=_price(settings),
        )
    except ValueError as error:
        raise InvalidError(str(error)) from error


def _price(settings: Settings) -> Price | None:
    """What tokens cost, None where nobody says: a budget is then kept by an assumed price."""
    if settings.llm_price is not None:
        return Price(*settings.llm_price)
    known = price_of(settings.model)
    if known is None and settings.llm_daily_budget_usd is not None:
        log.warning(
            "the price of %s is not known: the budget is kept as if it cost $%g per million "
            "tokens in and $%g out. Set STUDYBOT_LLM_PRICE to what it does cost.",
            settings.model,
            ASSUMED.input,
            ASSUMED.output,
        )
        return ASSUMED
    return known


def _limits(settings: Settings) -> Limits:
    return Limits(
        slots=settings.llm_concurrency,
        per_minute=settings.llm_rate,
        daily_usd=settings.llm_daily_budget_usd,
    )
