"""Who made the computer, how it calls itself, and what kind of computer it is.

Why: the best source is SMBIOS, raw or by `dmidecode`; without root only `/sys/class/dmi/id` is
left, which hides the serials. Each field takes the best source that has it. Must not repair what a
maker wrote: where the name that people use stands in the version (ThinkPads), it stays there.
"""

from __future__ import annotations

import dataclasses
import re

from recond.host.files import Files
from recond.host.identity.garbage import is_garbage_uuid, is_model_of
from recond.inspect.form import decide_form
from recond.inspect.readings import clean, file_text, first, text_reading
from recond.inspect.smbios import Bios, Product, Tables
from recond.inspect.smbios_words import CHASSIS
from recond.model import Form, Known, Reading, System, Unknown, Why

DMI_ID = "/sys/class/dmi/id"
_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}|[0-9]{2})")


def read_system(files: Files, tables: Tables | Unknown) -> System:
    """The system by its tables, and by /sys/class/dmi/id where these are silent."""
    from_kernel = _from_dmi_id(files)
    found = unread_system(tables) if isinstance(tables, Unknown) else system_of(tables)
    return _merge(found, from_kernel)


def unread_system(reason: Unknown) -> System:
    """A system of which nothing could be read."""
    return System(*[reason] * len(dataclasses.fields(System)))


def system_of(tables: Tables) -> System:
    """The system as SMBIOS tells it."""
    source = tables.source
    one, bios = tables.system or Product(), tables.bios or Bios()
    board = next((b for b in tables.boards if b.model or b.serial), Product())
    chassis = tables.chassis[0] if tables.chassis else Product()
    return System(
        maker=text_reading(one.maker, f"{source}:1"),
        model=model_reading(one.model, one.maker, f"{source}:1"),
        version=text_reading(one.version, f"{source}:1"),
        serial=text_reading(one.serial, f"{source}:1"),
        uuid=uuid_reading(one.uuid, f"{source}:1"),
        sku=text_reading(one.sku, f"{source}:1"),
        family=text_reading(one.family, f"{source}:1"),
        form=_form(tables),
        chassis_serial=text_reading(chassis.serial, f"{source}:3"),
        asset_tag=text_reading(chassis.asset_tag, f"{source}:3"),
        board_maker=text_reading(board.maker, f"{source}:2"),
        board_model=text_reading(board.model, f"{source}:2"),
        board_serial=text_reading(board.serial, f"{source}:2"),
        bios_vendor=text_reading(bios.vendor, f"{source}:0"),
        bios_version=text_reading(bios.version, f"{source}:0"),
        bios_date=date_reading(bios.date, f"{source}:0"),
    )


def _form(tables: Tables) -> Reading[Form]:
    one = tables.system or Product()
    words = tuple(c.chassis for c in tables.chassis if c.chassis)
    board = tables.boards[0] if tables.boards else Product()
    names = (one.model, one.version, one.family, one.sku, board.maker, board.model)
    return decide_form(
        words,
        clean(one.maker or ""),
        tuple(clean(n or "") for n in names),
        tables.batteries > 0,
        f"{tables.source}:3",
    )


def _from_dmi_id(files: Files) -> System:
    def text(name: str) -> Reading[str]:
        return file_text(files, f"{DMI_ID}/{name}")

    uuid, date = text("product_uuid"), text("bios_date")
    return System(
        maker=text("sys_vendor"),
        model=_kernel_model(files),
        version=text("product_version"),
        serial=text("product_serial"),
        uuid=uuid_reading(uuid.value, uuid.source) if isinstance(uuid, Known) else uuid,
        sku=text("product_sku"),
        family=text("product_family"),
        form=_kernel_form(files),
        chassis_serial=text("chassis_serial"),
        asset_tag=text("chassis_asset_tag"),
        board_maker=text("board_vendor"),
        board_model=text("board_name"),
        board_serial=text("board_serial"),
        bios_vendor=text("bios_vendor"),
        bios_version=text("bios_version"),
        bios_date=date_reading(date.value, date.source) if isinstance(date, Known) else date,
    )


def _kernel_model(files: Files) -> Reading[str]:
    path = f"{DMI_ID}/product_name"
    told, maker = files.read_text(path), files.read_text(f"{DMI_ID}/sys_vendor")
    if isinstance(told, Unknown):
        return told
    return model_reading(told, maker if isinstance(maker, str) else None, path)


def _kernel_form(files: Files) -> Reading[Form]:
    path = f"{DMI_ID}/chassis_type"
    code = files.read_text(path)
    if isinstance(code, Unknown):
        return code
    word = CHASSIS.get(int(code)) if re.fullmatch(r"[0-9]{1,3}", code) else None
    found = [
        files.read_text(f"{DMI_ID}/{n}")
        for n in ("product_name", "product_version", "product_family", "product_sku")
    ]
    maker = files.read_text(f"{DMI_ID}/sys_vendor")
    return decide_form(
        (word,) if word else (),
        clean(maker) if isinstance(maker, str) else "",
        tuple(clean(n) for n in found if isinstance(n, str)),
        False,
        path,
    )


def _merge(best: System, other: System) -> System:
    return System(
        *[first(getattr(best, f.name), getattr(other, f.name)) for f in dataclasses.fields(System)]
    )


def model_reading(text: str | None, maker: str | None, source: str) -> Reading[str]:
    """A model's name; a word that is filler from others may be this maker's ("Laptop")."""
    if text is not None and maker is not None and is_model_of(text, maker):
        return Known(clean(text), source)
    return text_reading(text, source)


def uuid_reading(text: str | None, source: str) -> Reading[str]:
    """A UUID in lower case, or why it is none."""
    if not text:
        return Unknown(Why.ABSENT, source)
    if is_garbage_uuid(text):
        return Unknown(Why.GARBAGE, clean(text)[:40])
    return Known(text.strip("{} ").lower(), source)


def date_reading(text: str | None, source: str) -> Reading[str]:
    """YYYY-MM-DD of the firmware's month/day/year (DSP0134 7.1)."""
    if text is None:
        return Unknown(Why.ABSENT, source)
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return Unknown(Why.UNPARSABLE, f"{source}: {clean(text)[:40]}")
    month, day, year = int(found[1]), int(found[2]), int(found[3])
    year += 0 if year > 99 else 1900 if year >= 80 else 2000
    if not (1 <= month <= 12 and 1 <= day <= 31 and 1980 <= year <= 2100):
        return Unknown(Why.UNPARSABLE, f"{source}: {clean(text)[:40]}")
    return Known(f"{year:04d}-{month:02d}-{day:02d}", source)
