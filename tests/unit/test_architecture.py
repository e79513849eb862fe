"""The walls and the shape of the code, read from its syntax trees."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("bot", "adapters", "content", "storage")
MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 60
USUAL_FUNCTION_LINES = 35
DEEPEST = 3

# Who may import everything: the composition root and the command line.
ROOTS = ("bot.bootstrap", "bot.__main__", "bot.cli")
PURE = {"rapidfuzz", "snowballstemmer"}
# For each part: the first-party modules and the libraries that it may import.
CORE = {"bot"}
DECK_WORDS = {"bot.domain", "bot.errors", "bot.judge", "content"}
ALLOWED: dict[str, tuple[set[str], set[str]]] = {
    "bot": (CORE, PURE),
    "content": (DECK_WORDS, {"markdown_it", "yaml", *PURE}),
    "storage": (
        {*CORE, "storage"},
        {"aiosqlite", "alembic", "asyncpg", "pgqueuer", "sqlalchemy"},
    ),
    "adapters.discord": ({*CORE, "adapters.discord"}, {"aiohttp", "discord"}),
    "adapters.llm": ({*CORE, "adapters.llm"}, {"httpx2", "openai"}),
    "adapters.web": (
        {*CORE, "adapters.web"},
        {
            "fastapi",
            "jinja2",
            "markupsafe",
            "prometheus_client",
            "pydantic",
            "starlette",
            "uvicorn",
        },
    ),
}
BLOCKS = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A source file with its dotted name."""

    name: str
    path: Path
    tree: ast.Module
    text: str

    @property
    def shown(self) -> str:
        return self.path.relative_to(ROOT).as_posix()


@cache
def modules() -> dict[str, Module]:
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            text = path.read_text(encoding="utf-8")
            found[name] = Module(name, path, ast.parse(text), text)
    return found


