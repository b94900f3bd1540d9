"""NVMe controllers and namespaces: dead ones, empty ones, and what is not attached.

Why: a controller that died, or whose namespaces belong to nobody, shows no disk and keeps data.
Sources: Linux Documentation/ABI/testing/sysfs-nvme, NVM Express base 2.0 2.4 (namespaces).
"""

from __future__ import annotations

import re

from recond.census import Kind, StorageMedium, Suspicion
from recond.host import Host
from recond.host.files import Files
from recond.inspect.census_sighting import Sighting, gap_of, has_devices, hidden, suspect
from recond.inspect.readings import file_text
from recond.model import Known, Message, Unknown

_NVME = "/sys/class/nvme"
_FABRICS = frozenset({"tcp", "rdma", "fc", "loop"})


def look_at_nvme(host: Host) -> Sighting:
    """Every NVMe controller of this computer."""
    files = host.files
    names = [n for n in files.list(_NVME) if re.fullmatch(r"nvme\d+", n) and _is_here(files, n)]
    suspicions = tuple(one for name in names if (one := _doubt(files, name)) is not None)
    media: list[StorageMedium] = []
    gap = gap_of(files, _NVME)
    for name in names:
        if not has_devices(host):
            gap = gap or Message.of("inspect.census.gap.namespaces", place=name)
            continue
        from recond.host.nvme_namespaces import read_unattached  # late: many have no such drive

        left = read_unattached(name)
        if isinstance(left, Unknown):
            gap = gap or Message.of("inspect.census.gap.namespaces", place=name)
            continue
        shown = _namespaces(files, name)
        media += [
            _unattached(files, name, n)
            for n in left.value
            if n not in shown and not _is_beside(files, names, name, n)
        ]
    return Sighting(_once(media), suspicions=suspicions, gap=gap)


def _is_here(files: Files, name: str) -> bool:
    """A controller behind a network is another computer's."""
    return files.read_text(f"{_NVME}/{name}/transport") not in _FABRICS


def _doubt(files: Files, name: str) -> Suspicion | None:
    state = files.read_text(f"{_NVME}/{name}/state")
    if isinstance(state, str) and state not in ("live", ""):
        return suspect("nvme-dead", name, state=state)
    if not _namespaces(files, name):
        return suspect("nvme-empty", name)
    return None


def _namespaces(files: Files, name: str) -> set[int]:
    """The ids of the namespaces that show as block devices below the controller or its subsystem:
    nvme0n1; by native multipath nvme0c1n1 below the controller and nvme0n1 beside it.
    """
    found = set()
    for entry in files.list(f"{_NVME}/{name}"):
        told = re.fullmatch(r"nvme\d+(?:c\d+)?n(\d+)", entry)
        if told:
            raw = files.read_text(f"{_NVME}/{name}/{entry}/nsid")
            found.add(int(raw) if isinstance(raw, str) and raw.isdigit() else int(told[1]))
    return found


def _is_beside(files: Files, names: list[str], name: str, number: int) -> bool:
    """Whether another controller of the same subsystem shows this namespace, and the drive itself
    says that it is attached to that one: a name alone may be another drive's.
    """
    from recond.host.nvme_namespaces import read_attached

    beside = [
        one
        for one in names
        if one != name and _drive(files, one) == _drive(files, name) is not None
        if number in _namespaces(files, one)
    ]
    ids = {files.read_text(f"{_NVME}/{one}/cntlid") for one in beside}
    return bool(beside) and any(str(one) in ids for one in read_attached(name, number))


def _drive(files: Files, name: str) -> tuple[str, str] | None:
    """The subsystem's name and the serial number of a controller's drive; None where one lacks."""
    told = [files.read_text(f"{_NVME}/{name}/{one}") for one in ("subsysnqn", "serial")]
    nqn, serial = (one if isinstance(one, str) else "" for one in told)
    return (nqn, serial) if nqn and serial else None


def _unattached(files: Files, name: str, number: int) -> StorageMedium:
    serial = file_text(files, f"{_NVME}/{name}/serial")
    token = serial.value if isinstance(serial, Known) else name
    return hidden(
        f"{token}-n{number}",
        Kind.NAMESPACE,
        Message.of("inspect.census.what.namespace", place=name, number=number),
        Message.of("inspect.census.todo.namespace", place=name, number=number),
        model=file_text(files, f"{_NVME}/{name}/model"),
        serial=serial,
        namespace=Known(number, name),
    )


def _once(media: list[StorageMedium]) -> tuple[StorageMedium, ...]:
    """Two controllers of one drive tell of the same namespaces."""
    return tuple({one.key: one for one in media}.values())
