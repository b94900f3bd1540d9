"""A newer image onto a stick that has been in use: what the workshop keeps on it stays.

Why: the partition RECOND holds the key, the orders and the results; an image that is written over
the stick by hand takes them with it. Here they are copied into the state first and compared, the
stick is marked, and the mark goes with the very last sector, once everything was read back. A stick
that is pulled in the middle is known by its mark, and is finished from the copy. Writes onto
nothing that does not show by its content that it is a recond stick; on no live system, whose state
is memory. A marked stick has nothing to start by: half of one system and half of another is none
that may erase.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from io import BufferedReader
from pathlib import Path

from recond.erasure import DiskIdentity, Target, TargetKind
from recond.errors import BenchLacks, RecordInvalid, SafetyRefusal, UsageError
from recond.flow.live.stickcopy import OWN_IMAGE, StickCopy, copies_left, sweep
from recond.flow.run.typed import folded
from recond.flow.updates import NOTE_SUFFIX, FileState, ReleaseStanding, look_for_update
from recond.frozen import dataclass
from recond.host import Host
from recond.host.block import BlockDevice, aligned_buffer
from recond.host.realdisk import open_disk
from recond.host.reason import os_reason
from recond.host.regular import open_regular
from recond.host.stick import LIVE, is_portable
from recond.host.stick_layout import (
    HEAD_BYTES,
    SECTOR_BYTES,
    StickLayout,
    joined,
    marked,
    read_layout,
    read_mark,
)
from recond.host.target import read_target
from recond.model import Message
from recond.wipe import guard

CHUNK_BYTES = 1 << 20
LETTERS = 4
"""What is typed of a serial at least: its last four, as before an erasure."""

Ask = Callable[[DiskIdentity], str]
"""What a person types of the stick's serial."""
Tell = Callable[[int], None]
"""Of the whole work, in thousandths."""


@dataclass(frozen=True, slots=True)
class StickUpdated:
    """A stick with another image and the partition that it had. `version` is the note's; None: the
    image was believed by its sum alone. `resumed`: an earlier renewal had been cut off.
    `copies_left`: of other sticks, in the state, each with a key.
    """

    path: str
    serial: str | None
    model: str | None
    image: str
    version: str | None
    sha256: str
    kept_bytes: int
    resumed: bool
    copies_left: int


@dataclass(frozen=True, slots=True)
class Believed:
    """An image, and why it may go onto a stick."""

    file: Path
    sha256: str
    version: str | None


def believe(
    image: Path, note: Path | None, sha256: str | None, signer: Path | None, state: Path, now: str
) -> Believed:
    """An image by a signed release note (`note`, else the one beside it), or by a sum that a person
    had from elsewhere. Raises `UsageError` without either or with both, `RecordInvalid` for an
    image that is not what the note says, `SafetyRefusal` for a release that is older than the
    running one.
    """
    if sha256 is not None and note is not None:
        raise UsageError("stick.update.note_and_sum")
    if sha256 is not None:
        wanted = sha256.strip().casefold()
        if len(wanted) != 64 or not set(wanted) <= set("0123456789abcdef"):
            raise UsageError("stick.update.no_sum", sum=sha256)
        return Believed(image, wanted, None)
    look = look_for_update(str(note or _note_beside(image)), signer, state, now)
    told = next((one for one in look.note.files if one.name == image.name), None)
    beside = next((one for one in look.beside if one.name == image.name), None)
    elsewhere = note is not None and note.absolute().parent != image.absolute().parent
    # what lies elsewhere is held against the note's sum before a byte is written
    if told is None or not (elsewhere or (beside and beside.state is FileState.WHOLE)):
        raise RecordInvalid("stick.update.not_released", path=str(image), version=look.note.version)
    if look.standing is ReleaseStanding.OLDER:
        args = {"version": look.note.version, "running": look.running}
        raise SafetyRefusal((Message.of("stick.update.older", **args),))
    return Believed(image, told.sha256, look.note.version)


def _note_beside(image: Path) -> Path:
    found = sorted(image.absolute().parent.glob("*" + NOTE_SUFFIX))
    if len(found) != 1:
        raise UsageError("stick.update.no_note", path=str(image), n=len(found))
    return found[0]


def update_stick(
    path: str,
    image: Believed,
    ask: Ask,
    state: Path,
    host: Host,
    tell: Tell,
    *,
    is_image: bool = False,
) -> StickUpdated:
    """Write `image` onto the stick at `path`, around its own partition.

    Raises `SafetyRefusal` where it may not be written or was not confirmed, `UsageError` for what
    is no recond stick or too small, `RecordInvalid` for an image of another sum, `BenchLacks` where
    it cannot be read, written or kept. What was begun is gone on with by the same command.
    """
    if host.files.exists(LIVE):
        raise SafetyRefusal((Message("stick.update.live"),))
    target = read_target(path, image=is_image, files=host.files)
    _refuse(target, host)
    try:
        source = os.fdopen(open_regular(image.file, os.O_RDONLY), "rb")
    except OSError as error:
        raise _lacks("read", image.file, error) from None
    with source:
        return _hold(target, image, source, ask, state, tell)


