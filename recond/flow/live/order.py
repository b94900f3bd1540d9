"""What a live system is told to do: recond.toml's [stick] and [wifi], and the kernel's parameters.

Why: a volunteer edits one file on the stick, a network boot has its kernel line; the line wins. An
erasure that nobody watches needs two words, `unattended` and `all` (the computer's own disks) or
`all+usb` (what is plugged in from outside too): one of them alone, or a word that is not known,
asks a person. Pure but for the error it raises.

    recond.lot=LOT recond.mode=guided|unattended recond.erase=all|all+usb recond.end=wait|poweroff
    recond.lang=fr|en recond.keyboard=LAYOUT
    recond.stick=SERIAL (here only: the medium whose settings and keys count)
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field, replace

from recond.documents import read_toml
from recond.errors import UsageError
from recond.flow.configkeys import FAULT_CODES, faults_of, fits, keys_of

STICK = "stick"
_SERIAL = re.compile(r"[^\x00-\x1f\x7f]{1,128}")
_ON_THE_LINE = {"lang": "language"}
LOCALES = {"fr": "fr_FR.UTF-8", "en": "en_GB.UTF-8"}


@dataclass(frozen=True, slots=True)
class StickOrder:
    """How this live system works. `unattended` says that all disks are erased unasked."""

    language: str = "fr"
    keyboard: str = "fr"
    lot: str = ""
    mode: str = "guided"
    erase: str = ""
    end: str = "wait"
    wifi_name: str = ""
    wifi_password: str = field(default="", repr=False)

    @property
    def unattended(self) -> bool:
        """Both words were given."""
        return self.mode == "unattended" and self.erase in ("all", "all+usb")

    @property
    def with_a_person(self) -> StickOrder:
        """The same, where a person is asked: nothing is erased unasked."""
        return replace(self, mode=StickOrder().mode, erase="")

    @property
    def takes_usb(self) -> bool:
        """Disks on USB and cards are erased too."""
        return self.erase == "all+usb"


def read_order(settings: str, file: str, command_line: str) -> StickOrder:
    """The order from recond.toml's text (`file` is its name, for errors) and /proc/cmdline's.

    Raises `UsageError` for a mistake in either, naming file and key.
    """
    try:
        raw = read_toml(settings)
    except ValueError as error:
        raise UsageError("cli.config.unreadable", file=file, reason=str(error)) from None
    for fault in faults_of(raw):
        raise UsageError(FAULT_CODES[fault.kind], file=file, key=fault.path)
    words, wifi = dict(raw.get(STICK, {})), raw.get("wifi", {})
    for key, value in _line(command_line).items():
        if key == STICK and _SERIAL.fullmatch(value):
            continue
        name = _ON_THE_LINE.get(key, key)
        known = keys_of(STICK).get(name)
        if known is None or not fits(known, value):
            raise UsageError("cli.config.key", file="/proc/cmdline", key=f"recond.{key}")
        words[name] = value
    return StickOrder(
        **words, wifi_name=wifi.get("name", ""), wifi_password=wifi.get("password", "")
    )


def named_stick(command_line: str) -> str:
    """The serial number of the medium that the kernel's line names; empty where it names none."""
    return _line(command_line).get(STICK, "")


def _line(text: str) -> dict[str, str]:
    """The `recond.KEY=VALUE` of a kernel line; quotes as the kernel takes them (parse_args)."""
    found = {}
    for match in re.finditer(r'(?:^|\s)"?recond\.(\w+)=("([^"]*)"|([^"\s]*))', text):
        found[match[1]] = match[3] if match[3] is not None else match[4]
    return found


def environment(order: StickOrder, out: str, unfinished: int) -> str:
    """What the consoles and services read: shell words, one assignment a line."""
    values = {
        "LANG": LOCALES[order.language],
        "RECOND_LOT": order.lot,
        "RECOND_OUT": out,
        "RECOND_MODE": "unattended" if order.unattended else "guided",
        "RECOND_USB": "yes" if order.takes_usb else "",
        "RECOND_END": order.end,
        "RECOND_UNFINISHED": str(unfinished),
    }
    return "".join(f"{key}={shlex.quote(value)}\n" for key, value in values.items())
