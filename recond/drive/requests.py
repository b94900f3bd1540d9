"""The exact bytes of every firmware command that recond issues.

Why: one place builds them, so that a test can hold each against its standard's table, and what the
journal keeps is what was sent. Pure: no input or output, no decision about when a command is sent.

Sources: SAT-4 12.2.2 (ATA PASS-THROUGH(16)), ACS-3/ACS-4 7 (commands), 4.20 (security), 7.36
(SANITIZE DEVICE), ATA8-ACS 7.10 and 7.47 (DCO, SET MAX), NVMe Base 2.1 5.1 (Format NVM,
Identify, Get Log Page, Sanitize), SPC-5 6, SBC-4 5 (SANITIZE, FORMAT UNIT).
"""

from __future__ import annotations

import struct

from recond.drive.types import CdbRequest, MmcRequest, NvmeRequest
from recond.erasure import Technique

NON_DATA, PIO_IN, PIO_OUT = 3, 4, 5
_CK_COND, _FROM_DEVICE, _BLOCKS, _LENGTH_IN_COUNT = 0x20, 0x08, 0x04, 0x02
_LBA_MODE = 0x40
PASSWORD_BYTES = 32

ATA_SANITIZE_FEATURES = {
    Technique.ATA_SANITIZE_CRYPTO: 0x0011,
    Technique.ATA_SANITIZE_BLOCK: 0x0012,
    Technique.ATA_SANITIZE_OVERWRITE: 0x0014,
}
_ATA_SANITIZE_KEYS = {0x0011: 0x43727970, 0x0012: 0x426B4572, 0x0014: 0x4F57 << 32}
SANACT = {
    Technique.NVME_SANITIZE_BLOCK: 2,
    Technique.NVME_SANITIZE_OVERWRITE: 3,
    Technique.NVME_SANITIZE_CRYPTO: 4,
}
SES = {Technique.NVME_FORMAT_USER: 1, Technique.NVME_FORMAT_CRYPTO: 2}
SCSI_SANITIZE_ACTIONS = {
    Technique.SCSI_SANITIZE_OVERWRITE: 0x01,
    Technique.SCSI_SANITIZE_BLOCK: 0x02,
    Technique.SCSI_SANITIZE_CRYPTO: 0x03,
}


# --- ATA -------------------------------------------------------------------------------------


def ata_command(
    name: str,
    command: int,
    *,
    features: int = 0,
    count: int = 0,
    lba: int = 0,
    extended: bool = False,
    data_out: bytes = b"",
    read_bytes: int = 0,
    timeout_s: int = 30,
) -> CdbRequest:
    """ATA PASS-THROUGH(16). CK_COND asks for the registers wherever no data comes back."""
    protocol, flags = NON_DATA, _CK_COND
    if data_out:
        protocol, flags = PIO_OUT, _CK_COND | _BLOCKS | _LENGTH_IN_COUNT
        count = len(data_out) // 512
    elif read_bytes:
        protocol, flags = PIO_IN, _FROM_DEVICE | _BLOCKS | _LENGTH_IN_COUNT
        count = read_bytes // 512
    low = lba.to_bytes(6, "little")
    cdb = bytes(
        [
            0x85,
            protocol << 1 | extended,
            flags,
            features >> 8,
            features & 0xFF,
            count >> 8,
            count & 0xFF,
            low[3],
            low[0],
            low[4],
            low[1],
            low[5],
            low[2],
            _LBA_MODE,
            command,
            0,
        ]
    )
    return CdbRequest(name, cdb, data_out, read_bytes, timeout_s)


def ata_identify(timeout_s: int = 30) -> CdbRequest:
    """IDENTIFY DEVICE, ECh."""
    return ata_command("IDENTIFY DEVICE", 0xEC, read_bytes=512, timeout_s=timeout_s)


def _password_block(word_0: int, password: bytes) -> bytes:
    if len(password) != PASSWORD_BYTES:
        raise ValueError("a password has 32 bytes")
    return struct.pack("<H", word_0) + password + bytes(512 - 2 - PASSWORD_BYTES)


def ata_set_password(password: bytes) -> CdbRequest:
    """SECURITY SET PASSWORD, F1h: the user password, level high (the master can still unlock)."""
    return ata_command("SECURITY SET PASSWORD", 0xF1, data_out=_password_block(0, password))


def ata_unlock(password: bytes, *, master: bool = False) -> CdbRequest:
    """SECURITY UNLOCK, F2h; bit 0 of word 0 says that it is the master password."""
    return ata_command("SECURITY UNLOCK", 0xF2, data_out=_password_block(master, password))


