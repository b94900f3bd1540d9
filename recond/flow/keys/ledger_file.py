"""The ledger's file, and hashes beside it: one more line costs the same after a million.

Why: reading, parsing and hashing a hundred thousand lines for each certificate costs more than the
certificate. Two files that may vanish at any time spare it, and neither is evidence:

    .ledger-tree   the hash of each whole subtree, and where its last line ends, in the order of
                   their endings (`certify.merkle.place_of`)
    .ledger-mark   the file as the bench left it, the receipt that it signed then, and which line
                   was the last that put the time back, signed too: no proof leads to that number

What the tree says counts only where it leads to the root of a receipt that this bench's own key
signed; the file must be the one that was left (inode, size, times), its first and last line and
some drawn by chance must be those of the tree. Whatever does not agree is dropped and the file
read from its beginning. Nobody can therefore make a bench sign a root of a ledger it never had;
a line that was changed without a trace in the file's times is found by `verify --ledger`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509

from recond.certify.ledger import (
    CLOCK,
    Ledger,
    LedgerReading,
    ledger_id_of,
    parse_line,
    read_ledger,
)
from recond.certify.merkle import Tree, is_consistent, is_included, node_count, place_of
from recond.certify.receipt import read_receipt
from recond.certify.sign.jws import read_jws, sign_jws
from recond.certify.sign.keys import SigningKey
from recond.codec import canonical_bytes
from recond.documents import read_json
from recond.errors import RecondError
from recond.host.regular import GROWN_BYTES, open_regular, read_regular, write_regular
from recond.host.store import append_line

TREE, MARK = ".ledger-tree", ".ledger-mark"
MARK_SCHEMA = "recond.ledger-mark/2"
MARK_TYPE = "vnd.recond.ledger-mark+json"
DRAWN_LINES = 8
_NODE = struct.Struct(">Q32s")


class _Disagrees(Exception):
    """The tree is not that of the file. Never leaves this module."""


_UNFIT = (_Disagrees, OSError)


@dataclass(slots=True)
class StoredLedger:
    """A ledger of which only what is asked is read. Every answer leads to the signed root.

    `root_of_all` is that of a receipt that this bench signed, or of lines that were read here.
    """

    file: Path
    tree_file: Path
    size: int
    root_of_all: str
    ledger_id: str = ""
    head: str = ""
    last_time: str = ""
    clock: int = 0
    _whole: LedgerReading | None = field(default=None, compare=False)

    @property
    def tree(self) -> Tree:
        """The kept tree; nothing of it is believed yet."""
        return Tree(self.size, self._hash)

    def _hash(self, level: int, index: int) -> bytes:
        return self._node(level, index)[1]

    def _node(self, level: int, index: int) -> tuple[int, bytes]:
        descriptor = open_regular(self.tree_file, os.O_RDONLY)
        try:
            raw = os.pread(descriptor, _NODE.size, place_of(level, index) * _NODE.size)
        finally:
            os.close(descriptor)
        if len(raw) != _NODE.size:
            raise _Disagrees
        end, found = _NODE.unpack(raw)
        return end, found

    def end(self, index: int) -> int:
        """Where the line at `index` ends in the file, its line feed included, as the tree says."""
        return self._node(0, index)[0]

    def sought(self, index: int) -> bytes:
        """The line at `index`, shown to be the signed one. Raises `_Disagrees`, `OSError`."""
        begin, end = self.end(index - 1) if index else 0, self.end(index)
        if not begin < end <= self.file.stat().st_size:
            raise _Disagrees
        with os.fdopen(open_regular(self.file, os.O_RDONLY), "rb") as stream:
            stream.seek(begin)
            raw = stream.read(end - begin)
        line = raw[:-1]
        path = self.tree.inclusion(index)
        if raw[-1:] != b"\n" or not is_included(line, index, self.size, path, self.root_of_all):
            raise _Disagrees
        return line

    def _read(self) -> LedgerReading:
        """The file from its beginning: what counts where the tree did not hold."""
        if self._whole is None:
            self._whole = read_ledger(read_regular(self.file, GROWN_BYTES))
        return self._whole

    def clock_before(self, size: int) -> int:
        """The last of the first `size` lines that put the time back (from 1); 0 for none."""
        if self._whole is None and size <= self.size and self.clock <= size:
            return self.clock
        return self._read().clock_before(size)

    def line(self, index: int) -> bytes:
        """The line at `index` (from 0); empty where the file has none any more."""
        if self._whole is None:
            with contextlib.suppress(_Disagrees, OSError):
                return self.sought(index)
        whole = self._read()
        return whole.lines[index] if index < whole.size else b""

    def root(self, size: int) -> str:
        """The root of the first `size` lines; empty where the file has fewer."""
        if size == self.size:
            return self.root_of_all
        if self._whole is None:
            with contextlib.suppress(_Disagrees, OSError):
                found, proof = self.tree.root(size), self.tree.consistency(size)
                if is_consistent(size, found, self.size, self.root_of_all, proof):
                    return found
        whole = self._read()
        return whole.root(size) if size <= whole.size else ""

    def inclusion(self, index: int) -> tuple[str, ...]:
        """The audit path of the line at `index`; it leads to `root_of_all`, or is empty."""
        if self._whole is None:
            with contextlib.suppress(_Disagrees, OSError):
                self.sought(index)
                return self.tree.inclusion(index)
        whole = self._read()
        return whole.inclusion(index) if whole.size == self.size else ()

    def consistency(self, before: int) -> tuple[str, ...]:
        """That the first `before` lines are the beginning of all; it leads there, or is empty."""
        if self._whole is None:
            with contextlib.suppress(_Disagrees, OSError):
                found, proof = self.tree.root(before), self.tree.consistency(before)
                if is_consistent(before, found, self.size, self.root_of_all, proof):
                    return proof
        whole = self._read()
        return whole.consistency(before) if whole.size == self.size else ()


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """The ledger of a state folder. `open` may be called by anybody, the rest with its lock held.

    Methods raise `OSError` for the ledger itself; for what lies beside it, never.
    """

    file: Path

    @property
    def tree_file(self) -> Path:
        """The subtrees' hashes."""
        return self.file.with_name(TREE)

    @property
    def mark_file(self) -> Path:
        """What the file was when it was left, and the receipt of then."""
        return self.file.with_name(MARK)

    def read(self) -> LedgerReading:
        """The whole file, read and checked."""
        return read_ledger(read_regular(self.file, GROWN_BYTES) if self.file.exists() else b"")

    def open(self, own: Iterable[x509.Certificate]) -> StoredLedger | LedgerReading:
        """The ledger as it stands: by its tree where that holds, else read whole.

        `own` are the certificates of this bench's keys, whose receipts count.
        """
        try:
            return self._stored(tuple(own))
        except (*_UNFIT, RecondError, ValueError, TypeError, KeyError, AttributeError):
            return self.read()

    def _stored(self, own: tuple[x509.Certificate, ...]) -> StoredLedger:
        mark = read_json(read_regular(self.mark_file))
        if mark["schema"] != MARK_SCHEMA or mark["file"] != self._stamp():
            raise _Disagrees
        signed = read_jws(mark["receipt"].encode("ascii"))
        if signed.chain[0] not in own or not signed.holds:
            raise _Disagrees
        receipt = read_receipt(signed)
        found = StoredLedger(self.file, self.tree_file, receipt.size, receipt.root)
        found.clock = _clock_of(found, mark, own)
        self._look(found, receipt.ledger_id)
        return found

    def _look(self, found: StoredLedger, ledger_id: str) -> None:
        """Hold the tree to the file: its ends, some lines by chance. Raises `_Disagrees`."""
        last = found.size - 1
        if last < 0:
            raise _Disagrees
        if found.tree.root() != found.root_of_all or found.end(last) != self.file.stat().st_size:
            raise _Disagrees
        for _ in range(DRAWN_LINES):
            found.sought(secrets.randbelow(found.size))
        first, line = parse_line(found.sought(0)), found.sought(last)
        entry = parse_line(line)
        if first is None or entry is None or entry["seq"] != last:
            raise _Disagrees
        if ledger_id_of(first) != ledger_id:
            raise _Disagrees
        found.ledger_id, found.last_time = ledger_id, str(entry["time"])
        found.head = hashlib.sha256(line).hexdigest()

    def _stamp(self) -> list[int]:
        """What changes with every change of the file, and with a copy of it."""
        found = self.file.stat()
        return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]

    def check_writable(self) -> None:
        """Whether a line could be written behind the last one. Raises `OSError`."""
        if self.file.exists():
            os.close(open_regular(self.file, os.O_RDWR | os.O_APPEND))

    def append(self, ledger: StoredLedger | LedgerReading, line: bytes) -> Ledger:
        """Write the next line (with its line feed): the ledger with it. The file comes first."""
        append_line(self.file, line)
        try:
            return self._grown(ledger, line)
        except (_Disagrees, OSError):
            return self.read()

    def _grown(self, ledger: StoredLedger | LedgerReading, line: bytes) -> StoredLedger:
        kept = ledger if isinstance(ledger, StoredLedger) else self._rebuilt(ledger)
        end = kept.end(kept.size - 1) + len(line)
        hashes = list(kept.tree.grown_by(line[:-1]))
        with os.fdopen(open_regular(self.tree_file, os.O_RDWR), "r+b") as stream:
            stream.seek(node_count(kept.size) * _NODE.size)
            stream.write(b"".join(_NODE.pack(end, one) for one in hashes))
            stream.truncate()
        size = kept.size + 1
        tree = Tree(size, kept._hash)
        root, proof = tree.root(), tree.consistency(kept.size)
        grown = StoredLedger(self.file, self.tree_file, size, root)
        stepped = (parse_line(line[:-1]) or {}).get("kind") == CLOCK
        grown.clock = size if stepped else ledger.clock_before(ledger.size)
        if not is_consistent(kept.size, kept.root_of_all, size, root, proof):
            raise _Disagrees
        self._look(grown, ledger.ledger_id)
        return grown

    def _rebuilt(self, reading: LedgerReading) -> StoredLedger:
        """The tree of lines that were read and checked, in a new file."""
        temporary = self.tree_file.with_name(f"{TREE}.new")
        write_regular(temporary, b"".join(_nodes(reading)))
        temporary.replace(self.tree_file)
        root = reading.root(reading.size)
        return StoredLedger(self.file, self.tree_file, reading.size, root, reading.ledger_id)

    def mark(self, ledger: Ledger, receipt: bytes, signing: SigningKey) -> None:
        """Note how the file was left, with the receipt of all its lines. A full disk or a token
        that is gone is no harm: without the note the file is read whole.
        """
        if not isinstance(ledger, StoredLedger):
            return
        with contextlib.suppress(_Disagrees, OSError, ValueError, RecondError):
            stamp = self._stamp()
            if stamp[1] != ledger.end(ledger.size - 1):
                return  # somebody who does not ask for the lock wrote behind our line
            # not the canonical form: its numbers end before times in nanoseconds do
            note = {
                "schema": MARK_SCHEMA,
                "file": stamp,
                "receipt": receipt.decode("ascii"),
                "clock": sign_jws(_clock_word(ledger.clock, receipt), signing, MARK_TYPE).decode(),
            }
            temporary = self.mark_file.with_name(f"{MARK}.new")
            write_regular(temporary, json.dumps(note).encode("ascii"))
            temporary.replace(self.mark_file)


