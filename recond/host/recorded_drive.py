"""A drive as it was once: its exchanges are noted while it is asked, and replayed without it.

Why: the third form of the seam to a drive's commands, beside the real one and the one that lies. A
replayed drive answers what was asked of the real one, in the same order, and nothing else: to a
request that nobody sent then it gives ENODATA, which every reader takes for "unknown".
"""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from recond.documents import read_json
from recond.drive.exchange import (
    Exchange,
    anonymous_exchanges,
    anonymous_serial,
    exchange_json,
    parse_exchanges,
)
from recond.drive.types import (
    CdbAnswer,
    CdbRequest,
    MmcAnswer,
    MmcRequest,
    NvmeAnswer,
    NvmeRequest,
)
from recond.errors import FormatError
from recond.host.files import Files
from recond.host.transport import (
    AtaTransport,
    FirmwareDevice,
    MmcTransport,
    NvmeTransport,
    ScsiTransport,
    Tick,
)
from recond.model import Json, Medium

Note = Callable[[Exchange], None]
T = TypeVar("T", int, str)


def watched(device: FirmwareDevice, note: Note) -> FirmwareDevice:
    """The same drive; every exchange with it is handed to `note` once it is over."""
    return replace(
        device,
        ata=device.ata and _WatchedCdb("ata", device.ata, note),
        scsi=device.scsi and _WatchedCdb("scsi", device.scsi, note),
        nvme=device.nvme and _WatchedNvme(device.nvme, note),
        mmc=device.mmc and _WatchedMmc(device.mmc, note),
    )


@dataclass(frozen=True, slots=True)
class _WatchedCdb:
    name: str
    real: AtaTransport | ScsiTransport
    note: Note

    def execute(self, request: CdbRequest, tick: Tick | None = None) -> CdbAnswer:
        found = self.real.execute(request, tick)
        self.note(
            Exchange(
                self.name,
                request.name,
                request.cdb,
                request.data_out,
                found.data,
                found.packed_status,
                found.sense,
                found.errno,
            )
        )
        return found


@dataclass(frozen=True, slots=True)
class _WatchedNvme:
    real: NvmeTransport
    note: Note

    def namespace(self) -> int:
        return self.real.namespace()

    def execute(self, request: NvmeRequest, tick: Tick | None = None) -> NvmeAnswer:
        found = self.real.execute(request, tick)
        self.note(
            Exchange(
                "nvme",
                request.name,
                request.command,
                b"",
                found.data,
                found.status,
                b"",
                found.errno,
            )
        )
        return found


@dataclass(frozen=True, slots=True)
class _WatchedMmc:
    real: MmcTransport
    note: Note

    def execute(self, request: MmcRequest, tick: Tick | None = None) -> MmcAnswer:
        found = self.real.execute(request, tick)
        sent = request.ioctl.to_bytes(4, "big") + request.argument
        self.note(
            Exchange("mmc", request.name, sent, b"", found.data, found.response, b"", found.errno)
        )
        return found


