"""The processor, from /proc/cpuinfo, `lscpu` and the firmware's tables.

Why: /proc/cpuinfo is there on every machine and costs nothing; `lscpu` is what captures hold and
tells the highest clock; the tables know a processor that a stopped machine has. A present clock is
no maximum: its source says which it is. Counts are of the whole machine, and a processor may have
several kinds of core (ARM big.LITTLE, Intel since the 12th generation): they are counted one by
one, never by a product. Pure, apart from reading.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from recond.data import read_table
from recond.host.files import Files
from recond.inspect.readings import clean, first, int_reading, text_reading
from recond.inspect.smbios import Tables
from recond.model import Cpu, Known, Reading, Unknown, Why

CPUINFO = "/proc/cpuinfo"
_CPUS = "/sys/devices/system/cpu"
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
    packages, cores = _topology(files)
    maximum = _max_frequency(files)
    return Cpu(
        maker=first(kernel.maker, tool.maker),
        name=first(kernel.name, tool.name, firmware.name),
        family=first(kernel.family, tool.family, firmware.family),
        model=first(kernel.model, tool.model, firmware.model),
        stepping=first(kernel.stepping, tool.stepping, firmware.stepping),
        sockets=first(kernel.sockets, tool.sockets, packages, firmware.sockets),
        cores=first(kernel.cores, cores, tool.cores, firmware.cores),
        threads=first(tool.threads, kernel.threads, firmware.threads),
        bits=first(kernel.bits, tool.bits, firmware.bits),
        max_mhz=first(maximum, _maximum_only(tool.max_mhz), kernel.max_mhz, tool.max_mhz),
        flags=first(kernel.flags, tool.flags),
    )


def kernel_says_all(files: Files) -> bool:
    """Whether `lscpu` could add nothing to the kernel's own files."""
    raw = files.read_text(CPUINFO)
    if isinstance(raw, Unknown):
        return False
    kernel = parse_cpuinfo(raw)  # the highest clock, lscpu reads from the same files of /sys
    told = (kernel.maker, kernel.name, kernel.sockets, kernel.cores, kernel.threads, kernel.bits)
    return all(isinstance(one, Known) for one in told)


def unread_cpu(reason: Unknown) -> Cpu:
    """A processor of which nothing could be read."""
    return Cpu(*[reason] * 11)


def _maximum_only(reading: Reading[int]) -> Reading[int]:
    if isinstance(reading, Known) and "max" not in reading.source:
        return Unknown(Why.ABSENT, "lscpu:CPU max MHz")
    return reading


