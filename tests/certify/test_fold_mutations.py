"""Thousands of changed journals, each with its chain made anew, against a second judge.

`lacks` below is written from docs/journal-format.md alone, entry by entry, without any code of the
fold: a changed journal may count as an erasure only where this judge too finds nothing missing.
What changes nothing (times, speeds, words for people) must not turn a true erasure down either.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import random
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from recond.codec import canonical_bytes
from recond.erasure import Status
from tests.certify.journals import (
    Entries,
    base_seed,
    entries_of,
    fold,
    how_many,
    resumed_journal,
    true_journal,
)

UNIT = 1 << 20

# --- The second judge ------------------------------------------------------------------------


def content(fill: dict[str, Any], offset: int, length: int) -> bytes:
    raw = bytes.fromhex(fill["hex"])
    if fill["kind"] == "constant":
        return (raw * ((offset + length) // len(raw) + 1))[offset : offset + length]
    found = b"".join(stream(raw, unit) for unit in range((offset + length) // UNIT + 1))
    return found[offset : offset + length]


@functools.lru_cache(8)
def stream(key: bytes, unit: int) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.XTS(unit.to_bytes(16, "little"))).encryptor()
    return cipher.update(bytes(UNIT))


def is_all(ranges: list[list[int]], size: int) -> bool:
    at = 0
    for start, length in sorted(ranges):
        if start != at:
            return False
        at += length
    return at == size


def lacks(entries: Entries) -> str | None:
    """What is missing for an erasure by overwriting with a full read-back; None: nothing."""
    of: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for at, entry in enumerate(entries):
        of.setdefault(entry["kind"], []).append((at, entry["data"]))
    try:
        return _lacks(of, len(entries))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        return f"form: {error!r}"


def _lacks(of: dict[str, list[tuple[int, dict[str, Any]]]], count: int) -> str | None:
    plan = of["plan"][0][1]["plan"]
    size, steps = plan["disk"]["size_bytes"], plan["steps"]
    digest = hashlib.sha256(canonical_bytes(plan)).hexdigest()
    starts, ends = of["step_start"], of["step_end"]
    if any(data["digest"] != digest for _, data in of["plan"] + of["confirmation"]):
        return "digest"
    if of["confirmation"][0][0] > starts[0][0] or of["identity"][0][0] > starts[0][0]:
        return "not confirmed or identified first"
    for _, data in of["identity"]:
        same = all(
            data["identity"][name] == plan["disk"][name]
            for name in ("serial", "size_bytes", "logical_block_bytes", "kind")
        )
        if data["differences"] or not same:
            return "another disk"
    if "refused" in of or plan["refusals"]:
        return "refused"
    good = [
        data["step"]
        for _, data in ends
        if data["outcome"] == "done"
        and not data["bad"]
        and data["written"] == size
        and is_all(data["done"], size)
    ]
    if good != list(range(len(steps))) or len(ends) != len(steps) or not steps:
        return "passes"
    last_write = max(
        at
        for at, _ in starts
        + ends
        + [one for one in of.get("retry", []) if one[1]["phase"] == "write"]
    )
    if any(data["phase"] == "write" for _, data in of.get("bad_range", [])):
        return "bad range"
    flushes = [(at, data["errno"]) for at, data in of["flush"] if at > last_write]
    after = [one for one in of["canary"] if one[1]["phase"] == "after" and one[0] > last_write]
    (verify_at, verify), (read_at, read) = of["verify_start"][-1], of["verify_end"][-1]
    if not flushes or flushes[0][0] > min(after[-1][0], verify_at) or any(e for _, e in flushes):
        return "flush"
    fill = steps[-1]["fill"]
    for place in after[-1][1]["places"]:
        length = min(4096, size - place["offset"])
        due = hashlib.sha256(content(fill, place["offset"], length)).hexdigest()
        if length <= 0 or place["sha256"] != due:
            return "canary"
    if len(after[-1][1]["places"]) < 10 or len(of["canary"]) < 2:
        return "canaries"
    if not last_write < verify_at < read_at < of["end"][-1][0] == count - 1:
        return "order"
    if verify["mode"] != "full" or (verify["expects"] or {}).get("hex") != fill["hex"]:
        return "read back something else"
    whole = (
        read["outcome"],
        read["compared"],
        read["mismatch_bytes"],
        read["mismatch"],
        read["unreadable"],
    ) == ("done", size, 0, [], [])
    if not whole or read["ending"] == "mixed":
        return "read back"
    return None if of["end"][-1][1]["outcome"] == "completed" else "end"


# --- Mutations -------------------------------------------------------------------------------

Change = Callable[[random.Random, Entries], None]


def _leaves(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every (container, key) below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        found.append((value, key))
        if isinstance(inner, dict | list):
            _leaves(inner, found)
    return found


def other_value(draw: random.Random, value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return draw.choice((0, -1, value + 1, value - 1, value * 2, value + 512, 2**53 - 1))
    if isinstance(value, str):
        flipped = ("0" if value[:1] != "0" else "1") + value[1:]
        return draw.choice(("", flipped, value + "x", "done", "completed", "full", "expected"))
    if isinstance(value, list):
        return draw.choice(([], value[:-1], value[1:], value * 2, [[0, 512]], value[::-1]))
    return draw.choice((None, 0, "", [], {}))


def change_a_leaf(draw: random.Random, entries: Entries) -> None:
    container, key = draw.choice(_leaves(draw.choice(entries)["data"], []))
    container[key] = other_value(draw, container[key])


def lose_a_field(draw: random.Random, entries: Entries) -> None:
    container, key = draw.choice(_leaves(draw.choice(entries)["data"], []))
    del container[key]


def lose_an_entry(draw: random.Random, entries: Entries) -> None:
    entries.pop(draw.randrange(len(entries)))


def lose_many(draw: random.Random, entries: Entries) -> None:
    at = draw.randrange(len(entries))
    del entries[at : at + draw.randrange(2, 8)]


def repeat_an_entry(draw: random.Random, entries: Entries) -> None:
    entries.insert(draw.randrange(len(entries) + 1), copy.deepcopy(draw.choice(entries)))


def move_an_entry(draw: random.Random, entries: Entries) -> None:
    entry = entries.pop(draw.randrange(len(entries)))
    entries.insert(draw.randrange(len(entries) + 1), entry)


def take_from_another(draw: random.Random, entries: Entries) -> None:
    """An entry of the same kind of another true journal."""
    at = draw.randrange(len(entries))
    others = [
        e
        for e in entries_of(true_journal("hmg-is5-enhanced", name="other.img"))
        if e["kind"] == entries[at]["kind"]
    ]
    if others:
        entries[at] = draw.choice(others)


def splice(draw: random.Random, entries: Entries) -> None:
    """The beginning of this journal and the end of another one."""
    other = entries_of(true_journal("nist-clear", name="other.img"))
    entries[draw.randrange(1, len(entries)) :] = other[draw.randrange(1, len(other)) :]


CHANGES: tuple[Change, ...] = (
    change_a_leaf,
    change_a_leaf,
    change_a_leaf,
    lose_a_field,
    lose_an_entry,
    lose_many,
    repeat_an_entry,
    move_an_entry,
    take_from_another,
    splice,
)


@pytest.mark.parametrize("which", ["whole", "resumed"])
def test_no_changed_journal_is_an_erasure_that_lacks_anything(which: str) -> None:
    seed, erased = base_seed(), 0
    true = entries_of(true_journal() if which == "whole" else resumed_journal())
    assert lacks(true) is None
    for number in range(how_many(200)):
        draw = random.Random(f"{seed} {which} {number}")
        entries = copy.deepcopy(true)
        names = []
        for _ in range(draw.choice((1, 1, 1, 2, 3))):
            change = draw.choice(CHANGES)
            names.append(change.__name__)
            if entries:
                change(draw, entries)
        missing = lacks(entries)
        if fold(entries).result.status is Status.ERASED:
            erased += 1
            assert missing is None, f"RECOND_SEED={seed} {which} {number} {names}: {missing}"
    assert erased, "no change was harmless: the mutations are too coarse to show anything"


HARMLESS = {
    "open": ("software", "boot", "path"),
    "step_end": ("duration_ms", "speed", "retries"),
    "verify_end": ("duration_ms", "speed"),
    "confirmation": ("by", "token"),
}


def test_what_is_no_evidence_turns_no_erasure_down() -> None:
    seed = base_seed()
    draw = random.Random(seed)
    for _ in range(how_many(50)):
        entries = entries_of(true_journal())
        for entry in entries:
            entry["time"] = f"2026-{draw.randrange(1, 13):02}-24T09:08:07.123Z"
            for name in HARMLESS.get(entry["kind"], ()):
                entry["data"][name] = {
                    "by": draw.choice(("typed", "flag", "manifest")),
                    "token": "x",
                    "software": {},
                    "boot": "y",
                    "path": "/dev/z",
                    "duration_ms": draw.randrange(9),
                    "speed": [draw.randrange(9)],
                    "retries": draw.randrange(9),
                }[name]
            entry["data"]["a later field"] = draw.random() < 0.5
        assert fold(entries).result.status is Status.ERASED, f"RECOND_SEED={seed}"
