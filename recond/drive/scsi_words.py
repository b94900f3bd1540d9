"""What sense data, ATA registers and a card's status word say, in their standards' own words.

Why: a technician who reads "134217730" can look nothing up; "Command Aborted" or "INVALID FIELD IN
CDB" can be searched for. Only what an erasure meets has a name; all else keeps its numbers. Pure.

Sources: SPC-5 4.4 (sense keys) and annex F (ASC, ASCQ), SAM-5 5.3 (status), ACS-4 6.3 (ERROR
field) and 6.2 (STATUS field), JESD84-B51 6.13 (R1), Linux include/scsi/scsi_status.h (host bytes).
"""

from __future__ import annotations

from recond.drive.sense import Sense, parse_registers, parse_sense

_KEYS = (
    "NO SENSE",
    "RECOVERED ERROR",
    "NOT READY",
    "MEDIUM ERROR",
    "HARDWARE ERROR",
    "ILLEGAL REQUEST",
    "UNIT ATTENTION",
    "DATA PROTECT",
    "BLANK CHECK",
    "VENDOR SPECIFIC",
    "COPY ABORTED",
    "ABORTED COMMAND",
    "RESERVED",
    "VOLUME OVERFLOW",
    "MISCOMPARE",
    "COMPLETED",
)
_CODES = {
    (0x04, 0x00): "LOGICAL UNIT NOT READY, CAUSE NOT REPORTABLE",
    (0x04, 0x01): "LOGICAL UNIT IS IN PROCESS OF BECOMING READY",
    (0x04, 0x02): "LOGICAL UNIT NOT READY, INITIALIZING COMMAND REQUIRED",
    (0x04, 0x03): "LOGICAL UNIT NOT READY, MANUAL INTERVENTION REQUIRED",
    (0x04, 0x04): "LOGICAL UNIT NOT READY, FORMAT IN PROGRESS",
    (0x04, 0x09): "LOGICAL UNIT NOT READY, SELF-TEST IN PROGRESS",
    (0x04, 0x1B): "LOGICAL UNIT NOT READY, SANITIZE IN PROGRESS",
    (0x08, 0x00): "LOGICAL UNIT COMMUNICATION FAILURE",
    (0x0C, 0x00): "WRITE ERROR",
    (0x11, 0x00): "UNRECOVERED READ ERROR",
    (0x1A, 0x00): "PARAMETER LIST LENGTH ERROR",
    (0x20, 0x00): "INVALID COMMAND OPERATION CODE",
    (0x20, 0x02): "ACCESS DENIED - NO ACCESS RIGHTS",
    (0x21, 0x00): "LOGICAL BLOCK ADDRESS OUT OF RANGE",
    (0x24, 0x00): "INVALID FIELD IN CDB",
    (0x25, 0x00): "LOGICAL UNIT NOT SUPPORTED",
    (0x26, 0x00): "INVALID FIELD IN PARAMETER LIST",
    (0x26, 0x01): "PARAMETER NOT SUPPORTED",
    (0x26, 0x02): "PARAMETER VALUE INVALID",
    (0x27, 0x00): "WRITE PROTECTED",
    (0x28, 0x00): "NOT READY TO READY CHANGE, MEDIUM MAY HAVE CHANGED",
    (0x29, 0x00): "POWER ON, RESET, OR BUS DEVICE RESET OCCURRED",
    (0x2C, 0x00): "COMMAND SEQUENCE ERROR",
    (0x31, 0x00): "MEDIUM FORMAT CORRUPTED",
    (0x31, 0x01): "FORMAT COMMAND FAILED",
    (0x31, 0x03): "SANITIZE COMMAND FAILED",
    (0x39, 0x00): "SAVING PARAMETERS NOT SUPPORTED",
    (0x3A, 0x00): "MEDIUM NOT PRESENT",
    (0x44, 0x00): "INTERNAL TARGET FAILURE",
    (0x47, 0x03): "INFORMATION UNIT iuCRC ERROR DETECTED",
    (0x55, 0x00): "SYSTEM RESOURCE FAILURE",
    (0x5E, 0x00): "LOW POWER CONDITION ON",
    (0x74, 0x71): "LOGICAL UNIT ACCESS NOT AUTHORIZED",
}
_STATUS = {
    0x02: "CHECK CONDITION",
    0x08: "BUSY",
    0x18: "RESERVATION CONFLICT",
    0x28: "TASK SET FULL",
    0x30: "ACA ACTIVE",
    0x40: "TASK ABORTED",
}
_HOST = {
    0x01: "DID_NO_CONNECT",
    0x02: "DID_BUS_BUSY",
    0x03: "DID_TIME_OUT",
    0x04: "DID_BAD_TARGET",
    0x05: "DID_ABORT",
    0x06: "DID_PARITY",
    0x07: "DID_ERROR",
    0x08: "DID_RESET",
    0x0B: "DID_SOFT_ERROR",
    0x0D: "DID_REQUEUE",
    0x0E: "DID_TRANSPORT_DISRUPTED",
    0x0F: "DID_TRANSPORT_FAILFAST",
}
_ATA_ERRORS = (
    (0x80, "Interface CRC"),
    (0x40, "Uncorrectable Error"),
    (0x10, "ID Not Found"),
    (0x04, "Command Aborted"),
)
_DEVICE_FAULT = 0x20
_R1 = (
    (31, "ADDRESS_OUT_OF_RANGE"),
    (30, "ADDRESS_MISALIGN"),
    (29, "BLOCK_LEN_ERROR"),
    (28, "ERASE_SEQ_ERROR"),
    (27, "ERASE_PARAM"),
    (26, "WP_VIOLATION"),
    (24, "LOCK_UNLOCK_FAILED"),
    (23, "COM_CRC_ERROR"),
    (22, "ILLEGAL_COMMAND"),
    (21, "DEVICE_ECC_FAILED"),
    (20, "CC_ERROR"),
    (19, "ERROR"),
    (16, "CID/CSD_OVERWRITE"),
    (15, "WP_ERASE_SKIP"),
    (13, "ERASE_RESET"),
    (7, "SWITCH_ERROR"),
)