def ata_erase_prepare() -> CdbRequest:
    """SECURITY ERASE PREPARE, F3h: must stand directly before the erase."""
    return ata_command("SECURITY ERASE PREPARE", 0xF3)


def ata_erase_unit(password: bytes, *, enhanced: bool, timeout_s: int) -> CdbRequest:
    """SECURITY ERASE UNIT, F4h: bit 1 of word 0 asks for the enhanced mode."""
    block = _password_block(2 if enhanced else 0, password)
    return ata_command("SECURITY ERASE UNIT", 0xF4, data_out=block, timeout_s=timeout_s)


def ata_disable_password(password: bytes, *, master: bool = False) -> CdbRequest:
    """SECURITY DISABLE PASSWORD, F6h; bit 0 of word 0 says that it is the master password."""
    block = _password_block(master, password)
    return ata_command("SECURITY DISABLE PASSWORD", 0xF6, data_out=block)


def ata_sanitize_status(*, clear: bool = False) -> CdbRequest:
    """SANITIZE STATUS EXT, B4h feature 0000h; `clear`: CLEAR SANITIZE OPERATION FAILED (bit 0)."""
    return ata_command("SANITIZE STATUS EXT", 0xB4, count=int(clear), extended=True)


def ata_sanitize(technique: Technique) -> CdbRequest:
    """CRYPTO SCRAMBLE EXT, BLOCK ERASE EXT or OVERWRITE EXT (one pass of zeros); FAILURE MODE
    (COUNT bit 4; ACS-4 7.36): a drive that failed is of use again once that is cleared.
    """
    feature = ATA_SANITIZE_FEATURES[technique]
    names = {0x11: "CRYPTO SCRAMBLE EXT", 0x12: "BLOCK ERASE EXT", 0x14: "OVERWRITE EXT"}
    return ata_command(
        names[feature],
        0xB4,
        features=feature,
        count=0x11 if feature == 0x14 else 0x10,
        lba=_ATA_SANITIZE_KEYS[feature],
        extended=True,
        timeout_s=60,
    )


def ata_read_native_max(*, extended: bool) -> CdbRequest:
    """READ NATIVE MAX ADDRESS, F8h, or EXT, 27h: the answer stands in the LBA registers."""
    name = "READ NATIVE MAX ADDRESS" + (" EXT" if extended else "")
    return ata_command(name, 0x27 if extended else 0xF8, extended=extended)


def ata_set_max(last_lba: int, *, extended: bool, lasting: bool = True) -> CdbRequest:
    """SET MAX ADDRESS, F9h, or EXT, 37h: for good (COUNT bit 0), or until the power goes."""
    name = "SET MAX ADDRESS" + (" EXT" if extended else "")
    return ata_command(
        name, 0x37 if extended else 0xF9, count=int(lasting), lba=last_lba, extended=extended
    )


def ata_dco_identify() -> CdbRequest:
    """DEVICE CONFIGURATION IDENTIFY, B1h feature C2h."""
    return ata_command("DEVICE CONFIGURATION IDENTIFY", 0xB1, features=0xC2, read_bytes=512)


def ata_dco_restore() -> CdbRequest:
    """DEVICE CONFIGURATION RESTORE, B1h feature C0h."""
    return ata_command("DEVICE CONFIGURATION RESTORE", 0xB1, features=0xC0)


def ata_amac_native() -> CdbRequest:
    """GET NATIVE MAX ADDRESS EXT, 78h feature 0000h (ACS-3)."""
    return ata_command("GET NATIVE MAX ADDRESS EXT", 0x78, extended=True)


def ata_amac_set(last_lba: int) -> CdbRequest:
    """SET ACCESSIBLE MAX ADDRESS EXT, 78h feature 0001h."""
    return ata_command(
        "SET ACCESSIBLE MAX ADDRESS EXT", 0x78, features=1, lba=last_lba, extended=True
    )


def ata_read(lba: int) -> CdbRequest:
    """READ SECTORS EXT, 24h, one sector: a place that the kernel does not show."""
    return ata_command("READ SECTORS EXT", 0x24, lba=lba, extended=True, read_bytes=512)


# --- NVMe ------------------------------------------------------------------------------------


def nvme_command(
    name: str,
    opcode: int,
    *,
    nsid: int = 0,
    cdw10: int = 0,
    cdw11: int = 0,
    read_bytes: int = 0,
    timeout_s: int = 30,
) -> NvmeRequest:
    """An admin command's submission entry, laid out as `struct nvme_passthru_cmd`'s first 64 bytes.

    Where data come back, their length stands where the kernel's structure has it (bytes 36 to 39).
    """
    entry = struct.pack(
        "<BBHIIIQQIIIIIIII", opcode, 0, 0, nsid, 0, 0, 0, 0, 0, read_bytes, cdw10, cdw11, 0, 0, 0, 0
    )
    return NvmeRequest(name, entry, read_bytes, timeout_s)


