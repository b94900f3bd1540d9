"""The ledger: an edit, a cut, a gap, a fork and a torn line, each told from the other."""

from __future__ import annotations

import hashlib
import json
import random

import pytest

from recond.certify.ledger import (
    LedgerReading,
    ledger_line,
    opening_line,
    position_after,
    position_fault,
    read_ledger,
)
from recond.certify.merkle import Tree, is_consistent, is_included
from recond.codec import canonical_bytes
from recond.errors import RecordInvalid
from tests.certify.journals import base_seed


def ledger(count: int, name: str = "bench-1") -> bytes:
    """A ledger of one opening line and `count` certificates."""
    raw = opening_line(name, "2026-11-24T08:00:00.000Z")
    for number in range(count):
        raw += ledger_line(
            read_ledger(raw),
            f"2026-11-24T09:00:{number:02}.000Z",
            "issued",
            {"record_id": f"run-{number}", "record_sha256": "ab" * 32},
        )
    return raw


def codes(raw: bytes) -> list[tuple[str, int]]:
    return [(one.code, int(dict(one.args)["line"])) for one in read_ledger(raw).problems]


def rechained(lines: list[bytes]) -> bytes:
    """What a forger leaves: numbers and chain made anew."""
    raw, prev = b"", "0" * 64
    for number, line in enumerate(lines):
        anew = canonical_bytes({**json.loads(line), "seq": number, "prev": prev})
        prev = hashlib.sha256(anew).hexdigest()
        raw += anew + b"\n"
    return raw


def test_a_true_ledger_has_no_fault() -> None:
    reading = read_ledger(ledger(5))
    assert reading.problems == ()
    assert not reading.torn
    assert reading.ledger_id == "bench-1"
    assert position_after(reading).number == 7
    assert [entry["kind"] for entry in reading.entries] == ["open"] + ["issued"] * 5


def test_every_changed_bit_is_found() -> None:
    raw, seed = ledger(3), base_seed()
    draw = random.Random(seed)
    for _ in range(300):
        at = draw.randrange(len(raw) - 1)
        broken = bytearray(raw)
        broken[at] ^= 1 << draw.randrange(8)
        reading = read_ledger(bytes(broken))
        changed = reading.problems or reading.torn or len(reading.lines) != 4
        last_line = at > raw.rfind(b"\n", 0, len(raw) - 1)
        # nothing stands behind the last line: its change shows in the certificate it names
        assert changed or last_line, f"RECOND_SEED={seed}, byte {at}"


def test_faults_are_told_apart() -> None:
    lines = ledger(5).splitlines()

    def joined(*some: bytes) -> bytes:
        return b"".join(line + b"\n" for line in some)

    edited = lines[2].replace(b"run-1", b"run-X")
    assert codes(joined(*lines[:2], edited, *lines[3:])) == [("certify.ledger.chain", 4)]
    assert codes(joined(*lines[:2], *lines[3:])) == [("certify.ledger.line", 3)]
    assert codes(joined(*lines[1:])) == [("certify.ledger.line", 1)]
    swapped = [*lines[:2], lines[3], lines[2], *lines[4:]]
    assert codes(joined(*swapped)) == [("certify.ledger.line", 3)]
    assert codes(rechained([*lines[:2], lines[4], lines[3]])) == [("certify.ledger.time", 4)]
    assert codes(b"nonsense\n") == [("certify.ledger.line", 1)]
    assert codes(joined(lines[0] + b" ")) == [("certify.ledger.line", 1)]
    assert read_ledger(b"").lines == ()


def test_a_torn_last_line_is_a_power_cut_and_nothing_else_is() -> None:
    raw = ledger(3)
    for cut in range(1, 60):
        reading = read_ledger(raw[:-cut])
        assert reading.torn
        assert reading.problems == ()
        assert len(reading.lines) == 3


def test_a_cut_a_fork_and_another_ledger_show_in_the_records_position() -> None:
    whole = read_ledger(ledger(5))
    positions = [position_after(read_ledger(ledger(n))) for n in range(5)]
    assert [position_fault(whole, one) for one in positions] == [None] * 5
    cut = read_ledger(ledger(2))
    assert [position_fault(cut, one) for one in positions] == [
        None,
        None,
        "certify.ledger.cut",
        "certify.ledger.cut",
        "certify.ledger.cut",
    ]
    other = read_ledger(ledger(5, "bench-2"))
    assert position_fault(other, positions[1]) == "certify.ledger.other"
    lines = ledger(5).splitlines()
    forked = read_ledger(rechained([lines[0], lines[1].replace(b"run-0", b"run-9"), *lines[2:]]))
    assert forked.problems == (), "the forger made the chain anew"
    assert position_fault(forked, positions[0]) is None, "what stands before it is unchanged"
    assert position_fault(forked, positions[3]) == "certify.ledger.fork"
    gap = read_ledger(rechained([*lines[:2], *lines[3:]]))
    assert gap.problems == ()
    assert position_fault(gap, positions[4]) in ("certify.ledger.fork", "certify.ledger.cut")


