"""recond's own source as syntax trees, for the tests that hold the rules of the house."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "recond"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One module: its dotted name, its file, its text and its tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """`wipe` for recond.wipe.plan, `model` for recond.model, `` for recond itself."""
        return room_of(self.name)

    @functools.cached_property
    def imports(self) -> frozenset[str]:
        """Every module that it imports, also inside a function, by its full name."""
        return frozenset(_imports(self))

    @functools.cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of its tree, walked once for all rules."""
        return tuple(ast.walk(self.tree))

    def calls(self) -> Iterator[ast.Call]:
        """Every call in it."""
        return (node for node in self.nodes if isinstance(node, ast.Call))

    def functions(self) -> Iterator[Function]:
        """Every function and method in it, at any depth."""
        return (node for node in self.nodes if isinstance(node, Function))


def room_of(name: str) -> str:
    """The room of a dotted name: `wipe` for recond.wipe.plan, nothing for recond itself."""
    return name.split(".")[1] if "." in name else ""


def shelf_of(name: str) -> str:
    """The shelf of a dotted name: `flow.run` for recond.flow.run.issue and for recond.flow.run."""
    return ".".join(name.split(".")[1:3])


def place_of(name: str) -> str:
    """Where a module stands: its shelf, else itself, for what lies beside the shelves."""
    shelf = shelf_of(name)
    return shelf if (PACKAGE / shelf.replace(".", "/")).is_dir() else name


@functools.cache
def modules() -> tuple[Module, ...]:
    """Every module of recond, by name."""
    return tuple(_read(path) for path in sorted(PACKAGE.rglob("*.py")))


@functools.cache
def module_names() -> frozenset[str]:
    """The dotted names of all modules and packages of recond."""
    return frozenset(module.name for module in modules())


def parse(name: str, text: str) -> Module:
    """A module that stands in no file: what a rule must catch."""
    return Module(name, Path(name), text, ast.parse(text))


def _read(path: Path) -> Module:
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    text = path.read_text(encoding="utf-8")
    return Module(name, path, text, ast.parse(text, str(path)))


def _imports(module: Module) -> Iterator[str]:
    for node in module.nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # `from recond.wipe import guard` names a module, `from recond.model import Disk` not
            base = ("." * node.level) + (node.module or "")
            yield base
            yield from (
                f"{base}.{alias.name}" for alias in node.names if _is_module(f"{base}.{alias.name}")
            )


@functools.cache
def _is_module(name: str) -> bool:
    place = ROOT.joinpath(*name.split("."))
    return name.startswith("recond.") and (
        place.with_suffix(".py").is_file() or place.joinpath("__init__.py").is_file()
    )