def _refuse(target: Target, host: Host) -> None:
    """What forbids an erasure forbids this, but for its label; and only what is carried about is a
    stick.
    """
    found = [one for one in guard.refusals(target) if one.code != "wipe.refusal.label"]
    name = Path(target.path).name
    if target.identity.kind is not TargetKind.IMAGE and not is_portable(host.files, name):
        found.append(Message.of("stick.update.no_stick", path=target.path))
    if target.identity.logical_block_bytes != SECTOR_BYTES:
        found.append(Message.of("stick.update.sectors", path=target.path))
    if found:
        raise SafetyRefusal(tuple(found))


def _hold(
    target: Target, image: Believed, source: BufferedReader, ask: Ask, state: Path, tell: Tell
) -> StickUpdated:
    try:
        disk = open_disk(target.path, True)
    except OSError as error:
        raise _lacks("hold", target.path, error) from None
    with closing(disk):
        held = disk.identity()
        if guard.differences(target.identity, held):
            raise SafetyRefusal((Message("drive.reason.other_drive"),))
        try:
            renewal = Renewal(disk, image, source, state)
            _confirm(disk, held, ask)
            renewal.run(tell)
        except OSError as error:
            raise _lacks("write", target.path, error) from None
    return StickUpdated(
        target.path,
        held.serial,
        held.model,
        str(image.file),
        image.version,
        image.sha256,
        renewal.own_bytes,
        renewal.resumed,
        copies_left(state),
    )


def _confirm(disk: BlockDevice, held: DiskIdentity, ask: Ask) -> None:
    """What was typed is the end of the stick's number; nobody else has it open by then."""
    word, token = folded(ask(held)), folded(held.token)
    if len(word) < min(LETTERS, len(token)) or not token.endswith(word):
        raise SafetyRefusal((Message.of("stick.update.not_typed", path=disk.path),))
    found = guard.use_refusals(disk.path, [one for one in disk.look().uses if one.kind != "label"])
    if found:
        raise SafetyRefusal(found)
    kept = tuple(
        Message.of("wipe.refusal.partition", path=disk.path, node=one.name, errno=one.errno)
        for one in disk.take_partitions()
        if one.errno is not None
    )
    if kept:
        raise SafetyRefusal(kept)


