"""Captures: one archive with everything that an inspection reads, and a host made from one.

Why: a machine that has left the bench can still be asked, and a mistake can be sent and understood.
The archive is a plain gzipped tar of the paths and answers that the readers saw; a folder with the
same names, or with any part of them, does as well. Format 1 is in docs/captures.md; a capture of a
newer format is refused, an older one is read for ever. Never writes to a device.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from recond import __version__
from recond.documents import read_json
from recond.drive.exchange import Exchange
from recond.errors import BenchLacks, FormatError, UsageError
from recond.flow.machine.tar import BadTar, read_tar
from recond.host import Host
from recond.host.claims import read_claim
from recond.host.condition import NoConditions
from recond.host.files import MAX_BYTES, Files
from recond.host.reason import os_reason
from recond.host.recorded import (
    FolderFiles,
    Node,
    PackedFiles,
    RecordedProcesses,
    Recording,
    Seen,
    WatchedFiles,
    WatchedProcesses,
)
from recond.host.recorded_drive import FOLDER, RecordedDrives, drive_file, watched
from recond.host.regular import read_given
from recond.host.selftest import NoSelfTests
from recond.host.store import create_whole
from recond.inspect.anonymous import anonymous_tree, own_numbers, remaining
from recond.inspect.discretion import discreet_tree, public_absences
from recond.inspect.machine import read_machine
from recond.inspect.opal import read_opal
from recond.inspect.uses import CLAIMS_FILE, read_recorded_claims
from recond.model import Machine
from recond.wipe.drive.capabilities import read_capabilities

FORMAT = 1
INDEX = "/recond/capture.json"
_KNOWN = (
    *("dmidecode.txt", "lscpu.txt", "iw.txt", "btmgmt.txt", "lsblk.json"),
    *("edid", "smartctl", "proc", "sys", "recond"),
)
_MOST_NODES = 50_000
_MOST_DEEP = 64
"""Folders above a file; sysfs has some twenty below a chain of bridges and hubs."""
_MOST_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture that was made: its bytes (a gzipped tar) and the machine that was read for it."""

    raw: bytes
    machine: Machine


def record_capture(host: Host, *, anonymous: bool = False, smart: bool = True) -> Capture:
    """Inspect this computer and keep all that was read.

    Raises `FormatError` where an anonymous capture would still hold one of the machine's numbers.
    """
    seen = Seen(host.files.root)
    watching = replace(
        host,
        processes=WatchedProcesses(host.processes, seen),
        files=WatchedFiles(host.files.root, seen),
    )
    machine = read_machine(watching, smart=smart)
    nodes = discreet_tree(seen)
    nodes[CLAIMS_FILE] = json.dumps(_claims(host, machine)).encode()
    nodes |= _drives(host, machine) if smart else {}
    absent = public_absences(seen)
    if anonymous:
        nodes = anonymous_tree(nodes, machine)
        absent = [path for path in absent if path in anonymous_tree({path: None}, machine)]
        left = remaining(nodes, own_numbers(machine))
        if left:
            raise FormatError("inspect.capture.not_anonymous", path=left[0], n=len(left))
    nodes[INDEX] = json.dumps(
        {
            "format": FORMAT,
            "software": f"recond {__version__}",
            "recorded_at": host.clock.now(),
            "anonymous": anonymous,
            "denied": sorted(seen.denied),
            "absent": absent,
        },
        indent=1,
    ).encode()
    return Capture(_pack(nodes), machine)


def _drives(host: Host, machine: Machine) -> dict[str, Node]:
    """What each drive says of itself when it is only asked, by the kernel's name of its disk."""
    found: dict[str, Node] = {}
    for disk in machine.disks if host.origin == "live" else ():
        name, exchanges = disk.path.rsplit("/", 1)[-1], list[Exchange]()
        try:
            drive = host.drives.open(disk.path)
        except OSError:
            continue  # without root, or a drive that does not open: inspect says so already
        try:
            seen = watched(drive, exchanges.append)
            read_capabilities(seen)
            read_opal(seen)
            nsid = drive.nvme.namespace() if drive.nvme is not None else None
        except OSError:
            nsid = None
        finally:
            drive.close()
        if exchanges:
            found[f"{FOLDER}/{name}.json"] = drive_file(drive, nsid, exchanges)
    return found


def _claims(host: Host, machine: Machine) -> dict[str, bool]:
    if host.origin != "live":
        return read_recorded_claims(host)
    names = [disk.path.rsplit("/", 1)[-1] for disk in machine.disks]
    return {name: read_claim(f"/dev/{name}") is True for name in names}


def write_capture(
    host: Host, path: Path, *, anonymous: bool = False, smart: bool = True
) -> Machine:
    """`record_capture` into a new file, readable by its owner only.

    Raises `UsageError` where the file exists, `BenchLacks` where it cannot be written.
    """
    if path.exists():
        raise UsageError("inspect.capture.exists", path=str(path))
    capture = record_capture(host, anonymous=anonymous, smart=smart)
    try:
        create_whole(path, capture.raw, mode=0o600)
    except FileExistsError:
        raise UsageError("inspect.capture.exists", path=str(path)) from None
    except OSError as error:
        raise BenchLacks(
            "inspect.capture.unwritable", path=str(path), reason=os_reason(error)
        ) from None
    return capture.machine


