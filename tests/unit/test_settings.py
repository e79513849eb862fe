from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

import pytest

from bot.setting_table import TABLE
from bot.settings import Settings, SettingsError, env_example

ROOT = Path(__file__).parents[2]
SLACK = {"SLACK_BOT_TOKEN": "xoxb-made-up-1", "SLACK_APP_TOKEN": "xapp-made-up-1"}


def problems_of(env: dict[str, str]) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(env)
    return dict(problem.split(": ", 1) for problem in caught.value.problems)


def test_nothing_is_required() -> None:
    settings = Settings.from_env({})
    assert settings.database_url.reveal() == "sqlite:///data/studybot.db"
    assert settings.judge == "auto"
    assert settings.warnings == ()


def test_every_setting_is_read_from_its_variable() -> None:
    env = {
        "DATABASE_URL": "postgresql://ada:pw@db.example/study",
        "STUDYBOT_DECKS": os.pathsep.join(["one", "two"]),
        "STUDYBOT_WEB_PASSWORD": "correct horse battery",
        "STUDYBOT_SECRET_KEY": "k" * 32,
        "STUDYBOT_LOG": "JSON",
        "STUDYBOT_JUDGE": "llm",
        "OPENAI_API_KEY": "sk-made-up",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "STUDYBOT_MODEL": "tiny",
        "STUDYBOT_LLM_CONCURRENCY": "3",
        "STUDYBOT_LLM_TIMEOUT": "2.5",
        "STUDYBOT_LLM_DAILY_BUDGET_USD": "0.75",
        "STUDYBOT_LLM_RATE": "90",
        "STUDYBOT_LLM_PRICE": "0.4/1.6",
        "STUDYBOT_JUDGE_VOTES": "3",
        "DISCORD_TOKEN": "made-up",
        "DISCORD_API_BASE": "http://127.0.0.1:9/api",
        "DISCORD_GATEWAY_URL": "ws://127.0.0.1:9/",
        "DISCORD_SHARD_COUNT": "8",
        "DISCORD_SHARD_IDS": "0-2, 5",
        "SLACK_SIGNING_SECRET": "made-up",
        "SLACK_CLIENT_ID": "1.2",
        "SLACK_CLIENT_SECRET": "made-up",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
        **SLACK,
    }
    settings = Settings.from_env(env)
    assert set(env) == {row.name for row in TABLE}
    assert settings.decks == (Path("one"), Path("two"))
    assert settings.log == "json"
    assert (settings.llm_concurrency, settings.llm_timeout) == (3, 2.5)
    assert settings.llm_daily_budget_usd == 0.75
    assert settings.llm_price == (0.4, 0.4, 1.6)
    assert settings.discord_shard_ids == (0, 1, 2, 5)
    assert settings.slack_app_token is not None
    unset = Settings()
    for row in TABLE:
        assert getattr(settings, row.field) != getattr(unset, row.field), row.name


def test_an_empty_value_counts_as_unset() -> None:
    names = [row.name for row in TABLE]
    assert Settings.from_env(dict.fromkeys(names, "  ")) == Settings()