class Renewal:
    """One stick that is held, and the image for it; looked at before anybody is asked.

    Raises `UsageError` where either is none of ours or the stick is too small, `BenchLacks` for a
    stick that another bench began on.
    """

    def __init__(
        self, disk: BlockDevice, image: Believed, source: BufferedReader, state: Path
    ) -> None:
        self._disk, self._believed, self._source = disk, image, source
        image_bytes = os.fstat(source.fileno()).st_size
        self._image = read_layout(
            lambda at, n: os.pread(source.fileno(), n, at), str(image.file), image_bytes
        )
        self._sector = _read(disk, 0, SECTOR_BYTES)
        size_bytes, number = disk.identity().size_bytes, read_mark(self._sector)
        self.resumed = number is not None
        self._number, self._state = number or os.urandom(4).hex(), state
        self._copy = StickCopy(state, self._number)
        if self.resumed:
            self._old, (self.own_bytes, self._own_sum) = None, self._copy.read(disk.path)
        else:
            self._old = read_layout(lambda at, n: _read(disk, at, n), disk.path, size_bytes)
            self.own_bytes, self._own_sum = self._old.own_bytes, ""
        if self._image.own_at_bytes + self.own_bytes > size_bytes:
            raise UsageError("stick.update.small", path=disk.path)
        self._done, self._whole = 0, 2 * (self._image.own_at_bytes + self.own_bytes)

    def run(self, tell: Tell) -> None:
        """All of it. Raises `OSError`, `RecordInvalid`, `BenchLacks`; `SafetyRefusal` where the
        first sector is another one than before the question.
        """
        self._source.seek(0)
        if hashlib.file_digest(self._source, "sha256").hexdigest() != self._believed.sha256:
            raise RecordInvalid("stick.update.changed", path=str(self._believed.file))
        if _read(self._disk, 0, SECTOR_BYTES) != self._sector:
            raise SafetyRefusal((Message.of("stick.update.other_table", path=self._disk.path),))
        sweep(self._state)
        if self._old is not None:
            self._begin(self._old)
        self._put(SECTOR_BYTES, bytes(HEAD_BYTES - SECTOR_BYTES))
        own_at = self._image.own_at_bytes
        with os.fdopen(open_regular(self._copy.folder / OWN_IMAGE, os.O_RDONLY), "rb") as own:
            if self._write_file(own, 0, self.own_bytes, own_at, tell) != self._own_sum:
                raise BenchLacks("stick.update.copy_changed", path=str(self._copy.folder))
        head, body = self._write_image(own_at, tell)
        self._disk.flush()
        self._disk.drop_cache()
        if (
            self._sum(own_at, self.own_bytes, tell) != self._own_sum
            or self._sum(HEAD_BYTES, own_at - HEAD_BYTES, tell) != body
        ):
            raise BenchLacks("stick.update.read_back", path=self._disk.path)
        self._put(SECTOR_BYTES, head[SECTOR_BYTES:])
        self._put(0, joined(self._image, self.own_bytes))
        try:
            self._copy.forget()
        except OSError as error:
            told = {"folder": str(self._copy.folder), "reason": os_reason(error)}
            raise BenchLacks("stick.update.copy_left", path=self._disk.path, **told) from None

    def _begin(self, old: StickLayout) -> None:
        """The stick's own partition in the state, read twice alike; then the mark."""
        self._copy.make()
        marking = False
        try:
            self._own_sum = self._keep(old)
            marking = True
            self._put(0, marked(self._number))
        except BaseException as error:
            if not marking or self._is_as_before():
                with suppress(OSError):
                    self._copy.forget()  # it has the key in it
                if marking and isinstance(error, BenchLacks):
                    raise BenchLacks("stick.update.deaf", path=self._disk.path) from None
            raise

    def _keep(self, old: StickLayout) -> str:
        found = self._copy.fill(self._pieces(old.own_at_bytes, old.own_bytes))
        self._disk.drop_cache()
        if self._sum(old.own_at_bytes, old.own_bytes, lambda _done: None) != found:
            raise BenchLacks("stick.update.unsteady", path=self._disk.path)
        self._copy.note(old.own_bytes, found)
        return found

    def _is_as_before(self) -> bool:
        """Whether the mark did not get onto the medium; in doubt no, and the copy stays."""
        try:
            self._disk.drop_cache()
            return _read(self._disk, 0, SECTOR_BYTES) == self._sector
        except OSError:
            return False

    def _write_image(self, own_at: int, tell: Tell) -> tuple[bytes, str]:
        """The image between its head and its own partition; the head, which goes last, and the
        SHA-256 of what was written. The whole file is held against the sum that it is believed by.
        """
        self._source.seek(0)
        head = self._source.read(HEAD_BYTES)
        whole = hashlib.sha256(head)
        body = self._write_file(
            self._source, HEAD_BYTES, own_at - HEAD_BYTES, HEAD_BYTES, tell, whole
        )
        while piece := self._source.read(CHUNK_BYTES):
            whole.update(piece)
        if whole.hexdigest() != self._believed.sha256 or head[:SECTOR_BYTES] != self._image.sector:
            raise RecordInvalid("stick.update.changed", path=str(self._believed.file))
        return head, body

    def _write_file(
        self,
        source: BufferedReader,
        start: int,
        length: int,
        at: int,
        tell: Tell,
        *also: hashlib._Hash,
    ) -> str:
        """`length` bytes of a file onto the stick; their SHA-256, and into the other sums."""
        found, buffer, done = hashlib.sha256(), aligned_buffer(CHUNK_BYTES), 0
        source.seek(start)
        while done < length:
            piece = buffer[: min(CHUNK_BYTES, length - done)]
            if _fill(source, piece) != len(piece):
                raise BenchLacks("stick.update.short", path=str(self._believed.file))
            for one in (found, *also):
                one.update(piece)
            self._write(at + done, piece)
            done += len(piece)
            self._tell(len(piece), tell)
        return found.hexdigest()

    def _put(self, at: int, content: bytes) -> None:
        """Some sectors, on the medium before anything that follows; read back."""
        buffer = aligned_buffer(len(content))
        buffer[:] = content
        self._write(at, buffer)
        self._disk.flush()
        self._disk.drop_cache()
        if _read(self._disk, at, len(content)) != content:
            raise BenchLacks("stick.update.read_back", path=self._disk.path)

    def _write(self, at: int, data: memoryview) -> None:
        done = 0
        while done < len(data):
            done += self._disk.write(at + done, data[done:])

    def _pieces(self, at: int, length: int) -> Iterator[memoryview]:
        buffer = aligned_buffer(CHUNK_BYTES)
        for start in range(0, length, CHUNK_BYTES):
            piece = buffer[: min(CHUNK_BYTES, length - start)]
            try:
                done = self._disk.read_into(at + start, piece)
            except OSError as error:
                raise _lacks("write", self._disk.path, error) from None
            if done != len(piece):
                raise BenchLacks("stick.update.read_back", path=self._disk.path)
            yield piece

    def _sum(self, at: int, length: int, tell: Tell) -> str:
        found = hashlib.sha256()
        for piece in self._pieces(at, length):
            found.update(piece)
            self._tell(len(piece), tell)
        return found.hexdigest()

    def _tell(self, more_bytes: int, tell: Tell) -> None:
        self._done += more_bytes
        tell(min(1000, self._done * 1000 // self._whole))


def _read(disk: BlockDevice, at: int, length: int) -> bytes:
    buffer = aligned_buffer(length)
    return bytes(buffer[: disk.read_into(at, buffer)])


def _fill(source: BufferedReader, piece: memoryview) -> int:
    done = 0
    while done < len(piece):
        count = source.readinto(piece[done:])
        if not count:
            break
        done += count
    return done


def _lacks(what: str, path: Path | str, error: OSError) -> BenchLacks:
    return BenchLacks(f"stick.update.cannot.{what}", path=str(path), reason=os_reason(error))
