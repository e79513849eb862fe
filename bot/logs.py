"""Logging: for people or for machines, to stderr, and never with a secret in it."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import quote

HIDDEN = "***"
_SHORT = 8
# What tokens look like, for those that are nobody's setting: (pattern, what stays).
_SHAPES = (
    (re.compile(r"\b(xox[a-z]-|xapp-)[\w-]{6,}"), r"\1" + HIDDEN),
    (re.compile(r"\bsk-[\w-]{12,}"), "sk-" + HIDDEN),
    (re.compile(r"(?<![\w.-])[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,45}(?![\w.-])"), HIDDEN),
    (re.compile(r"(?i)\b(bearer )[\w.~+/-]{8,}=*"), r"\1" + HIDDEN),
    (re.compile(r"(?i)\b(postgres(?:ql)?(?:\+\w+)?://)[^\s@]+@"), r"\1" + HIDDEN + "@"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s/:@]*):[^\s/@]+@"), r"\1:" + HIDDEN + "@"),
)
CONTROLS = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in (9, 10)
}
# Libraries that tell more at INFO than the people who run a bot want to read.
_CHATTY = (
    "aiosqlite",
    "alembic",
    "apscheduler",
    "asyncio",
    "httpx2",
    "openai",
    "pgqueuer",
    "uvicorn",
)


class Redactor:
    """Takes secrets out of text: the given ones in any usual escaping, and token-shaped words."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({form for s in secrets for form in _forms(s)}, key=len, reverse=True)
        self._known = re.compile("|".join(map(_exact, known))) if known else None

    def __call__(self, text: str) -> str:
        """The text with *** for every secret."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for pattern, kept in _SHAPES:
            text = pattern.sub(kept, text)
        return text


class ConsoleFormatter(logging.Formatter):
    """One line a record, and its traceback: for people."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The record's text, its traceback too, without secrets or terminal controls."""
        return self._redact(super().format(record)).translate(CONTROLS)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ts (UTC), level, logger, message and, after a failure, exc."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, without secrets."""
        line: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redact(record.getMessage()),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["exc"] = self._redact(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = self._redact(self.formatStack(record.stack_info))
        return json.dumps(line, ensure_ascii=False)


def setup_logging(
    kind: str = "console",
    level: int | str = logging.INFO,
    *,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> Redactor:
    """Send every logger, warning and uncaught exception to stderr as ``kind``: console or json.

    ``secrets`` are Settings.secret_values(). Calling it again replaces what was set up.
    """
    redact = Redactor(secrets)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(redact) if kind == "json" else ConsoleFormatter(redact))
    root = logging.getLogger()
    for old in [h for h in root.handlers if getattr(h, "of_studybot", False)]:
        root.removeHandler(old)
    handler.of_studybot = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    _hook_uncaught(redact)
    return redact


def _hook_uncaught(redact: Redactor) -> None:
    """Have Python's own reports of uncaught exceptions pass through the redactor as well."""

    def report(
        kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        text = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(redact(text))

    def report_thread(args: threading.ExceptHookArgs) -> None:
        report(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = report
    threading.excepthook = report_thread


def _forms(secret: str) -> set[str]:
    """A secret as it may turn up: plain, in a URL, in a repr, in JSON."""
    if not secret:
        return set()
    return {secret, quote(secret, safe=""), repr(secret)[1:-1], json.dumps(secret)[1:-1]}


def _exact(secret: str) -> str:
    """A pattern for one secret; a short one counts only as a word of its own."""
    pattern = re.escape(secret)
    return pattern if len(secret) >= _SHORT else rf"(?<!\w){pattern}(?!\w)"
