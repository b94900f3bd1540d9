"""`recond test`: which parts are tried, in what order, and how the outcome comes into the record.

Why kept in the state: a part is tried before the disks are erased, by a command of its own. What
was seen holds for this computer, and a start of the computer is the one thing that tells it from
the next one on the bench: after another start there is nothing, and the record says nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from recond.codec import from_json, to_json
from recond.documents import read_json
from recond.errors import FormatError, UsageError
from recond.host import Host
from recond.host.machineinfo import NO_BOOT, read_boot_id
from recond.host.regular import read_regular
from recond.host.state import prepare_state
from recond.host.store import write_whole
from recond.inspect import (
    trial_battery,
    trial_bluetooth,
    trial_camera,
    trial_disks,
    trial_heat,
    trial_keyboard,
    trial_links,
    trial_memory,
    trial_pointer,
    trial_sound,
    trial_usb,
)
from recond.inspect.trial import OnPart, run_trial
from recond.inspect.trial import PartPlan as PartPlan
from recond.model import Outcome, Tried

FILE, SCHEMA = "parts.json", "recond.parts/1"
MOST_BYTES = 1 << 18
_MOMENT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)
MINUTES, MOST_MINUTES = 5, 60
PARTS = (
    *("ethernet", "wifi", "bluetooth", "camera", "sound", "memory", "heat", "disk"),
    *("keyboard", "pointer", "usb", "battery"),
)
"""In the order in which they are tried: the short ones first, those that want a hand last."""


@dataclass(frozen=True, slots=True)
class PartsTested:
    """What was seen. `exit_code` is 3 where a part failed; what could not be told is no failure."""

    tests: tuple[Tried, ...]

    @property
    def exit_code(self) -> int:
        """0 or 3."""
        return 3 if any(one.outcome is Outcome.FAIL for one in self.tests) else 0


def plan_parts(names: tuple[str, ...], minutes: int) -> tuple[PartPlan, ...]:
    """What will be tried, in our order; all for no name. Raises `UsageError`."""
    wrong = [name for name in names if name not in PARTS]
    if wrong:
        raise UsageError("inspect.part.no_such", part=wrong[0], known=", ".join(PARTS))
    if not 1 <= minutes <= MOST_MINUTES:
        raise UsageError("inspect.part.minutes", most=MOST_MINUTES)
    seconds = minutes * 60
    plans = (
        PartPlan("ethernet", trial_links.LINK_S, trial_links.try_ethernet),
        PartPlan("wifi", trial_links.SCAN_S, trial_links.try_wifi),
        PartPlan("bluetooth", trial_bluetooth.ABOUT_S, trial_bluetooth.try_bluetooth),
        PartPlan("camera", trial_camera.ABOUT_S, trial_camera.try_camera),
        PartPlan("sound", trial_sound.ABOUT_S, trial_sound.try_sound_loop),
        PartPlan("memory", trial_memory.ABOUT_S, trial_memory.try_memory),
        PartPlan("heat", seconds, partial(trial_heat.try_heat, seconds=seconds)),
        PartPlan("disk", trial_disks.ABOUT_S, trial_disks.try_disks),
        PartPlan(
            "keyboard",
            trial_keyboard.ABOUT_S,
            trial_keyboard.try_keyboard,
            trial_keyboard.STEP_S,
        ),
        PartPlan("pointer", trial_pointer.ABOUT_S, trial_pointer.try_pointer, trial_pointer.STEP_S),
        PartPlan("usb", trial_usb.ABOUT_S, trial_usb.try_usb),
        PartPlan("battery", seconds, partial(trial_battery.try_battery, seconds=seconds)),
    )
    return tuple(one for one in plans if not names or one.part in names)


def try_parts(plans: tuple[PartPlan, ...], state: Path, host: Host, on_part: OnPart) -> PartsTested:
    """Try them one after the other; each is kept as soon as it is over. Raises `BenchLacks` and
    `OSError` for a state folder that cannot be written, before anything is tried.
    """
    prepare_state(state)
    found: tuple[Tried, ...] = ()
    for plan in plans:
        found += run_trial(host, plan, on_part)
        _keep(state, host, found)
    return PartsTested(found)


def _keep(state: Path, host: Host, fresh: tuple[Tried, ...]) -> None:
    """With what was tried before since this start, each part by its last trial."""
    parts = {one.part for one in fresh}
    kept = (*(one for one in read_parts(state, host) if one.part not in parts), *fresh)
    order = sorted(kept, key=lambda one: (PARTS.index(one.part), one.device))
    told = {"schema": SCHEMA, "boot": read_boot_id(host.files), "tests": to_json(tuple(order))}
    write_whole(state / FILE, json.dumps(told, ensure_ascii=False).encode() + b"\n", mode=0o600)


def read_parts(state: Path, host: Host) -> tuple[Tried, ...]:
    """What was tried since this start of this computer; nothing where the file is not what we
    write, or where no start can be told from another.
    """
    boot = read_boot_id(host.files)
    try:
        told = read_json(read_regular(state / FILE, MOST_BYTES))
        if boot == NO_BOOT or not isinstance(told, dict):
            return ()
        if (told.get("schema"), told.get("boot")) != (SCHEMA, boot):
            return ()
        found = from_json(tuple[Tried, ...], told.get("tests"))
    except (OSError, ValueError, FormatError):
        return ()
    return found if all(map(_is_ours, found)) else ()


def _is_ours(one: Tried) -> bool:
    """Whether a certificate can show it: what cannot be drawn is found when all is erased."""
    ours = one.part in PARTS and one.said.code.startswith("inspect.part.")
    return ours and _MOMENT.fullmatch(one.at) is not None
