"""Screens that are plugged in, by the EDID that each connector has read.

Why: "internal" decides whose size is the computer's. A connector without an EDID but with a screen
is listed with what is known. Source: Linux Documentation/gpu/drm-kms.rst (/sys/class/drm).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from recond.host.files import Files
from recond.inspect.readings import text_reading
from recond.model import Display, Known, Reading, Unknown, Why

if TYPE_CHECKING:
    from recond.inspect.edid import Edid

CLASS = "/sys/class/drm"
FOLDER = "/edid"  # in a folder of texts: one file a screen, binary or hex
_MOST_BYTES = 1 << 16  # 256 blocks are 32 KiB
_INTERNAL = ("eDP", "LVDS", "DSI")
_EXTERNAL = ("HDMI", "DP", "DVI", "VGA", "Composite", "SVIDEO", "TV", "USB")


def read_displays(files: Files) -> tuple[Display, ...]:
    """Connected screens by connector."""
    found = []
    for name in files.list(CLASS):
        connector = re.fullmatch(r"card\d+-(.+)", name)
        if connector and files.read_text(f"{CLASS}/{name}/status") == "connected":
            path = f"{CLASS}/{name}/edid"
            raw = files.read(path, _MOST_BYTES)
            found.append(_display(connector[1], raw, path))
    for name in files.list(FOLDER) if files.root != Path("/") else ():
        found.append(
            _display(
                name.rsplit(".", 1)[0],
                files.read(f"{FOLDER}/{name}", _MOST_BYTES),
                f"{FOLDER[1:]}/{name}",
            )
        )
    return tuple(found)


def _display(connector: str, raw: bytes | Unknown, source: str) -> Display:
    edid = raw if isinstance(raw, Unknown) else edid_of_file(raw)
    if edid is None or isinstance(edid, Unknown):
        empty = (
            raw
            if isinstance(raw, Unknown)
            else Unknown(Why.UNPARSABLE if raw else Why.ABSENT, source)
        )
        return Display(connector, _internal(connector, source), *[empty] * 8)

    def number(value: int | None) -> Reading[int]:
        return Unknown(Why.ABSENT, source) if value is None else Known(value, source)

    return Display(
        connector=connector,
        internal=_internal(connector, source),
        maker=Unknown(Why.ABSENT, source) if edid.maker is None else Known(edid.maker, source),
        product_code=Known(edid.product_code, source),
        name=text_reading(edid.name or None, source),
        serial=_serial(edid, source),
        year=number(edid.year),
        width_px=number(edid.width_px),
        height_px=number(edid.height_px),
        diagonal_tenths_in=number(edid.diagonal_tenths_in),
    )


def edid_of_file(raw: bytes) -> Edid | None:
    """An EDID out of a binary file or a hex text."""
    from recond.inspect.edid import parse_edid, parse_hex  # many computers have no screen on

    found = parse_edid(raw)
    if found is not None or not raw:
        return found
    dump = parse_hex(raw[:_MOST_BYTES].decode("utf-8", "replace"))
    return parse_edid(dump) if dump else None


def _serial(edid: Edid, source: str) -> Reading[str]:
    text = edid.serial or (str(edid.serial_number) if edid.serial_number else None)
    return text_reading(text, source)


def _internal(connector: str, source: str) -> Reading[bool]:
    if connector.startswith(_INTERNAL):
        return Known(True, connector)
    if connector.startswith(_EXTERNAL):
        return Known(False, connector)
    return Unknown(Why.UNSUPPORTED, source)  # "Virtual-1", or a file's name
