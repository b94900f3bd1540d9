"""Whether a drive's own answers prove that its erasing command ran to its end.

Why: a firmware erase leaves no written bytes behind, only answers. What counts is decided here from
the raw bytes that the journal kept, never from a tool's words, the eraser's opinion or the plan;
nothing is shared with the code that issued the commands but the parsing of answers. A technique
without a rule here is never proven. What the medium reads as afterwards is judged elsewhere. Pure.

The rules, for the step's `command` entries of all sessions, in order; "after" is after the last
erasing command of the right form that the drive accepted:
- ATA SANITIZE: its feature and key as asked, registers back without error; after it a SANITIZE
  STATUS that is whole, done, not running, as the last one, and IDENTIFY with the disk's serial.
- ATA SECURITY ERASE UNIT: accepted, the mode bit as asked, directly behind an accepted ERASE
  PREPARE; after it IDENTIFY with the disk's serial, security supported and *not* enabled.
- NVMe Format: status 0, SES as asked (never 0), this namespace; after it Identify Namespace with
  nothing left to format, and Identify Controller with the disk's serial.
- NVMe Sanitize: status 0, SANACT as asked; the last log after it in state 1 or 4 with SCDW10 equal
  to the command's; Identify Controller with the disk's serial. It purges only if it was told not to
  deallocate (NDAS) and did not (state 4), and, where PREQ was set, if PRGD is: zeros of deallocated
  blocks show nothing.
- SCSI SANITIZE or FORMAT UNIT: GOOD; the last REQUEST SENSE after it without sense (or low power),
  then TEST UNIT READY GOOD, and the serial number page with the disk's serial. Clear at most where
  the blocks had to be written before they could be read.
- Opal PSID revert: `sedutil-cli` says of this disk's serial number that locking is in use and the
  medium encrypted; the revert exits 0; asked again, locking is off and nothing locked. Purge only
  where the disk could be read before (not locked); the judge asks for noise behind it besides.
- eMMC: a secure discard of the whole user area (for SANITIZE a plain one will do), then for
  SANITIZE the switch of EXT_CSD[165], both without errno or error bits in R1; EXT_CSD after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from recond.certify.judge.command_entries import (
    CommandEntry,
    DriveProof,
    last_place,
    missing,
    said_of,
)
from recond.certify.judge.step_timeline import StepTimeline
from recond.drive.answers import (
    R1_ERRORS,
    nvme_good,
    parse_ata_sanitize,
    parse_ext_csd,
    parse_nvme_controller,
    parse_nvme_namespace,
    parse_opal,
    parse_sanitize_log,
    parse_vpd_serial,
)
from recond.drive.identify import parse_identify
from recond.drive.sense import ata_accepted, parse_registers, parse_sense, scsi_good
from recond.erasure import DiskIdentity, Level, Technique, WipeStep
from recond.model import Json, Message

_T = Technique


def prove(step: WipeStep, disk: DiskIdentity, commands: Sequence[Mapping[str, Json]]) -> DriveProof:
    """Judge the `data` of a step's `command` entries (their form was checked by the reader)."""
    rule = _RULES.get(step.technique)
    if rule is None:
        return missing("no_rule")
    return rule(step, disk, [said_of(data) for data in commands])


# --- ATA -------------------------------------------------------------------------------------

# (feature 7:0, LBA 47:0) of B4h, ACS-4 tables of the three commands; the pattern is zero
_SANITIZE = {
    _T.ATA_SANITIZE_CRYPTO: (0x11, 0x0000_4372_7970),
    _T.ATA_SANITIZE_BLOCK: (0x12, 0x0000_426B_4572),
    _T.ATA_SANITIZE_OVERWRITE: (0x14, 0x4F57_0000_0000),
}


def _is_ata(one: CommandEntry, command: int) -> bool:
    return one.transport == "ata" and len(one.request) == 16 and one.request[14] == command


def _taken(one: CommandEntry) -> bool:
    return ata_accepted(one.status, one.sense, one.errno)


def _lba(cdb: bytes) -> int:
    return int.from_bytes(bytes(cdb[i] for i in (11, 9, 7, 12, 10, 8)), "big")


