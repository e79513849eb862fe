"""What ``studybot doctor`` looks at: each check gives one finding."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bot.cli import discord
from bot.cli.context import load_library, load_settings, open_database, open_grader
from bot.cli.failures import explained
from bot.cli.finding import Finding
from bot.domain.grading import GradingTask, Judgement, Verdict, verdict_of
from bot.domain.schedule import zone_of
from bot.errors import JudgeUnavailableError
from bot.settings import Settings, SettingsError


def examine() -> Iterator[Finding]:
    """Every check's findings, one by one as they are made."""
    yield Finding("python", ok=True, detail=platform.python_version())
    yield _guarded("time zones", _zones)
    try:
        settings = load_settings()
    except SettingsError as error:
        for problem in error.problems:
            yield Finding("settings", ok=False, detail=problem)
        return
    count = len(settings.warnings)
    told = f"all are valid, {count} warned about above" if count else "all are valid"
    yield Finding("settings", ok=True, detail=told)
    yield _guarded("database", partial(_database, settings))
    yield _guarded("decks", partial(_decks, settings))
    yield _guarded("judge", partial(_judge, settings))
    yield _guarded("llm", partial(_llm, settings))
    yield _web(settings)
    yield from discord.check(settings)
    yield _slack(settings)


def _guarded(name: str, check: Callable[[], Finding]) -> Finding:
    """A check's finding; a known failure is a finding too."""
    try:
        return check()
    except Exception as error:
        known = explained(error)
        if known is None:
            raise
        return Finding(name, ok=False, detail=known[0])


def _zones() -> Finding:
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC).astimezone(zone_of("Europe/Berlin"))
    if noon.hour != 14:
        return Finding("time zones", ok=False, detail="the data is wrong", mend="Reinstall tzdata.")
    return Finding("time zones", ok=True, detail="the zones of the world are at hand")


def _database(settings: Settings) -> Finding:
    from storage.migrate import current
    from storage.urls import parse_url

    url = settings.database_url.reveal()
    file, shown = parse_url(url).path, settings.database_label
    if file is not None and not os.access(_nearest_existing(file), os.W_OK):
        mend = "Give the user who runs studybot the right to write there."
        return Finding("database", ok=False, detail=f"{file} can't be written", mend=mend)
    if asyncio.run(current(url)) is None:
        detail = f"{shown} is empty or not there yet; the first start makes its tables"
        return Finding("database", ok=True, detail=detail)
    asyncio.run(_write_nothing(settings))
    return Finding("database", ok=True, detail=f"{shown} is up to date and can be written")


async def _write_nothing(settings: Settings) -> None:
    async with open_database(settings) as store, store.write():
        pass


def _nearest_existing(path: Path) -> Path:
    return next((p for p in (path, *path.absolute().parents) if p.exists()), path)


def _judge(settings: Settings) -> Finding:
    from bot.judge.offline import OfflineJudge

    deck = load_library(settings).decks()[0]
    question = next(deck.questions())
    judgement = OfflineJudge().judge(GradingTask(question, question.reference, deck.language))
    if verdict_of(judgement.score) is not Verdict.CORRECT:
        detail = f"the offline judge doesn't grade {question.id}'s own reference as correct"
        mend = "Run studybot deck lint and reinstall studybot if the deck is unchanged."
        return Finding("judge", ok=False, detail=detail, mend=mend)
    return Finding("judge", ok=True, detail="the offline judge grades a reference as correct")


def _llm(settings: Settings) -> Finding:
    """One real grading call: key, address, model and the form of its answers in one go."""
    if not settings.uses_llm:
        off = settings.judge == "offline" and (settings.openai_api_key or settings.openai_base_url)
        detail = "configured, but STUDYBOT_JUDGE=offline" if off else "not configured"
        return Finding("llm", ok=True, detail=detail)
    deck = load_library(settings).decks()[0]
    question = next(deck.questions())
    task = GradingTask(question, question.reference, deck.language)
    try:
        judgement = asyncio.run(_ask(settings, task))
    except JudgeUnavailableError as error:
        return Finding("llm", ok=False, detail=str(error))
    used = judgement.usage
    detail = (
        f"{judgement.judge.model} graded a reference as {verdict_of(judgement.score).value} in "
        f"{used.latency_ms / 1000:.1f} s ({used.prompt_tokens}+{used.completion_tokens} tokens, "
        f"${used.cost_usd:.4f})"
    )
    if verdict_of(judgement.score) is not Verdict.CORRECT:
        mend = "Choose a larger model with STUDYBOT_MODEL; studybot judge check shows more."
        return Finding("llm", ok=False, detail=detail, mend=mend)
    return Finding("llm", ok=True, detail=detail)


async def _ask(settings: Settings, task: GradingTask) -> Judgement:
    async with open_grader(settings) as grader:
        return await grader.grade(task, stand_in=False)


def _decks(settings: Settings) -> Finding:
    from bot.judge.offline import OfflineJudge
    from content.library import SHIPPED
    from content.linter import ERROR, lint

    findings = lint([SHIPPED, *settings.decks], OfflineJudge().judge)
    errors = [finding for finding in findings if finding.level == ERROR]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        mend = "Mend the file; studybot deck lint lists everything."
        return Finding("decks", ok=False, detail=f"{errors[0]}{more}", mend=mend)
    decks = load_library(settings).decks()
    count = sum(1 for deck in decks for _ in deck.questions())
    return Finding("decks", ok=True, detail=f"{len(decks)} with {count} questions")


def _web(settings: Settings) -> Finding:
    if settings.web_password is None:
        detail = "for this machine alone; set STUDYBOT_WEB_PASSWORD to serve others"
        return Finding("web", ok=True, detail=detail)
    return Finding("web", ok=True, detail="behind a password")


def _slack(settings: Settings) -> Finding:
    """Slack, which has no adapter yet."""
    configured = settings.slack_bot_token or settings.slack_client_id
    detail = "configured, but not part of this version" if configured else "not configured"
    return Finding("slack", ok=True, detail=detail)
