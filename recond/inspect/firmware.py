"""How the computer was started, and what its firmware is set to.

Why: Windows 11 asks what the firmware *can* do, the technician what it is set to; both are read
here. A machine started in BIOS mode shows no UEFI variable, so there Secure Boot is unknown, not
absent. Reads variables, never writes one.

Sources: UEFI 2.10 3.3 (SecureBoot, SetupMode), 32.4 (db); Linux efivarfs (four bytes of
attributes stand before the value), Documentation/ABI/testing/sysfs-firmware-efi.
"""

from __future__ import annotations

from recond.host.files import Files
from recond.inspect.readings import file_int
from recond.inspect.smbios import Tables
from recond.model import Firmware, Known, Reading, Unknown, Why

EFI = "/sys/firmware/efi"
EFIVARS = f"{EFI}/efivars"
_GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c"  # EFI_GLOBAL_VARIABLE
_SECURITY = "d719b2cb-3d3a-4596-a3bc-dad00e67656f"  # EFI_IMAGE_SECURITY_DATABASE
_CA_2023 = b"Windows UEFI CA 2023"
_ATTRIBUTES_BYTES = 4


def read_firmware(files: Files, tables: Tables | Unknown) -> Firmware:
    """Mode, width, Secure Boot. `tables` tell whether a firmware in BIOS mode knows UEFI."""
    mode = _mode(files)
    if isinstance(mode, Known) and mode.value == "uefi":
        secure = _flag(files, f"{EFIVARS}/SecureBoot-{_GLOBAL}")
        return Firmware(
            mode=mode,
            bits=file_int(files, f"{EFI}/fw_platform_size", least=32),
            secure_boot=secure,
            secure_boot_capable=_capable(files, secure),
            setup_mode=_flag(files, f"{EFIVARS}/SetupMode-{_GLOBAL}"),
            uefi_ca_2023=_ca_2023(files),
        )
    silent = mode if isinstance(mode, Unknown) else Unknown(Why.NOT_READ, EFIVARS)
    bios = None if isinstance(tables, Unknown) else tables.bios
    # a firmware without UEFI has no Secure Boot; one with UEFI may
    no_uefi = bios is not None and bios.uefi is False and not isinstance(tables, Unknown)
    never: Reading[bool] = (
        Known(False, f"{tables.source}:0")
        if no_uefi and not isinstance(tables, Unknown)
        else silent
    )
    return Firmware(mode, silent, never, never, silent, silent)


def _mode(files: Files) -> Reading[str]:
    if files.exists(EFI):
        return Known("uefi", EFI)
    # a folder of texts, or a part of /sys, says nothing by lacking this one
    return Known("bios", EFI) if files.looked(EFI) else Unknown(Why.NOT_READ, EFI)


def _flag(files: Files, path: str) -> Reading[bool]:
    raw = files.read(path, 64)
    if isinstance(raw, Unknown):
        return raw
    if len(raw) != _ATTRIBUTES_BYTES + 1 or raw[-1] > 1:
        return Unknown(Why.UNPARSABLE, path)
    return Known(raw[-1] == 1, path)


def _capable(files: Files, secure: Reading[bool]) -> Reading[bool]:
    if isinstance(secure, Known):
        return Known(True, secure.source)
    # the variable is required of a firmware that has Secure Boot; its absence from a listing
    # that has other variables means that it does not
    asked = files.looked(secure.detail) if secure.why is Why.ABSENT else False
    if asked and files.list(EFIVARS):
        return Known(False, EFIVARS)
    return secure


def _ca_2023(files: Files) -> Reading[bool]:
    path = f"{EFIVARS}/db-{_SECURITY}"
    raw = files.read(path)
    return raw if isinstance(raw, Unknown) else Known(_CA_2023 in raw, path)