def test_positions_that_no_ledger_has_are_faults() -> None:
    from dataclasses import replace

    whole = read_ledger(ledger(5))
    true = position_after(read_ledger(ledger(3)))
    for size, number in ((-1, 0), (0, 0), (3, 5), (4, 4), (4, -5), (2**52, 2**52 + 1)):
        assert position_fault(whole, replace(true, size=size, number=number)) is not None
    assert position_fault(whole, replace(true, head="ab" * 32)) == "certify.ledger.fork"


def test_the_ledgers_time_does_not_go_back() -> None:
    with pytest.raises(RecordInvalid, match="clock"):
        ledger_line(read_ledger(ledger(1)), "2026-11-24T08:30:00.000Z", "issued", {})


# RFC 6962 has no vectors; these are of the first implementations, as many logs repeat them
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def test_the_root_is_that_of_the_known_trees() -> None:
    assert Tree.of([]).root() == hashlib.sha256(b"").hexdigest()
    for size, root in enumerate(ROOTS, 1):
        assert Tree.of(LEAVES[:size]).root() == root


def test_an_inclusion_proof_holds_for_its_line_and_no_other() -> None:
    lines = [b"line %d" % n for n in range(23)]
    for size in range(1, len(lines) + 1):
        root = Tree.of(lines[:size]).root()
        for index in range(size):
            proof = Tree.of(lines[:size]).inclusion(index)
            assert is_included(lines[index], index, size, proof, root)
            assert not is_included(b"other", index, size, proof, root)
            assert not is_included(lines[index], size, size, proof, root)
            assert not is_included(lines[index], index, size, (*proof, "00" * 32), root)
            if size > 1:
                assert not is_included(lines[index], (index + 1) % size, size, proof, root)
                assert not is_included(lines[index], index, size, proof[:-1], root)


def test_readings_compare_by_content() -> None:
    assert read_ledger(ledger(2)) == read_ledger(ledger(2))
    assert isinstance(read_ledger(b"\n"), LedgerReading)


def test_a_consistency_proof_holds_for_its_two_trees_and_no_others() -> None:
    lines = [b"line %d" % n for n in range(20)]
    roots = [Tree.of(lines[:size]).root() for size in range(len(lines) + 1)]
    for size in range(1, len(lines) + 1):
        for before in range(1, size + 1):
            proof = Tree.of(lines[:size]).consistency(before)
            old, new = roots[before], roots[size]
            assert is_consistent(before, old, size, new, proof)
            assert not is_consistent(0, roots[0], size, new, ())
            if before == size:
                assert not is_consistent(before, old, size, new, (old,))
                continue
            assert not is_consistent(before, roots[before - 1], size, new, proof)
            assert not is_consistent(before, old, size, roots[size - 1], proof)
            assert not is_consistent(before, old, size, new, proof[:-1])
            assert not is_consistent(before, old, size, new, (*proof, old))
            assert not is_consistent(before + 1, old, size, new, proof)
            for at, step in enumerate(proof):
                other = step[:-1] + ("0" if step[-1] != "0" else "1")
                bent = (*proof[:at], other, *proof[at + 1 :])
                assert not is_consistent(before, old, size, new, bent)
                spelt = (*proof[:at], step.upper(), *proof[at + 1 :])
                assert step == step.upper() or not is_consistent(before, old, size, new, spelt)


def test_the_consistency_proof_is_that_of_the_known_trees() -> None:
    """The example of RFC 9162 2.1.5: seven leaves, from three, four and six of them."""

    def node(first: int, last: int) -> str:
        return Tree.of([b"d%d" % n for n in range(first, last)]).root()

    lines = [b"d%d" % n for n in range(7)]
    assert Tree.of(lines).consistency(3) == (node(2, 3), node(3, 4), node(0, 2), node(4, 7))
    assert Tree.of(lines).consistency(4) == (node(4, 7),)
    assert Tree.of(lines).consistency(6) == (node(4, 6), node(6, 7), node(0, 4))
    assert Tree.of(lines).inclusion(0) == (node(1, 2), node(2, 4), node(4, 7))
    assert Tree.of(lines).inclusion(6) == (node(4, 6), node(0, 4))