def sense_words(sense: Sense) -> str:
    """`ILLEGAL REQUEST, INVALID FIELD IN CDB (SPC-5 4.4: 5h, 24h/00h)`."""
    numbers = f"SPC-5 4.4: {sense.key:X}h, {sense.asc:02X}h/{sense.ascq:02X}h"
    words = [_KEYS[sense.key], _CODES.get((sense.asc, sense.ascq))]
    return f"{', '.join(filter(None, words))} ({numbers})"


def scsi_words(packed_status: int, sense: bytes) -> str:
    """What a SCSI command that did not end with GOOD came back with, the most telling of it."""
    host, status = packed_status >> 8 & 0xFFFF, packed_status & 0xFF
    found = parse_sense(sense)
    if found is not None and (found.key or found.asc):
        return sense_words(found)
    if host:
        return f"{_HOST.get(host, 'host byte')} (Linux scsi_status.h: {host:02X}h)"
    return f"{_STATUS.get(status, 'status')} (SAM-5 5.3: {status:02X}h)"


def ata_words(packed_status: int, sense: bytes) -> str:
    """What the drive's registers say of a refusal; where none came back, what its link says."""
    registers = parse_registers(sense)
    if registers is None and not packed_status:
        return "no ATA registers came back (SAT-4 12.2.2.6)"
    if registers is None:
        return scsi_words(packed_status, sense)
    words = [name for bit, name in _ATA_ERRORS if registers.error & bit]
    if registers.status & _DEVICE_FAULT:
        words.insert(0, "Device Fault")
    numbers = f"ACS-4 6.3: ERROR {registers.error:02X}h, STATUS {registers.status:02X}h"
    return f"{', '.join(words)} ({numbers})" if words else numbers


def mmc_words(response: int) -> str:
    """The error bits of an eMMC's R1 status word, by name."""
    words = [name for bit, name in _R1 if response >> bit & 1]
    numbers = f"JESD84-B51 6.13: {response:08X}h"
    return f"{', '.join(words)} ({numbers})" if words else numbers
