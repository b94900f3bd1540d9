"""The kernel's write protection of an eMMC's boot areas: lifted for an erasure, then set again.

Why: Linux shows boot0 and boot1 read-only, because a computer may start from them; their `force_ro`
is a switch that root may turn. The card can be protected besides, until its power goes or for good:
no switch helps then. What was turned is read back: a switch that stays is no permission.

Source: Linux Documentation/driver-api/mmc/mmc-dev-parts.rst (`force_ro`), mmc-dev-attrs.rst;
drivers/mmc/core/block.c (`ro_lock_until_next_power_on`: 1 until power on, 2 for good);
JESD84-B51 7.4.62 (BOOT_WP).
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.census import is_erasable_area
from recond.host.files import Files
from recond.model import Message

FREE, HELD = "0", "1"
_LOCKS = {"1": "wipe.refusal.area_locked", "2": "wipe.refusal.area_locked_for_good"}


@dataclass(frozen=True, slots=True)
class SwitchTurned:
    """A switch that was turned: what it said before and says now; `errno` of a refused writing."""

    node: str
    was: str
    now: str
    errno: int | None


def may_lift(files: Files, name: str) -> bool:
    """Whether the kernel's own protection is all that keeps this area read-only."""
    return (
        is_erasable_area(name)
        and files.read_text(f"/sys/block/{name}/force_ro") == HELD
        and files.read_text(f"/sys/block/{name.partition('boot')[0]}/ro") in (FREE, "")
    )


def lock_faults(files: Files, path: str) -> tuple[Message, ...]:
    """Why the card itself keeps an area as it is; empty where it does not."""
    name = path.rsplit("/", 1)[-1]
    if not is_erasable_area(name):
        return ()
    code = _LOCKS.get(str(files.read_text(f"/sys/block/{name}/ro_lock_until_next_power_on")))
    return (Message.of(code, path=path),) if code else ()


class WriteSwitch:
    """The switches of this computer (or of a tree of files that stands for one)."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def lift(self, path: str) -> SwitchTurned | None:
        """Allow writing; None for a disk that has no such switch, or whose switch allows it."""
        name = path.rsplit("/", 1)[-1]
        said = self._said(name)
        return self._turn(name, said, FREE) if is_erasable_area(name) and said == HELD else None

    def restore(self, turned: SwitchTurned) -> SwitchTurned:
        """Put back what `lift` found."""
        return self._turn(turned.node, self._said(turned.node), turned.was)

    def _said(self, name: str) -> str:
        found = self._files.read_text(f"/sys/block/{name}/force_ro")
        return found if isinstance(found, str) else ""

    def _turn(self, name: str, said: str, to: str) -> SwitchTurned:
        errno = None
        try:
            self._files.at(f"/sys/block/{name}/force_ro").write_text(to, encoding="ascii")
        except OSError as error:
            errno = error.errno or 5
        return SwitchTurned(name, said, self._said(name), errno)
