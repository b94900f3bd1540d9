"""The layout of the computer's keyboard, where the hardware tells it.

Why: in France a QWERTY keyboard costs a buyer. No file of the kernel tells what is printed on the
keys, but some makers leave a word: a HID keyboard its country (most say 0, which is none), a
Chromebook its layout among its vital product data, HP the country of sale behind its product
number. Only a computer that has its keyboard built in is called by where it was sold. Sources: HID
1.11 6.2.1, Linux drivers/hid/hid-core.c (`country`), ChromiumOS RO_VPD, HP's options.
"""

from __future__ import annotations

import re

from recond.data import read_table
from recond.host.files import Files
from recond.model import Form, Known, Reading, System, Unknown, Why

HID = "/sys/bus/hid/devices"
VPD = "/sys/firmware/vpd/ro/keyboard_layout"
_BUILT_IN = frozenset({Form.NOTEBOOK, Form.CONVERTIBLE})


def read_keyboard(files: Files, system: System) -> Reading[str]:
    """The layout as XKB names it ("fr", "us"); unknown where nothing or two things tell it."""
    told = files.read_text(VPD)
    found = re.match(r"xkb:([a-z]{2})\b", told) if isinstance(told, str) else None
    if found:
        return Known(found[1], VPD)
    countries = {code: path for path, code in _countries(files)}
    if len(countries) == 1:
        code, path = next(iter(countries.items()))
        return Known(code, path)
    if countries:
        return Unknown(Why.CONFLICT, f"{HID}: {', '.join(sorted(countries))}")
    return _of_product_number(system)


def _countries(files: Files) -> list[tuple[str, str]]:
    table, found = None, []
    for name in files.list(HID):
        path = f"{HID}/{name}/country"
        text = files.read_text(path)
        if isinstance(text, Unknown) or not re.fullmatch(r"[0-9a-f]{2}", text) or text == "00":
            continue
        table = table or read_table("radios.toml")["keyboard"]["hid"]
        if str(int(text, 16)) in table:
            found.append((path, table[str(int(text, 16))]))
    return found


def _of_product_number(system: System) -> Reading[str]:
    sku, form = system.sku, system.form
    built_in = isinstance(form, Known) and form.value in _BUILT_IN
    if isinstance(sku, Known) and built_in:
        code = re.fullmatch(r"\w+#([A-Z0-9]{3})", sku.value)
        layouts = read_table("radios.toml")["keyboard"]["hp"] if code else {}
        if code and code[1] in layouts:
            return Known(layouts[code[1]], sku.source)
    return Unknown(Why.ABSENT, HID)
