"""Names of PCI and USB parts from the bench's id lists (pci.ids, usb.ids).

Why: the hardware gives numbers, people read names. The lists are the bench's own, even where the
machine is a capture. They are searched, not parsed: a list has 40,000 lines and a machine ten
parts. A part that the list does not hold is unknown. Source: pci-ids.ucw.cz, linux-usb.org.
"""

from __future__ import annotations

import functools
import re

from recond.host.files import Files
from recond.inspect.readings import text_reading
from recond.model import Reading, Unknown, Why

_FOLDERS = ("/usr/share/misc", "/usr/share/hwdata", "/var/lib/pciutils", "/var/lib/usbutils")


def read_name(ids: Files, list_name: str, vendor: str, device: str) -> Reading[str]:
    """The name of a part by a list ("pci.ids", "usb.ids") of the bench's files `ids`; the numbers
    as four hex digits, lower case.
    """
    text = _list(ids, list_name)
    if text is None:
        return Unknown(Why.TOOL_MISSING, list_name)
    return find_name(text, vendor, device, list_name)


def find_name(text: str, vendor: str, device: str, source: str) -> Reading[str]:
    """The name in the text of a list: "Intel Corporation UHD Graphics 620"."""
    start = text.find(f"\n{vendor}  ")
    if start < 0:
        return Unknown(Why.ABSENT, f"{source}:{vendor}")
    end_of_line = text.find("\n", start + 1)
    maker = text[start + 7 : end_of_line]
    section = re.compile(r"\n[^\t#\n]").search(text, max(end_of_line, 0))
    end = section.start() if section else len(text)
    found = text.find(f"\n\t{device}  ", end_of_line - 1, end)
    if found < 0:
        return Unknown(Why.ABSENT, f"{source}:{vendor}:{device}")
    name = text[found + 8 : text.find("\n", found + 8)]
    return text_reading(f"{maker} {name}", source)


@functools.cache
def _list(ids: Files, name: str) -> str | None:
    for folder in _FOLDERS:
        raw = ids.read(f"{folder}/{name}")
        if isinstance(raw, bytes):
            return "\n" + raw.decode("utf-8", "replace") + "\n"
    return None
