"""Single figures out of a `smartctl -j` document, for ATA, NVMe and SCSI.

Why: the three families say the same thing in three places, and ATA makers say it in several
attributes. A missing, negative or misshapen field is unknown, never zero. Pure.
"""

from __future__ import annotations

import re

from recond.documents import read_json
from recond.frozen import dataclass
from recond.inspect.readings import clean, first
from recond.model import Known, Reading, Unknown, Why

NVME_LOG = "nvme_smart_health_information_log"
_WRITTEN_UNITS = (
    (
        re.compile(
            r"Total_(Host_)?LBAs?_Written|Host_Sector_Writes?|Total_Host_Sector_Write"
            r"|Device_Sectors_Written|Sectors_Written_to_SSD|Write_Sectors_Tot_Ct"
        ),
        512,
    ),
    (re.compile(r"(Host|Lifetime)_Writes_32MiB"), 32 << 20),
    (
        re.compile(
            r"(Host|Lifetime|Total)_Writes?_GiB|Total_Writes_GB|Lifetime_W(rite|t)s_Frm_Hst_GB"
        ),
        1 << 30,
    ),
    (re.compile(r"Host_Writes_MiB"), 1 << 20),
)
_MOST = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object that is asked by path; a wrong type is an absent field."""

    table: dict[str, object]

    @staticmethod
    def of(raw: bytes) -> Document | None:
        """What a tool answered; None where that is no JSON object."""
        try:
            table = read_json(raw.decode("utf-8", "replace"))
        except ValueError:
            return None
        return Document(table) if isinstance(table, dict) else None

    def get(self, *path: str) -> object:
        """Whatever stands at a path, or None."""
        found: object = self.table
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def has(self, *path: str) -> bool:
        """Whether an object stands there."""
        return isinstance(self.get(*path), dict)

    def text(self, *path: str) -> str | None:
        """A string, on one line."""
        found = self.get(*path)
        return clean(found) or None if isinstance(found, str) else None

    def count(self, *path: str) -> int | None:
        """An integer from 0 below 2^53."""
        found = self.get(*path)
        good = isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= _MOST
        return found if good and isinstance(found, int) else None

    def flag(self, *path: str) -> bool | None:
        """A boolean."""
        found = self.get(*path)
        return found if isinstance(found, bool) else None

    def items(self, *path: str) -> list[Document]:
        """The objects of a list."""
        found = self.get(*path)
        entries = found if isinstance(found, list) else []
        return [Document(e) for e in entries if isinstance(e, dict)]

    def attributes(self) -> list[Document]:
        """The ATA attributes."""
        return self.items("ata_smart_attributes", "table")

    def attribute(self, number: int) -> Document | None:
        """One ATA attribute by its identifier."""
        return next((a for a in self.attributes() if a.count("id") == number), None)

    def statistic(self, name: str) -> int | None:
        """A value of the ATA device statistics log by smartctl's name (ACS-4 9.5)."""
        for page in self.items("ata_device_statistics", "pages"):
            for entry in page.items("table"):
                if entry.text("name") == name and entry.flag("flags", "valid") is not False:
                    return entry.count("value")
        return None


def read_counts(document: Document) -> tuple[Reading[int], Reading[int], Reading[int]]:
    """Reallocated, pending, uncorrectable: sectors or errors."""
    errors = [
        document.count("scsi_error_counter_log", kind, "total_uncorrected_errors")
        for kind in ("read", "write", "verify")
    ]
    scsi = [e for e in errors if e is not None]
    return (
        first(
            _raw(document, 5),
            known_count(
                document.count("scsi_grown_defect_list"), "smartctl:scsi_grown_defect_list"
            ),
        ),
        first(
            _raw(document, 197),
            known_count(
                document.count("ata_pending_defects_log", "count"), "smartctl:pending_defects"
            ),
        ),
        first(
            _largest(_raw(document, 198), _raw(document, 187)),
            known_count(document.count(NVME_LOG, "media_errors"), "smartctl:media_errors"),
            known_count(sum(scsi) if scsi else None, "smartctl:scsi_error_counter_log"),
        ),
    )


def known_count(value: int | None, source: str) -> Reading[int]:
    """A figure with its source; unsupported where the drive does not tell it."""
    if value is None or not 0 <= value <= _MOST:
        return Unknown(Why.UNSUPPORTED, source)
    return Known(value, source)


