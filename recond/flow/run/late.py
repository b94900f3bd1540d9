"""Disks that showed up while a run was at work: the census that it began with does not know them.

Why: a disk that spins up late, or whose driver came after the look, is in no plan and in no census,
and the certificate would speak of the whole computer without it. So the disks are listed once more
before the first record is made and after each resumption; what is new becomes a question that the
census did not answer. What is on USB or in a declared dock comes and goes, and is no part of the
computer; another computer, where a disk was carried to be gone on with, says nothing of this one.
"""

from __future__ import annotations

from dataclasses import replace

from recond.census import Census, Look, Unanswered
from recond.codec import to_json
from recond.flow.runfolder import RunFolder, write_json
from recond.host.diskid import read_strings
from recond.host.docks import place_of
from recond.host.files import Files
from recond.host.identity.nodisk import is_loop, is_no_disk
from recond.inspect.system import read_system
from recond.model import Known, Message, System, Unknown, Why

_CODE = "inspect.census.gap.came_later"


def note_late(folder: RunFolder, files: Files, docks: tuple[str, ...]) -> None:
    """Put the disks that are here now, and not in the run's census, into it as a gap."""
    facts = folder.facts()
    machine = facts.machine
    if machine is None or not isinstance(machine.census, Known):
        return
    if _is_elsewhere(machine.system, files):
        return
    late = late_disks(machine.census.value, files, docks)
    if not late:
        return
    why = Message.of(_CODE, names=", ".join(late))
    census = machine.census.value
    noted = replace(
        census,
        looked=tuple(look for look in census.looked if look is not Look.BLOCK),
        gaps=(*(gap for gap in census.gaps if gap.why.code != _CODE), Unanswered(Look.BLOCK, why)),
    )
    known = Known(noted, machine.census.source)
    found = replace(facts, machine=replace(machine, census=known))
    write_json(folder.path / "run.json", to_json(found))


def late_disks(census: Census, files: Files, docks: tuple[str, ...]) -> tuple[str, ...]:
    """The disks of the computer, by kernel name, of which the census has neither path nor serial
    number: one that the kernel lost and found again has another name.
    """
    paths = {path for one in census.media for path in one.paths}
    serials = {one.serial.value for one in census.media if isinstance(one.serial, Known)}
    return tuple(
        name
        for name in files.list("/sys/block")
        if not is_no_disk(name)
        and not is_loop(name)
        and files.read_text(f"/sys/block/{name}/size") != "0"
        and f"/dev/{name.replace('!', '/')}" not in paths
        and read_strings(files, name).serial not in serials
        and not _comes_and_goes(files, name, docks)
    )


def _is_elsewhere(system: System, files: Files) -> bool:
    """Whether this surely is another computer than the one that the run began on."""
    here = read_system(files, Unknown(Why.NOT_READ))
    differ = [
        there.value != found.value
        for there, found in (
            (system.serial, here.serial),
            (system.uuid, here.uuid),
            (system.board_serial, here.board_serial),
        )
        if isinstance(there, Known) and isinstance(found, Known)
    ]
    return bool(differ) and all(differ)


def _comes_and_goes(files: Files, name: str, docks: tuple[str, ...]) -> bool:
    real = files.resolve(f"/sys/block/{name}") or ""
    if any(f"/{bus}" in real for bus in ("usb", "fw")):
        return True
    plug = place_of(files, name, real) if real else ""
    return any(plug == dock or plug.startswith((f"{dock} ", f"{dock}.")) for dock in docks)