def test_every_bad_value_is_named_at_once_with_what_to_do() -> None:
    problems = problems_of(
        {
            "DATABASE_URL": "mysql://root@localhost/x",
            "STUDYBOT_LOG": "xml",
            "STUDYBOT_LLM_CONCURRENCY": "2.5",
            "STUDYBOT_LLM_TIMEOUT": "soon",
            "STUDYBOT_LLM_DAILY_BUDGET_USD": "-1",
            "STUDYBOT_LLM_PRICE": "cheap",
            "STUDYBOT_SECRET_KEY": "short",
            "OPENAI_BASE_URL": "localhost:11434",
            "DISCORD_TOKEN": "Bot abc",
            "DISCORD_GATEWAY_URL": "https://gateway",
            "SLACK_BOT_TOKEN": "xapp-mixed-up",
            "SLACK_APP_TOKEN": "xoxb-mixed-up",
        }
    )
    assert set(problems) == {
        "DATABASE_URL",
        "STUDYBOT_LOG",
        "STUDYBOT_LLM_CONCURRENCY",
        "STUDYBOT_LLM_TIMEOUT",
        "STUDYBOT_LLM_DAILY_BUDGET_USD",
        "STUDYBOT_LLM_PRICE",
        "STUDYBOT_SECRET_KEY",
        "OPENAI_BASE_URL",
        "DISCORD_TOKEN",
        "DISCORD_GATEWAY_URL",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
    }
    assert "console, json" in problems["STUDYBOT_LOG"]
    assert "from 1 to 600" in problems["STUDYBOT_LLM_TIMEOUT"]
    assert "xoxb-" in problems["SLACK_BOT_TOKEN"]
    assert "wss://" in problems["DISCORD_GATEWAY_URL"]


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:hunter2@h:port/x", "mysql://u:hunter2@h/x", "data/study.db", "sqlite"],
)
def test_a_database_address_that_cannot_work_is_refused_without_being_shown(url: str) -> None:
    problem = problems_of({"DATABASE_URL": url})["DATABASE_URL"]
    assert "postgresql://user:password@host/name" in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    ("env", "missing"),
    [
        ({"STUDYBOT_JUDGE": "llm"}, "OPENAI_API_KEY"),
        ({"SLACK_APP_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_SIGNING_SECRET": "s"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN"),
        ({**SLACK, "SLACK_CLIENT_SECRET": "s"}, "SLACK_CLIENT_ID"),
        (
            {**SLACK, "SLACK_CLIENT_ID": "1", "STUDYBOT_SECRET_KEY": "k" * 32},
            "SLACK_CLIENT_SECRET",
        ),
        (
            {**SLACK, "SLACK_CLIENT_ID": "1", "SLACK_CLIENT_SECRET": "s"},
            "STUDYBOT_SECRET_KEY",
        ),
    ],
)
def test_a_setting_that_another_needs_is_asked_for(env: dict[str, str], missing: str) -> None:
    assert list(problems_of(env)) == [missing]


def test_a_setting_that_is_wrong_is_not_called_missing_too() -> None:
    env = {"SLACK_BOT_TOKEN": "oops", "SLACK_APP_TOKEN": "xapp-1"}
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(env)
    assert len(caught.value.problems) == 1


def test_the_llm_judge_needs_no_key_where_a_server_of_ones_own_is_named() -> None:
    env = {"STUDYBOT_JUDGE": "llm", "OPENAI_BASE_URL": "http://localhost:11434/v1"}
    assert Settings.from_env(env).judge == "llm"


def test_a_misspelt_variable_of_ours_is_told_with_the_nearest_name() -> None:
    settings = Settings.from_env({"STUDYBOT_JUGDE": "offline", "OTHER_JUGDE": "x"})
    (warning,) = settings.warnings
    assert "STUDYBOT_JUGDE" in warning
    assert "Did you mean STUDYBOT_JUDGE?" in warning


def test_a_short_password_is_warned_about_without_being_shown() -> None:
    (warning,) = Settings.from_env({"STUDYBOT_WEB_PASSWORD": "hunter2"}).warnings
    assert "STUDYBOT_WEB_PASSWORD" in warning
    assert "hunter2" not in warning


def test_settings_never_show_their_secrets() -> None:
    env = {
        "DATABASE_URL": "postgresql://ada:hunt%40er2@db.example/study",
        "DISCORD_TOKEN": "made-up-discord",
        **SLACK,
    }
    settings = Settings.from_env(env)
    shown = f"{settings} {settings!r} {settings.discord_token} {settings.database_label}"
    for secret in ("hunt%40er2", "made-up"):
        assert secret not in shown
    assert settings.database_label == "postgresql://db.example/study"
    assert {"hunt%40er2", "hunt@er2", "made-up-discord"} <= set(settings.secret_values())


def test_every_field_of_settings_has_its_row() -> None:
    rows = {row.field for row in TABLE}
    assert rows == {field.name for field in fields(Settings)} - {"warnings"}


def test_the_example_file_is_the_one_printed_from_the_table() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert text == env_example()
    for row in TABLE:
        assert f"#{row.name}=" in text


def test_the_example_file_is_valid_once_its_lines_are_taken_over() -> None:
    lines = [line[1:] for line in env_example().splitlines() if line[:1] == "#" and "=" in line]
    pairs = [line.split("=", 1) for line in lines if line.split("=", 1)[0].isupper()]
    assert Settings.from_env(dict(pairs)).warnings == ()


@pytest.mark.parametrize("ids", ["", "a", "3-", "3-1", "1.5", "-1", "0,,1"])
def test_shards_are_whole_numbers_and_ranges(ids: str) -> None:
    env = {"DISCORD_SHARD_COUNT": "8", "DISCORD_SHARD_IDS": ids}
    if not ids:
        assert Settings.from_env(env).discord_shard_ids is None
        return
    assert "0-3" in problems_of(env)["DISCORD_SHARD_IDS"]


@pytest.mark.parametrize("env", [{}, {"DISCORD_SHARD_COUNT": "2"}])
def test_shards_are_some_of_those_that_there_are(env: dict[str, str]) -> None:
    told = problems_of({**env, "DISCORD_SHARD_IDS": "1,2"})["DISCORD_SHARD_IDS"]
    assert "DISCORD_SHARD_COUNT" in told
