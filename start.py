#!/usr/bin/env python3
"""Start studybot from a clone with nothing but Python 3.11 or newer.

    python3 start.py                    install what is needed (once), then run studybot
    python3 start.py doctor             the same with any studybot command and its options
    python3 start.py test               format, lint, types and tests
    python3 start.py test -k streak     the same, with these arguments for pytest

Packages go into ``.venv`` beside this file, each checked against its hash in the lock file.
Once installed, starting needs no network. An install that was cut short is begun anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STUDYBOT = BIN / ("studybot.exe" if os.name == "nt" else "studybot")
STAMP = VENV / "studybot-stamp.json"
UNFINISHED = VENV / "studybot-unfinished"
RUNTIME = "requirements.lock"
DEVELOPMENT = "requirements-dev.lock"
OLDEST = (3, 11)
# A file's tests stay together, in one of up to four processes: they share what they start.
ALL_TESTS = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile")


class StartError(Exception):
    """studybot can't be started; the message says what to do."""


def main(arguments: list[str]) -> int:
    """Install what is missing, then become studybot (or run the check)."""
    testing = arguments[:1] == ["test"]
    try:
        check_python(sys.version_info[:2])
        prepare(DEVELOPMENT if testing else RUNTIME)
    except StartError as error:
        print(f"start.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstart.py: stopped; the next start goes on from here.", file=sys.stderr)
        return 130
    return check(arguments[1:]) if testing else run(arguments)


def check_python(version: tuple[int, ...]) -> None:
    """Raise StartError for a Python that is too old."""
    if version < OLDEST:
        raise StartError(
            f"this is Python {version[0]}.{version[1]}, and studybot needs 3.11 or newer. "
            "Install it from your system's packages or python.org, then run that Python "
            "with start.py, such as: python3.11 start.py"
        )


def prepare(lock: str) -> None:
    """Bring ``.venv`` to what the lock says; at once if it is there already."""
    wanted = {lock: digest(ROOT / lock), "project": project_digest()}
    if lock == DEVELOPMENT:
        wanted[RUNTIME] = digest(ROOT / RUNTIME)
    there = read_stamp()
    if PYTHON.exists() and wanted.items() <= there.items():
        return
    begun = time.monotonic()
    create_venv()
    STAMP.unlink(missing_ok=True)
    UNFINISHED.touch()
    if there.get(lock) != wanted[lock]:
        print("Installing packages into .venv (once; this needs the network) ...", file=sys.stderr)
        install("--require-hashes", "-r", str(ROOT / lock))
    # The build backend comes from the lock too, so nothing is fetched here.
    install("--no-deps", "--no-build-isolation", "-e", str(ROOT))
    UNFINISHED.unlink()
    kept = there if there.get(lock) == wanted[lock] else {}
    STAMP.write_text(json.dumps(kept | wanted), encoding="utf-8")
    print(f"Installed in {time.monotonic() - begun:.0f} s.", file=sys.stderr)


def digest(path: Path) -> str:
    """The SHA-256 of a file, whatever line ends the checkout gave it."""
    text = path.read_bytes().replace(b"\r\n", b"\n")
    return hashlib.sha256(text).hexdigest()


def project_digest() -> str:
    """What the project's own install depends on: its metadata, and where it lies."""
    return f"{digest(ROOT / 'pyproject.toml')} {ROOT}"


def read_stamp() -> dict[str, str]:
    """What is installed; nothing if the last install didn't finish."""
    if UNFINISHED.exists():
        return {}
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def create_venv() -> None:
    """Make ``.venv`` if it isn't there, and anew if it is broken or half filled."""
    if PYTHON.exists() and not UNFINISHED.exists():
        return
    # Left to be found if this is cut short as well: pip takes a half-copied package for whole.
    VENV.mkdir(exist_ok=True)
    try:
        import venv  # noqa: PLC0415 - some systems ship Python without it
    except ImportError as error:
        raise StartError(_no_venv()) from error
    venv.create(VENV, clear=True, with_pip=False, symlinks=os.name != "nt")
    UNFINISHED.touch()


def install(*arguments: str) -> None:
    """Run uv where there is one, else pip. Raises StartError if that fails."""
    uv = shutil.which("uv")
    if uv is not None:
        command = [uv, "pip", "install", "-q", "--python", str(PYTHON), *arguments]
        if subprocess.run(command, check=False).returncode == 0:
            return
        print("uv could not do it; trying pip.", file=sys.stderr)
    provide_pip()
    pip = [str(PYTHON), "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
    if subprocess.run([*pip, *arguments], check=False).returncode != 0:
        raise StartError(
            "the packages could not be installed (see above). Check the network connection, "
            "and pip's settings if you use a package mirror, then start again."
        )


def provide_pip() -> None:
    """Put pip into ``.venv``. Raises StartError where Python came without it."""
    if (
        any(VENV.glob("lib*/python*/site-packages/pip"))
        or (VENV / "Lib/site-packages/pip").exists()
    ):
        return
    if importlib.util.find_spec("ensurepip") is None:
        raise StartError(_no_venv())
    command = [str(PYTHON), "-m", "ensurepip", "--default-pip"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise StartError(f"{_no_venv()}\n{done.stderr.strip()}")


def _no_venv() -> str:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return (
        "this Python came without venv and pip. On Debian or Ubuntu run: "
        f"sudo apt install python{version}-venv (elsewhere: Python from python.org), or install "
        "uv. Then start again."
    )


def environment() -> dict[str, str]:
    """The environment with ``.venv`` switched on."""
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "VIRTUAL_ENV": str(VENV)}


def run(arguments: list[str]) -> int:
    """Become studybot, so that signals and the exit code are its own."""
    if os.name != "nt":
        os.execve(STUDYBOT, [str(STUDYBOT), *arguments], environment())
    with subprocess.Popen([str(STUDYBOT), *arguments], env=environment()) as process:
        while True:
            # Ctrl-C reaches both processes: studybot ends, and this one waits for it.
            with contextlib.suppress(KeyboardInterrupt):
                return process.wait()


def check(arguments: list[str]) -> int:
    """The one check: every step runs, and any failure fails the whole."""
    python = str(PYTHON)
    steps = {
        "ruff check": [python, "-m", "ruff", "check", "."],
        "ruff format": [python, "-m", "ruff", "format", "--check", "."],
        "mypy": [python, "-m", "mypy"],
        "pytest": [python, "-m", "pytest", *(arguments or ALL_TESTS)],
    }
    failed = []
    for name, command in steps.items():
        print(f"== {name}", flush=True)
        begun = time.monotonic()
        try:
            code = subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode
        except KeyboardInterrupt:
            return 130
        print(f"== {name}: {'failed' if code else 'ok'} in {time.monotonic() - begun:.0f} s")
        if code:
            failed.append(name)
    print(f"== failed: {', '.join(failed)}" if failed else "== all is well", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
