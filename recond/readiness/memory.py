"""RAM: which reading is judged, and what to buy where it is not enough.

Why: the modules say what is installed; the kernel sees less, because the firmware and the built-in
graphics reserve some. Judged is the sum of the modules; without it, what the kernel sees, raised to
the size that modules can make. A total that no modules make (9 or 17 GB) is never reported. Sizes
are binary here: a module of "4 GB" holds 4 GiB (JEDEC JESD100B.01).
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.model import Known, Memory, MemoryModule, Message, Reading, Unknown, Why
from recond.readiness.logic import Fact

GIB = 1 << 30
MIB = 1 << 20

NOMINAL_BYTES = tuple(
    quarter * GIB // 4
    for quarter in (
        1,
        2,
        3,
        4,
        5,
        6,
        8,
        10,
        12,
        16,
        20,
        24,
        32,
        40,
        48,
        64,
        80,
        96,
        128,
        160,
        192,
        256,
        384,
        512,
        768,
        1024,
        1536,
        2048,
        4096,
        8192,
    )
)
"""Totals that modules make, from 256 MiB to 2 TiB."""

RESERVED_SHARE = 8
"""The kernel may see up to an eighth less than is installed (firmware, built-in graphics)."""

MODULES_GIB: dict[str, tuple[int, ...]] = {
    "DDR": (1,),
    "DDR2": (1, 2, 4),
    "DDR3": (2, 4, 8),
    "DDR4": (4, 8, 16, 32),
    "DDR5": (8, 16, 32, 48),
}
"""Sizes of modules that are sold, by generation (JESD79 series, unbuffered)."""
ANY_MODULES_GIB = (1, 2, 4, 8, 16, 32)

# two modules in two slots cost more than one of the same sum; replaced ones more than added ones
ADD_COST, REPLACE_COST = 100, 160


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What to do about too little memory; `possible` is None where that is not known."""

    possible: bool | None
    remedy: Message
    cost: int


def nominal_bytes(visible_bytes: int) -> int:
    """The installed size that what the kernel sees comes from, or what it sees where none fits."""
    for size in NOMINAL_BYTES:
        if size >= visible_bytes:
            return size if visible_bytes >= size - size // RESERVED_SHARE else visible_bytes
    return visible_bytes


def ram(memory: Memory) -> Fact:
    """The memory to judge, in bytes, and the reading that it comes from."""
    installed, visible = memory.installed_bytes, memory.visible_bytes
    seen = visible.value if isinstance(visible, Known) else 0
    # firmware that tells of less than the kernel can use is wrong
    if isinstance(installed, Known) and installed.value > 0 and seen <= installed.value:
        return Known(installed.value, installed.source)
    if isinstance(visible, Known) and visible.value > 0:
        return Known(nominal_bytes(visible.value), visible.source)
    if isinstance(visible, Unknown) and isinstance(installed, Unknown):
        return installed
    # a total of nothing is firmware that does not know: nobody computes without memory
    return Unknown(Why.UNPARSABLE, "0")


def upgrade(memory: Memory, have_bytes: int, need_bytes: int) -> Upgrade:
    """How to come from `have_bytes` to at least `need_bytes`, at the least cost."""
    missing = need_bytes - have_bytes
    most = _known(memory.maximum_bytes)
    if most is not None and have_bytes <= most < need_bytes:
        return Upgrade(False, Message.of("readiness.remedy.ram_maximum", most_ram_bytes=most), 0)
    free, total = _known(memory.slots_free), _known(memory.slots_total)
    soldered = memory.soldered.value if isinstance(memory.soldered, Known) else None
    cost = ADD_COST + missing // GIB
    if free is None and soldered:
        remedy = Message.of("readiness.remedy.ram_soldered_slots", add_ram_bytes=missing)
        return Upgrade(None, remedy, cost)
    if free is None:
        # modules that are not soldered can be changed, whatever the slots
        remedy = Message.of("readiness.remedy.ram_slots_unknown", add_ram_bytes=missing)
        return Upgrade(True if soldered is False else None, remedy, cost)
    limit = most // total if most and total else None
    found = _add(memory, missing, free or 0, limit) or _replace(
        memory, have_bytes, need_bytes, limit
    )
    if found is not None:
        return found
    if soldered and free == 0:
        return Upgrade(False, Message.of("readiness.remedy.ram_soldered"), 0)
    remedy = Message.of("readiness.remedy.ram_modules_unknown", need_ram_bytes=need_bytes)
    return Upgrade(None, remedy, REPLACE_COST)


def _add(memory: Memory, missing: int, free: int, limit: int | None) -> Upgrade | None:
    kind, form = kind_and_form(memory)
    for count in range(1, min(free, 4) + 1):
        for gib in MODULES_GIB.get(_generation(kind), ANY_MODULES_GIB):
            size = gib * GIB
            if size * count < missing or (limit is not None and size > limit):
                continue
            remedy = Message.of(
                "readiness.remedy.ram_add",
                n=free,
                count=count,
                module_ram_bytes=size,
                total_ram_bytes=size * count,
                kind=_wanted_kind(kind, form),
            )
            if count > 1:
                remedy = Message("readiness.remedy.ram_add_several", remedy.args)
            return Upgrade(True, remedy, ADD_COST + gib * count + 5 * (count - 1))
    return None


def _replace(memory: Memory, have: int, need: int, limit: int | None) -> Upgrade | None:
    """Take out the smallest modules first; soldered ones stay."""
    if isinstance(memory.modules, Unknown):
        return None
    kind, form = kind_and_form(memory)
    sizes = sorted(
        module.size_bytes.value
        for module in memory.modules.value
        if isinstance(module.size_bytes, Known) and not _is_soldered(module)
    )
    for count in range(1, len(sizes) + 1):
        out = sum(sizes[:count])
        for gib in MODULES_GIB.get(_generation(kind), ANY_MODULES_GIB):
            size = gib * GIB
            if have - out + size * count < need or (limit is not None and size > limit):
                continue
            remedy = Message.of(
                "readiness.remedy.ram_replace",
                n=count,
                out_ram_bytes=out,
                module_ram_bytes=size,
                kind=_wanted_kind(kind, form),
            )
            return Upgrade(True, remedy, REPLACE_COST + gib * count)
    return None


def kind_and_form(memory: Memory) -> tuple[str, str]:
    """DDR4 and SODIMM, from the modules that are not soldered; empty where they do not say."""
    modules = () if isinstance(memory.modules, Unknown) else memory.modules.value
    loose = [module for module in modules if not _is_soldered(module)]
    kinds = {_text(module.kind) for module in loose or modules} - {""}
    forms = {_text(module.form) for module in loose} - {""}
    kind = kinds.pop() if len(kinds) == 1 else ""
    if kind.startswith("LPDDR"):
        kind = ""  # soldered by nature: a slot beside it takes another kind
    return kind, forms.pop() if len(forms) == 1 else ""


def _wanted_kind(kind: str, form: str) -> str:
    return f"{kind} {form}".strip() if kind else "@readiness.word.memory"


def _generation(kind: str) -> str:
    return kind.upper().removesuffix(" SDRAM").removesuffix("L")


def _is_soldered(module: MemoryModule) -> bool:
    form, kind = _text(module.form).casefold(), _text(module.kind).upper()
    return kind.startswith("LPDDR") or any(
        word in form for word in ("row of chips", "soldered", "chip", "on board")
    )


def _text(reading: Reading[str]) -> str:
    return reading.value if isinstance(reading, Known) else ""


def _known(reading: Reading[int]) -> int | None:
    return reading.value if isinstance(reading, Known) else None