def nvme_identify(cns: int, nsid: int = 0) -> NvmeRequest:
    """Identify, 06h: CNS 0 namespace, 1 controller, 2 active list, 10h allocated, 12h attached."""
    name = {
        0: "Identify Namespace",
        1: "Identify Controller",
        2: "Active Namespace List",
        0x10: "Allocated Namespace List",
        0x12: "Attached Controller List",
    }[cns]
    return nvme_command(name, 0x06, nsid=nsid, cdw10=cns, read_bytes=4096)


def nvme_sanitize_log() -> NvmeRequest:
    """Get Log Page, 02h, page 81h, 512 bytes (NUMD is counted from 0) of the whole subsystem."""
    return nvme_command(
        "Sanitize Status", 0x02, nsid=0xFFFFFFFF, cdw10=127 << 16 | 0x81, read_bytes=512
    )


def nvme_format(
    technique: Technique, nsid: int, *, flbas: int, dps: int, timeout_s: int
) -> NvmeRequest:
    """Format NVM, 80h: SES is always said; the LBA format and protection stay as they are.

    `flbas` and `dps` are bytes 26 and 29 of Identify Namespace. 0 in SES would erase nothing.
    """
    cdw10 = (
        flbas & 0x0F
        | (flbas >> 4 & 1) << 4
        | (dps & 7) << 5
        | (dps >> 3 & 1) << 8
        | SES[technique] << 9
        | (flbas >> 5 & 3) << 12
    )
    return nvme_command("Format NVM", 0x80, nsid=nsid, cdw10=cdw10, timeout_s=timeout_s)


def nvme_sanitize(
    technique: Technique, *, no_deallocate: bool, purge_required: bool
) -> NvmeRequest:
    """Sanitize, 84h, of the whole subsystem; leaving the failure mode is allowed (AUSE, bit 3).

    OWPASS 7:4 is one pass, NDAS is bit 9, PREQ bit 11 (NVMe 2.1 and later). CDW11 is the pattern.
    """
    action = SANACT[technique]
    passes = 1 << 4 if action == 3 else 0
    cdw10 = action | 1 << 3 | passes | no_deallocate << 9 | purge_required << 11
    return nvme_command("Sanitize", 0x84, cdw10=cdw10, timeout_s=60)


def nvme_exit_failure() -> NvmeRequest:
    """Sanitize with SANACT 1: leave the failure mode."""
    return nvme_command("Sanitize (exit failure mode)", 0x84, cdw10=1)


def cdw10_of(request: bytes) -> int:
    """CDW10 of a submission entry."""
    return int.from_bytes(request[40:44], "little")


# --- SCSI ------------------------------------------------------------------------------------


def scsi_inquiry(page: int | None = None, read_bytes: int = 252) -> CdbRequest:
    """INQUIRY, 12h; a vital product data page where `page` is given."""
    evpd = 0 if page is None else 1
    cdb = bytes([0x12, evpd, page or 0, read_bytes >> 8, read_bytes & 0xFF, 0])
    return CdbRequest("INQUIRY" if page is None else f"INQUIRY {page:02X}h", cdb, b"", read_bytes)


def scsi_read_capacity() -> CdbRequest:
    """READ CAPACITY(16), 9Eh/10h."""
    return CdbRequest("READ CAPACITY(16)", bytes([0x9E, 0x10]) + bytes(11) + b"\x20\0\0", b"", 32)


def scsi_read_capacity_10() -> CdbRequest:
    """READ CAPACITY(10), 25h."""
    return CdbRequest("READ CAPACITY(10)", b"\x25" + bytes(9), b"", 8)


def scsi_supports(opcode: int, action: int | None = None) -> CdbRequest:
    """REPORT SUPPORTED OPERATION CODES, A3h/0Ch, of one command (SPC-5 6.34)."""
    option = 1 if action is None else 2
    cdb = struct.pack(">BBBBHIBB", 0xA3, 0x0C, option, opcode, action or 0, 64, 0, 0)
    return CdbRequest("REPORT SUPPORTED OPERATION CODES", cdb, b"", 64)


def scsi_request_sense() -> CdbRequest:
    """REQUEST SENSE, 03h, fixed format: a running operation's progress."""
    return CdbRequest("REQUEST SENSE", bytes([0x03, 0, 0, 0, 252, 0]), b"", 252)


