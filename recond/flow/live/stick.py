"""A live system and its stick: settings from it at the start, results onto it all the time.

Why: called by the image's services and consoles (packaging/image), a word each: `boot` writes down
what the medium is, reads settings and keys, and starts an unattended run where the order says so;
`keep` carries what changed onto the stick until it is stopped; `welcome` says on a console how it
stands; `settled` tells whether no run stands open; `left` whether there is a disk that no
certificate speaks of; `whole` whether the whole computer is erased; `end` waits until nothing is in
memory alone. No trouble with a stick reaches an erasure: recond works in memory and knows nothing
of this module. It touches no other disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path

from recond.codec import canonical_bytes, from_json
from recond.documents import read_json
from recond.errors import FormatError, RecondError
from recond.flow.config import SYSTEM_FILE
from recond.flow.deliver.settings import FILE as DESTINATIONS
from recond.flow.live.mirror import Mirror, Places, restore, unfinished_here
from recond.flow.live.open_runs import RUNNING, is_settled, open_words
from recond.flow.live.order import StickOrder, environment, read_order
from recond.flow.live.remaining import disks_left, is_whole
from recond.host import Host
from recond.host.diskid import read_strings
from recond.host.stick import read_media, write_marker
from recond.host.stick_mount import Partition, find_partition, mounted
from recond.host.store import write_whole
from recond.host.terminal import write_line
from recond.host.usage import live_disks
from recond.locale import Lang, language, say
from recond.model import Message

SETTINGS = "recond.toml"
PLACES = Places(Path("/var/lib/recond"), Path("/srv/recond-out"))
LOOK_S, AGAIN_S, PATIENCE_S = 2.0, 15.0, 90.0


@dataclass(frozen=True, slots=True)
class Live:
    """The folders of a live system; tests give others."""

    run: Path = Path("/run/recond")
    settings: Path = SYSTEM_FILE
    places: Places = PLACES
    wifi: Path = Path("/var/lib/iwd")
    keyboard: Path = Path("/etc/default/keyboard")

    @property
    def status(self) -> Path:
        """How it stands with the stick."""
        return self.run / "status.json"

    @property
    def booted(self) -> Path:
        """There once `boot` has done its work: /run is new at each start of the computer."""
        return self.run / "booted"

    @property
    def stamps(self) -> Path:
        """What the stick holds, for `keep` to go on with after a crash of its own."""
        return self.run / "mirror.json"


@dataclass(frozen=True, slots=True)
class StickStatus:
    """How it stands: `state` is saved, copying, absent, full or unwritable; `unsaved` files are in
    memory only; `notices` are what was wrong with the settings.
    """

    state: str
    unsaved: int = 0
    reason: str = ""
    notices: tuple[Message, ...] = ()

    @property
    def message(self) -> Message:
        """The sentence for it."""
        if self.state == "unwritable":
            return Message.of("stick.unwritable", n=self.unsaved, reason=self.reason)
        return Message.of(f"stick.{self.state}", n=self.unsaved)


def read_status(live: Live) -> StickStatus | None:
    """What `keep` said last; None on a system that is no live one."""
    try:
        return from_json(StickStatus, read_json(live.status.read_bytes()))
    except (OSError, ValueError, FormatError):
        return None


def where_results_are(live: Live) -> StickStatus | None:
    """How it stands with all results up to this moment: `copying` while the stick lacks some of
    them. None on a system that is no live one.
    """
    status = read_status(live)
    if status is None or status.state != "saved":
        return status
    _, mirror = _load_stamps(live)
    left = len(mirror.pending())
    return replace(status, state="copying", unsaved=left) if left else status


# --- boot ------------------------------------------------------------------------------------


def boot(host: Host, live: Live) -> StickOrder:
    """Everything that happens before the first screen. A mistake in the settings is a notice, and
    then a person is asked: never an unattended erasure on half-read orders.

    Nothing is done a second time in one start, and the order given back then starts nothing: the
    service is begun anew after a crash of `keep`, when erasures have long been writing here.
    """
    if live.booted.exists():
        return StickOrder()
    live.run.mkdir(parents=True, exist_ok=True)
    write_marker(read_media(host.files, live_disks(host.files)), live.run / "medium.json")
    notices: list[Message] = []
    partition = find_partition(host.files)
    if partition is not None:
        try:
            with mounted(host.processes, partition, write=False, place=live.run / "stick") as stick:
                take_settings(stick, live)
                mirror = restore(stick, live.places, disks_here(host))
                _save_stamps(live, mirror, partition)
        except OSError as error:
            notices.append(Message.of("stick.unreadable", reason=_reason(error)))
    take_settings(live.run / "given", live)
    try:
        order = read_order(_text(live.settings), SETTINGS, _text(host.files.root / "proc/cmdline"))
    except RecondError as error:
        order, notices = StickOrder(), [*notices, error.message]
    unfinished = unfinished_here(live.places)
    write_whole(
        live.run / "console.env", environment(order, str(live.places.out), unfinished).encode()
    )
    state = "absent" if partition is None else "saved"
    with contextlib.suppress(OSError):
        _save_status(live, StickStatus(state, notices=tuple(notices)))
    _apply(order, host, live)
    return order


def take_settings(folder: Path, live: Live) -> None:
    """recond.toml and destinations.toml of a folder; what is not there stays as it was."""
    targets = ((SETTINGS, live.settings), (DESTINATIONS, live.places.state / DESTINATIONS))
    for name, target in targets:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            write_whole(target, (folder / name).read_bytes(), mode=0o600)


def disks_here(host: Host) -> frozenset[str]:
    """The serials and WWNs of this computer's disks."""
    found = [read_strings(host.files, name) for name in host.files.list("/sys/block")]
    return frozenset(word for one in found for word in (one.serial, one.wwn) if word)


