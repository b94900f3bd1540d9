"""The camera: does it give pictures, and do they change.

Why: a camera behind a shut cover, or with a dead sensor, is listed like any other and gives the
same picture again and again. The pictures are compared and forgotten; nobody sees them, none is
kept. Whether they are sharp only a person sees. Source: linux/videodev2.h.
"""

from __future__ import annotations

import errno
import re

from recond.host import Host
from recond.inspect.devices import is_on_usb
from recond.inspect.trial import PartSeen, Trial, refused

VIDEOS = "/sys/class/video4linux"
USB_VIDEO = "0e"
WITHIN_S = 6.0
ABOUT_S = 6


def try_camera(host: Host) -> Trial:
    """Each camera; a node of a camera's other data is left out."""
    found: list[PartSeen] = []
    names = host.files.list(VIDEOS)
    for name in names:
        if re.fullmatch(r"video\d{1,3}", name):
            yield None
            seen = _look(host, name)
            found += [seen] if seen is not None else []
    driverless = not names and is_on_usb(host.files, USB_VIDEO)
    return tuple(found) or (PartSeen.unknown("no_driver" if driverless else "camera_absent"),)


def _look(host: Host, name: str) -> PartSeen | None:
    told = host.files.read_text(f"{VIDEOS}/{name}/name")
    device = told[:60] if isinstance(told, str) and told else name
    try:
        seen = host.senses.take_pictures(f"/dev/{name}", WITHIN_S)
    except OSError as error:
        if error.errno == errno.ENOTTY:  # no camera, or another stream of one
            return None
        if error.errno == errno.EBUSY:
            return PartSeen.unknown("camera_busy", device)
        return refused(error, device)
    size = {"width": seen.width, "height": seen.height}
    if not seen.count:
        return PartSeen.failed("camera_no_picture", device, limit_s=int(WITHIN_S))
    if not seen.changes:
        return PartSeen.unknown("camera_same", device, n=seen.count, **size)
    return PartSeen.passed("camera_changes", device, n=seen.count, **size)
