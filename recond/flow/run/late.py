"""What showed up while a run was at work: the census that it began with does not know of it.

Why: a disk that spins up late, or whose driver came after the look, is in no plan and in no census,
and the certificate would speak of the whole computer without it. So the disks are listed once more
before the first record is made and after each resumption; what is new becomes a question that the
census did not answer. What is on USB or in a declared dock comes and goes, and is no part of the
computer. Another computer, where a disk was carried to be gone on with, knows nothing of the one
that the census is of: that it was not looked at again is a question without an answer, too, and is
no more once the run is gone on with where it began. Where nothing tells the two apart, it is asked.
An area of an eMMC that read as blank got no plan: it is read once more, since a card may lie, and
somebody may have written there.
"""

from __future__ import annotations

from dataclasses import replace

from recond.census import Census, Kind, Look, Reach, StorageMedium, Unanswered
from recond.codec import to_json
from recond.flow.runfolder import RunFacts, RunFolder, write_json
from recond.host import Host
from recond.host.cards import is_blank
from recond.host.diskid import read_strings
from recond.host.docks import place_of
from recond.host.files import Files
from recond.host.identity.nodisk import is_loop, is_no_disk
from recond.host.machineinfo import NO_BOOT, read_boot_id
from recond.inspect.census_sighting import has_devices
from recond.inspect.machine import read_tables
from recond.inspect.system import read_system
from recond.model import Known, Message

_CAME_LATER = "inspect.census.gap.came_later"
_ELSEWHERE = "inspect.census.gap.elsewhere"


def note_late(folder: RunFolder, host: Host, docks: tuple[str, ...]) -> None:
    """Put the disks that are here now, and not in the run's census, into it as a gap."""
    facts = folder.facts()
    machine = facts.machine
    if machine is None or not isinstance(machine.census, Known):
        return
    census = machine.census.value
    noted = _noted(_areas_again(facts, census, host), _gap(facts, census, host, docks))
    if noted == census:
        return
    known = Known(noted, machine.census.source)
    found = replace(facts, machine=replace(machine, census=known))
    write_json(folder.path / "run.json", to_json(found))


def _areas_again(facts: RunFacts, census: Census, host: Host) -> Census:
    """The census with each area that read as blank, and does not any more, as one that holds
    something.
    """
    if not has_devices(host) or not _is_where_it_began(facts, host):
        return census
    return replace(census, media=tuple(map(_area_again, census.media)))


def _area_again(medium: StorageMedium) -> StorageMedium:
    if medium.kind is not Kind.BOOT_AREA or medium.reach is not Reach.EMPTY or medium.why is None:
        return medium
    path, size = str(dict(medium.why.args).get("place")), medium.size_bytes
    blank = is_blank(path, size.value) if isinstance(size, Known) else None
    return medium if blank else replace(medium, reach=Reach.READY)


def _gap(facts: RunFacts, census: Census, host: Host, docks: tuple[str, ...]) -> Message | None:
    """What is not known of the run's computer now; None where its disks are those of the census."""
    if not _is_where_it_began(facts, host):
        return Message(_ELSEWHERE)
    late = late_disks(census, host.files, docks)
    return Message.of(_CAME_LATER, names=", ".join(late)) if late else None


def _noted(census: Census, why: Message | None) -> Census:
    """The census with this gap in its list of disks, or without one that was answered since: a disk
    that came later stays said, even where it went away again.
    """
    answered = {_ELSEWHERE} if why is None or why.code == _ELSEWHERE else {_ELSEWHERE, _CAME_LATER}
    gaps = tuple(gap for gap in census.gaps if gap.why.code not in answered)
    gaps += (Unanswered(Look.BLOCK, why),) if why else ()
    open_looks = {gap.look for gap in gaps}
    looked = {*census.looked, Look.BLOCK} if gaps != census.gaps else {*census.looked}
    whole = tuple(look for look in Look if look in looked and look not in open_looks)
    return replace(census, looked=whole, gaps=gaps)


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


def _is_where_it_began(facts: RunFacts, host: Host) -> bool:
    """Whether this surely is the computer that the run began on: by the boot, else by each number
    that both of them tell.
    """
    boot = read_boot_id(host.files)
    if boot == facts.boot and boot != NO_BOOT:
        return True
    if facts.machine is None:
        return False
    there, here = facts.machine.system, read_system(host.files, read_tables(host))
    same = [
        one.value == other.value
        for one, other in (
            (there.serial, here.serial),
            (there.uuid, here.uuid),
            (there.board_serial, here.board_serial),
        )
        if isinstance(one, Known) and isinstance(other, Known)
    ]
    return bool(same) and all(same)


def _comes_and_goes(files: Files, name: str, docks: tuple[str, ...]) -> bool:
    real = files.resolve(f"/sys/block/{name}") or ""
    if any(f"/{bus}" in real for bus in ("usb", "fw")):
        return True
    plug = place_of(files, name, real) if real else ""
    return any(plug == dock or plug.startswith((f"{dock} ", f"{dock}.")) for dock in docks)
