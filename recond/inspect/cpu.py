"""The processor, from /proc/cpuinfo, `lscpu` and the firmware's tables.

Why: /proc/cpuinfo is there on every machine and costs nothing; `lscpu` is what captures hold and
tells the highest clock; the tables know a processor that a stopped machine has. A present clock is
no maximum: its source says which it is. Counts are of the whole machine. Pure, apart from reading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from recond.host.files import Files
from recond.inspect.readings import clean, first, int_reading, text_reading
from recond.inspect.smbios import Tables
from recond.model import Cpu, Known, Reading, Unknown, Why

CPUINFO = "/proc/cpuinfo"
_MAX_FREQ = "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"
_FLAG = re.compile(r"[0-9a-z][0-9a-z_.]{0,39}")
_MOST_BLOCKS = 8192
# what the kernel writes where the processor has no name (family/model)
_NO_NAME = re.compile(r"unknown( cpu)?|[0-9a-f]{2}/[0-9a-f]{2}", re.IGNORECASE)


def read_cpu(files: Files, lscpu: str | Unknown, tables: Tables | Unknown) -> Cpu:
    """The processor by all its sources, each field by the best one that has it."""
    raw = files.read_text(CPUINFO)
    kernel = unread_cpu(raw) if isinstance(raw, Unknown) else parse_cpuinfo(raw)
    tool = unread_cpu(lscpu) if isinstance(lscpu, Unknown) else parse_lscpu(lscpu)
    firmware = unread_cpu(tables) if isinstance(tables, Unknown) else _of_tables(tables)
    maximum = _max_frequency(files)
    return Cpu(
        maker=first(kernel.maker, tool.maker),
        name=first(kernel.name, tool.name, firmware.name),
        family=first(kernel.family, tool.family, firmware.family),
        model=first(kernel.model, tool.model, firmware.model),
        stepping=first(kernel.stepping, tool.stepping, firmware.stepping),
        sockets=first(tool.sockets, kernel.sockets, firmware.sockets),
        cores=first(tool.cores, kernel.cores, firmware.cores),
        threads=first(tool.threads, kernel.threads, firmware.threads),
        bits=first(kernel.bits, tool.bits, firmware.bits),
        max_mhz=first(maximum, _maximum_only(tool.max_mhz), kernel.max_mhz, tool.max_mhz),
        flags=first(kernel.flags, tool.flags),
    )


def unread_cpu(reason: Unknown) -> Cpu:
    """A processor of which nothing could be read."""
    return Cpu(*[reason] * 11)


def _maximum_only(reading: Reading[int]) -> Reading[int]:
    if isinstance(reading, Known) and "max" not in reading.source:
        return Unknown(Why.ABSENT, "lscpu:CPU max MHz")
    return reading


def _max_frequency(files: Files) -> Reading[int]:
    kilohertz = int_reading(files.read_text(_MAX_FREQ), _MAX_FREQ, least=1000)
    if isinstance(kilohertz, Known):
        return Known(kilohertz.value // 1000, _MAX_FREQ)
    return kilohertz


def parse_cpuinfo(text: str) -> Cpu:
    """/proc/cpuinfo of an x86 or ARM kernel (proc(5))."""
    blocks = [_fields(block) for block in re.split(r"\n\s*\n", text)[:_MOST_BLOCKS]]
    blocks = [block for block in blocks if "processor" in block]
    head = blocks[0] if blocks else {}
    source = CPUINFO
    packages = {b["physical id"] for b in blocks if "physical id" in b}
    cores = {
        (b["physical id"], b["core id"]) for b in blocks if "physical id" in b and "core id" in b
    }
    flags = _flags(head.get("flags"), source)
    return Cpu(
        maker=text_reading(head.get("vendor_id"), source),
        name=name_reading(head.get("model name"), source),
        family=_number(head, "cpu family", source),
        model=_number(head, "model", source),
        stepping=_number(head, "stepping", source),
        sockets=_counted(len(packages), source),
        cores=_counted(len(cores), source),
        threads=_counted(len(blocks), source),
        bits=_bits_of_flags(flags),
        max_mhz=_megahertz(head.get("cpu MHz"), f"{source}:cpu MHz"),
        flags=flags,
    )


def _fields(block: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in block.splitlines():
        label, colon, value = line.partition(":")
        if colon:
            found.setdefault(label.strip(), value.strip())
    return found


def parse_lscpu(text: str) -> Cpu:
    """The text of `lscpu` (util-linux 2.2x to 2.41; later ones indent)."""
    fields = _fields(text)
    sockets = _number(fields, "Socket(s)", "lscpu")
    per_socket = _number(fields, "Core(s) per socket", "lscpu")
    clusters = _number(fields, "Cluster(s)", "lscpu")
    per_cluster = _number(fields, "Core(s) per cluster", "lscpu")
    flags = _flags(fields.get("Flags"), "lscpu")
    return Cpu(
        maker=text_reading(fields.get("Vendor ID"), "lscpu"),
        name=name_reading(fields.get("Model name"), "lscpu"),
        family=_number(fields, "CPU family", "lscpu"),
        model=_number(fields, "Model", "lscpu"),
        stepping=_number(fields, "Stepping", "lscpu"),
        sockets=first(sockets, clusters),
        cores=first(_product(sockets, per_socket), _product(clusters, per_cluster)),
        threads=_number(fields, "CPU(s)", "lscpu"),
        bits=_bits(fields.get("CPU op-mode(s)"), flags),
        max_mhz=first(
            _megahertz(fields.get("CPU max MHz"), "lscpu:CPU max MHz"),
            _megahertz(fields.get("CPU MHz"), "lscpu:CPU MHz"),
        ),
        flags=flags,
    )


def _product(sockets: Reading[int], per_socket: Reading[int]) -> Reading[int]:
    if isinstance(sockets, Known) and isinstance(per_socket, Known):
        return Known(sockets.value * per_socket.value, "lscpu")
    return per_socket if isinstance(per_socket, Unknown) else sockets


def _of_tables(tables: Tables) -> Cpu:
    source, found = f"{tables.source}:4", tables.processors
    head = found[0] if found else None
    absent = Unknown(Why.ABSENT, source)
    if head is None:
        return unread_cpu(absent)
    signature = head.signature
    cores = [p.cores for p in found if p.cores]
    threads = [p.threads for p in found if p.threads]
    return Cpu(
        maker=absent,  # "Intel(R) Corporation" is not the vendor id of CPUID
        name=name_reading(head.name, source),
        family=Known(signature[0], source) if signature else absent,
        model=Known(signature[1], source) if signature else absent,
        stepping=Known(signature[2], source) if signature else absent,
        sockets=Known(len(found), source),
        cores=Known(sum(cores), source) if len(cores) == len(found) else absent,
        threads=Known(sum(threads), source) if len(threads) == len(found) else absent,
        bits=Known(64, source) if head.bits == 64 else absent,
        max_mhz=absent,  # what the socket takes, not what the processor does
        flags=absent,
    )


def name_reading(text: str | None, source: str) -> Reading[str]:
    """A processor's brand string."""
    found = text_reading(text, source)
    if isinstance(found, Known) and _NO_NAME.fullmatch(found.value):
        return Unknown(Why.GARBAGE, found.value)
    return found


