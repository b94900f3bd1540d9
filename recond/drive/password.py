"""A drive's password that somebody else set: its form, and which ways out the drive itself leaves.

Why by itself: a plan says the ways out, and what opens the drive takes the password. Pure.

Source: ACS-3 4.20 (security level), IDENTIFY word 128.
"""

from __future__ import annotations

from recond.drive.identify import AtaSecurity
from recond.drive.requests import PASSWORD_BYTES
from recond.errors import UsageError
from recond.model import Message

LEAST_WITHHELD_BYTES = 4


def parse_password(typed: str) -> bytes:
    """A typed password as the drive takes it: its bytes and zeros up to 32, as hdparm does.

    Raises `UsageError` for an empty one, one that is too long, and one with a control character.
    """
    raw = typed.encode("utf-8", "surrogateescape")
    if not raw or len(raw) > PASSWORD_BYTES or not typed.isprintable():
        raise UsageError("cli.unlock.form", most=PASSWORD_BYTES)
    return raw.ljust(PASSWORD_BYTES, b"\0")


def withheld_of(password: bytes) -> bytes:
    """What no journal may show: the password, or, where a short one would stand in any answer by
    chance, its whole field.
    """
    short = password.rstrip(b"\0")
    return short if len(short) >= LEAST_WITHHELD_BYTES else password


def ways_out(security: AtaSecurity) -> tuple[Message, ...]:
    """Which ways out a drive with a password has, by what it says itself; none without one."""
    if not security.enabled:
        return ()
    found = [Message("drive.note.locked")]
    if security.frozen:
        found.append(Message("drive.note.locked_frozen"))
    if security.expired:
        found.append(Message("drive.note.locked_expired"))
    level = "maximum" if security.maximum else "high"
    return (*found, Message(f"drive.note.way_out_{level}"))
