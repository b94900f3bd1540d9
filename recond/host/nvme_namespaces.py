"""The namespaces that an NVMe controller holds, attached to it or not. Reads only.

Why: the kernel shows the attached ones; the others keep their data all the same. Asked of the
controller's own device file, for a controller may show no namespace at all. Source: NVM Express
base 2.0 5.17.2 (Identify, CNS 00h, 02h, 10h, 12h).
"""

from __future__ import annotations

import os

from recond.drive import requests as rq
from recond.drive.answers import (
    nvme_good,
    parse_controller_list,
    parse_nvme_controller,
    parse_nvme_list,
)
from recond.host.nvme import NvmeIoctl
from recond.host.transport import NvmeTransport
from recond.model import Known, Reading, Unknown, Why


def read_unattached(name: str) -> Reading[tuple[int, ...]]:
    """The namespaces of controller `name` ("nvme0") that exist and are not attached to it.

    Unknown where the controller cannot be asked. One that manages no namespaces, and is the drive's
    only one, has none such.
    """
    path = f"/dev/{name}"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        return Unknown(Why.DENIED, path)
    except OSError:
        return Unknown(Why.UNREADABLE, path)
    try:
        return unattached(NvmeIoctl(descriptor), path)
    finally:
        os.close(descriptor)


def read_attached(name: str, nsid: int) -> frozenset[int]:
    """The identifiers of the controllers that a namespace is attached to, as controller `name` says
    (CNS 12h); empty where it does not say.
    """
    try:
        descriptor = os.open(f"/dev/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return frozenset()
    try:
        return attached(NvmeIoctl(descriptor), nsid)
    finally:
        os.close(descriptor)


def attached(transport: NvmeTransport, nsid: int) -> frozenset[int]:
    """`read_attached` by an open transport."""
    answer = transport.execute(rq.nvme_identify(0x12, nsid))
    good = nvme_good(answer.status, answer.errno)
    return parse_controller_list(answer.data) if good else frozenset()


def unattached(transport: NvmeTransport, source: str) -> Reading[tuple[int, ...]]:
    """`read_unattached` by an open transport; `source` names it."""
    answer = transport.execute(rq.nvme_identify(1))
    controller = parse_nvme_controller(answer.data)
    if not nvme_good(answer.status, answer.errno) or controller is None:
        return Unknown(Why.UNREADABLE, source)
    if 0x10 not in controller.lists:
        return Known((), source)
    active, held = (transport.execute(rq.nvme_identify(kind)) for kind in (2, 0x10))
    if not all(nvme_good(one.status, one.errno) for one in (active, held)):
        return Unknown(Why.UNREADABLE, source)
    left = set(parse_nvme_list(held.data)) - set(parse_nvme_list(active.data))
    return Known(tuple(sorted(left)), source)