def _clock_word(number: int, receipt: bytes) -> bytes:
    """What is signed of the last line that put the time back, as the ledger of a receipt stands."""
    told = hashlib.sha256(receipt).hexdigest()
    return canonical_bytes({"schema": MARK_SCHEMA, "clock": number, "receipt_sha256": told})


def _clock_of(ledger: StoredLedger, mark: dict[str, Any], own: tuple[x509.Certificate, ...]) -> int:
    """What the bench signed of the last line that put the time back. Raises `_Disagrees`."""
    signed = read_jws(mark["clock"].encode("ascii"))
    if signed.content_type != MARK_TYPE or signed.chain[0] not in own or not signed.holds:
        raise _Disagrees
    number = read_json(signed.payload)["clock"]
    if type(number) is not int or not 0 <= number <= ledger.size:
        raise _Disagrees
    if _clock_word(number, mark["receipt"].encode("ascii")) != signed.payload:
        raise _Disagrees
    if number and (parse_line(ledger.sought(number - 1)) or {}).get("kind") != CLOCK:
        raise _Disagrees
    return number


def _nodes(reading: LedgerReading) -> Iterator[bytes]:
    """Every node of a ledger's tree as it is kept."""
    end = 0
    for index, line in enumerate(reading.lines):
        end += len(line) + 1
        for level in range(((index + 1) & -(index + 1)).bit_length()):
            yield _NODE.pack(end, reading.tree.node(level, index >> level))
