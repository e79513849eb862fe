"""The command line within this process: quicker than a process for each way to type it."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.__main__ import main


class Typed(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@contextmanager
def typing_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Typed]]:
    """A function that runs ``studybot`` with its arguments, in a folder, nothing configured."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    handlers, level = list(root.handlers), root.level
    monkeypatch.chdir(folder)
    for name in [n for n in os.environ if n.startswith(("STUDYBOT_", "OPENAI_", "DATABASE_"))]:
        monkeypatch.delenv(name)

    def run(*arguments: str) -> Typed:
        monkeypatch.setattr(sys, "argv", ["studybot", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return Typed(int(ended.value.code or 0), shown.out, shown.err)

    yield run
    root.handlers[:], root.level = handlers, level
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(capture=False)
