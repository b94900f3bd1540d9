"""A capture without the machine's own numbers: serials, addresses, UUIDs, keys.

Why: a technician sends a capture so that a mistake can be understood; whose machine it is does not
matter for that. Numbers are taken out where their form is known (a table's string, a page's words,
a JSON key), then all that was read as one is looked for in the whole tree, in every spelling.
`remaining` is the check that has the last word: a capture in which it finds something is not made.
"""

from __future__ import annotations

import json
import re

from recond.documents import read_json
from recond.host.recorded import Node
from recond.host.recorded_drive import FOLDER, anonymous_drive_file
from recond.inspect.edid import HEADER
from recond.inspect.smbios import parse_structures
from recond.inspect.uses import CLAIMS_FILE
from recond.inspect.windows_key import DIGEST_FILE
from recond.model import Known, Machine, Reading

_DROPPED = frozenset(
    {
        "serial",
        "serial_number",
        "product_serial",
        "product_uuid",
        "board_serial",
        "chassis_serial",
        "chassis_asset_tag",
        "board_asset_tag",
        "vpd_pg80",
        "vpd_pg83",
        "wwid",
        "address",
        "macaddress",
        "unique_id",
        "cid",
        "uuid",
        "nguid",
        "eui",
        "subsysnqn",
        "backing_file",
        CLAIMS_FILE.rsplit("/", 1)[-1],
        DIGEST_FILE.rsplit("/", 1)[-1],
    }
)
_JSON_KEYS = frozenset(
    {
        "serial_number",
        "wwn",
        "serial",
        "logical_unit_id",
        "eui64",
        "nguid",
        "uuid",
        "ieee",
        "nvme_ieee_oui_identifier",
        "sas_address",
        "attached_sas_address",
        "scsi_lu_id",
    }
)
# which strings of which SMBIOS types are numbers of the machine: offsets of the pointers
_SMBIOS_STRINGS: dict[int, tuple[int, ...]] = {
    0: (),
    1: (7,),
    2: (7, 8),
    3: (7, 8),
    4: (0x20, 0x21),
    9: (),
    16: (),
    17: (0x18, 0x19),
    22: (4, 5, 6, 7, 8),
    41: (),
    43: (),
    127: (),
}
_DMI_LINES = re.compile(r"^(\t(?:Serial Number|UUID|Asset Tag): ).*$", re.MULTILINE)
_UUID = re.compile(rb"(?<![0-9a-fA-F])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MAC = re.compile(rb"(?<![0-9a-fA-F:])[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}(?![0-9a-fA-F:])")
_MAC_NAME = re.compile(rb"\b(enx|wlx|wwx)[0-9a-f]{12}")
_CPU_SERIAL = re.compile(rb"^Serial\s*:.*$", re.MULTILINE)
_GLOBAL = (b"8be4df61-93ca-11d2-aa0d-00e098032b8c", b"d719b2cb-3d3a-4596-a3bc-dad00e67656f")
_LEAST = 6  # a shorter number stands in other words by chance
_IDENTIFY_AT = 60
_IDENTIFY_WORDS = ((10, 20), (108, 116))  # serial; world-wide names (ACS-4 7.13.7)


def anonymous_tree(nodes: dict[str, Node], machine: Machine) -> dict[str, Node]:
    """The tree without the machine's own numbers; contents keep their form and length."""
    numbers = own_numbers(machine)
    clean: dict[str, Node] = {}
    for path, node in nodes.items():
        if path.rsplit("/", 1)[-1] in _DROPPED:
            continue
        new_path = _scrub(path.encode(), numbers).decode()
        if isinstance(node, bytes):
            clean[new_path] = _scrub(_by_form(path, node), numbers)
        else:
            clean[new_path] = _scrub(node.encode(), numbers).decode() if node else node
    return clean


def own_numbers(machine: Machine) -> tuple[str, ...]:
    """Every number that names this machine or a part of it, longest first."""
    system, found = machine.system, list[Reading[str]]()
    found += [
        system.serial,
        system.uuid,
        system.chassis_serial,
        system.asset_tag,
        system.board_serial,
    ]
    if isinstance(machine.memory.modules, Known):
        found += [module.serial for module in machine.memory.modules.value]
    for disk in machine.disks:
        found += [disk.serial, disk.wwn]
    found += [battery.serial for battery in machine.batteries]
    found += [display.serial for display in machine.displays]
    found += [card.mac for card in machine.networks]
    values = {reading.value for reading in found if isinstance(reading, Known)}
    values |= {disk.box_serial for disk in machine.disks if disk.box_serial}
    values |= {value.removeprefix("0x") for value in values}
    values |= {part for value in values if "." in value for part in value.split(".")}
    return tuple(sorted((v for v in values if len(v) >= _LEAST), key=len, reverse=True))


def remaining(nodes: dict[str, Node], numbers: tuple[str, ...]) -> tuple[str, ...]:
    """The paths in whose name or content one of the numbers still stands, in any spelling."""
    spellings = [s for number in numbers for s in _spellings(number)]
    return tuple(
        path
        for path, node in nodes.items()
        if any(
            s in path.encode()
            or (isinstance(node, bytes) and (s in node or s.hex().encode() in node))
            or (isinstance(node, str) and s in node.encode())
            for s in spellings
        )
    )


def _spellings(number: str) -> tuple[bytes, ...]:
    plain = number.encode()
    forms = {plain, plain.upper(), plain.lower(), number.encode("utf-16-le"), _swapped(plain)}
    if re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", number):
        bare = plain.replace(b":", b"")
        forms |= {bare, bare.upper(), plain.replace(b":", b"-"), bytes.fromhex(bare.decode())}
    if re.fullmatch(r"[0-9a-f]{16,32}", number) and len(number) % 2 == 0:
        forms.add(bytes.fromhex(number))
    return tuple(sorted(forms))


def _swapped(text: bytes) -> bytes:
    """As ATA spells it: the two characters of each word change places."""
    padded = text + b" " * (len(text) % 2)
    return bytes(padded[i ^ 1] for i in range(len(padded)))


def _scrub(raw: bytes, numbers: tuple[str, ...]) -> bytes:
    for number in numbers:
        for spelling in _spellings(number):
            if spelling in raw:
                raw = raw.replace(spelling, b"X" * len(spelling))
    raw = _UUID.sub(
        lambda m: m[0] if m[0].lower() in _GLOBAL else b"00000000-0000-0000-0000-000000000000", raw
    )
    raw = _MAC.sub(b"00:00:00:00:00:00", raw)
    return _MAC_NAME.sub(lambda m: m[1] + b"0" * 12, raw)


def _by_form(path: str, raw: bytes) -> bytes:
    name = path.rsplit("/", 1)[-1]
    if path.startswith(f"{FOLDER}/"):
        return anonymous_drive_file(raw)
    if path.endswith("/dmi/tables/DMI"):
        return _smbios(raw)
    if name == "vpd_pg89":
        return _identify(raw)
    if name == "edid" or raw.startswith(HEADER):
        return _edid(raw)
    if path == "/dmidecode.txt":
        return _dmidecode(raw)
    if path == "/proc/cpuinfo":
        return _CPU_SERIAL.sub(b"Serial\t\t: 0", raw)
    if path.endswith(".json"):
        return _json(raw)
    return raw


def _smbios(raw: bytes) -> bytes:
    """Only the types that are read; numbers as X, the UUID as zeros."""
    parts = []
    for item in parse_structures(raw):
        if item.kind not in _SMBIOS_STRINGS:
            continue
        data, strings = bytearray(item.data), [s.encode() for s in item.strings]
        for offset in _SMBIOS_STRINGS[item.kind]:
            index = item.number(offset) or 0
            if 0 < index <= len(strings):
                strings[index - 1] = b"X" * len(strings[index - 1])
        if item.kind == 1:
            data[8:24] = bytes(len(data[8:24]))
        ending = b"\0".join(strings) + b"\0\0" if strings else b"\0\0"
        parts.append(bytes(data) + ending)
    return b"".join(parts)


def _identify(raw: bytes) -> bytes:
    page = bytearray(raw)
    for start, end in _IDENTIFY_WORDS:
        at, stop = _IDENTIFY_AT + 2 * start, min(_IDENTIFY_AT + 2 * end, len(page))
        if at < stop:
            page[at:stop] = b" " * (stop - at) if start == 10 else bytes(stop - at)
    return bytes(page)


def _edid(raw: bytes) -> bytes:
    """Serial number and serial text out, the checksum made good again."""
    block = bytearray(raw)
    if len(block) < 128:
        return raw
    block[12:16] = bytes(4)
    for at in (54, 72, 90, 108):
        if block[at : at + 4] == b"\0\0\0\xff":
            block[at + 5 : at + 18] = b"\n" + b" " * 12
    block[127] = -sum(block[:127]) & 0xFF
    return bytes(block)


def _dmidecode(raw: bytes) -> bytes:
    sections = re.split(r"\n(?=Handle 0x)", raw.decode("utf-8", "replace"))
    kept = [
        s
        for s in sections
        if (m := re.match(r"Handle 0x\w+, DMI type (\d+),", s)) is None
        or int(m[1]) in _SMBIOS_STRINGS
    ]
    return _DMI_LINES.sub(r"\1--", "\n".join(kept)).encode()


def _json(raw: bytes) -> bytes:
    try:
        return json.dumps(_without(read_json(raw), 0), indent=1).encode()
    except ValueError:
        return b""  # what cannot be read cannot be cleaned


def _without(value: object, depth: int) -> object:
    if depth > 64:
        raise ValueError("nested too deep")
    if isinstance(value, dict):
        return {k: _without(v, depth + 1) for k, v in value.items() if k not in _JSON_KEYS}
    if isinstance(value, list):
        return [_without(v, depth + 1) for v in value]
    return value
