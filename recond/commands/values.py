"""Values of options and arguments, made of their words without the framework's own machinery.

Why: typer makes even a path through pydantic, which takes a quarter of the time of a short
command. Texts, paths, numbers and switches need nothing of it; any other kind is left to typer.
"""

from __future__ import annotations

import types
import typing
from pathlib import Path
from typing import Any

_KINDS: dict[Any, Any] = {str: str, Path: Path, int: int, bool: bool}


def give_plain_values(parameter: Any) -> None:
    """Let a parameter of typer make its value by `PlainValue`, where its kind is a plain one."""
    descriptor = getattr(parameter, "type_descriptor", None)
    kind = plain_kind(getattr(descriptor, "annotation", None))
    if kind is not None and getattr(parameter, "_runtime_param", 0) is None:
        parameter._runtime_param = PlainValue(kind)


def plain_kind(annotation: Any) -> Any:
    """str, Path, int or bool of an annotation such as `list[Path] | None` or `tuple[Path, Path]`;
    None for any other.
    """
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        inner = [a for a in typing.get_args(annotation) if a is not type(None)]
        return plain_kind(inner[0]) if len(inner) == 1 else None
    if typing.get_origin(annotation) in (list, tuple):
        kinds = {plain_kind(inner) for inner in typing.get_args(annotation)}
        return kinds.pop() if len(kinds) == 1 else None
    return _KINDS.get(annotation)


class PlainValue:
    """Makes the values of one parameter, or of each of its words."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value of a word, of several, or of none. Raises the framework's usage error."""
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        if param.nargs > 1:
            return tuple(self._one(one, param, ctx) for one in value)
        if not several:
            return self._one(value, param, ctx)
        return [self._one(one, param, ctx) for one in value]

    def _one(self, word: Any, param: Any, ctx: Any) -> Any:
        if isinstance(word, self._kind):
            return word
        if self._kind is bool:
            return str(word).lower() in ("1", "true", "yes", "on")
        try:
            return self._kind(word)
        except ValueError:
            import typer

            raise typer.BadParameter(f"{word}: int", ctx=ctx, param=param) from None
