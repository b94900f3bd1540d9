"""The Merkle tree of a list that only grows: roots, and the proofs that lead to them.

Why: what one more line costs must not depend on how many stand before it. The hash of a whole
subtree never changes once its last leaf is there, so a tree that keeps those answers for any
beginning of the list from a few dozen of them. They are kept in the order in which they come to be
(`place_of`), so that a file of them only grows too. Pure.

Source: RFC 6962 2.1, RFC 9162 2.1.3 and 2.1.4 (Merkle tree hash, inclusion, consistency).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

_HASH = re.compile(r"[0-9a-f]{64}")
EMPTY = hashlib.sha256(b"").hexdigest()


def leaf_hash(line: bytes) -> bytes:
    """A line's hash (RFC 6962 2.1)."""
    return hashlib.sha256(b"\0" + line).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def node_count(leaves: int) -> int:
    """How many whole subtrees a list of so many leaves has, each leaf being one."""
    return 2 * leaves - leaves.bit_count()


def place_of(level: int, index: int) -> int:
    """Where the `index`th subtree of `2 ** level` leaves stands, in the order of their endings."""
    after = (index + 1) << level  # leaves when it was ended
    return node_count(after) - (after & -after).bit_length() + level


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree of `size` leaves. `node` gives the hash of a whole subtree by (level, index)."""

    size: int
    node: Callable[[int, int], bytes]

    @classmethod
    def of(cls, lines: Iterable[bytes]) -> Tree:
        """The tree of lines, in memory."""
        nodes: list[bytes] = []
        size = 0
        for line in lines:
            nodes += cls(size, _listed(nodes)).grown_by(line)
            size += 1
        return cls(size, _listed(nodes))

    def grown_by(self, line: bytes) -> Iterator[bytes]:
        """The hashes of the subtrees that one more line ends, in their order."""
        found, level, index = leaf_hash(line), 0, self.size
        yield found
        while index & 1:
            found = _node(self.node(level, index - 1), found)
            level, index = level + 1, index >> 1
            yield found

    def root(self, size: int | None = None) -> str:
        """The root, in hex, of the first `size` leaves (of all)."""
        size = self.size if size is None else size
        return self._hash(0, size).hex() if size else EMPTY

    def inclusion(self, index: int) -> tuple[str, ...]:
        """The audit path of leaf `index` (from 0): hashes in hex, from the leaf up."""
        return tuple(one.hex() for one in self._inclusion(index, 0, self.size))

    def consistency(self, before: int) -> tuple[str, ...]:
        """That the first `before` leaves (at least one) are the beginning: hashes in hex."""
        return tuple(one.hex() for one in self._subproof(before, 0, self.size, whole=True))

    def _hash(self, first: int, end: int) -> bytes:
        """The hash of leaves `first` to `end`; `first` is a multiple of their power of two."""
        count = end - first
        if count & (count - 1) == 0:
            return self.node(count.bit_length() - 1, first // count)
        split = first + (1 << count.bit_length() - 1)
        return _node(self._hash(first, split), self._hash(split, end))

    def _inclusion(self, index: int, first: int, end: int) -> Iterator[bytes]:
        if end - first <= 1:
            return
        split = first + (1 << (end - first - 1).bit_length() - 1)
        if index < split:
            yield from self._inclusion(index, first, split)
            yield self._hash(split, end)
        else:
            yield from self._inclusion(index, split, end)
            yield self._hash(first, split)

    def _subproof(self, before: int, first: int, end: int, *, whole: bool) -> Iterator[bytes]:
        if before == end:
            if not whole:
                yield self._hash(first, end)
            return
        split = first + (1 << (end - first - 1).bit_length() - 1)
        if before <= split:
            yield from self._subproof(before, first, split, whole=whole)
            yield self._hash(split, end)
        else:
            yield from self._subproof(before, split, end, whole=False)
            yield self._hash(first, split)


def _listed(nodes: list[bytes]) -> Callable[[int, int], bytes]:
    return lambda level, index: nodes[place_of(level, index)]


def is_included(line: bytes, index: int, size: int, proof: Sequence[str], root: str) -> bool:
    """Whether the audit path leads from the line to the root (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, found = index, size - 1, leaf_hash(line)
    for step in proof:
        other = _bytes(step)
        if last == 0 or other is None:
            return False
        if first & 1 or first == last:
            found = _node(other, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = _node(found, other)
        first, last = first >> 1, last >> 1
    return last == 0 and found.hex() == root


def is_consistent(before: int, old_root: str, size: int, root: str, proof: Sequence[str]) -> bool:
    """Whether a tree of `size` lines begins with that of `before` lines (RFC 9162 2.1.4.2)."""
    if not 0 < before <= size:
        return False
    if before == size:
        return not proof and old_root == root
    steps = [_bytes(step) for step in ((old_root, *proof) if before & (before - 1) == 0 else proof)]
    first, last = before - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old = new = steps[0] if steps else None
    for step in steps[1:]:
        if step is None or old is None or new is None or last == 0:
            return False
        if first & 1 or first == last:
            old, new = _node(step, old), _node(step, new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new = _node(new, step)
        first, last = first >> 1, last >> 1
    return (
        last == 0
        and old is not None
        and new is not None
        and (old.hex(), new.hex()) == (old_root, root)
    )


def _bytes(text: str) -> bytes | None:
    """32 bytes from their one hex form; None for anything else."""
    return bytes.fromhex(text) if _HASH.fullmatch(text) else None
