"""The project's own files, read as trees and as text."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUSE: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = ("bot", "handlers", "storage", "locales", "tests", "benchmarks")
SKIPPED: Final = frozenset({"__pycache__", "build"})


def python_files(*rooms: str) -> list[Path]:
    """Every Python file of the rooms (of all, if none is named)."""
    return sorted(
        path for room in rooms or ROOMS for path in (HOUSE / room).rglob("*.py") if not SKIPPED.intersection(path.parts)
    )


def text_files() -> list[Path]:
    """Every text file that the project publishes."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=HOUSE,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [path for name in listed.split("\0") if name and _is_text(path := HOUSE / name)]


def _is_text(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        path.read_text("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@cache
def tree_of(path: Path) -> ast.Module:
    """A file as Python reads it."""
    return ast.parse(path.read_text("utf-8"), str(path))


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it, and what it takes from packages as if it were modules."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module in {"bot", "handlers", "storage", "locales"}:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            else:
                yield node.module


@dataclass(frozen=True, slots=True)
class Call:
    """A call of ``owner.name(…)``, or of ``name(…)`` with no owner."""

    owner: str
    name: str
    line: int
    node: ast.Call


def calls(path: Path) -> Iterator[Call]:
    """Every call in a file."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(value=ast.Name(id=owner), attr=name):
                    yield Call(owner, name, node.lineno, node)
                case ast.Attribute(attr=name):
                    yield Call("?", name, node.lineno, node)
                case ast.Name(id=name):
                    yield Call("", name, node.lineno, node)


def public_functions(path: Path) -> Iterator[tuple[str, str | None]]:
    """The functions a module gives to others, with their docstrings."""
    for node in tree_of(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield f"{path.relative_to(HOUSE)}:{node.lineno} {node.name}", ast.get_docstring(node)