def imports(module: Module) -> Iterator[tuple[str, int]]:
    """Every module that is imported while running, with the line; lazy imports count too."""
    for node in _outside_type_checking(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            # "from bot import settings" imports a module, "from bot.x import f" a name in one.
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in modules() else node.module, node.lineno


def _outside_type_checking(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _outside_type_checking(child)


def within(name: str, parts: set[str] | tuple[str, ...]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def part_of(name: str) -> str | None:
    """The row of ALLOWED for a module: the longest that fits."""
    fitting = [part for part in ALLOWED if within(name, (part,))]
    return max(fitting, key=len, default=None)


def trespasses(module: Module) -> Iterator[str]:
    """What a module imports from beyond its walls."""
    part = part_of(module.name)
    if part is None:
        yield f"{module.shown}: add its folder to ALLOWED in this test"
        return
    own, libraries = ALLOWED[part]
    for target, line in imports(module):
        top = target.partition(".")[0]
        if top in FOLDERS:
            fine = within(target, own) and not within(target, ROOTS)
        else:
            fine = top in libraries or top in sys.stdlib_module_names
        if not fine:
            yield f"{module.shown}:{line}: {part} may not import {target}"


def test_every_import_stays_within_the_walls() -> None:
    walled = [m for m in modules().values() if not within(m.name, ROOTS) and m.name != "adapters"]
    found = [line for module in walled for line in trespasses(module)]
    assert not found, "\n".join(found)


def test_a_trespass_is_told_with_its_file_and_line() -> None:
    path = ROOT / "content" / "made_up.py"
    text = "import json\nimport sqlalchemy\nfrom storage import urls\nfrom bot.domain import deck\n"
    found = list(trespasses(Module("content.made_up", path, ast.parse(text), text)))
    assert found == [
        "content/made_up.py:2: content may not import sqlalchemy",
        "content/made_up.py:3: content may not import storage.urls",
    ]


def test_every_adapter_has_its_row_in_the_walls() -> None:
    folders = [p.parent.name for p in (ROOT / "adapters").glob("*/__init__.py")]
    assert {f"adapters.{name}" for name in folders} <= set(ALLOWED)


def test_modules_do_not_import_each_other_in_circles() -> None:
    graph = {
        name: {target for target, _ in imports(module) if target in modules()} - {name}
        for name, module in modules().items()
    }
    assert not circle(graph), " -> ".join(circle(graph))


def test_packages_do_not_import_each_other_in_circles() -> None:
    packages = {m.name for m in modules().values() if m.path.name == "__init__.py"}
    leaves = {p for p in packages if not any(other.startswith(f"{p}.") for other in packages)}

    def home(name: str) -> str:
        # A module that lies beside packages, such as bot.settings, stands for itself.
        return next((leaf for leaf in leaves if within(name, (leaf,))), name)

    graph: dict[str, set[str]] = {}
    for name, module in modules().items():
        targets = {home(target) for target, _ in imports(module) if target in modules()}
        graph.setdefault(home(name), set()).update(targets - {home(name)})
    assert not circle(graph), " -> ".join(circle(graph))


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Some circle of a graph, its first name repeated at the end; empty if there is none."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for target in sorted(graph.get(name, ())):
            if found := walk(target, [*path, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


def test_a_circle_is_found_and_its_absence_too() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def sources() -> list[Module]:
    """The project's own files and its tests."""
    paths = [ROOT / "start.py", *sorted((ROOT / "tests").rglob("*.py"))]
    texts = [(path, path.read_text(encoding="utf-8")) for path in paths]
    return [*modules().values(), *(Module(p.stem, p, ast.parse(t), t) for p, t in texts)]


def functions() -> Iterator[tuple[str, Function]]:
    for module in sources():
        for node in ast.walk(module.tree):
            if isinstance(node, FUNCTIONS):
                yield f"{module.shown}:{node.lineno} {node.name}", node


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def depth(node: ast.AST) -> int:
    """How deep blocks are nested; an elif goes no deeper, an inner function starts anew."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            continue
        chained = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        step = 1 if isinstance(child, BLOCKS) and not chained else 0
        deepest = max(deepest, step + depth(child))
    return deepest


def test_files_are_short() -> None:
    long = {m.shown: m.text.count("\n") for m in sources() if m.text.count("\n") > MOST_FILE_LINES}
    assert not long, f"more than {MOST_FILE_LINES} lines: {long}"


def test_functions_are_short() -> None:
    lengths = {where: length(function) for where, function in functions()}
    long = {where: lines for where, lines in lengths.items() if lines > MOST_FUNCTION_LINES}
    assert not long, f"more than {MOST_FUNCTION_LINES} lines: {long}"
    in_order = sorted(lengths.values())
    assert in_order[int(len(in_order) * 0.95)] <= USUAL_FUNCTION_LINES


def test_functions_are_not_nested_deeply() -> None:
    deep = {where: depth(function) for where, function in functions() if depth(function) > DEEPEST}
    assert not deep, f"more than {DEEPEST} blocks deep: {deep}"


@pytest.mark.parametrize(
    ("body", "levels"),
    [
        ("if a:\n  pass\n elif b:\n  pass\n else:\n  pass", 1),
        ("for a in b:\n  with c:\n   pass", 2),
        ("def g():\n  if a:\n   pass", 0),
    ],
)
def test_depth_counts_blocks_as_a_reader_does(body: str, levels: int) -> None:
    assert depth(ast.parse(f"def f():\n {body}").body[0]) == levels


def test_nothing_is_left_to_do_in_a_comment() -> None:
    marks = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]))
    found = [m.shown for m in sources() if marks.search(m.text)]
    assert not found, f"do it or open an issue: {found}"


def test_tests_fake_servers_and_never_mock_objects() -> None:
    mocks = {"unittest.mock", "mock", "pytest_mock"}
    found = [
        f"{module.shown}:{line}"
        for module in sources()
        for target, line in imports(module)
        if within(target, mocks)
    ]
    assert not found, f"fake the other side's server instead: {found}"


def project_files() -> list[Path]:
    """Every file under version control; without git, every file that isn't hidden."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode == 0 and done.stdout:
        return [ROOT / name for name in done.stdout.split("\0") if name]
    files = (p for p in ROOT.rglob("*") if p.is_file())
    return [p for p in files if not any(s[0] == "." for s in p.relative_to(ROOT).parts[:-1])]


def test_no_file_names_a_package_registry_or_somebodys_machine() -> None:
    # In pieces, so that this file doesn't hold them.
    hosts = ["pypi" + ".org", "python" + "hosted", "npm" + "js", "docker" + ".io", "ghcr" + ".io"]
    paths = [rf"(?<![\w.]){folder}/" for folder in ("/wo" + "rk", "/tm" + "p", "/ro" + "ot")]
    marks = re.compile("|".join([*map(re.escape, hosts), *paths, r"/home/\w", "--index" + "-url"]))
    found = []
    for path in project_files():
        text = path.read_text(encoding="utf-8", errors="ignore") if path.is_file() else ""
        for number, line in enumerate(text.splitlines(), start=1):
            if match := marks.search(line):
                found.append(f"{path.relative_to(ROOT).as_posix()}:{number}: {match.group()}")
    assert not found, "\n".join(found)