def _apply(order: StickOrder, host: Host, live: Live) -> None:
    if order.keyboard != StickOrder().keyboard:
        write_whole(live.keyboard, f'XKBMODEL="pc105"\nXKBLAYOUT="{order.keyboard}"\n'.encode())
        host.processes.run(("setupcon", "--keyboard-only", "--force"))
    if order.wifi_name:
        # iwd.network(5): a name with other characters is written as its bytes in hexadecimal
        name = "=" + order.wifi_name.encode().hex()
        secret = f"[Security]\nPassphrase={order.wifi_password}\n" if order.wifi_password else ""
        write_whole(
            live.wifi / f"{name}.{'psk' if secret else 'open'}", secret.encode(), mode=0o600
        )
        host.processes.run(("systemctl", "start", "--no-block", "iwd"))
    # before the run is started, not after: a start that is missed is seen, one too many erases
    write_whole(live.booted, b"")
    if order.unattended:
        host.processes.run(("systemctl", "start", "--no-block", "recond-unattended"))


# --- keep ------------------------------------------------------------------------------------


class Keeper:
    """Carries what changed onto the stick that is there, if one is."""

    def __init__(self, host: Host, live: Live) -> None:
        self._host = host
        self._live = live
        self._plugged, self._mirror = _load_stamps(live)
        self._noted = True  # whether the stamps in /run are those of the mirror
        self._wait_until = 0.0
        self._told = read_status(live)
        self._status = self._told or StickStatus("absent")

    def look(self) -> StickStatus:
        """One look: copy what changed, or say why not. Never raises `OSError`."""
        partition = find_partition(self._host.files)
        now = self._host.clock.monotonic_s()
        if partition is None:
            self._wait_until = 0.0
            return self._say("absent")
        if partition.plugged != self._plugged:
            with contextlib.suppress(OSError):
                files = self._host.files
                write_marker(read_media(files, live_disks(files)), self._live.run / "medium.json")
            self._plugged, self._mirror = partition.plugged, Mirror(self._live.places)
            self._wait_until = 0.0
        if not self._mirror.pending() and not self._mirror.gone():
            self._note(partition)
            return self._say("saved")
        if now < self._wait_until:
            return self._status
        try:
            with mounted(
                self._host.processes, partition, write=True, place=self._live.run / "stick"
            ) as stick:
                self._mirror.write(stick)
        except OSError as error:
            self._wait_until = now + AGAIN_S
            full = error.errno == 28  # ENOSPC
            return self._say("full" if full else "unwritable", _reason(error))
        self._noted = False
        self._note(partition)
        return self._say("saved")

    def _note(self, partition: Partition) -> None:
        """The stamps into /run; where that is full, again at the next look."""
        if not self._noted:
            with contextlib.suppress(OSError):
                _save_stamps(self._live, self._mirror, partition)
                self._noted = True

    def _say(self, state: str, reason: str = "") -> StickStatus:
        status = StickStatus(state, len(self._mirror.pending()), reason, self._status.notices)
        if status != self._told:  # a full /run keeps the old word: said again at the next look
            with contextlib.suppress(OSError):
                _save_status(self._live, status)
                self._told = status
        if status.state != self._status.state:
            write_line(say(_lang(), status.message))
        self._status = status
        return status