def host_from(path: Path, bench: Host) -> Host:
    """A host that answers from a capture or from a folder of texts; its clock and the lists of
    names are the bench's.

    Raises `UsageError` for a path that is neither, `FormatError` for one that is broken or newer.
    """
    try:
        if path.is_dir():
            files = _open_folder(path)
        elif path.is_file():
            files = _open_archive(path)
        else:
            raise UsageError("inspect.capture.missing", path=str(path))
    except OSError as error:
        raise UsageError(
            "inspect.capture.unreadable", path=str(path), reason=os_reason(error)
        ) from None
    return replace(
        bench,
        processes=RecordedProcesses(files),
        files=files,
        drives=RecordedDrives(files),
        self_tests=NoSelfTests(),
        conditions=NoConditions(),
        origin="capture",
    )


def _open_folder(path: Path) -> Files:
    if not any((path / name).exists() for name in _KNOWN):
        raise UsageError("inspect.capture.nothing", path=str(path), known=", ".join(_KNOWN))
    root = path.resolve()
    return FolderFiles(root, _recording(FolderFiles(root).read(INDEX), path))


def _open_archive(path: Path) -> Files:
    nodes = _unpack(path)
    if not any(
        name == f"/{known}" or name.startswith(f"/{known}/") for name in nodes for known in _KNOWN
    ):
        raise UsageError("inspect.capture.nothing", path=str(path), known=", ".join(_KNOWN))
    return PackedFiles.of(str(path), nodes, _recording(nodes.get(INDEX), path))


def _recording(index: object, path: Path) -> Recording:
    """What was denied and what was not there when the capture was made; checks the format."""
    if not isinstance(index, bytes):
        return Recording()  # a folder or archive that a person put together
    try:
        table = read_json(index)
        number, denied, absent = table["format"], table.get("denied", []), table.get("absent")
    except (ValueError, TypeError, KeyError, AttributeError):
        raise FormatError("inspect.capture.broken", path=str(path)) from None
    lists = isinstance(denied, list) and (absent is None or isinstance(absent, list))
    if not isinstance(number, int) or isinstance(number, bool) or not lists:
        raise FormatError("inspect.capture.broken", path=str(path))
    if number > FORMAT:
        raise FormatError("inspect.capture.newer", path=str(path), format=number)
    return Recording(True, _paths(denied), None if absent is None else _paths(absent))


def _paths(entries: list[object]) -> frozenset[str]:
    return frozenset(entry for entry in entries if isinstance(entry, str))


def _pack(nodes: dict[str, Node]) -> bytes:
    """A gzipped tar; the same tree gives the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as packed:
        for path in sorted(nodes):
            node, info = nodes[path], tarfile.TarInfo(path.lstrip("/"))
            info.mode = 0o644
            if isinstance(node, bytes):
                info.size = len(node)
            elif isinstance(node, str):
                info.type, info.linkname = tarfile.SYMTYPE, node
            else:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            packed.addfile(info, io.BytesIO(node) if isinstance(node, bytes) else None)
    squeezed = zlib.compressobj(9, zlib.DEFLATED, 31)  # 31: with gzip's header, which has no time
    return squeezed.compress(buffer.getvalue()) + squeezed.flush()


def _unpack(path: Path) -> dict[str, Node]:
    """The nodes of a tar, in memory; names that lead out of it are left out.

    Raises `FormatError` for what is no tar, is cut, or is larger than any capture.
    """
    nodes: dict[str, Node] = {}
    try:
        for member in read_tar(_plain(path)):
            name = _inner_name(member.name)
            if name is None:
                continue
            content = member.content
            if isinstance(content, str) and content.count("/") > _MOST_DEEP:
                content = ""  # a link that no computer has; it leads nowhere
            nodes[name] = content[:MAX_BYTES] if isinstance(content, bytes) else content
            if len(nodes) > _MOST_NODES:
                raise FormatError("inspect.capture.too_large", path=str(path))
    except (BadTar, EOFError, zlib.error) as error:
        raise FormatError("inspect.capture.broken", path=str(path)) from error
    return _without_top(nodes)


def _plain(path: Path) -> bytes:
    """The tar itself, plain or out of its gzip, up to a bound: a header may announce gigabytes that
    are a kilobyte on the disk.
    """
    raw = read_given(path, _MOST_BYTES + 1)
    if not raw.startswith(b"\x1f\x8b"):
        plain = raw
    else:
        inflater = zlib.decompressobj(31)  # gzip's header (RFC 1952)
        plain = inflater.decompress(raw, _MOST_BYTES + 1)
        if len(plain) <= _MOST_BYTES and not inflater.eof:
            raise EOFError
    if len(plain) > _MOST_BYTES:
        raise FormatError("inspect.capture.too_large", path=str(path))
    return plain


def _inner_name(name: str) -> str | None:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or ".." in parts or len(parts) > _MOST_DEEP:
        return None
    return "/" + "/".join(parts)


def _without_top(nodes: dict[str, Node]) -> dict[str, Node]:
    """Somebody packed the folder instead of what is in it: one name above everything."""
    tops = {name.split("/")[1] for name in nodes}
    if len(tops) != 1 or tops & set(_KNOWN):
        return nodes
    start = f"/{tops.pop()}"
    return {
        name.removeprefix(start): node
        for name, node in nodes.items()
        if re.match(r"/.", name.removeprefix(start))
    }
