"""Who else still rules over a computer: passwords, tracking, enrolment, encryption.

Why: the first question of a gift. What its former owner can lock at a distance is of use to nobody,
however clean its disks are. Here stands which kinds there are and which of them hold a computer up;
`recond.inspect.locks` reads them. What cannot be told is a question for a person, never "none".
Pure.
"""

from __future__ import annotations

from recond.model import Known, Lock, Machine, Message, Unknown

KINDS = (
    "start-password",
    "setup-password",
    "disk-password",
    "opal",
    "absolute",
    "firmware-program",
    "autopilot",
    "amt",
    "activation",
    "enrolment",
    "encryption",
)
"""In the order in which they are told."""

HARMLESS = frozenset({"encryption", "firmware-program"})
"""Worth knowing, no reason to give a computer back: the erasure takes encryption away with the
data, and most programs that a firmware carries are its maker's own.
"""


def found_locks(machine: Machine) -> tuple[Lock, ...]:
    """What was found, the harmless ones too."""
    return tuple(one for one in machine.locks if isinstance(one.found, Known) and one.found.value)


def holding_locks(machine: Machine) -> tuple[Lock, ...]:
    """What was found and keeps the computer from being passed on."""
    return tuple(one for one in found_locks(machine) if one.kind not in HARMLESS)


def open_locks(machine: Machine) -> tuple[Lock, ...]:
    """What cannot be told from here: each is a question with a place to look."""
    return tuple(one for one in machine.locks if isinstance(one.found, Unknown))


def lock_message(lock: Lock) -> Message:
    """What it is and where, in few words."""
    kind = lock.kind if lock.kind in KINDS else "other"  # a younger recond's record
    if not lock.where:
        return Message.of(f"inspect.lock.{kind}")
    if not lock.name:
        return Message.of("inspect.lock.one", lock=f"@inspect.lock.{kind}", path=lock.where)
    return Message.of(
        "inspect.lock.named", lock=f"@inspect.lock.{kind}", name=lock.name, path=lock.where
    )


def lock_word(lock: Lock) -> Message:
    """One word for it, for a line that names several."""
    return Message.of(f"inspect.lock.short.{lock.kind if lock.kind in KINDS else 'other'}")


def lock_question(lock: Lock, machine: Machine) -> Message:
    """What a person is to look at or to ask, where it cannot be told from here."""
    kind = lock.kind if lock.kind in KINDS else "other"
    serial = machine.system.serial
    told = serial.value if isinstance(serial, Known) else "—"
    return Message.of(f"inspect.lock.ask.{kind}", serial=told)
