"""The trusted platform module: there, which version, usable.

Why: a module that is off in the firmware may leave a trace (a table) or none; the traces are kept
apart from the driver's answer. Sources: Linux Documentation/ABI/stable/sysfs-class-tpm
(`tpm_version_major` since 5.6, `caps` of 1.2 modules), TCG ACPI Specification 1.3 (TPM2, TCPA),
SMBIOS type 43. Opens no module.
"""

from __future__ import annotations

import re

from recond.host.files import Files
from recond.inspect.smbios import Tables
from recond.model import Known, Reading, Tpm, Unknown, Why

_CLASS = "/sys/class/tpm"
_ACPI = "/sys/firmware/acpi/tables"


def read_tpm(files: Files, tables: Tables | Unknown) -> Tpm:
    """The module by the kernel's driver, else by ACPI, else by SMBIOS."""
    chips = [name for name in files.list(_CLASS) if re.fullmatch(r"tpm\d+", name)]
    if chips:
        place = f"{_CLASS}/{chips[0]}"
        return Tpm(Known(True, place), _driver_version(files, place), Known(True, place))
    if not files.looked(_CLASS):
        nothing = Unknown(Why.NOT_READ, _CLASS)
        told = _smbios_version(tables)
        present: Reading[bool] = Known(True, told.source) if isinstance(told, Known) else nothing
        return Tpm(present, told if isinstance(told, Known) else nothing, nothing)
    for table, version in (("TPM2", "2.0"), ("TCPA", "1.2")):
        path = f"{_ACPI}/{table}"
        if files.exists(path):
            # the firmware offers it, the kernel has no driver for it or could not start it
            return Tpm(Known(True, path), Known(version, path), Unknown(Why.CONFLICT, _CLASS))
    told = _smbios_version(tables)
    if isinstance(told, Known):
        return Tpm(Known(True, told.source), told, Known(False, _CLASS))
    unasked = next((t for t in ("TPM2", "TCPA") if not files.looked(f"{_ACPI}/{t}")), None)
    if unasked is not None:  # off in the firmware, it would stand there
        nothing = Unknown(Why.NOT_READ, f"{_ACPI}/{unasked}")
        return Tpm(nothing, nothing, nothing)
    return Tpm(Known(False, _CLASS), Unknown(Why.ABSENT, _CLASS), Unknown(Why.ABSENT, _CLASS))


def _driver_version(files: Files, place: str) -> Reading[str]:
    path = f"{place}/tpm_version_major"
    major = files.read_text(path)
    if major == "2":
        return Known("2.0", path)
    caps = files.read_text(f"{place}/device/caps")
    if isinstance(caps, Unknown):
        caps = files.read_text(f"{place}/caps")
    found = re.search(r"TCG version: ([12]\.[0-9])", caps) if isinstance(caps, str) else None
    if found:
        return Known(found[1], f"{place}/device/caps")
    if major == "1":
        return Known("1.2", path)
    # before 5.6 a version 2.0 module had no file to say so; its ACPI table does
    if files.exists(f"{_ACPI}/TPM2"):
        return Known("2.0", f"{_ACPI}/TPM2")
    return major if isinstance(major, Unknown) else Unknown(Why.UNPARSABLE, path)


def _smbios_version(tables: Tables | Unknown) -> Reading[str]:
    if isinstance(tables, Unknown):
        return tables
    source = f"{tables.source}:43"
    return Known(tables.tpm, source) if tables.tpm else Unknown(Why.ABSENT, source)
