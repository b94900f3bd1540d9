"""The commands of a journal as the rules of proof read them.

Why: one place turns a journal's `command` entry into bytes and numbers. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from recond.erasure import Level
from recond.model import Json, Message


@dataclass(frozen=True, slots=True)
class DriveProof:
    """`faults`: what is missing, empty where it is proven; `highest`: what it allows at most."""

    faults: tuple[Message, ...]
    highest: Level = Level.PURGE


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A `command` entry with its bytes."""

    transport: str
    request: bytes
    data_out: bytes
    answer: bytes
    status: int
    sense: bytes
    errno: int | None


def said_of(data: Mapping[str, Json]) -> CommandEntry:
    """The entry's `data` as bytes (its form was checked by the reader)."""

    def raw(name: str) -> bytes:
        value = data[name]
        return bytes.fromhex(value) if isinstance(value, str) else b""

    status, errno = data["status"], data["errno"]
    return CommandEntry(
        str(data["transport"]),
        raw("request"),
        raw("data_out"),
        raw("answer"),
        status if isinstance(status, int) else -1,
        raw("sense"),
        errno if isinstance(errno, int) else None,
    )


def missing(word: str) -> DriveProof:
    """No proof, for the reason `drive.proof.<word>`."""
    return DriveProof((Message(f"drive.proof.{word}"),), Level.NONE)


def last_place(
    said: list[CommandEntry], test: Callable[[CommandEntry], bool], after: int = -1
) -> int:
    """The place of the last command after a place that passes a test; -1 where there is none."""
    return max((at for at, one in enumerate(said) if at > after and test(one)), default=-1)
