"""Each command's bytes against its standard's table, written out by hand."""

from __future__ import annotations

import struct

import pytest

from recond.drive import requests as rq
from recond.drive.types import CdbRequest, NvmeRequest
from recond.erasure import Technique as T  # noqa: N817 - a table
from recond.host.nvme import pack_passthru

PASSWORD = b"recond".ljust(32, b"\0")

# opcode 85h, protocol<<1|EXTEND, flags, features 15:8, 7:0, count 15:8, 7:0, LBA 31:24, 7:0, 39:32,
# 15:8, 47:40, 23:16, device, command, control (SAT-4 table "ATA PASS-THROUGH (16)")
ATA = [
    (rq.ata_identify(), "85 08 0e 00 00 00 01 00 00 00 00 00 00 40 ec 00"),
    (rq.ata_set_password(PASSWORD), "85 0a 26 00 00 00 01 00 00 00 00 00 00 40 f1 00"),
    (rq.ata_unlock(PASSWORD), "85 0a 26 00 00 00 01 00 00 00 00 00 00 40 f2 00"),
    (rq.ata_erase_prepare(), "85 06 20 00 00 00 00 00 00 00 00 00 00 40 f3 00"),
    (
        rq.ata_erase_unit(PASSWORD, enhanced=False, timeout_s=9),
        "85 0a 26 00 00 00 01 00 00 00 00 00 00 40 f4 00",
    ),
    (rq.ata_disable_password(PASSWORD), "85 0a 26 00 00 00 01 00 00 00 00 00 00 40 f6 00"),
    (rq.ata_sanitize_status(), "85 07 20 00 00 00 00 00 00 00 00 00 00 40 b4 00"),
    (rq.ata_sanitize_status(clear=True), "85 07 20 00 00 00 01 00 00 00 00 00 00 40 b4 00"),
    # key 43727970h "Cryp" in LBA 31:0: 31:24 43, 23:16 72, 15:8 79, 7:0 70
    (rq.ata_sanitize(T.ATA_SANITIZE_CRYPTO), "85 07 20 00 11 00 10 43 70 00 79 00 72 40 b4 00"),
    # key 426B4572h "BkEr"
    (rq.ata_sanitize(T.ATA_SANITIZE_BLOCK), "85 07 20 00 12 00 10 42 72 00 45 00 6b 40 b4 00"),
    # 4F57h "OW" in LBA 47:32 (39:32 57, 47:40 4F), pattern 0, COUNT 3:0 one pass
    (rq.ata_sanitize(T.ATA_SANITIZE_OVERWRITE), "85 07 20 00 14 00 11 00 00 57 00 4f 00 40 b4 00"),
    (rq.ata_read_native_max(extended=False), "85 06 20 00 00 00 00 00 00 00 00 00 00 40 f8 00"),
    (rq.ata_read_native_max(extended=True), "85 07 20 00 00 00 00 00 00 00 00 00 00 40 27 00"),
    (
        rq.ata_set_max(0x123456789ABC, extended=True),
        "85 07 20 00 00 00 01 56 bc 34 9a 12 78 40 37 00",
    ),
    (
        rq.ata_set_max(0x123456789ABC, extended=True, lasting=False),
        "85 07 20 00 00 00 00 56 bc 34 9a 12 78 40 37 00",
    ),
    (rq.ata_dco_identify(), "85 08 0e 00 c2 00 01 00 00 00 00 00 00 40 b1 00"),
    (rq.ata_dco_restore(), "85 06 20 00 c0 00 00 00 00 00 00 00 00 40 b1 00"),
    (rq.ata_amac_native(), "85 07 20 00 00 00 00 00 00 00 00 00 00 40 78 00"),
    (rq.ata_amac_set(0x1FF), "85 07 20 00 01 00 00 00 ff 00 01 00 00 40 78 00"),
    (rq.ata_read(0x1_0000_0000), "85 09 0e 00 00 00 01 00 00 01 00 00 00 40 24 00"),
]
SCSI = [
    (rq.scsi_inquiry(), "12 00 00 00 fc 00", ""),
    (rq.scsi_inquiry(0xB1), "12 01 b1 00 fc 00", ""),
    (rq.scsi_read_capacity(), "9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00", ""),
    (rq.scsi_supports(0x48, 2), "a3 0c 02 48 00 02 00 00 00 40 00 00", ""),
    (rq.scsi_supports(0x04), "a3 0c 01 04 00 00 00 00 00 40 00 00", ""),
    (rq.scsi_request_sense(), "03 00 00 00 fc 00", ""),
    (rq.scsi_test_unit_ready(), "00 00 00 00 00 00", ""),
    (
        rq.scsi_sanitize(T.SCSI_SANITIZE_OVERWRITE),
        "48 a1 00 00 00 00 00 00 08 00",
        "01 00 00 04 00 00 00 00",
    ),
    (rq.scsi_sanitize(T.SCSI_SANITIZE_BLOCK), "48 a2 00 00 00 00 00 00 00 00", ""),
    (rq.scsi_sanitize(T.SCSI_SANITIZE_CRYPTO), "48 a3 00 00 00 00 00 00 00 00", ""),
    (rq.scsi_exit_failure(), "48 1f 00 00 00 00 00 00 00 00", ""),
    (rq.scsi_format_unit(), "04 10 00 00 00 00", "00 02 00 00"),
    (rq.scsi_control_page(), "1a 08 0a 00 40 00", ""),
]
# opcode, NSID, CDW10 (NVMe Base 2.1)
NVME = [
    (rq.nvme_identify(1), 0x06, 0, 1),
    (rq.nvme_identify(0, 3), 0x06, 3, 0),
    (rq.nvme_sanitize_log(), 0x02, 0xFFFFFFFF, 0x007F0081),
    (rq.nvme_format(T.NVME_FORMAT_USER, 2, flbas=0, dps=0, timeout_s=1), 0x80, 2, 0x0200),
    (rq.nvme_format(T.NVME_FORMAT_CRYPTO, 1, flbas=0, dps=0, timeout_s=1), 0x80, 1, 0x0400),
    # LBA format 21h+5: FLBAS 3:0=5, 6:5=1, metadata at the end; protection 2 in the first bytes
    (
        rq.nvme_format(T.NVME_FORMAT_USER, 1, flbas=0x35, dps=0x0A, timeout_s=1),
        0x80,
        1,
        0x5 | 1 << 4 | 2 << 5 | 1 << 8 | 1 << 9 | 1 << 12,
    ),
    (
        rq.nvme_sanitize(T.NVME_SANITIZE_BLOCK, no_deallocate=False, purge_required=False),
        0x84,
        0,
        0x00A,
    ),
    (
        rq.nvme_sanitize(T.NVME_SANITIZE_CRYPTO, no_deallocate=True, purge_required=False),
        0x84,
        0,
        0x20C,
    ),
    (
        rq.nvme_sanitize(T.NVME_SANITIZE_OVERWRITE, no_deallocate=True, purge_required=True),
        0x84,
        0,
        0xA1B,
    ),
    (rq.nvme_exit_failure(), 0x84, 0, 1),
]