def _number(fields: Mapping[str, str], label: str, source: str) -> Reading[int]:
    text = fields.get(label)
    if text is not None and not re.fullmatch(r"[0-9]{1,9}", text):
        return Unknown(Why.UNPARSABLE, f"{source}: {clean(text)[:40]}")
    return int_reading(text, source)


def _counted(count: int, source: str) -> Reading[int]:
    return Known(count, source) if count else Unknown(Why.ABSENT, source)


def _megahertz(text: str | None, source: str) -> Reading[int]:
    found = re.fullmatch(r"([0-9]{1,6})(?:[.,][0-9]+)?", text or "")
    if found is None:
        return Unknown(Why.ABSENT if not text else Why.UNPARSABLE, source)
    return Known(int(found[1]), source) if int(found[1]) else Unknown(Why.UNPARSABLE, source)


def _flags(text: str | None, source: str) -> Reading[tuple[str, ...]]:
    words = (text or "")[:65536].split()
    flags = tuple(dict.fromkeys(word for word in words if _FLAG.fullmatch(word)))
    return Known(flags, source) if flags else Unknown(Why.ABSENT, source)


def _bits_of_flags(flags: Reading[tuple[str, ...]]) -> Reading[int]:
    """`lm` is the kernel's name for long mode (AMD64 APM 3, CPUID 8000_0001 EDX 29)."""
    if isinstance(flags, Unknown):
        return flags
    if "lm" in flags.value:
        return Known(64, f"{flags.source}:lm")
    # "cx8" is an x86 flag: only there does a missing "lm" mean 32 bits
    return Known(32, flags.source) if "cx8" in flags.value else Unknown(Why.ABSENT, flags.source)


def _bits(modes: str | None, flags: Reading[tuple[str, ...]]) -> Reading[int]:
    if modes:
        if "64-bit" in modes:
            return Known(64, "lscpu:CPU op-mode(s)")
        if "32-bit" in modes:
            return Known(32, "lscpu:CPU op-mode(s)")
    return _bits_of_flags(flags)
