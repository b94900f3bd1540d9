"""The description of what scripts may read, in OpenAPI 3.1, made from the types that are sent.

Why made and not written: a description that is written beside the code says something else after
the next change. Pure.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any

from recond import __version__
from recond.board.reading import DiskLine, RecordLine

_PLAIN: dict[Any, str] = {str: "string", int: "integer", bool: "boolean"}
_HIDDEN = frozenset({"package"})
SLOT: dict[str, Any] = {
    "place": {"type": "string"},
    "state": {"type": "string"},
    "serial": {"type": ["string", "null"]},
    "model": {"type": ["string", "null"]},
    "size_bytes": {"type": ["integer", "null"]},
    "percent": {"type": ["integer", "null"]},
    "left_s": {"type": ["integer", "null"]},
    "run": {"type": ["string", "null"]},
    "certificate": {
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "number": {"type": "integer"},
                    "outcome": {"type": "string"},
                    "trusted": {"type": "boolean"},
                },
                "required": ["number", "outcome", "trusted"],
                "additionalProperties": False,
            },
            {"type": "null"},
        ]
    },
}


def build(address: str) -> dict[str, Any]:
    """The whole description."""
    number = {
        "name": "number",
        "in": "path",
        "required": True,
        "schema": {"type": "integer"},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "recond board", "version": __version__},
        "servers": [{"url": address}],
        "security": [{"token": []}],
        "paths": {
            "/api/v1/records": _get(
                "The newest records, or those that meet every word of q",
                _object({"records": _list("Record"), "next": {"type": ["integer", "null"]}}),
                [_query("q", "string"), _query("before", "integer")],
            ),
            "/api/v1/records/{number}": _get(
                "One record, with the signed record itself", _ref("WholeRecord"), [number]
            ),
            "/api/v1/records/{number}/certificate.pdf": _get(
                "The certificate, byte for byte", None, [number]
            ),
            "/api/v1/room": _get(
                "Every bench as it was last heard; evidence of nothing",
                _object({"benches": _list("Bench")}),
                [],
            ),
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas(),
        },
    }


def schemas() -> dict[str, Any]:
    """Every type that is sent."""
    record = _fields(RecordLine) | {"disks": _list("Disk")}
    bench = {
        "bench": {"type": "string"},
        "seen_at": {"type": ["string", "null"]},
        "slots": {"type": "array", "items": _object(SLOT)},
    }
    return {
        "Disk": _object(_fields(DiskLine)),
        "Record": _object(record),
        "WholeRecord": _object(record | {"record": {"type": "object"}}),
        "Bench": _object(bench),
    }


def _fields(kind: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {
        one.name: _of(hints[one.name])
        for one in dataclasses.fields(kind)
        if one.name not in _HIDDEN
    }


def _of(hint: Any) -> dict[str, Any]:
    if isinstance(hint, types.UnionType):
        return {"type": [_PLAIN.get(one, "null") for one in typing.get_args(hint)]}
    return {"type": _PLAIN.get(hint, "array")}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(name: str) -> dict[str, Any]:
    return {"type": "array", "items": _ref(name)}


def _query(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": kind}}


def _get(summary: str, schema: Any, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    kind = "application/json" if schema else "application/pdf"
    return {
        "get": {
            "summary": summary,
            "parameters": parameters,
            "responses": {
                "200": {"description": summary, "content": {kind: {"schema": schema or {}}}},
                "401": {"description": "no token, or one that is unknown or revoked"},
                "403": {"description": "the token's role may not"},
                "404": {"description": "nothing there"},
            },
        }
    }