class _Tape:
    """The answers to each request in their order; the last one stays."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._by_request: dict[tuple[str, bytes, bytes], list[Exchange]] = {}
        for one in exchanges:
            key = one.transport, one.request, one.data_out
            self._by_request.setdefault(key, []).append(one)

    def next(self, transport: str, request: bytes, data_out: bytes = b"") -> Exchange | None:
        """The next answer to a request; None where nobody asked that."""
        kept = self._by_request.get((transport, request, data_out))
        if not kept:
            return None
        return kept.pop(0) if len(kept) > 1 else kept[0]


@dataclass(frozen=True, slots=True)
class _ReplayedCdb:
    name: str
    tape: _Tape

    def execute(self, request: CdbRequest, tick: Tick | None = None) -> CdbAnswer:
        del tick  # a recording answers at once
        found = self.tape.next(self.name, request.cdb, request.data_out)
        if found is None:
            return CdbAnswer(0, errno=errno.ENODATA)
        status = found.status
        return CdbAnswer(
            status & 0xFF,
            status >> 8 & 0xFFFF,
            status >> 24,
            found.sense,
            found.answer,
            found.errno,
        )


@dataclass(frozen=True, slots=True)
class _ReplayedNvme:
    nsid: int | None
    tape: _Tape

    def namespace(self) -> int:
        if self.nsid is None:
            raise OSError(errno.ENODATA, "the recording names no namespace")
        return self.nsid

    def execute(self, request: NvmeRequest, tick: Tick | None = None) -> NvmeAnswer:
        del tick
        found = self.tape.next("nvme", request.command)
        if found is None:
            return NvmeAnswer(0, errno=errno.ENODATA)
        return NvmeAnswer(found.status, 0, found.answer, found.errno)


@dataclass(frozen=True, slots=True)
class _ReplayedMmc:
    tape: _Tape

    def execute(self, request: MmcRequest, tick: Tick | None = None) -> MmcAnswer:
        del tick
        found = self.tape.next("mmc", request.ioctl.to_bytes(4, "big") + request.argument)
        if found is None:
            return MmcAnswer(errno=errno.ENODATA)
        return MmcAnswer(found.status, found.answer, found.errno)


def replayed(
    device: FirmwareDevice, exchanges: Sequence[Exchange], nsid: int | None = None
) -> FirmwareDevice:
    """A drive that answers from its recording. `device` says which drive it was; its transports
    are replaced: ATA and SCSI go the same way, as behind SG_IO. A journal does not name the
    namespace (`nsid` None): it is the one that Identify Namespace was asked about.
    """
    tape = _Tape(exchanges)
    spoken = {one.transport for one in exchanges}
    cdb = bool(spoken & {"ata", "scsi"})
    return replace(
        device,
        ata=_ReplayedCdb("ata", tape) if cdb else None,
        scsi=_ReplayedCdb("scsi", tape) if cdb else None,
        nvme=_ReplayedNvme(nsid or _namespace_of(exchanges), tape) if "nvme" in spoken else None,
        mmc=_ReplayedMmc(tape) if "mmc" in spoken else None,
        close=lambda: None,
    )


def _namespace_of(exchanges: Sequence[Exchange]) -> int | None:
    """The namespace of the first Identify Namespace (NVMe Base 2.1 figure 313, CNS 0)."""
    for one in exchanges:
        if one.transport == "nvme" and one.request[:1] == b"\x06" and one.request[40:41] == b"\0":
            return int.from_bytes(one.request[4:8], "little")
    return None


# --- The drive's file in a capture -----------------------------------------------------------

FOLDER = "/recond/drives"
"""Where a capture keeps what its drives answered: one JSON file for each, by the kernel's name."""


def drive_file(device: FirmwareDevice, nsid: int | None, exchanges: Sequence[Exchange]) -> bytes:
    """A drive's identity as the kernel gave it, and every exchange with it, as JSON."""
    table: dict[str, Json] = {
        "path": device.path,
        "bus": device.bus,
        "medium": device.medium.value,
        "serial": device.serial,
        "size_bytes": device.size_bytes,
        "nsid": nsid,
        "exchanges": [exchange_json(one) for one in exchanges],
    }
    return json.dumps(table, indent=1).encode()


def read_drive_file(raw: bytes) -> FirmwareDevice:
    """The drive of such a file, replayed. Raises `FormatError` for a file that is none."""
    device, nsid, exchanges = _parse_file(raw)
    return replayed(device, exchanges, nsid)


def anonymous_drive_file(raw: bytes) -> bytes:
    """The same file without the drive's own numbers. Raises `FormatError`."""
    device, nsid, exchanges = _parse_file(raw)
    nameless = replace(device, serial=device.serial and anonymous_serial(device.serial))
    return drive_file(nameless, nsid, anonymous_exchanges(exchanges))


def recorded_drive(files: Files, name: str) -> FirmwareDevice | None:
    """The recorded drive of a capture by the kernel's name of its disk (`nvme0n1`); None where the
    capture holds none or a broken one: then nobody knows what it offers.
    """
    raw = files.read(f"{FOLDER}/{name}.json")
    if not isinstance(raw, bytes):
        return None
    try:
        return read_drive_file(raw)
    except FormatError:
        return None


@dataclass(frozen=True, slots=True)
class RecordedDrives:
    """The drives of a capture."""

    files: Files

    def open(self, path: str) -> FirmwareDevice:
        """The recorded drive of the disk at a path. Raises `OSError` where the capture has none."""
        found = recorded_drive(self.files, path.rsplit("/", 1)[-1])
        if found is None:
            raise OSError(errno.ENODATA, "no recording of this drive", path)
        return found


def _parse_file(raw: bytes) -> tuple[FirmwareDevice, int | None, tuple[Exchange, ...]]:
    try:
        table = read_json(raw)
        device = FirmwareDevice(
            str(table["path"]),
            str(table["bus"]),
            Medium(table["medium"]),
            _of(table["serial"], str),
            _of(table["size_bytes"], int) or 0,
        )
        return device, _of(table["nsid"], int), parse_exchanges(table["exchanges"])
    except (ValueError, KeyError, TypeError):
        raise FormatError("drive.recording.broken", entry=0) from None


def _of(value: object, kind: type[T]) -> T | None:
    """The value where it is of this very type, None where it is null. Raises `TypeError`."""
    if value is not None and type(value) is not kind:
        raise TypeError(kind.__name__)
    return value