def scsi_test_unit_ready() -> CdbRequest:
    """TEST UNIT READY, 00h."""
    return CdbRequest("TEST UNIT READY", bytes(6))


def scsi_sanitize(technique: Technique) -> CdbRequest:
    """SANITIZE, 48h, IMMED (bit 7) and AUSE (bit 5): one pass of zeros for an overwrite."""
    action = SCSI_SANITIZE_ACTIONS[technique]
    data = struct.pack(">BBH4x", 1, 0, 4) if action == 1 else b""
    cdb = struct.pack(">BBB4xHB", 0x48, 0xA0 | action, 0, len(data), 0)
    return CdbRequest("SANITIZE", cdb, data, 0, 60)


def scsi_exit_failure() -> CdbRequest:
    """SANITIZE with service action 1Fh: leave the failure mode."""
    return CdbRequest("SANITIZE (exit failure mode)", bytes([0x48, 0x1F]) + bytes(8))


def scsi_format_unit() -> CdbRequest:
    """FORMAT UNIT, 04h: FMTDATA, a parameter list with IMMED and nothing else (SBC-4 5.4)."""
    return CdbRequest("FORMAT UNIT", bytes([0x04, 0x10, 0, 0, 0, 0]), bytes([0, 2, 0, 0]), 0, 60)


def scsi_control_page() -> CdbRequest:
    """MODE SENSE(6), 1Ah: the control mode page without block descriptors."""
    return CdbRequest("MODE SENSE(6)", bytes([0x1A, 8, 0x0A, 0, 64, 0]), b"", 64)


def scsi_ask_descriptors(control_page: bytes) -> CdbRequest:
    """MODE SELECT(6), 15h, with D_SENSE set in a control page as MODE SENSE gave it.

    Newer kernels answer ATA PASS-THROUGH in the fixed form, which has no room for COUNT 15:8.
    """
    data = bytearray(control_page[:16])
    data[0] = data[2] = 0  # mode data length and device-specific parameter are reserved here
    data[4] &= 0x3F  # PS is for answers only
    data[6] |= 0x04
    return CdbRequest("MODE SELECT(6)", bytes([0x15, 0x10, 0, 0, len(data), 0]), bytes(data))


# --- eMMC ------------------------------------------------------------------------------------

BLKDISCARD, BLKSECDISCARD = 0x1277, 0x127D
MMC_IOC_CMD = 0xC048B300  # _IOWR(MMC_BLOCK_MAJOR 179, 0, struct mmc_ioc_cmd)
_R1_ADTC, _R1B_AC = 0xB5, 0x49D  # the kernel's MMC_RSP_* and MMC_CMD_* flags, also for SPI
_EXT_CSD_SANITIZE_START = 165


def _mmc_command(
    name: str,
    opcode: int,
    argument: int,
    flags: int,
    *,
    write: int,
    read_bytes: int = 0,
    timeout_s: int = 60,
) -> MmcRequest:
    """`struct mmc_ioc_cmd`, 72 bytes (include/uapi/linux/mmc/ioctl.h), the data pointer zero."""
    packed = struct.pack(
        "<iiII4I7I4xQ",
        write,
        0,
        opcode,
        argument,
        0,
        0,
        0,
        0,
        flags,
        read_bytes,
        1 if read_bytes else 0,
        0,
        0,
        0,
        timeout_s * 1000,
        0,
    )
    return MmcRequest(name, MMC_IOC_CMD, packed, read_bytes, timeout_s)


def mmc_ext_csd() -> MmcRequest:
    """SEND_EXT_CSD, CMD8 (JESD84-B51 6.10.4)."""
    return _mmc_command("SEND_EXT_CSD", 8, 0, _R1_ADTC, write=0, read_bytes=512)


def mmc_sanitize(timeout_s: int) -> MmcRequest:
    """SWITCH, CMD6: write 1 to EXT_CSD[165], SANITIZE_START (JESD84-B51 6.6.13)."""
    argument = 3 << 24 | _EXT_CSD_SANITIZE_START << 16 | 1 << 8 | 1
    return _mmc_command("SWITCH SANITIZE_START", 6, argument, _R1B_AC, write=1, timeout_s=timeout_s)


def mmc_discard(size_bytes: int, *, secure: bool) -> MmcRequest:
    """The kernel's secure erase of the whole user area (BLKSECDISCARD), or the plain discard."""
    name, number = ("BLKSECDISCARD", BLKSECDISCARD) if secure else ("BLKDISCARD", BLKDISCARD)
    return MmcRequest(name, number, struct.pack("<QQ", 0, size_bytes))
