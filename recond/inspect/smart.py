"""A disk's own account of its health, from `smartctl -j`.

Why: one tool speaks ATA, NVMe and SCSI, through USB bridges too, and gives JSON. Its exit status is
a set of bits (smartctl(8)): a disk may answer well with status 4, so the document decides, not the
status. What a drive does not tell is unknown, and a verdict needs something that was told. Starts
no test (`recond.host.selftest` does) and writes nothing.
"""

from __future__ import annotations

import functools
import re

from recond.data import read_table
from recond.host import Host
from recond.host.process import TIMED_OUT, Completed
from recond.inspect.readings import value_of
from recond.inspect.smart_fields import (
    Document,
    read_counts,
    read_hours,
    read_limits,
    read_self_test,
    read_written,
)
from recond.inspect.smart_wear import is_attribute, read_wear
from recond.model import Health, HealthVerdict, Known, Message, Reading, Unknown, Why

_TIMEOUT_S = 20.0
# exit status bits (smartctl(8), EXIT STATUS)
BIT_COMMAND_LINE, BIT_OPEN, BIT_COMMAND_FAILED = 1 << 0, 1 << 1, 1 << 2
BIT_FAILING, BIT_PREFAIL, BIT_PAST = 1 << 3, 1 << 4, 1 << 5
BIT_ERROR_LOG, BIT_SELF_TEST_LOG = 1 << 6, 1 << 7


def smart_argv(path: str, kind: str | None = None) -> tuple[str, ...]:
    """The command that is run, and recorded in a capture."""
    return ("smartctl", "-j", "-x", *(("-d", kind) if kind else ()), path)


def read_health(host: Host, path: str, kind: str | None = None) -> Health | Unknown:
    """The health of the disk at a path; `Unknown` where it or the tool does not answer.

    `kind` is smartctl's device type where several disks stand behind one path ("megaraid,0").
    """
    done = host.processes.run(smart_argv(path, kind), timeout_s=_TIMEOUT_S)
    health = _judge_run(done)
    if isinstance(health, Unknown) and _wants_bridge(done):
        # most USB bridges speak SAT; smartctl only tries it for those in its list
        bridged = _judge_run(host.processes.run(smart_argv(path, "sat"), timeout_s=_TIMEOUT_S))
        health = health if isinstance(bridged, Unknown) else bridged
    return health


def _judge_run(done: Completed) -> Health | Unknown:
    if done.missing:
        return Unknown(Why.TOOL_MISSING, "smartctl")
    if done.returncode == TIMED_OUT:
        return Unknown(Why.TIMEOUT, "smartctl")
    return parse_smart(done.stdout)


def _wants_bridge(done: Completed) -> bool:
    return b"USB bridge" in done.stdout or b"USB bridge" in done.stderr


def parse_smart(raw: bytes) -> Health | Unknown:
    """Health of one `smartctl -j -x` document; `Unknown` where it tells nothing of a disk."""
    document = Document.of(raw)
    if document is None:
        return Unknown(Why.UNPARSABLE, "smartctl")
    status = document.count("smartctl", "exit_status") or 0
    if not document.has("device") or status & (BIT_COMMAND_LINE | BIT_OPEN):
        return _refusal(document)
    return _judge(document, status)


def _refusal(document: Document) -> Unknown:
    for entry in document.items("smartctl", "messages"):
        text = entry.text("string")
        if text and re.search(r"permission denied", text, re.IGNORECASE):
            return Unknown(Why.DENIED, "smartctl")
        if text:
            # the message may name the device, never more; cut before any serial could follow
            return Unknown(Why.UNSUPPORTED, f"smartctl: {text[:80]}")
    return Unknown(Why.UNSUPPORTED, "smartctl")


def _judge(document: Document, status: int) -> Health:
    reallocated, pending, uncorrectable = read_counts(document)
    wear = read_wear(document)
    temperature, limit = read_limits(document)
    worn: list[Message] = []
    failing: list[Message] = _own_alarms(document, status)
    counted = (
        ("reallocated", reallocated),
        ("pending", pending),
        ("uncorrectable", uncorrectable),
        ("wear_percent", wear),
    )
    for name, reading in counted:
        value = value_of(reading)
        if value is None:
            continue
        limits = _limits()[name]
        message = Message.of(f"inspect.health.{name}", n=value)
        if value >= _failing_from(name, reading, limits):
            failing.append(message)
        elif value >= limits["worn"]:
            worn.append(message)
    if status & BIT_PAST and not failing:
        worn.append(Message.of("inspect.health.past"))
    return Health(
        verdict=_verdict(document, failing, worn, [r for _, r in counted]),
        reasons=(*failing, *worn),
        power_on_hours=read_hours(document),
        reallocated=reallocated,
        pending=pending,
        uncorrectable=uncorrectable,
        wear_percent=wear,
        written_bytes=read_written(document),
        temperature_c=temperature,
        temperature_limit_c=limit,
        self_test=read_self_test(document)[0],
        life_left_percent=_left(wear),
    )


def _failing_from(name: str, reading: Reading[int], limits: dict[str, int]) -> int:
    """The figure from which on a disk fails: an attribute that is used up cannot count further."""
    if name == "wear_percent" and is_attribute(reading):
        return limits["failing_attribute"]
    return limits["failing"]


def _left(wear: Reading[int]) -> Reading[int]:
    """Share of the rated endurance that is left; none where more than all is used."""
    return Known(max(0, 100 - wear.value), wear.source) if isinstance(wear, Known) else wear


def _own_alarms(document: Document, status: int) -> list[Message]:
    """What the drive itself calls a failure."""
    alarms = []
    if document.flag("smart_status", "passed") is False or status & BIT_FAILING:
        alarms.append(Message.of("inspect.health.status"))
    if status & BIT_PREFAIL:
        alarms.append(Message.of("inspect.health.prefail"))
    # NVM Express base 2.0 figure 207, Critical Warning; bit 1 is only the temperature
    warning = document.count("nvme_smart_health_information_log", "critical_warning") or 0
    for bit, word in ((0, "spare"), (2, "degraded"), (3, "read_only"), (4, "backup")):
        if warning & 1 << bit:
            alarms.append(Message.of(f"inspect.health.nvme_{word}"))
    if read_self_test(document)[1] is False:
        alarms.append(Message.of("inspect.health.self_test"))
    return alarms


def _verdict(
    document: Document, failing: list[Message], worn: list[Message], counted: list[Reading[int]]
) -> Reading[HealthVerdict]:
    if failing:
        return Known(HealthVerdict.FAILING, "smartctl")
    if worn:
        return Known(HealthVerdict.WORN, "smartctl")
    told = document.flag("smart_status", "passed") is not None
    if told or any(isinstance(reading, Known) for reading in counted):
        return Known(HealthVerdict.OK, "smartctl")
    return Unknown(Why.UNSUPPORTED, "smartctl: smart_status")


@functools.cache
def _limits() -> dict[str, dict[str, int]]:
    return read_table("health.toml")
