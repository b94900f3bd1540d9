"""A live system's first moments: whose settings and keys it takes, and what it starts by itself.

Why: any card may be called RECOND, a donor's too, and one that gives orders could have everything
erased unasked and carry the workshop's key away. So settings and keys come from the medium that
this start came from, from the network that it came over, or from a medium whose serial number a
person gave: on the kernel's line (`recond.stick=SERIAL`) or at the console (`ask`). Of two that fit
none counts. Who answers at the console is there: then nothing is ever erased unasked.
"""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import replace
from pathlib import Path

from recond.codec import canonical_bytes
from recond.errors import RecondError
from recond.flow.deliver.settings import FILE as DESTINATIONS
from recond.flow.live.mirror import form_fault, restore, unfinished_here
from recond.flow.live.order import StickOrder, environment, named_stick, read_order
from recond.flow.live.stick import (
    Live,
    StickState,
    StickStatus,
    lang,
    note_media,
    note_unlabelled,
    read_status,
    save_stamps,
    save_status,
)
from recond.flow.live.wifi import profile
from recond.host import Host
from recond.host.diskid import read_strings
from recond.host.reason import os_reason
from recond.host.regular import read_regular
from recond.host.stick_mount import CAME_FROM, Partition, find_partitions, mounted, plugging
from recond.host.store import write_whole
from recond.host.terminal import read_line, write_line
from recond.locale import say
from recond.model import Message
from recond.workshop import MOST_FILE_BYTES

SETTINGS = "recond.toml"
LOGO = "logo.png"
"""The name that a logo has on a stick, where recond.toml names one."""
MOST_BYTES = 1 << 20
LEAST_TYPED = 4
"""How much of a serial number is typed, in characters: as for a disk that is erased."""


def boot(host: Host, live: Live) -> StickOrder:
    """Everything that happens before the first screen. A mistake in the settings is a notice, and
    then a person is asked: never an unattended erasure on half-read orders.

    Nothing is done a second time in one start, and the order given back then starts nothing: the
    service is begun anew after a crash of `keep`, when erasures have long been writing here.
    """
    if live.booted.exists():
        return StickOrder()
    live.run.mkdir(parents=True, exist_ok=True)
    line = _text(host.files.at("/proc/cmdline"))
    with contextlib.suppress(OSError):
        note_unlabelled(host, live)
    notices = list(_take_named(host, live, named_stick(line)))
    with contextlib.suppress(OSError):
        note_media(host, live)
    found = find_partitions(host.files)
    own = next((one for one in found if one.own), None)
    if own is not None and not notices:
        notices += _take(own, host, live)
    whole = not notices  # the medium whose orders count was there, and was read
    notices += _others(host, found)
    take_settings(live.run / "given", live)
    try:
        order = read_order(_text(live.settings), SETTINGS, line)
        order = order if whole else order.with_a_person
    except RecondError as error:
        order, notices = StickOrder(), [*notices, error.message]
    _write_environment(order, live)
    with contextlib.suppress(OSError):
        save_status(
            live,
            StickStatus(StickState.SAVED if found else StickState.ABSENT, notices=tuple(notices)),
        )
    _apply(order, host, live)
    return order


def _take_named(host: Host, live: Live, serial: str) -> tuple[Message, ...]:
    """Make the medium that the kernel's line names this start's own; a notice where none, or more
    than one, bears that serial: then no medium gives orders.
    """
    if not serial:
        return ()
    disks = {one.disk for one in find_partitions(host.files) if _serial(host, one.disk) == serial}
    if len(disks) != 1 or not _name(host, live, *disks):
        return (Message.of("stick.named_absent", serial=serial, n=len(disks)),)
    return ()


def _name(host: Host, live: Live, disk: str) -> bool:
    """Write down that a person named this disk; False where the kernel does not number it."""
    number = plugging(host.files, disk)
    if number:
        write_whole(live.run / Path(CAME_FROM).name, number.encode())
    return bool(number)


def _take(own: Partition, host: Host, live: Live) -> tuple[Message, ...]:
    """Settings and keys of a medium that may give them."""
    try:
        with mounted(
            host.processes, host.files, own, write=False, place=live.run / "stick"
        ) as stick:
            if (fault := form_fault(stick)) is not None:
                return (fault,)
            take_settings(stick, live)
            mirror = restore(stick, live.places, disks_here(host))
            save_stamps(live, mirror, own)
    except OSError as error:
        return (Message.of("stick.unreadable", reason=os_reason(error)),)
    return ()


def _others(host: Host, found: tuple[Partition, ...]) -> tuple[Message, ...]:
    """What is said of the media whose word does not count."""
    code = "stick.other" if any(one.own for one in found) else "stick.unconfirmed"
    disks = dict.fromkeys(one.disk for one in found if not one.own)
    return tuple(Message.of(code, name=_shown(host, disk)) for disk in disks)


