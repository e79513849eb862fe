"""How commands speak: data on stdout, everything else on stderr, failures as one clear line."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, TextIO

from bot.logs import CONTROLS

if TYPE_CHECKING:
    from rich.console import Console


class CommandError(Exception):
    """A command can't go on; the message is shown to the user, ``code`` is the exit code.

    1: a check failed or nothing was found. 2: the command was typed wrong.
    """

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def prepare_streams() -> None:
    """Make both streams take any text, whatever the terminal's encoding."""
    for stream in (sys.stdout, sys.stderr):
        # Without an encoding that knows a letter, an escape is better than a traceback.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def print_json(data: Any) -> None:
    """Exactly one JSON value on stdout."""
    say(json.dumps(data, ensure_ascii=False, indent=2), raw=True)


def say(text: str = "", *, raw: bool = False) -> None:
    """A line on stdout. Terminal controls in it are shown, not obeyed, unless ``raw``."""
    _write(sys.stdout, text if raw else text.translate(CONTROLS))


def tell(text: str) -> None:
    """A line on stderr: progress, warnings, failures."""
    _write(sys.stderr, text.translate(CONTROLS))


def console() -> Console:
    """Rich's console on stdout, for tables. It takes no markup from texts."""
    from rich.console import Console  # only commands that draw pay for it

    return Console(markup=False, emoji=False, highlight=False)


def _write(stream: TextIO, text: str) -> None:
    # Flushed at once, so that a closed pipe is noticed here and not as Python shuts down.
    stream.write(text + "\n")
    stream.flush()
