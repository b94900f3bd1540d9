"""What passed between recond and a drive, as data: one exchange is a request and its answer.

Why: a drive that was seen once in the field is a test for ever. A journal's `command` entries and a
capture's drive files have the same fields, so that one reader replays both
(`recond.host.recorded_drive`). An anonymous capture keeps the pages without the drive's own numbers
and with their checksums made good again. Pure.

Sources: ACS-4 7.13.7 (IDENTIFY DEVICE words 10, 108, 255), NVMe Base 2.1 figures 313 and 319,
SPC-5 6.7.2 (INQUIRY), 7.7.6 and 7.7.10 (VPD pages 83h and 80h).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from recond.errors import FormatError
from recond.model import Json

TRANSPORTS = ("ata", "scsi", "nvme", "mmc")
MOST_EXCHANGES = 100_000
"""More than any erasure asks; a file with more is not ours."""

_PASS_THROUGH_16, _INQUIRY = 0x85, 0x12
_ATA_IDENTIFY, _NVME_IDENTIFY = 0xEC, 0x06


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request's bytes and its answer's. `status` is packed as in the journal: SCSI status, host
    status << 8, driver status << 24; NVMe's status field; an eMMC's R1 word. `errno`: the ioctl
    itself failed, and nothing else of the answer means anything.
    """

    transport: str
    name: str
    request: bytes
    data_out: bytes
    answer: bytes
    status: int
    sense: bytes
    errno: int | None


def exchange_json(one: Exchange) -> dict[str, Json]:
    """As a journal's `command` entry has it: bytes in hex, null for none."""
    return {
        "transport": one.transport,
        "name": one.name,
        "request": one.request.hex(),
        "data_out": one.data_out.hex() or None,
        "answer": one.answer.hex() or None,
        "status": one.status,
        "sense": one.sense.hex() or None,
        "errno": one.errno,
    }


def parse_exchanges(entries: Iterable[Mapping[str, Json]]) -> tuple[Exchange, ...]:
    """The exchanges of `command` entries, in order; a tool's are passed over.

    Raises `FormatError` for an entry that is none, or for more entries than any drive is asked.
    """
    found = []
    for number, entry in enumerate(entries):
        if number >= MOST_EXCHANGES:
            raise FormatError("drive.recording.broken", entry=number)
        try:
            if entry["transport"] in TRANSPORTS:
                found.append(_parse(entry))
        except (KeyError, ValueError, TypeError):
            raise FormatError("drive.recording.broken", entry=number) from None
    return tuple(found)


def _parse(entry: Mapping[str, Json]) -> Exchange:
    def raw(name: str) -> bytes:
        value = entry[name]
        if value is None:
            return b""
        if not isinstance(value, str):
            raise TypeError(name)
        return bytes.fromhex(value)

    status, errno = entry["status"], entry["errno"]
    if type(status) is not int or not (errno is None or type(errno) is int):
        raise TypeError("status")
    return Exchange(
        str(entry["transport"]),
        str(entry.get("name", "")),
        raw("request"),
        raw("data_out"),
        raw("answer"),
        status,
        raw("sense"),
        errno,
    )


# --- Without the drive's own numbers ---------------------------------------------------------


def anonymous_exchanges(exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """The same exchanges; serial numbers are X, world-wide names zero, checksums right again."""
    return tuple(replace(one, answer=_without_numbers(one)) for one in exchanges)


def anonymous_serial(serial: str) -> str:
    """A serial number as the anonymous pages have it: as long, and nobody's."""
    return "".join("X" if sign != " " else " " for sign in serial)


def _without_numbers(one: Exchange) -> bytes:
    page, request = bytearray(one.answer), one.request
    if one.transport == "ata" and len(request) == 16 and request[14] == _ATA_IDENTIFY:
        _hide(page, 20, 40)
        _blank(page, 216, 232)
        if len(page) >= 512 and page[510] == 0xA5:
            page[511] = -sum(page[:511]) & 0xFF
    elif one.transport == "nvme" and request[:1] == bytes([_NVME_IDENTIFY]) and len(request) >= 41:
        _nvme_identify(page, request[40])
    elif one.transport == "scsi" and request[:1] == bytes([_INQUIRY]) and len(request) >= 3:
        _inquiry(page, request)
    elif _level_0(one):
        _blank(page, 16, 48)  # the maker's own words in the header (TCG Core 3.3.6.2)
    elif one.transport == "mmc":
        return bytes(page)  # EXT_CSD holds no number of the card; its CID is never asked for
    return bytes(page)


def _level_0(one: Exchange) -> bool:
    return (one.transport, one.request[:1]) in (("nvme", b"\x82"), ("scsi", b"\xa2"))


def _nvme_identify(page: bytearray, cns: int) -> None:
    if cns == 1:  # controller: serial number, FRU GUID, subsystem's name
        _hide(page, 4, 24)
        _blank(page, 112, 128)
        _blank(page, 768, 1024)
    elif cns == 0:  # namespace: NGUID and EUI-64
        _blank(page, 104, 128)


def _inquiry(page: bytearray, request: bytes) -> None:
    if not request[1] & 1:
        _hide(page, 36, 56)  # vendor specific: many drives repeat their serial number here
    elif request[2] == 0x80:
        _hide(page, 4, len(page))
    elif request[2] == 0x83:
        _blank(page, 4, len(page))
    elif request[2] == 0x89:  # ATA Information: IDENTIFY from byte 60 on
        _hide(page, 80, 100)
        _blank(page, 276, 292)


def _hide(page: bytearray, start: int, end: int) -> None:
    """X for every sign of a number; spaces and zeros that fill it up stay."""
    for at in range(start, min(end, len(page))):
        if page[at] not in b" \0":
            page[at] = ord("X")


def _blank(page: bytearray, start: int, end: int) -> None:
    stop = min(end, len(page))
    if start < stop:
        page[start:stop] = bytes(stop - start)
