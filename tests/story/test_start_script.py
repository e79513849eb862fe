"""start.py in a made-up clone: real Python, a real .venv, and a stand-in for uv."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name == "nt", reason="the stand-in for uv is a shell script")

# Writes down what it was asked for, and "installs" a studybot that tells how it was started.
UV = """#!/bin/sh
echo "$@" >> "$CLONE/asked"
[ -e "$CLONE/offline" ] && exit 1
[ -e "$CLONE/killed" ] && rm "$CLONE/killed" && kill -9 $PPID
cat > "$CLONE/.venv/bin/studybot" <<'END'
#!/bin/sh
echo "studybot $$ $@"
exit 7
END
chmod +x "$CLONE/.venv/bin/studybot"
"""
# Stands for ruff, mypy and pytest: fails if the clone says so.
TOOL = """
import pathlib, sys
name = pathlib.Path(__file__).stem
print(name, *sys.argv[1:])
sys.exit(name in pathlib.Path("broken").read_text().split())
"""

Start = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "a clone"
    folder.mkdir()
    for name in ("start.py", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, folder)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "uv").write_text(UV)
    (tools / "uv").chmod(0o755)
    return folder


@pytest.fixture
def start(clone: Path) -> Start:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "CLONE": str(clone), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
        env["PATH"] = os.pathsep.join([str(clone.parent / "tools"), env["PATH"]])
        return subprocess.run(
            [sys.executable, str(clone / "start.py"), *arguments],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def asked(clone: Path) -> list[str]:
    path = clone / "asked"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


@posix
def test_the_first_start_installs_by_hash_and_later_ones_start_at_once(
    clone: Path, start: Start
) -> None:
    first = start("grade", "--json", "two words")
    packages, project = asked(clone)
    assert "--require-hashes -r" in packages
    assert packages.endswith("requirements.lock")
    assert "--no-deps --no-build-isolation -e" in project
    assert "grade --json two words" in first.stdout
    assert first.returncode == 7

    second = start()
    assert asked(clone) == []
    assert second.stderr == ""
    assert second.returncode == 7


@posix
def test_studybot_takes_the_place_of_the_script_so_that_signals_reach_it(
    clone: Path, start: Start
) -> None:
    start()
    env = {**os.environ, "CLONE": str(clone)}
    with subprocess.Popen(
        [sys.executable, str(clone / "start.py")], env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read().split()[1] == str(process.pid)


@posix
def test_only_what_changed_is_installed_again(clone: Path, start: Start) -> None:
    start()
    asked(clone)
    with (clone / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    start()
    (line,) = asked(clone)
    assert "-e" in line.split()
    with (clone / "requirements.lock").open("a") as file:
        file.write("# changed\n")
    start()
    assert "--require-hashes" in asked(clone)[0]


@posix
def test_an_install_that_was_killed_is_begun_anew(clone: Path, start: Start) -> None:
    (clone / "killed").touch()
    assert start().returncode == -9
    half = clone / ".venv" / "half-copied"
    half.touch()
    asked(clone)
    assert start().returncode == 7
    assert len(asked(clone)) == 2
    assert not half.exists()


@posix
def test_an_install_that_fails_says_what_to_do_and_is_tried_again(
    clone: Path, start: Start
) -> None:
    (clone / "offline").touch()
    failed = start()
    assert failed.returncode == 1
    assert "Check the network connection" in failed.stderr
    assert "Traceback" not in failed.stderr
    (clone / "offline").unlink()
    assert start().returncode == 7


@posix
def test_the_check_without_arguments_shares_all_tests_between_processes(
    clone: Path, start: Start
) -> None:
    for tool in ("ruff", "mypy", "pytest"):
        (clone / f"{tool}.py").write_text(TOOL)
    (clone / "broken").touch()
    assert "pytest -n auto --maxprocesses 4 --dist loadfile" in start("test").stdout


@posix
@pytest.mark.parametrize("broken", ["", "ruff", "mypy pytest"])
def test_the_check_runs_every_step_and_fails_if_one_does(
    clone: Path, start: Start, broken: str
) -> None:
    for tool in ("ruff", "mypy", "pytest"):
        (clone / f"{tool}.py").write_text(TOOL)
    (clone / "broken").write_text(broken)
    done = start("test", "-k", "words")
    assert "requirements-dev.lock" in asked(clone)[0]
    for line in ("ruff check .", "ruff format --check .", "mypy", "pytest -k words"):
        assert line in done.stdout.splitlines()
    assert done.returncode == (1 if broken else 0)
    last = done.stdout.splitlines()[-1]
    assert last == {
        "": "== all is well",
        "ruff": "== failed: ruff check, ruff format",
        "mypy pytest": "== failed: mypy, pytest",
    }.get(broken)
    # What the check installed is enough to start with.
    assert start().returncode == 7
    assert asked(clone) == []


def test_an_old_python_is_told_so() -> None:
    spec = importlib.util.spec_from_file_location("start", ROOT / "start.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.check_python((3, 11))
    with pytest.raises(script.StartError, match=r"this is Python 3\.10, .* 3\.11 or newer"):
        script.check_python((3, 10))


def pins(name: str) -> dict[str, str]:
    """Package with its pin and marker; each must have a hash."""
    pinned = {}
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text(encoding="utf-8"))
    for entry in entries:
        if match := re.match(r"([\w.-]+)(?:\[[\w,-]+\])?==(.*?)\s*\\?\n", entry):
            assert "--hash=sha256:" in entry, match.group(1)
            pinned[match.group(1) + match.group(2)] = match.group(1)
    return pinned


def test_the_development_lock_holds_the_same_pins_and_more() -> None:
    runtime, development = pins("requirements.lock"), pins("requirements-dev.lock")
    assert runtime.items() < development.items()


def test_the_locks_hold_all_that_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    wanted = {
        "requirements.lock": [*project["project"]["dependencies"], *groups["build"]],
        "requirements-dev.lock": groups["dev"],
    }
    for lock, requirements in wanted.items():
        asked = {re.split(r"[\[<>=;]", line)[0].strip() for line in requirements}
        # As locks write names: one dash for any run of dashes, dots and underscores (PEP 503).
        names = {re.sub(r"[-_.]+", "-", name).lower() for name in asked}
        assert names <= set(pins(lock).values()), f"{lock}: see CONTRIBUTING.md for how to renew it"
