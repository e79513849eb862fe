"""Settings: everything that the environment decides, checked once and then frozen.

The rows are in ``bot.setting_table``; ``.env.example`` is printed from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bot.setting_table import TABLE, Setting
from bot.setting_values import Secret

PREFIX = "STUDYBOT_"
LEAST_PASSWORD = 12
DEFAULT_DATABASE = Secret("sqlite:///data/studybot.db")


class SettingsError(Exception):
    """Settings are missing or wrong; ``problems`` names each of them and what to do."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting. None means not configured; times are in seconds, money in US dollars."""

    database_url: Secret = DEFAULT_DATABASE
    decks: tuple[Path, ...] = ()
    log: str = "console"
    web_password: Secret | None = None
    secret_key: Secret | None = None
    judge: str = "auto"
    judge_votes: int = 1
    openai_api_key: Secret | None = None
    openai_base_url: str | None = None
    model: str = "gpt-6-luna"
    llm_concurrency: int = 8
    llm_timeout: float = 60.0
    llm_rate: int | None = None
    llm_price: tuple[float, float, float] | None = None
    llm_daily_budget_usd: float | None = None
    discord_token: Secret | None = None
    discord_api_base: str | None = None
    discord_gateway_url: str | None = None
    discord_shard_count: int | None = None
    discord_shard_ids: tuple[int, ...] | None = None
    slack_bot_token: Secret | None = None
    slack_app_token: Secret | None = None
    slack_signing_secret: Secret | None = None
    slack_client_id: str | None = None
    slack_client_secret: Secret | None = None
    slack_api_url: str | None = None
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Settings from environment variables; an empty one counts as unset.

        Raises SettingsError that names every missing or bad value at once.
        """
        values: dict[str, Any] = {}
        problems: list[str] = []
        for row in TABLE:
            text = env.get(row.name, "").strip()
            if not text:
                continue
            try:
                values[row.field] = row.parse(text)
            except ValueError as error:
                problems.append(f"{row.name}: {error}")
        settings = cls(**values, warnings=tuple(_warnings(env)))
        # A value that is there but wrong has been named already: it isn't missing as well.
        wrong = {problem.split(":")[0] for problem in problems}
        rules = [rule for rule in _RULES if rule.name not in wrong and rule.broken(settings)]
        problems += [f"{rule.name}: {rule.words}" for rule in rules]
        if problems:
            raise SettingsError(problems)
        return settings

    def secret_values(self) -> tuple[str, ...]:
        """Every secret text in use, for whoever keeps them out of logs and messages."""
        secrets = [getattr(self, row.field) for row in TABLE if row.secret]
        texts = [s.reveal() for s in secrets if s is not None and s is not self.database_url]
        password = urlsplit(self.database_url.reveal()).password
        if password:
            texts += [password, unquote(password)]
        return tuple(dict.fromkeys(texts))

    @property
    def uses_llm(self) -> bool:
        """Whether a language model grades, rather than the offline judge."""
        return self.judge != "offline" and bool(self.openai_api_key or self.openai_base_url)

    @property
    def database_label(self) -> str:
        """The database's address without its user, password and options, fit to be shown."""
        parts = urlsplit(self.database_url.reveal())
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def default_of(row: Setting) -> str:
    """A setting's default as one would type it; empty if there is none."""
    field = next(f for f in fields(Settings) if f.name == row.field)
    value = None if field.default is MISSING else field.default
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if value not in (None, ()) else ""


def env_example() -> str:
    """The text of ``.env.example``: every setting with its help, commented out."""
    lines = [
        "# Settings of studybot. Copy this file to .env and change what you need: nothing is",
        "# required. Variables of the environment win over this file; empty means unset.",
    ]
    topic = ""
    for row in TABLE:
        if row.topic != topic:
            topic = row.topic
            lines += ["", f"# --- {topic} ---"]
        lines += [f"# {row.help}", f"#{row.name}={default_of(row) or row.example}"]
    return "\n".join(lines) + "\n"


def _warnings(env: Mapping[str, str]) -> list[str]:
    known = [row.name for row in TABLE]
    warnings = []
    for name in sorted(env):
        if name.startswith(PREFIX) and name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.6)
            hint = f" Did you mean {near[0]}?" if near else " Look it up in .env.example."
            warnings.append(f"{name} is no setting of studybot and is left out.{hint}")
    password = env.get("STUDYBOT_WEB_PASSWORD", "").strip()
    if 0 < len(password) < LEAST_PASSWORD:
        warnings.append(
            f"STUDYBOT_WEB_PASSWORD is short. Use {LEAST_PASSWORD} characters or more "
            "before others can reach this machine."
        )
    return warnings


def _has_inbound(s: Settings) -> bool:
    return bool(s.slack_app_token or s.slack_signing_secret)


def _shards_fit(s: Settings) -> bool:
    if s.discord_shard_ids is None:
        return True
    return s.discord_shard_count is not None and max(s.discord_shard_ids) < s.discord_shard_count


def _has_slack(s: Settings) -> bool:
    return bool(s.slack_bot_token or s.slack_client_id)


@dataclass(frozen=True, slots=True)
class _Rule:
    """Settings that are fine one by one but not together; ``name`` is the one to change."""

    name: str
    words: str
    broken: Callable[[Settings], bool]


_RULES = (
    _Rule(
        "OPENAI_API_KEY",
        "STUDYBOT_JUDGE=llm needs it, or OPENAI_BASE_URL for a server that asks for no key. "
        "Or set STUDYBOT_JUDGE=auto.",
        lambda s: s.judge == "llm" and not (s.openai_api_key or s.openai_base_url),
    ),
    _Rule(
        "DISCORD_SHARD_IDS",
        "DISCORD_SHARD_COUNT must say how many there are in all; these count from 0.",
        lambda s: not _shards_fit(s),
    ),
    _Rule(
        "SLACK_BOT_TOKEN",
        "the other Slack settings need it. Copy the xoxb- token from your Slack app's "
        "OAuth & Permissions page.",
        lambda s: _has_inbound(s) and not _has_slack(s),
    ),
    _Rule(
        "SLACK_APP_TOKEN",
        "Slack's events have no way in. Set it to the app's xapp- token (Socket Mode), or "
        "set SLACK_SIGNING_SECRET (HTTP).",
        lambda s: _has_slack(s) and not _has_inbound(s),
    ),
    _Rule(
        "SLACK_CLIENT_SECRET",
        "SLACK_CLIENT_ID needs it. Both are on your Slack app's Basic Information page.",
        lambda s: bool(s.slack_client_id and not s.slack_client_secret),
    ),
    _Rule(
        "SLACK_CLIENT_ID",
        "SLACK_CLIENT_SECRET needs it. Both are on your Slack app's Basic Information page.",
        lambda s: bool(s.slack_client_secret and not s.slack_client_id),
    ),
    _Rule(
        "STUDYBOT_SECRET_KEY",
        "installing to many Slack workspaces needs it, since their tokens are stored "
        "encrypted. Set it to 32 random characters or more.",
        lambda s: bool(s.slack_client_id and not s.secret_key),
    ),
)