@pytest.mark.parametrize(("request_", "expected"), ATA, ids=lambda v: getattr(v, "name", ""))
def test_ata_pass_through_bytes(request_: CdbRequest, expected: str) -> None:
    assert request_.cdb == bytes.fromhex(expected)


@pytest.mark.parametrize(("request_", "cdb", "data"), SCSI, ids=lambda v: getattr(v, "name", ""))
def test_scsi_bytes(request_: CdbRequest, cdb: str, data: str) -> None:
    assert (request_.cdb, request_.data_out) == (bytes.fromhex(cdb), bytes.fromhex(data))


@pytest.mark.parametrize(
    ("request_", "opcode", "nsid", "cdw10"), NVME, ids=lambda v: getattr(v, "name", "")
)
def test_nvme_entry(request_: NvmeRequest, opcode: int, nsid: int, cdw10: int) -> None:
    entry = request_.command
    expected = bytearray(64)
    expected[0] = opcode
    struct.pack_into("<I", expected, 4, nsid)
    struct.pack_into("<I", expected, 36, request_.read_bytes)
    struct.pack_into("<I", expected, 40, cdw10)
    assert entry == bytes(expected)


def test_security_blocks_carry_the_password_behind_word_0() -> None:
    for request_, word in (
        (rq.ata_set_password(PASSWORD), 0),
        (rq.ata_unlock(PASSWORD), 0),
        (rq.ata_disable_password(PASSWORD), 0),
        (rq.ata_erase_unit(PASSWORD, enhanced=False, timeout_s=1), 0),
        (rq.ata_erase_unit(PASSWORD, enhanced=True, timeout_s=1), 2),
    ):
        expected = struct.pack("<H", word) + PASSWORD + bytes(478)
        assert request_.data_out == expected
    with pytest.raises(ValueError, match="32 bytes"):
        rq.ata_unlock(b"short")


def test_mmc_commands() -> None:
    """`struct mmc_ioc_cmd`: write, acmd, opcode, argument, response, flags, size, count."""
    read = rq.mmc_ext_csd()
    assert (read.ioctl, len(read.argument), read.read_bytes) == (0xC048B300, 72, 512)
    assert struct.unpack_from("<4I", read.argument) == (0, 0, 8, 0)
    assert struct.unpack_from("<3I", read.argument, 32) == (0xB5, 512, 1)
    switch = rq.mmc_sanitize(1800)
    assert struct.unpack_from("<4I", switch.argument) == (1, 0, 6, 0x03A50101)
    assert struct.unpack_from("<7I", switch.argument, 32) == (0x49D, 0, 0, 0, 0, 0, 1_800_000)
    assert rq.mmc_discard(1 << 30, secure=True).ioctl == 0x127D
    assert rq.mmc_discard(1 << 30, secure=False).ioctl == 0x1277
    assert rq.mmc_discard(1 << 30, secure=True).argument == bytes(8) + (1 << 30).to_bytes(
        8, "little"
    )


def test_the_kernel_structure_gets_address_length_and_time() -> None:
    request_ = rq.nvme_identify(1)
    packed = pack_passthru(request_, 0x1122334455667788)
    assert len(packed) == 72
    assert packed[24:32] == bytes.fromhex("8877665544332211")
    assert packed[36:40] == (4096).to_bytes(4, "little")
    assert packed[40:44] == (1).to_bytes(4, "little")
    assert packed[64:68] == (30_000).to_bytes(4, "little")
    assert packed[68:72] == bytes(4)


def test_mode_select_asks_for_descriptor_sense_and_changes_nothing_else() -> None:
    sensed = bytes.fromhex("0f 00 10 00 0a 0a 02 00 00 00 00 00 ff ff 00 1e")
    request_ = rq.scsi_ask_descriptors(sensed + bytes(48))
    assert request_.cdb == bytes.fromhex("15 10 00 00 10 00")
    assert request_.data_out == bytes.fromhex("00 00 00 00 0a 0a 06 00 00 00 00 00 ff ff 00 1e")
