"""The overwriting methods: data of `recond/data/methods.toml` become the fills of each pass.

Why: methods differ only in what each pass writes; they are not code. Old methods are offered
because contracts name them, and are called obsolete. Pure, apart from reading the package's file.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import tomllib
from dataclasses import dataclass
from importlib import resources

from recond.erasure import Fill, FillKind
from recond.errors import UsageError

DEFAULT = "nist-clear"
FLASH = "flash-clear"
OBSOLETE_BEFORE = 2014


@dataclass(frozen=True, slots=True)
class Method:
    """One method: the passes as written in the data file, where it comes from."""

    name: str
    passes: tuple[str, ...]
    source: str
    year: int

    @property
    def obsolete(self) -> bool:
        """Whether the method is offered only because contracts name it."""
        return self.year < OBSOLETE_BEFORE


@functools.cache
def all_methods() -> dict[str, Method]:
    """Every method by its name, in the data file's order."""
    raw = resources.files("recond.data").joinpath("methods.toml").read_text(encoding="utf-8")
    return {
        name: Method(name, tuple(entry["passes"]), entry["source"], entry["year"])
        for name, entry in tomllib.loads(raw).items()
    }


def find_method(name: str) -> Method:
    """The method of that name. Raises `UsageError` with the names that exist."""
    methods = all_methods()
    if name not in methods:
        raise UsageError("wipe.method.unknown", name=name, known=", ".join(methods))
    return methods[name]


def plan_fills(method: Method, seed: bytes) -> tuple[Fill, ...]:
    """What each pass writes. `seed` (32 bytes) makes the keys and drawn bytes: one plan, one
    content, so that a pass can be continued and compared after a restart, on another machine too.
    """
    fills: list[Fill] = []
    for index, word in enumerate(method.passes):
        fills.append(_fill(word, index, seed, fills))
    return tuple(fills)


def derive(seed: bytes, label: str, index: int) -> bytes:
    """32 bytes bound to a use and a step: SHA-256 over a label, the index and the seed."""
    return hashlib.sha256(b"recond/1 %s %d\0" % (label.encode(), index) + seed).digest()


def _fill(word: str, index: int, seed: bytes, before: list[Fill]) -> Fill:
    if word == "random":
        return Fill(FillKind.XTS, derive(seed, "xts", index).hex())
    if word == "char":
        return Fill(FillKind.CONSTANT, derive(seed, "char", index)[:1].hex())
    if word == "~":
        inverted = bytes(byte ^ 0xFF for byte in bytes.fromhex(before[-1].hex))
        return Fill(FillKind.CONSTANT, inverted.hex(), complement_of=index - 1)
    return Fill(FillKind.CONSTANT, {"zero": "00", "one": "ff"}.get(word, word))


def has_complement_pair(fills: tuple[Fill, ...]) -> bool:
    """Whether some pass is the complement of the one before it (what flash needs for clear)."""
    constants = [bytes.fromhex(f.hex) if f.kind is FillKind.CONSTANT else None for f in fills]
    return any(
        one is not None
        and two is not None
        and len(one) == len(two)
        and all(a ^ b == 0xFF for a, b in zip(one, two, strict=True))
        for one, two in itertools.pairwise(constants)
    )
