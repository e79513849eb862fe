"""``studybot run`` as a process: it starts, answers, and goes when told."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.command_line import typing_in


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A fresh studybot on a free port, with its address."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("STUDYBOT_", "DATABASE_"))}
    env |= {"PYTHONPATH": str(Path(__file__).parents[2]), "STUDYBOT_LOG": "json"}
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "--port", "0"],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = re.search(r"http://[\d.:]+", process.stdout.readline())
        if told is None:
            process.kill()
            pytest.fail(str(process.communicate()))
        yield process, told.group()
        process.kill()


def test_it_serves_at_the_address_it_tells_and_stops_on_sigterm(
    started: tuple[subprocess.Popen[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    process, address = started
    assert httpx.get(f"{address}/healthz").status_code == 200
    (post,) = httpx.post(
        f"{address}/api/command", json={"member": "ada", "text": "/explain lora"}
    ).json()["posts"]
    assert "LoRA" in post["text"]

    # While it runs: its port is taken, and its data can be had.
    with typing_in(tmp_path, monkeypatch, capsys) as typed:
        refused = typed("run", "--port", address.rpartition(":")[2])
        assert (refused.code, refused.out) == (1, "")
        assert "--port" in refused.err
        (group,) = json.loads(typed("export", "--group", "1").out)["members"]
        assert group["name"] == "ada"

    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert all(json.loads(line)["level"] == "info" for line in errors.splitlines())
