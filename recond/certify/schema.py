"""The record's form as a JSON Schema, made from the types of a record; other types' too.

Why: the schema is published for readers who do not have recond, and the donor's page holds a record
against it; made from the types, it cannot say something else than they do. Pure.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Set
from enum import Enum
from typing import Any

from recond.custody import CUSTODY_SCHEMA, CustodyEvent
from recond.erasure import RECORD_SCHEMA, WipeRecord
from recond.model import Known, Unknown, Why
from recond.moments import form_of

MAX_INTEGER = 2**53 - 1

_PLAIN: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    str: {"type": "string"},
    int: {"type": "integer", "minimum": -MAX_INTEGER, "maximum": MAX_INTEGER},
}


def build() -> dict[str, Any]:
    """The JSON Schema (2020-12) of record.json."""
    defs: dict[str, Any] = {}
    top = of_type(WipeRecord, defs)
    defs["WipeRecord"]["properties"]["schema"] = {"const": RECORD_SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"recond record ({RECORD_SCHEMA})",
        **top,
        "$defs": dict(sorted(defs.items())),
    }


def with_statements() -> dict[str, Any]:
    """The same with a definition of a custody statement: what the donor's page holds both to."""
    whole = build()
    defs = dict(whole["$defs"])
    of_type(CustodyEvent, defs)
    defs["CustodyEvent"]["properties"]["schema"] = {"const": CUSTODY_SCHEMA}
    return {**whole, "$defs": dict(sorted(defs.items()))}


def text() -> str:
    """The file's content."""
    return json.dumps(build(), ensure_ascii=False, indent=1) + "\n"


def of_type(hint: Any, defs: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type of the model as `codec.to_json` writes it; what it refers to goes into
    `defs`. `object` is any JSON.
    """
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [of_type(one, defs) for one in args]}
    if hint is object:
        return {}
    if origin is dict:
        return {"type": "object", "additionalProperties": of_type(args[1], defs)}
    if origin is Known or hint is Known:
        inner = of_type(args[0], defs) if args else {}
        return object_of({"value": inner, "source": {"type": "string"}})
    if hint is Unknown:
        defs["Unknown"] = object_of(
            {"unknown": {"enum": [one.value for one in Why]}, "detail": {"type": "string"}}
        )
        return {"$ref": "#/$defs/Unknown"}
    if origin is tuple:
        return _tuple(args, defs)
    if hint is type(None):
        return {"type": "null"}
    if hint in (bool, int, str):
        return dict(_PLAIN[hint])
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [one.value for one in hint]}
    return _dataclass(hint, defs)


def _tuple(args: tuple[Any, ...], defs: dict[str, Any]) -> dict[str, Any]:
    if len(args) == 2 and args[1] is Ellipsis:
        inner = typing.get_args(args[0])
        if typing.get_origin(args[0]) is tuple and len(inner) == 2 and inner[0] is str:
            return {"type": "object", "additionalProperties": of_type(inner[1], defs)}
        return {"type": "array", "items": of_type(args[0], defs)}
    return {
        "type": "array",
        "prefixItems": [of_type(one, defs) for one in args],
        "items": False,
        "minItems": len(args),
    }


def _dataclass(cls: Any, defs: dict[str, Any]) -> dict[str, Any]:
    if cls.__name__ not in defs:
        defs[cls.__name__] = {}
        hints = typing.get_type_hints(cls)
        later = {f.name for f in dataclasses.fields(cls) if f.metadata.get("later")}
        defs[cls.__name__] = object_of(
            {
                field.name: _timed(field.name, of_type(hints[field.name], defs))
                for field in dataclasses.fields(cls)
            },
            later,
        )
    return {"$ref": f"#/$defs/{cls.__name__}"}


def _timed(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a field, with the form of a time where its name promises one."""
    form = form_of(name)
    if form is None:
        return schema
    if "anyOf" in schema:
        return {"anyOf": [_timed(name, one) for one in schema["anyOf"]]}
    return {**schema, "format": form} if schema == _PLAIN[str] else schema


def object_of(properties: dict[str, Any], later: Set[str] = frozenset()) -> dict[str, Any]:
    """An object with these keys and no others; those of `later` may be absent."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in later],
        "additionalProperties": False,
    }