def _same_ata(said: list[CommandEntry], serial: str | None) -> bool:
    """Whether some IDENTIFY gave the disk's serial, and none another."""
    found = [parse_identify(one.answer) for one in said if _is_ata(one, 0xEC) and one.answer]
    return any(found) and all(one is None or one.serial == serial for one in found)


def _ata_sanitize(step: WipeStep, disk: DiskIdentity, said: list[CommandEntry]) -> DriveProof:
    feature, key = _SANITIZE[step.technique]
    erase = last_place(
        said,
        lambda one: (
            _is_ata(one, 0xB4)
            and (one.request[4], _lba(one.request)) == (feature, key)
            and _taken(one)
        ),
    )
    if erase < 0:
        return missing("not_accepted")
    after = said[erase + 1 :]
    if any(_is_ata(one, 0xB4) and one.request[4] for one in after):
        return missing("another_command")
    asked = [one for one in after if _is_ata(one, 0xB4)]
    if any(one.request[6] & 1 for one in asked):
        return missing("not_done")  # its failure was cleared
    status = parse_ata_sanitize(parse_registers(asked[-1].sense)) if asked else None
    if status is None or not status.done or status.running:
        return missing("not_done")
    return DriveProof(()) if _same_ata(after, disk.serial) else missing("other_drive")


def _ata_security(step: WipeStep, disk: DiskIdentity, said: list[CommandEntry]) -> DriveProof:
    mode = 2 if step.technique is _T.ATA_SECURITY_ERASE_ENHANCED else 0
    erase = last_place(
        said,
        lambda one: (
            _is_ata(one, 0xF4)
            and len(one.data_out) == 512
            and one.data_out[0] & 2 == mode
            and _taken(one)
        ),
    )
    if erase < 0:
        return missing("not_accepted")
    before = [one for one in said[:erase] if one.transport == "ata"]
    if not before or not _is_ata(before[-1], 0xF3) or not _taken(before[-1]):
        return missing("not_prepared")
    after = said[erase + 1 :]
    if any(_is_ata(one, 0xF1) for one in after):
        return missing("another_command")
    if not _same_ata(after, disk.serial):
        return missing("other_drive")
    last = parse_identify([one for one in after if _is_ata(one, 0xEC) and one.answer][-1].answer)
    if last is None or not last.security.supported or last.security.enabled:
        return missing("still_locked")
    return DriveProof(())


def _restore_hidden(step: WipeStep, disk: DiskIdentity, said: list[CommandEntry]) -> DriveProof:
    wanted = max(int(value) for _, value in step.options)
    found = [parse_identify(one.answer) for one in said if _is_ata(one, 0xEC)]
    last = found[-1] if found else None
    if last is None or last.serial != disk.serial:
        return missing("other_drive")
    return DriveProof(()) if last.sectors >= wanted else missing("still_hidden")


# --- NVMe ------------------------------------------------------------------------------------

_SES = {_T.NVME_FORMAT_USER: 1, _T.NVME_FORMAT_CRYPTO: 2}
_SANACT = {
    _T.NVME_SANITIZE_BLOCK: 2,
    _T.NVME_SANITIZE_OVERWRITE: 3,
    _T.NVME_SANITIZE_CRYPTO: 4,
}
_NDAS, _PREQ = 1 << 9, 1 << 11


def _is_nvme(one: CommandEntry, opcode: int) -> bool:
    return one.transport == "nvme" and len(one.request) == 64 and one.request[0] == opcode


def _dword(one: CommandEntry, offset: int) -> int:
    return int.from_bytes(one.request[offset : offset + 4], "little")


def _good(one: CommandEntry) -> bool:
    return nvme_good(one.status, one.errno)


def _same_nvme(said: list[CommandEntry], serial: str | None) -> bool:
    """Whether some Identify Controller gave the disk's serial, and none another."""
    found = [
        parse_nvme_controller(one.answer)
        for one in said
        if _is_nvme(one, 0x06) and _dword(one, 40) == 1 and _good(one)
    ]
    return any(found) and all(one is None or one.serial == serial for one in found)