def keep(host: Host, live: Live) -> None:
    """Until SIGTERM; then a last time."""
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopped.append(number))
    keeper = Keeper(host, live)
    while not stopped:
        keeper.look()
        host.clock.sleep(LOOK_S)
    keeper.look()


# --- welcome, end ----------------------------------------------------------------------------


def welcome(host: Host, live: Live) -> None:
    """On a console, before and after recond: what was wrong with the settings, how the stick and
    the runs stand.
    """
    status = read_status(live)
    messages = list(open_words(host, live.places))
    if status is not None:
        messages = [
            *status.notices,
            *([] if status.state == "saved" else [status.message]),
            *messages,
        ]
    for message in (*messages, Message.of("stick.help", out=str(live.places.out))):
        write_line(say(_lang(), message))


def end(host: Host, live: Live) -> bool:
    """Wait until the results are on the stick, or with every destination. False where they stay in
    memory alone, or where a worker still writes: this computer must not be switched off yet.
    """
    started, status = host.clock.monotonic_s(), read_status(live)
    running: tuple[Message, ...] = ()
    while host.clock.monotonic_s() - started < PATIENCE_S:
        status = where_results_are(live)
        running = tuple(one for one in open_words(host, live.places) if one.code == RUNNING)
        if running:
            host.clock.sleep(LOOK_S)
            continue
        if status is not None and status.state == "saved":
            write_line(say(_lang(), Message("stick.done")))
            return True
        if delivered(live):
            write_line(say(_lang(), Message("stick.delivered")))
            return True
        host.clock.sleep(LOOK_S)
    for message in running or ((status or StickStatus("absent")).message,):
        write_line(say(_lang(), message))
    return False


def delivered(live: Live) -> bool:
    """Whether every certificate here has reached every destination."""
    records = {path.name for path in live.places.issued()}
    done = {path.stem for path in (live.places.state / "queue" / "done").glob("*.json")}
    return bool(records) and records <= done and not unfinished_here(live.places)


# --- small files in /run ---------------------------------------------------------------------


def _save_stamps(live: Live, mirror: Mirror, partition: Partition) -> None:
    # times in nanoseconds do not fit the canonical form; nobody signs these
    write_whole(
        live.stamps,
        json.dumps(
            {
                "plugged": partition.plugged,
                "stamps": mirror.stamps,
                "foreign": mirror.foreign,
            }
        ).encode(),
    )


def _load_stamps(live: Live) -> tuple[str, Mirror]:
    try:
        raw = read_json(live.stamps.read_bytes())
        stamps = {name: (size, time) for name, (size, time) in raw["stamps"].items()}
        return raw["plugged"], Mirror(live.places, stamps, raw["foreign"] is True)
    except (OSError, ValueError, TypeError, KeyError):
        return "", Mirror(live.places)


def _save_status(live: Live, status: StickStatus) -> None:
    write_whole(live.status, canonical_bytes(status))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _lang() -> Lang:
    return language(None, dict(os.environ))


def main(words: list[str], host: Host) -> int:
    """`boot`, `keep`, `welcome`, `settled`, `left`, `end`. Returns the process's exit code."""
    live = Live()
    if words == ["boot"]:
        boot(host, live)
    elif words == ["keep"]:
        keep(host, live)
    elif words == ["welcome"]:
        welcome(host, live)
    elif words == ["settled"]:
        return 0 if is_settled(host, live.places) else 1
    elif words in (["left"], ["left", "usb"]):
        return 0 if disks_left(host.files, live.places, usb="usb" in words) else 1
    elif words in (["whole"], ["whole", "usb"]):
        return 0 if is_whole(host.files, live.places, usb="usb" in words) else 1
    elif words == ["end"]:
        return 0 if end(host, live) else 1
    else:
        return 2
    return 0
