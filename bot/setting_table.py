"""One row a setting: its parser, what it is for and what to do when it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot import setting_values as parse
from bot.setting_values import Secret


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the settings table.

    ``field`` is its name in Settings, ``topic`` the heading it is listed under, ``example``
    a value to show. ``parse`` raises ValueError saying what would do.
    """

    name: str
    field: str
    topic: str
    help: str
    parse: Callable[[str], Any]
    example: str = ""
    secret: bool = False


TABLE: tuple[Setting, ...] = (
    Setting(
        "DATABASE_URL",
        "database_url",
        "Storage and pages",
        "Where everything is kept: a SQLite file, or postgresql://user:password@host/name.",
        parse.database_url,
        secret=True,
    ),
    Setting(
        "STUDYBOT_DECKS",
        "decks",
        "Storage and pages",
        "More folders with decks, separated as in PATH; the shipped deck is always there.",
        parse.folders,
        example="decks",
    ),
    Setting(
        "STUDYBOT_WEB_PASSWORD",
        "web_password",
        "Storage and pages",
        "Asked for by the web pages; without it they are served to this machine alone.",
        Secret,
        secret=True,
    ),
    Setting(
        "STUDYBOT_SECRET_KEY",
        "secret_key",
        "Storage and pages",
        "Encrypts stored platform tokens: 32 random characters or more.",
        parse.secret_key,
        secret=True,
    ),
    Setting(
        "STUDYBOT_LOG",
        "log",
        "Storage and pages",
        "How logs are written: console (for people) or json (a line each, for machines).",
        parse.one_of("console", "json"),
    ),
    Setting(
        "STUDYBOT_JUDGE",
        "judge",
        "Judge",
        "Who grades: llm, offline, or auto (the LLM where one is configured, else offline).",
        parse.one_of("auto", "llm", "offline"),
    ),
    Setting(
        "STUDYBOT_JUDGE_VOTES",
        "judge_votes",
        "Judge",
        "How often the model is asked for each reply; each key point takes the median.",
        parse.whole(1, 9, "a number of votes"),
    ),
    Setting(
        "OPENAI_API_KEY",
        "openai_api_key",
        "Judge",
        "The key of OpenAI, or of a compatible server.",
        parse.secret,
        secret=True,
    ),
    Setting(
        "OPENAI_BASE_URL",
        "openai_base_url",
        "Judge",
        "A compatible server's address, such as a local Ollama or vLLM.",
        parse.url("https", "http"),
        example="http://localhost:11434/v1",
    ),
    Setting(
        "STUDYBOT_MODEL",
        "model",
        "Judge",
        "The model that grades.",
        str,
    ),
    Setting(
        "STUDYBOT_LLM_CONCURRENCY",
        "llm_concurrency",
        "Judge",
        "How many calls to the model may be under way at once.",
        parse.whole(1, 256, "a number of calls"),
    ),
    Setting(
        "STUDYBOT_LLM_TIMEOUT",
        "llm_timeout",
        "Judge",
        "Seconds that one call has in all.",
        parse.number(1, 600, "seconds"),
    ),
    Setting(
        "STUDYBOT_LLM_RATE",
        "llm_rate",
        "Judge",
        "How many calls a minute all processes together may make. Unset: no limit.",
        parse.whole(1, 1_000_000, "a number of calls a minute"),
        example="500",
    ),
    Setting(
        "STUDYBOT_LLM_PRICE",
        "llm_price",
        "Judge",
        "US dollars per million tokens, input/output or input/cached/output, where unknown.",
        parse.price,
        example="0.40/1.60",
    ),
    Setting(
        "STUDYBOT_LLM_DAILY_BUDGET_USD",
        "llm_daily_budget_usd",
        "Judge",
        "What the model may cost a day; beyond it the offline judge stands in. Unset: no limit.",
        parse.number(0, 1_000_000, "US dollars"),
        example="5",
    ),
    Setting(
        "DISCORD_TOKEN",
        "discord_token",
        "Discord",
        "The bot's token, from the Bot page of your application.",
        parse.discord_token,
        secret=True,
    ),
    Setting(
        "DISCORD_API_BASE",
        "discord_api_base",
        "Discord",
        "The REST address, where a proxy stands before Discord's own.",
        parse.url("https", "http"),
        example="https://discord.com/api/v10",
    ),
    Setting(
        "DISCORD_GATEWAY_URL",
        "discord_gateway_url",
        "Discord",
        "The gateway's address, where a proxy stands before Discord's own.",
        parse.url("wss", "ws"),
        example="wss://gateway.discord.gg",
    ),
    Setting(
        "DISCORD_SHARD_COUNT",
        "discord_shard_count",
        "Discord",
        "How many shards all processes have together. Unset: as many as Discord advises.",
        parse.whole(1, 16_384, "a number of shards"),
        example="8",
    ),
    Setting(
        "DISCORD_SHARD_IDS",
        "discord_shard_ids",
        "Discord",
        "The shards of this process, where several share a large bot. Unset: all of them.",
        parse.numbers,
        example="0-3",
    ),
    Setting(
        "SLACK_BOT_TOKEN",
        "slack_bot_token",
        "Slack",
        "The bot token (xoxb-...), from the app's OAuth & Permissions page.",
        parse.token("xoxb-", "the app's OAuth & Permissions page"),
        secret=True,
    ),
    Setting(
        "SLACK_APP_TOKEN",
        "slack_app_token",
        "Slack",
        "The app-level token (xapp-...) for Socket Mode, from Basic Information.",
        parse.token("xapp-", "the app's Basic Information page, under App-Level Tokens"),
        secret=True,
    ),
    Setting(
        "SLACK_SIGNING_SECRET",
        "slack_signing_secret",
        "Slack",
        "Proves that events sent over HTTP are Slack's, from Basic Information.",
        parse.secret,
        secret=True,
    ),
    Setting(
        "SLACK_CLIENT_ID",
        "slack_client_id",
        "Slack",
        "For installing to many workspaces (OAuth), with the secret below.",
        str,
    ),
    Setting(
        "SLACK_CLIENT_SECRET",
        "slack_client_secret",
        "Slack",
        "The client secret that belongs to SLACK_CLIENT_ID.",
        parse.secret,
        secret=True,
    ),
    Setting(
        "SLACK_API_URL",
        "slack_api_url",
        "Slack",
        "The Web API's address, where a proxy stands before Slack's own.",
        parse.url("https", "http"),
        example="https://slack.com/api/",
    ),
)