def _nvme_format(step: WipeStep, disk: DiskIdentity, said: list[CommandEntry]) -> DriveProof:
    erase = last_place(
        said,
        lambda one: (
            _is_nvme(one, 0x80)
            and _dword(one, 40) >> 9 & 7 == _SES[step.technique]
            and _dword(one, 4) == disk.namespace
            and _good(one)
        ),
    )
    if erase < 0:
        return missing("not_accepted")
    after = said[erase + 1 :]
    looks = [
        parse_nvme_namespace(one.answer)
        for one in after
        if _is_nvme(one, 0x06) and _dword(one, 40) == 0 and _dword(one, 4) == disk.namespace
    ]
    last = looks[-1] if looks else None
    if last is None or last.left_percent:
        return missing("not_done")
    return DriveProof(()) if _same_nvme(after, disk.serial) else missing("other_drive")


def _nvme_sanitize(step: WipeStep, disk: DiskIdentity, said: list[CommandEntry]) -> DriveProof:
    erase = last_place(
        said,
        lambda one: (
            _is_nvme(one, 0x84) and _dword(one, 40) & 7 == _SANACT[step.technique] and _good(one)
        ),
    )
    if erase < 0:
        return missing("not_accepted")
    after, cdw10 = said[erase + 1 :], _dword(said[erase], 40)
    if any(_is_nvme(one, 0x84) for one in after):
        return missing("another_command")
    logs = [one for one in after if _is_nvme(one, 0x02) and _dword(one, 40) & 0xFF == 0x81]
    log = parse_sanitize_log(logs[-1].answer) if logs and _good(logs[-1]) else None
    if log is None or log.blank or log.state not in (1, 4):
        return missing("not_done")
    if log.scdw10 != cdw10:
        return missing("another_command")
    if not _same_nvme(after, disk.serial):
        return missing("other_drive")
    # deallocated blocks read as zeros whether they were erased or only unmapped: the drive's word
    # is then all there is, and that is not evidence of a purge
    short = log.state == 4 or not cdw10 & _NDAS or (cdw10 & _PREQ and not log.purged)
    return DriveProof((), Level.CLEAR if short else Level.PURGE)


# --- SCSI ------------------------------------------------------------------------------------

LOW_POWER = 0x5E
_ACTIONS = {
    _T.SCSI_SANITIZE_OVERWRITE: (0x48, 1),
    _T.SCSI_SANITIZE_BLOCK: (0x48, 2),
    _T.SCSI_SANITIZE_CRYPTO: (0x48, 3),
    _T.SCSI_FORMAT_UNIT: (0x04, 0x10),
}


def _is_scsi(one: CommandEntry, opcode: int) -> bool:
    return one.transport == "scsi" and bool(one.request) and one.request[0] == opcode


def _scsi_erase(step: WipeStep, disk: DiskIdentity, said: list[CommandEntry]) -> DriveProof:
    opcode, action = _ACTIONS[step.technique]
    erase = last_place(
        said,
        lambda one: (
            _is_scsi(one, opcode)
            and one.request[1] & 0x1F == action
            and scsi_good(one.status, one.errno)
        ),
    )
    if erase < 0:
        return missing("not_accepted")
    after = said[erase + 1 :]
    if any(_is_scsi(one, 0x48) or _is_scsi(one, 0x04) for one in after):
        return missing("another_command")
    ended = last_place(after, lambda one: _is_scsi(one, 0x03))
    sense = parse_sense(after[ended].answer) if ended >= 0 else None
    if sense is None or not scsi_good(after[ended].status, after[ended].errno):
        return missing("not_done")
    ready = any(
        _is_scsi(one, 0x00) and scsi_good(one.status, one.errno) for one in after[ended + 1 :]
    )
    if sense.key or sense.asc not in (0x00, LOW_POWER) or not ready:
        return missing("not_done")
    serials = [
        parse_vpd_serial(one.answer)
        for one in after
        if _is_scsi(one, 0x12) and one.request[1:3] == b"\x01\x80"
    ]
    same = bool(serials) and all(serial == disk.serial for serial in serials)
    if not same or disk.serial is None:
        return missing("other_drive")
    blind = ("write_after", 1) in step.options  # what it left was written over before it was read
    return DriveProof((), Level.CLEAR if blind else Level.PURGE)


# --- eMMC ------------------------------------------------------------------------------------

_SECURE_DISCARD, _DISCARD, _IOC = 0x127D, 0x1277, 0xC048B300


