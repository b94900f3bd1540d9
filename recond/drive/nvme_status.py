"""What an NVMe status field says, in the specification's own words.

Why: a technician who reads "410A" can look nothing up; "Invalid Format" can be searched for. Only
the codes are named that an erasure meets. Pure.

Source: NVM Express Base Specification 2.1, 4.2.3 (status field: SC in bits 7:0, SCT in bits 10:8)
and its tables of generic, command-specific and media status values.
"""

from __future__ import annotations

_NAMES = {
    (0, 0x01): "Invalid Command Opcode",
    (0, 0x02): "Invalid Field in Command",
    (0, 0x04): "Data Transfer Error",
    (0, 0x05): "Commands Aborted due to Power Loss Notification",
    (0, 0x06): "Internal Error",
    (0, 0x07): "Command Abort Requested",
    (0, 0x08): "Command Aborted due to SQ Deletion",
    (0, 0x0B): "Invalid Namespace or Format",
    (0, 0x0C): "Command Sequence Error",
    (0, 0x13): "PRP Offset Invalid",
    (0, 0x15): "Operation Denied",
    (0, 0x1B): "Command Aborted due to Preempt and Abort",
    (0, 0x1C): "Sanitize Failed",
    (0, 0x1D): "Sanitize In Progress",
    (0, 0x20): "Namespace is Write Protected",
    (0, 0x21): "Command Interrupted",
    (0, 0x22): "Transient Transport Error",
    (0, 0x23): "Command Prohibited by Command and Feature Lockdown",
    (0, 0x24): "Admin Command Media Not Ready",
    (0, 0x80): "LBA Out of Range",
    (0, 0x81): "Capacity Exceeded",
    (0, 0x82): "Namespace Not Ready",
    (0, 0x83): "Reservation Conflict",
    (0, 0x84): "Format In Progress",
    (1, 0x06): "Invalid Firmware Slot",
    (1, 0x09): "Invalid Log Page",
    (1, 0x0A): "Invalid Format",
    (1, 0x0B): "Firmware Activation Requires Conventional Reset",
    (1, 0x0D): "Feature Identifier Not Saveable",
    (1, 0x0E): "Feature Not Changeable",
    (1, 0x0F): "Feature Not Namespace Specific",
    (1, 0x10): "Firmware Activation Requires NVM Subsystem Reset",
    (1, 0x11): "Firmware Activation Requires Controller Level Reset",
    (1, 0x15): "Namespace Insufficient Capacity",
    (1, 0x1A): "Namespace Not Attached",
    (1, 0x1D): "Device Self-test In Progress",
    (1, 0x1E): "Boot Partition Write Prohibited",
    (1, 0x23): "Sanitize Prohibited While Persistent Memory Region is Enabled",
    (2, 0x80): "Write Fault",
    (2, 0x81): "Unrecovered Read Error",
    (2, 0x82): "End-to-end Guard Check Error",
    (2, 0x83): "End-to-end Application Tag Check Error",
    (2, 0x84): "End-to-end Reference Tag Check Error",
    (2, 0x86): "Access Denied",
    (2, 0x87): "Deallocated or Unwritten Logical Block",
    (3, 0x00): "Internal Path Error",
    (3, 0x01): "Asymmetric Access Persistent Loss",
    (3, 0x02): "Asymmetric Access Inaccessible",
    (3, 0x03): "Asymmetric Access Transition",
    (3, 0x60): "Controller Pathing Error",
    (3, 0x70): "Host Pathing Error",
    (3, 0x71): "Command Aborted By Host",
}


def nvme_status_words(status: int) -> str:
    """`Invalid Format (NVMe Base 2.1 4.2.3: SCT 1h, SC 0Ah)` of a status field; the numbers alone
    of an unknown code.
    """
    kind, code = status >> 8 & 7, status & 0xFF
    numbers = f"NVMe Base 2.1 4.2.3: SCT {kind:X}h, SC {code:02X}h"
    name = _NAMES.get((kind, code))
    return f"{name} ({numbers})" if name else numbers