def _serial(host: Host, disk: str) -> str:
    return read_strings(host.files, disk).serial or ""


def _shown(host: Host, disk: str) -> str:
    """A medium as its label on the outside tells it: model and serial number."""
    words = read_strings(host.files, disk)
    return " ".join(word for word in (words.vendor, words.model, words.serial) if word) or disk


def take_settings(folder: Path, live: Live) -> None:
    """recond.toml, logo and destinations.toml of a folder; what is not there stays as it was.

    A logo that cannot be taken keeps nothing else back: whoever erases is told so before it begins.
    """
    targets = ((SETTINGS, live.settings), (DESTINATIONS, live.places.state / DESTINATIONS))
    for name, target in targets:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            write_whole(target, read_regular(folder / name, MOST_BYTES), mode=0o600)
    with contextlib.suppress(OSError):
        logo = read_regular(folder / LOGO, MOST_FILE_BYTES)
        write_whole(live.settings.parent / LOGO, logo, mode=0o600)


def disks_here(host: Host) -> frozenset[str]:
    """The serials and WWNs of this computer's disks."""
    found = [read_strings(host.files, name) for name in host.files.list("/sys/block")]
    return frozenset(word for one in found for word in (one.serial, one.wwn) if word)


def _write_environment(order: StickOrder, live: Live) -> None:
    text = environment(order, str(live.places.out), unfinished_here(live.places))
    write_whole(live.environment, text.encode())


def read_environment(live: Live) -> dict[str, str]:
    """What `boot` or `ask` said the consoles' environment is; empty where neither came so far."""
    words = shlex.split(_text(live.environment))
    return dict(word.split("=", 1) for word in words if "=" in word)


def _apply(order: StickOrder, host: Host, live: Live) -> None:
    _set_up(order, host, live)
    # before the run is started, not after: a start that is missed is seen, one too many erases
    write_whole(live.booted, b"")
    if order.unattended:
        host.processes.run(("systemctl", "start", "--no-block", "recond-unattended"))


def _set_up(order: StickOrder, host: Host, live: Live) -> None:
    """Keyboard and Wi-Fi."""
    if order.keyboard != StickOrder().keyboard:
        write_whole(live.keyboard, f'XKBMODEL="pc105"\nXKBLAYOUT="{order.keyboard}"\n'.encode())
        host.processes.run(("setupcon", "--keyboard-only", "--force"))
    if order.wifi_name:
        name, content = profile(order.wifi_name, order.wifi_password)
        write_whole(live.wifi / name, content, mode=0o600)
        host.processes.run(("systemctl", "start", "--no-block", "iwd"))


# --- ask -------------------------------------------------------------------------------------


def ask(host: Host, live: Live) -> None:
    """On a console: which of the media called RECOND, none of them known as this start's own, is
    the workshop's. Its settings and keys are taken; the order is a person's from then on.
    """
    found = find_partitions(host.files)
    if not found or any(one.own for one in found):
        return
    for disk in dict.fromkeys(one.disk for one in found):
        write_line(say(lang(), Message.of("stick.candidate", name=_shown(host, disk))))
    typed = _compared(read_line(say(lang(), Message.of("stick.which", n=LEAST_TYPED)) + " "))
    if not typed:
        return
    fits = [one for one in found if _is_end(typed, _compared(_serial(host, one.disk)))]
    if len({one.disk for one in fits}) != 1 or not _name(host, live, fits[0].disk):
        write_line(say(lang(), Message("stick.no_match")))
        return
    _take_asked(replace(fits[0], own=True), host, live)


def _compared(typed: str) -> str:
    return "".join(typed.split()).casefold()


def _is_end(typed: str, serial: str) -> bool:
    return len(typed) >= min(LEAST_TYPED, len(serial)) > 0 and serial.endswith(typed)


def _take_asked(chosen: Partition, host: Host, live: Live) -> None:
    with contextlib.suppress(OSError):
        note_media(host, live)
    notices = _take(chosen, host, live)
    try:
        read = read_order(_text(live.settings), SETTINGS, _text(host.files.at("/proc/cmdline")))
    except RecondError as error:
        read, notices = StickOrder(), (*notices, error.message)
    order = read.with_a_person
    _write_environment(order, live)
    _set_up(order, host, live)
    status = read_status(live) or StickStatus(StickState.SAVED)
    with contextlib.suppress(OSError):
        write_whole(live.status, canonical_bytes(replace(status, notices=notices)))
    for message in notices or (Message.of("stick.taken", name=_shown(host, chosen.disk)),):
        write_line(say(lang(), message))


def _text(path: Path) -> str:
    try:
        return read_regular(path, MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