def _is_mmc(one: CommandEntry, *numbers: int) -> bool:
    return one.transport == "mmc" and int.from_bytes(one.request[:4], "big") in numbers


def _card_good(one: CommandEntry) -> bool:
    return one.errno is None and not one.status & R1_ERRORS


def _mmc_erase(step: WipeStep, disk: DiskIdentity, said: list[CommandEntry]) -> DriveProof:
    sanitizes = step.technique is _T.MMC_SANITIZE
    numbers = (_SECURE_DISCARD, _DISCARD) if sanitizes else (_SECURE_DISCARD,)
    whole = bytes(8) + disk.size_bytes.to_bytes(8, "little")
    at = last_place(
        said, lambda one: _is_mmc(one, *numbers) and one.request[4:] == whole and _card_good(one)
    )
    if at < 0:
        return missing("not_accepted")
    if sanitizes:
        at = last_place(
            said,
            lambda one: (
                _is_mmc(one, _IOC)
                and one.request[12:20] == b"\x06\0\0\0\x01\x01\xa5\x03"
                and _card_good(one)
            ),
            at,
        )
        if at < 0:
            return missing("not_accepted")
    answers = any(_is_mmc(one, _IOC) and parse_ext_csd(one.answer) for one in said[at + 1 :])
    return DriveProof((), Level.CLEAR) if answers else missing("not_done")


# --- Opal ------------------------------------------------------------------------------------

_REVERT = b"--yesIreallywanttoERASEALLmydatausingthePSID"


def _opal(_step: WipeStep, disk: DiskIdentity, said: list[CommandEntry]) -> DriveProof:
    words = [one.request.split(b"\0") if one.transport == "tool" else [] for one in said]
    sent = [at for at, argv in enumerate(words) if argv[1:2] == [_REVERT]]
    good = [at for at in sent if said[at].status == 0 and said[at].errno is None]
    if not good or good[-1] != sent[-1]:
        return missing("not_accepted")
    states = [
        (at, parse_opal(one.answer) if one.status == 0 else None)
        for at, one in enumerate(said)
        if words[at][1:2] == [b"--query"]
    ]
    before = [state for at, state in states if at < sent[0]]
    after = [state for at, state in states if at > sent[-1]]
    if not before or not after:
        return missing("not_done")
    first, last = before[-1], after[-1]
    if first is None or last is None or not first.enabled or last.enabled or last.locked:
        return missing("not_done")
    if {first.serial, last.serial} != {disk.serial}:
        return missing("other_drive")
    return DriveProof((), Level.PURGE if first.encrypts and not first.locked else Level.CLEAR)


_RULES: dict[Technique, Callable[[WipeStep, DiskIdentity, list[CommandEntry]], DriveProof]] = {
    **dict.fromkeys(_SANITIZE, _ata_sanitize),
    _T.ATA_SECURITY_ERASE: _ata_security,
    _T.ATA_SECURITY_ERASE_ENHANCED: _ata_security,
    _T.RESTORE_HIDDEN: _restore_hidden,
    **dict.fromkeys(_SES, _nvme_format),
    **dict.fromkeys(_SANACT, _nvme_sanitize),
    **dict.fromkeys(_ACTIONS, _scsi_erase),
    _T.MMC_SECURE_ERASE: _mmc_erase,
    _T.MMC_SANITIZE: _mmc_erase,
    _T.OPAL_PSID_REVERT: _opal,
}


def drive_evidence(
    step: WipeStep, disk: DiskIdentity, index: int, told: StepTimeline
) -> tuple[tuple[Message, ...], Level]:
    """What is missing for this step's proof (empty where the answers prove it), and the highest
    level that the answers allow.
    """
    number = index + 1
    if told.end is None:
        return (Message.of("certify.reason.step-unfinished", step=number),), Level.NONE
    if told.end.data["outcome"] != "done":
        word = f"@certify.outcome.{told.end.data['outcome']}"
        missing = Message.of("certify.reason.step-outcome", step=number, outcome=word)
        return (missing,), Level.NONE
    proof = prove(step, disk, [entry.data for entry in told.commands])
    if proof.faults:
        return (Message.of("certify.reason.drive-not-proven", step=number), *proof.faults), (
            Level.NONE
        )
    return (), proof.highest
