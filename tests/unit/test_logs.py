from __future__ import annotations

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest

from bot.logs import Redactor, setup_logging

PASSWORD = 'p"ass\\wörd /1'
DISCORD = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe." + "x" * 38


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    hooks = sys.excepthook, threading.excepthook
    yield
    root.handlers[:], root.level = handlers, level
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(capture=False)


def fail(words: str) -> None:
    raise ValueError(words)


def fail_with(secret: str) -> None:
    try:
        fail(f"inner {secret}")
    except ValueError as error:
        raise RuntimeError(f"outer {secret!r}") from error


def written(kind: str, secret: str, *secrets: str) -> str:
    stream = io.StringIO()
    setup_logging(kind, secrets=secrets, stream=stream)
    log = logging.getLogger("study.test")
    log.info("message %s and %r and %s", secret, [secret], {"key": secret})
    try:
        fail_with(secret)
    except RuntimeError:
        log.exception("failed with %s", secret, stack_info=True)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["console", "json"])
def test_a_secret_setting_is_in_no_message_argument_or_traceback(kind: str) -> None:
    text = written(kind, PASSWORD, PASSWORD)
    assert "message ***" in text
    assert "RuntimeError: outer" in text
    assert "ValueError: inner ***" in text
    for part in ("ass\\w", "wörd", "w\\u00f6rd", "rd /1"):
        assert part not in text


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-1234-5678-AbCdEfGh",
        "xapp-1-A123-456-abcdef",
        "sk-proj-abc_DEF-123456789",
        DISCORD,
        "postgresql://ada:hunter/2@db.example/study",
        "postgresql+asyncpg://ada:hunter2@db.example/study",
        "https://ada:hunter2@proxy.example/",
        "Bearer abcdef.ghi-123",
    ],
)
@pytest.mark.parametrize("kind", ["console", "json"])
def test_token_shaped_words_are_hidden_though_no_setting_names_them(kind: str, secret: str) -> None:
    text = written(kind, secret)
    assert secret not in text
    assert "hunter" not in text
    assert "***" in text


def test_ordinary_words_are_left_alone() -> None:
    redact = Redactor(["lora", "hunter2-hunter2"])
    text = (
        "The explorations on https://example.org/a:b@c and version 1.2.3 of sk-learn, "
        "not xoxb-, at http://127.0.0.1:8080/healthz"
    )
    assert redact(text) == text
    assert redact("lora=lora hunter2-hunter2x") == "***=*** ***x"


def test_a_secret_in_a_url_is_hidden_in_its_quoted_form_too() -> None:
    assert Redactor(["a/b c+d-e"])("x?key=a%2Fb%20c%2Bd-e") == "x?key=***"


def test_json_logs_are_one_object_a_line_with_the_same_keys() -> None:
    lines = [json.loads(line) for line in written("json", "x").splitlines()]
    assert [set(line) for line in lines] == [
        {"ts", "level", "logger", "message"},
        {"ts", "level", "logger", "message", "exc", "stack"},
    ]
    assert lines[1]["level"] == "error"
    assert lines[1]["logger"] == "study.test"
    assert lines[0]["ts"].endswith("+00:00")


def test_console_logs_cannot_drive_the_terminal() -> None:
    text = written("console", "\x1b[2Jgone\x07")
    assert "\x1b" not in text
    assert "\\x1b[2Jgone\\x07" in text


def test_warnings_and_uncaught_exceptions_are_redacted_as_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stream = io.StringIO()
    setup_logging("console", secrets=["made-up-secret"], stream=stream)
    warnings.warn("about made-up-secret", UserWarning, stacklevel=1)
    assert "about ***" in stream.getvalue()
    error = ValueError("made-up-secret")
    sys.excepthook(ValueError, error, None)
    thread = threading.Thread(target=fail_with, args=["made-up-secret"])
    thread.start()
    thread.join()
    shown = capsys.readouterr().err
    assert "made-up-secret" not in shown
    assert "ValueError: ***" in shown
    assert "RuntimeError: outer" in shown


def test_setting_up_twice_writes_each_record_once() -> None:
    setup_logging("console", stream=io.StringIO())
    stream = io.StringIO()
    setup_logging("console", stream=stream)
    logging.getLogger("study.test").warning("once")
    assert stream.getvalue().count("once") == 1


def test_debug_lines_are_written_only_when_asked_for() -> None:
    for level, count in (("INFO", 0), ("DEBUG", 1)):
        stream = io.StringIO()
        setup_logging("console", level, stream=stream)
        logging.getLogger("study.test").debug("detail")
        assert stream.getvalue().count("detail") == count