def _max_frequency(files: Files) -> Reading[int]:
    """The highest clock of the fastest kind of core (Documentation/admin-guide/pm/cpufreq.rst)."""
    folders = [f"{_CPUS}/cpufreq/{name}" for name in files.list(f"{_CPUS}/cpufreq")]
    best: Reading[int] = Unknown(Why.ABSENT, f"{_CPUS}/cpufreq")
    for folder in folders or [f"{_CPUS}/cpu0/cpufreq"]:
        path = f"{folder}/cpuinfo_max_freq"
        kilohertz = int_reading(files.read_text(path), path, least=1000)
        if isinstance(kilohertz, Unknown):
            best = best if isinstance(best, Known) else kilohertz
        elif isinstance(best, Unknown) or kilohertz.value // 1000 > best.value:
            best = Known(kilohertz.value // 1000, path)
    return best


def _topology(files: Files) -> tuple[Reading[int], Reading[int]]:
    """(packages, cores) by the kernel's own list of cores (Documentation/admin-guide/cputopology).

    A cluster is part of a core's name: on ARM each kind of core counts its own from 0.
    """
    packages: set[str] = set()
    cores: set[tuple[str, ...]] = set()
    names = [name for name in files.list(_CPUS) if re.fullmatch(r"cpu[0-9]+", name)]
    for name in names[:_MOST_BLOCKS]:
        place = f"{_CPUS}/{name}/topology"
        told = [
            files.read_text(f"{place}/{part}")
            for part in ("physical_package_id", "cluster_id", "core_id")
        ]
        package, cluster, core = (text if isinstance(text, str) else "" for text in told)
        if not core:
            return (Unknown(Why.ABSENT, place),) * 2
        packages.add(package)
        cores.add((package, cluster, core))
    if not names:
        return (Unknown(Why.ABSENT, _CPUS),) * 2
    known = all(
        re.fullmatch(r"[0-9]+", package) for package in packages
    )  # -1: the kernel knows not
    return (
        Known(len(packages), _CPUS) if known else Unknown(Why.UNSUPPORTED, _CPUS),
        Known(len(cores), _CPUS),
    )


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
        # one thread is one core, whatever the kernel does not say of it
        cores=_counted(len(cores) or (1 if len(blocks) == 1 else 0), source),
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
    """The text of `lscpu` (util-linux 2.2x to 2.41; later ones indent), in one of its languages.

    Where there are several kinds of core, each has its own lines from "Model name" on.
    """
    head, kinds = _lscpu_kinds(text)
    if head is None:
        return unread_cpu(Unknown(Why.UNPARSABLE, "lscpu: no language that is known"))
    first_kind = head | kinds[0]
    clocks = [_lscpu_clock(head | kind) for kind in kinds]
    known = [clock for clock in clocks if isinstance(clock, Known)]
    flags = _flags(first_kind.get("Flags"), "lscpu")
    return Cpu(
        maker=text_reading(first_kind.get("Vendor ID"), "lscpu"),
        name=_lscpu_name(kinds, clocks),
        family=_number(first_kind, "CPU family", "lscpu"),
        model=_number(first_kind, "Model", "lscpu"),
        stepping=_number(first_kind, "Stepping", "lscpu"),
        sockets=_lscpu_sockets(head, kinds),
        cores=_lscpu_cores(head, kinds),
        threads=_number(head, "CPU(s)", "lscpu"),
        bits=_bits(first_kind.get("CPU op-mode(s)"), flags),
        max_mhz=max(known, key=lambda clock: clock.value) if known else clocks[0],
        flags=flags,
    )


def lscpu_understood(text: str) -> bool:
    """Whether a text of `lscpu` is in one of the languages that are known.

    "CPU(s)" alone says nothing: many languages leave it as it is.
    """
    head, kinds = _lscpu_kinds(text)
    return head is not None and any(_TELLING & one.keys() for one in (head, *kinds))


def _lscpu_kinds(text: str) -> tuple[dict[str, str] | None, list[dict[str, str]]]:
    """Fields of the machine, and of each kind of core; (None, []) in an unknown language."""
    head, kinds = _lscpu_fields(text, _english())
    if not kinds and not _ENGLISH_ONLY & head.keys():  # the table costs more than the processor
        head, kinds = _lscpu_fields(text, _labels())
    if "CPU(s)" not in head:
        # before 2.37 "Model name" stood among the lines of the machine
        if not kinds or "CPU(s)" not in kinds[0]:
            return None, []
        head = kinds[0]
    return head, kinds or [{}]


def _lscpu_fields(
    text: str, labels: Mapping[str, str]
) -> tuple[dict[str, str], list[dict[str, str]]]:
    head: dict[str, str] = {}
    kinds: list[dict[str, str]] = []
    for line in text.splitlines():
        told, colon, value = line.partition(":")
        label = labels.get(" ".join(told.split()).casefold())
        if not colon or label is None:
            continue
        if label == "Model name":
            kinds.append({})
        (kinds[-1] if kinds else head).setdefault(label, value.strip())
    return head, kinds


def _english() -> dict[str, str]:
    return {label.casefold(): label for label in _LABELS}


@functools.cache
def _labels() -> dict[str, str]:
    """The English labels by those of each language, folded."""
    found = _english()
    for table in read_table("lscpu.toml").values():
        found |= {told.casefold(): label for told, label in table.items()}
    return found


_TELLING = frozenset(
    {
        "Thread(s) per core",
        "Core(s) per socket",
        "Core(s) per cluster",
        "Socket(s)",
        "Vendor ID",
        "Model name",
    }
)
"""Labels of which a text of `lscpu` has one, and no text in a language that is not known."""
_ENGLISH_ONLY = frozenset({"Thread(s) per core", "Vendor ID"})
"""Labels that are English and no other language's."""
_LABELS = (
    "Architecture",
    "CPU op-mode(s)",
    "CPU(s)",
    "Thread(s) per core",
    "Core(s) per socket",
    "Core(s) per cluster",
    "Socket(s)",
    "Cluster(s)",
    "Vendor ID",
    "CPU family",
    "Model",
    "Model name",
    "Stepping",
    "CPU MHz",
    "CPU max MHz",
    "Flags",
)


def _lscpu_clock(fields: Mapping[str, str]) -> Reading[int]:
    return first(
        _megahertz(fields.get("CPU max MHz"), "lscpu:CPU max MHz"),
        _megahertz(fields.get("CPU MHz"), "lscpu:CPU MHz"),
    )


def _lscpu_name(kinds: list[dict[str, str]], clocks: list[Reading[int]]) -> Reading[str]:
    """The name; of several kinds of core all, the fastest first."""
    by_clock = sorted(
        zip(kinds, clocks, strict=True),
        key=lambda pair: -pair[1].value if isinstance(pair[1], Known) else 0,
    )
    told = [name_reading(kind.get("Model name"), "lscpu") for kind, _ in by_clock]
    names = dict.fromkeys(name.value for name in told if isinstance(name, Known))
    return Known(" + ".join(names), "lscpu") if len(names) > 1 else first(*told)


def _lscpu_sockets(head: dict[str, str], kinds: list[dict[str, str]]) -> Reading[int]:
    """Sockets: kinds of core share them. ARM without a socket id tells clusters instead."""
    told = [_number(head | kind, "Socket(s)", "lscpu") for kind in kinds]
    known = [one.value for one in told if isinstance(one, Known)]
    if known:
        return Known(max(known), "lscpu")
    # one chip, whatever its clusters
    clusters = [_number(head | kind, "Cluster(s)", "lscpu") for kind in kinds]
    return Known(1, "lscpu") if any(isinstance(c, Known) for c in clusters) else told[0]


def _lscpu_cores(head: dict[str, str], kinds: list[dict[str, str]]) -> Reading[int]:
    """Cores of all kinds: of each, those in a socket or cluster times their number."""
    total = 0
    for kind in kinds:
        fields = head | kind
        sockets = _number(fields, "Socket(s)", "lscpu")
        clusters = _number(fields, "Cluster(s)", "lscpu")
        found = first(
            _product(sockets, _number(fields, "Core(s) per socket", "lscpu")),
            _product(clusters, _number(fields, "Core(s) per cluster", "lscpu")),
        )
        if isinstance(found, Unknown):
            return found
        total += found.value
    return Known(total, "lscpu")


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