def _raw(document: Document, number: int) -> Reading[int]:
    """An attribute's raw value; smartctl's text of it where makers pack several numbers."""
    attribute = document.attribute(number)
    source = f"smartctl:attribute {number}"
    if attribute is None:
        return Unknown(Why.UNSUPPORTED, source)
    leading = re.match(r"(\d{1,15})\b", attribute.text("raw", "string") or "")
    return known_count(int(leading[1]) if leading else attribute.count("raw", "value"), source)


def _largest(*readings: Reading[int]) -> Reading[int]:
    known = [r for r in readings if isinstance(r, Known)]
    return max(known, key=lambda r: r.value) if known else readings[0]


def read_hours(document: Document) -> Reading[int]:
    """Hours under power."""
    return first(
        known_count(document.count("power_on_time", "hours"), "smartctl:power_on_time"),
        known_count(document.count(NVME_LOG, "power_on_hours"), "smartctl:power_on_hours"),
    )


def read_written(document: Document) -> Reading[int]:
    """Bytes that the computer has written in the disk's life."""
    units = document.count(NVME_LOG, "data_units_written")
    if units is not None:  # in thousands of 512 bytes (NVM Express base 2.0 figure 207)
        return known_count(units * 512_000, "smartctl:data_units_written")
    block = document.count("logical_block_size") or 512
    sectors = document.statistic("Logical Sectors Written")
    if sectors is not None:
        return known_count(sectors * block, "smartctl:ata_device_statistics")
    gigabytes = document.text("scsi_error_counter_log", "write", "gigabytes_processed") or ""
    if re.fullmatch(r"\d{1,9}\.\d{1,9}", gigabytes):
        whole, _, part = gigabytes.partition(".")
        return known_count(
            int(whole) * 10**9 + int(part.ljust(9, "0")), "smartctl:gigabytes_processed"
        )
    for attribute in document.attributes():
        name, raw = attribute.text("name") or "", attribute.count("raw", "value")
        for pattern, unit in _WRITTEN_UNITS:
            if pattern.fullmatch(name) and raw is not None:
                return known_count(raw * (block if unit == 512 else unit), f"smartctl:{name}")
    return Unknown(Why.UNSUPPORTED, "smartctl")


def read_limits(document: Document) -> tuple[Reading[int], Reading[int]]:
    """Temperature now, and the highest that the drive is made for, in degrees Celsius."""
    limit = first(
        known_count(document.count("temperature", "op_limit_max"), "smartctl:temperature"),
        known_count(document.count("temperature", "drive_trip"), "smartctl:temperature"),
        known_count(
            document.count("nvme_composite_temperature_threshold", "warning"),
            "smartctl:nvme_composite_temperature_threshold",
        ),
    )
    now = document.count("temperature", "current")
    # 0 degrees is what a drive without a sensor gives
    return known_count(now or None, "smartctl:temperature"), limit


def read_self_test(document: Document) -> tuple[Reading[str], bool | None]:
    """The last self-test in the drive's words, and whether it passed (None: not told)."""
    text = document.text("ata_smart_data", "self_test", "status", "string")
    if text:
        passed = document.flag("ata_smart_data", "self_test", "status", "passed")
        return Known(text, "smartctl:ata_smart_data"), passed
    for entry in document.items("nvme_self_test_log", "table"):
        text, code = (
            entry.text("self_test_result", "string"),
            entry.count("self_test_result", "value"),
        )
        if text:  # 5h to 7h: ended with an error (NVM Express base 2.0 figure 209)
            return Known(text, "smartctl:nvme_self_test_log"), code not in (5, 6, 7)
    text, code = (
        document.text("scsi_self_test_0", "result", "string"),
        document.count("scsi_self_test_0", "result", "value"),
    )
    if text:  # 3h to 7h: failed (SPC-5 table 384)
        return Known(text, "smartctl:scsi_self_test_0"), code not in (3, 4, 5, 6, 7)
    return Unknown(Why.ABSENT, "smartctl:self_test"), None


def document_wwn(document: Document) -> str | None:
    """The drive's world-wide name, from its parts, or as SCSI's logical unit."""
    parts = [document.count("wwn", key) for key in ("naa", "oui", "id")]
    if None in parts:
        unit = (document.text("logical_unit_id") or "").lower()
        return unit if re.fullmatch(r"0x[0-9a-f]{16}", unit) else None
    naa, oui, number = (part or 0 for part in parts)
    return f"0x{naa:x}{oui:06x}{number:09x}"
