"""The kernel's write protection of an eMMC's boot areas: lifted for an erasure, then set again.

Why: Linux shows boot0 and boot1 read-only, because a computer may start from them; their `force_ro`
is a switch that root may turn. A general-purpose partition is shown writable: there a switch that
is set is somebody's word, as on a disk, and stays. The card can be protected besides, until its
power goes or for good: no switch helps then. What was turned is read back: a switch that stays is
no permission.

Source: Linux Documentation/driver-api/mmc/mmc-dev-parts.rst (`force_ro`), mmc-dev-attrs.rst;
drivers/mmc/core/block.c (`ro_lock_until_next_power_on`: 1 until power on, 2 for good), mmc.c
(`mmc_part_add`: boot areas are added read-only, general-purpose ones are not); JESD84-B51 7.4.62
(BOOT_WP: boot areas only; a general-purpose partition is protected by groups, of which no file
tells: there writing fails).
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.census import disk_of_area, is_boot_area, is_erasable_area
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
        is_boot_area(name)
        and files.read_text(f"/sys/block/{name}/force_ro") == HELD
        and files.read_text(f"/sys/block/{disk_of_area(name)}/ro") in (FREE, "")
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

    def held(self, path: str) -> SwitchTurned | None:
        """What would be lifted; None for a disk that has no such switch, or whose switch allows
        writing.
        """
        name = path.rsplit("/", 1)[-1]
        said = self._said(name)
        return SwitchTurned(name, said, said, None) if is_boot_area(name) and said == HELD else None

    def lift(self, held: SwitchTurned) -> SwitchTurned:
        """Allow writing."""
        return self._turn(held.node, held.was, FREE)

    def left_open(self, path: str) -> SwitchTurned | None:
        """A boot area whose switch allows writing already: what puts it back to read-only, for a
        session that a kill ended between lifting and restoring. None for all else.
        """
        name = path.rsplit("/", 1)[-1]
        said = self._said(name)
        return SwitchTurned(name, HELD, said, None) if is_boot_area(name) and said == FREE else None

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
