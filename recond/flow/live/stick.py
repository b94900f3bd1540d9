"""A live system and its stick: results onto it all the time, and how it stands with them.

Why: `keep` carries what changed onto the stick until it is stopped; `welcome` says on a console how
it stands; `end` waits until nothing is in memory alone. No trouble with a stick reaches an erasure:
recond works in memory and knows nothing of this module. It touches no other disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path

from recond.codec import canonical_bytes, from_json
from recond.custody import EVENT
from recond.documents import read_json
from recond.errors import FormatError
from recond.flow.config import SYSTEM_FILE
from recond.flow.live.mirror import Mirror, Places, has_private_key, unfinished_here
from recond.flow.live.open_runs import RUNNING, open_words
from recond.host import Host
from recond.host.reason import os_reason
from recond.host.regular import read_regular
from recond.host.stick import read_media, write_marker
from recond.host.stick_mount import (
    Media,
    Partition,
    booted_disks,
    find_partitions,
    mounted,
)
from recond.host.store import write_whole
from recond.host.terminal import write_line
from recond.locale import Lang, language, say
from recond.model import Message
from recond.reading import Text
from recond.upload.package import RECORD
from recond.upload.queue import Queue

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
    def environment(self) -> Path:
        """What the consoles and services read: shell words (`order.environment`)."""
        return self.run / "console.env"

    @property
    def stamps(self) -> Path:
        """What the stick holds, for `keep` to go on with after a crash of its own."""
        return self.run / "mirror.json"


class StickState(Text):
    """How it stands with the results on the stick."""

    SAVED = "saved"
    COPYING = "copying"
    ABSENT = "absent"
    FULL = "full"
    UNWRITABLE = "unwritable"


@dataclass(frozen=True, slots=True)
class StickStatus:
    """How it stands; `unsaved` files are in memory only; `notices` are what was wrong with the
    settings; `keyless`: the stick is not this start's own, and a private key is in memory only.
    """

    state: StickState
    unsaved: int = 0
    reason: str = ""
    notices: tuple[Message, ...] = ()
    keyless: bool = False

    @property
    def message(self) -> Message:
        """The sentence for it."""
        if self.state is StickState.UNWRITABLE:
            return Message.of("stick.unwritable", n=self.unsaved, reason=self.reason)
        return Message.of(f"stick.{self.state}", n=self.unsaved)


def read_status(live: Live) -> StickStatus | None:
    """What `keep` said last; None on a system that is no live one."""
    try:
        return from_json(StickStatus, read_json(read_regular(live.status)))
    except (OSError, ValueError, FormatError):
        return None


def where_results_are(live: Live) -> StickStatus | None:
    """How it stands with all results up to this moment: `copying` while the stick lacks some of
    them. None on a system that is no live one.
    """
    status = read_status(live)
    if status is None or status.state is not StickState.SAVED:
        return status
    _, mirror = load_stamps(live)
    left = len(mirror.pending())
    return replace(status, state=StickState.COPYING, unsaved=left) if left else status


# --- keep ------------------------------------------------------------------------------------


class Keeper:
    """Carries what changed onto the stick that is there, if one is."""

    def __init__(self, host: Host, live: Live) -> None:
        self._host = host
        self._live = live
        self._media = Media(host.files)
        self._plugged, self._mirror = load_stamps(live)
        self._noted = True  # whether the stamps in /run are those of the mirror
        self._wait_until = 0.0
        self._seen: tuple[str, ...] = ()
        self._told = read_status(live)
        self._status = self._told or StickStatus(StickState.ABSENT)

    def look(self) -> StickStatus:
        """One look: copy what changed, or say why not. Never raises `OSError`."""
        now = self._host.clock.monotonic_s()
        found = self._media.partitions(now)
        self._note_seen(found)
        partition = next(iter(found), None)
        if partition is None:
            self._wait_until = 0.0
            return self._say(StickState.ABSENT)
        if partition.plugged != self._plugged:
            self._plugged, self._mirror = partition.plugged, Mirror(self._live.places)
            self._wait_until = 0.0
        if self._mirror.own != partition.own:
            self._mirror.own, self._noted = partition.own, False
        if not self._mirror.pending() and not self._mirror.gone():
            self._note(partition)
            return self._say(StickState.SAVED)
        if now < self._wait_until:
            return self._status
        try:
            with mounted(
                self._host.processes,
                self._host.files,
                partition,
                write=True,
                place=self._live.run / "stick",
            ) as stick:
                self._mirror.write(stick)
        except OSError as error:
            self._wait_until = now + AGAIN_S
            full = error.errno == 28  # ENOSPC
            return self._say(StickState.FULL if full else StickState.UNWRITABLE, os_reason(error))
        self._noted = False
        self._note(partition)
        return self._say(StickState.SAVED)

    def _note_seen(self, found: tuple[Partition, ...]) -> None:
        """Write down the media whenever others are there, also beside the stick: two that bear one
        number are known as two only while both are there.
        """
        seen = tuple(sorted(one.plugged for one in found))
        if seen != self._seen:
            with contextlib.suppress(OSError):
                note_media(self._host, self._live)
                self._seen = seen

    def _note(self, partition: Partition) -> None:
        """The stamps into /run; where that is full, again at the next look."""
        if not self._noted:
            with contextlib.suppress(OSError):
                save_stamps(self._live, self._mirror, partition)
                self._noted = True

    def _say(self, state: StickState, reason: str = "") -> StickStatus:
        told = read_status(self._live) or self._status  # a person may have answered since
        kept = self._mirror.own and not self._mirror.newer
        held = state is StickState.SAVED and not kept
        keyless = held and has_private_key(self._live.places)
        status = StickStatus(state, len(self._mirror.pending()), reason, told.notices, keyless)
        if status != self._told:  # a full /run keeps the old word: said again at the next look
            with contextlib.suppress(OSError):
                save_status(self._live, status)
                self._told = status
        if (status.state, keyless) != (self._status.state, self._status.keyless):
            write_line(say(lang(), status.message))
            if keyless:
                write_line(say(lang(), Message("stick.keyless")))
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
            *([] if status.state is StickState.SAVED else [status.message]),
            *([Message("stick.keyless")] if status.keyless else []),
            *messages,
        ]
    for message in (*messages, Message.of("stick.help", out=str(live.places.out))):
        write_line(say(lang(), message))


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
        if status is not None and status.state is StickState.SAVED:
            done = "stick.keyless" if status.keyless else "stick.done"
            write_line(say(lang(), Message(done)))
            return True
        if delivered(live):
            write_line(say(lang(), Message("stick.delivered")))
            return True
        host.clock.sleep(LOOK_S)
    for message in running or ((status or StickStatus(StickState.ABSENT)).message,):
        write_line(say(lang(), message))
    return False


def delivered(live: Live) -> bool:
    """Whether every certificate here, as it was issued last, has reached every destination: one
    that was issued anew has the receipt of the former.
    """
    issued, queue = live.places.issued(), Queue(live.places.state / "queue")
    left = bool(issued) and all(_has_left(queue, one) for one in issued)
    return left and not unfinished_here(live.places)


def _has_left(queue: Queue, folder: Path) -> bool:
    receipt = queue.receipt(folder.name)
    if receipt is None or folder.name in queue.ids():
        return False
    for name in (RECORD, EVENT):
        with contextlib.suppress(OSError):
            raw = read_regular(folder / name)
            return hashlib.sha256(raw).hexdigest() == receipt.digest
    return False


def note_unlabelled(host: Host, live: Live) -> None:
    """Write down what this start came from where no label says so: the stick that an ISO file lies
    on. A medium that a person names takes its place from here on, and it is not to be erased.
    Raises `OSError`.
    """
    labelled = read_media(host.files)
    media = read_media(host.files, booted_disks(host.files))
    unlabelled = {name: one for name, one in media.items() if name not in labelled}
    write_marker(unlabelled, live.run / "medium.json")


def note_media(host: Host, live: Live) -> None:
    """Write down what the media are that are plugged in now. Raises `OSError`."""
    own = {one.disk for one in find_partitions(host.files) if one.own}
    write_marker(read_media(host.files, booted_disks(host.files) | own), live.run / "medium.json")


# --- small files in /run ---------------------------------------------------------------------


def save_stamps(live: Live, mirror: Mirror, partition: Partition) -> None:
    """Keep what the stick holds. Raises `OSError`."""
    # times in nanoseconds do not fit the canonical form; nobody signs these
    write_whole(
        live.stamps,
        json.dumps(
            {
                "plugged": partition.plugged,
                "stamps": mirror.stamps,
                "foreign": mirror.foreign,
                "own": mirror.own,
                "newer": mirror.newer,
            }
        ).encode(),
    )


def load_stamps(live: Live) -> tuple[str, Mirror]:
    """What `save_stamps` kept; nothing where it cannot be read."""
    try:
        raw = read_json(read_regular(live.stamps))
        stamps = {name: (size, time) for name, (size, time) in raw["stamps"].items()}
        mirror = Mirror(
            live.places, stamps, *(raw[word] is True for word in ("foreign", "own", "newer"))
        )
        return raw["plugged"], mirror
    except (OSError, ValueError, TypeError, KeyError):
        return "", Mirror(live.places)


def save_status(live: Live, status: StickStatus) -> None:
    """Say how it stands. Raises `OSError`."""
    write_whole(live.status, canonical_bytes(status))


def lang() -> Lang:
    """The console's language."""
    return language(None, dict(os.environ))
