"""A tar archive that somebody else made, read in bounded room and time.

Why: the standard library's reader follows what a header says. A size below zero sends it round for
ever, a long name is read whatever its length, headers of headers exhaust the stack, a list of holes
takes minutes. Here each header is 512 bytes, costs the same, and says one of the few things that a
capture needs: a file, a folder, a link. Devices, pipes and hard links are passed over; an archive
with holes (`tar --sparse`) is refused. Pure; opens and writes nothing.

Sources: POSIX.1-2017 pax, "ustar Interchange Format" and "pax Header Block"; GNU tar manual, "Basic
Tar Format" (base-256 sizes, long names).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

BLOCK_BYTES = 512
NAME_BYTES = 4096
"""Linux's PATH_MAX: what is longer could not have been read."""
EXTENSION_BYTES = 64 << 10
MOST_EXTENSIONS = 8
"""Headers before one member: a long name, a long target, a pax header, and room."""
_FILES, _LINK, _FOLDER, _SPARSE = frozenset((0, ord("0"), ord("7"))), ord("2"), ord("5"), ord("S")
_LONG_NAME, _LONG_TARGET, _PAX, _GLOBAL = ord("L"), ord("K"), ord("x"), ord("g")
_EXTENSIONS = frozenset((_LONG_NAME, _LONG_TARGET, _PAX, _GLOBAL))
_OCTAL = re.compile(rb" *([0-7]+)[ \0]*")
_LENGTH = re.compile(rb"([1-9]\d{0,5}) ")


class BadTar(ValueError):
    """The bytes are no tar archive that a capture could be."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file (its bytes), a folder (None) or a link (its target)."""

    name: str
    content: bytes | str | None


def read_tar(raw: bytes) -> Iterator[Member]:
    """The members in order. Raises `BadTar` for what is none, is cut, or has holes."""
    at, told, extensions = 0, dict[bytes, bytes](), 0
    if not raw:
        raise BadTar("empty")
    while at < len(raw):
        head = raw[at : at + BLOCK_BYTES]
        if not head.strip(b"\0"):
            return
        _check(head)
        kind, start = head[156], at + BLOCK_BYTES
        end = start + _number(head[124:136])
        if end > len(raw):
            raise BadTar("cut")
        if kind in _EXTENSIONS:
            extensions += 1
            if end - start > EXTENSION_BYTES or extensions > MOST_EXTENSIONS:
                raise BadTar("a header of headers")
            told |= _told(kind, raw[start:end])
        else:
            member = _member(head, told, raw[start:end])
            if member is not None:
                yield member
            told, extensions = {}, 0
        at = end + -end % BLOCK_BYTES


def _check(head: bytes) -> None:
    """A header's sum, its own field taken as spaces. Raises `BadTar`."""
    if len(head) != BLOCK_BYTES:
        raise BadTar("cut")
    if sum(head) - sum(head[148:156]) + 8 * ord(" ") != _number(head[148:156]):
        raise BadTar("no header")


def _number(field: bytes) -> int:
    """A size: octal digits, or base 256 where the first bit is set. Raises `BadTar` below zero."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    found = _OCTAL.fullmatch(field)
    if found is None:
        if not field.strip(b" \0"):
            return 0
        raise BadTar("no number")
    return int(found[1], 8)


def _told(kind: int, body: bytes) -> dict[bytes, bytes]:
    """What a header before a member says of it: its path, its link's path."""
    if kind == _LONG_NAME:
        return {b"path": body.split(b"\0", 1)[0]}
    if kind == _LONG_TARGET:
        return {b"linkpath": body.split(b"\0", 1)[0]}
    if kind == _GLOBAL:
        return {}
    return {key: value for key, value in _records(body) if key in (b"path", b"linkpath")}


def _records(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The records of a pax header: `length key=value`. Raises `BadTar`."""
    at = 0
    while at < len(body):
        length = _LENGTH.match(body, at)
        end = at + int(length[1]) if length else at
        if length is None or not length.end() < end <= len(body) or body[end - 1 : end] != b"\n":
            raise BadTar("no pax header")
        key, sign, value = body[length.end() : end - 1].partition(b"=")
        if not sign or key == b"size" or key.startswith(b"GNU.sparse"):
            raise BadTar("no plain file")
        yield key, value
        at = end


def _member(head: bytes, told: dict[bytes, bytes], body: bytes) -> Member | None:
    """What the header is of; None for what no capture holds."""
    kind, short = head[156], _text(head[:100])
    if kind == _SPARSE:
        raise BadTar("holes")
    if head[257:262] == b"ustar" and (above := _text(head[345:500])) and head[262:263] == b"\0":
        short = f"{above}/{short}"
    name = _text(told[b"path"]) if b"path" in told else short
    target = _text(told.get(b"linkpath", head[157:257]))
    if kind == _LINK:
        return Member(name, target)
    if kind == _FOLDER or (kind in _FILES and name.endswith("/")):
        return Member(name, None)
    return Member(name, body) if kind in _FILES else None


def _text(field: bytes) -> str:
    found = field.split(b"\0", 1)[0]
    if len(found) > NAME_BYTES:
        raise BadTar("a name without end")
    return found.decode("utf-8", "surrogateescape")
