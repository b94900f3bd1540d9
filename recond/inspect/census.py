"""The census of storage: every reader asked, none able to stop another, and what was not answered.

Why: a certificate speaks of disks and a donor asks about a computer. Each question of
`recond.census.Look` has one reader here, which gives media, controllers and suspicions; one that
fails, or was not asked of a capture, leaves a gap with the reason, and nobody takes a gap for
"nothing there". Reads only.
"""

from __future__ import annotations

from collections.abc import Callable

from recond.census import Census, Look, Unanswered
from recond.host import Host
from recond.host.log import log_swallowed
from recond.inspect.census_adapters import look_at_adapters
from recond.inspect.census_cards import look_at_cards
from recond.inspect.census_disks import look_at_disks
from recond.inspect.census_nvme import look_at_nvme
from recond.inspect.census_pci import look_at_controllers
from recond.inspect.census_ports import look_at_ports
from recond.inspect.census_sighting import Sighting
from recond.model import Disk, Message, Unknown


def read_census(
    host: Host, disks: tuple[Disk, ...] | Unknown, docks: tuple[str, ...] = ()
) -> Census:
    """Everything that may hold data in or at this computer. `disks` are those of the inventory;
    `docks` are the bench's declared plugs, as `recond watch` names them.
    """
    listed = disks if isinstance(disks, tuple) else ()
    readers: tuple[tuple[Look, Callable[[], Sighting]], ...] = (
        (Look.BLOCK, lambda: look_at_disks(host, disks, docks)),
        (Look.CONTROLLERS, lambda: look_at_controllers(host.files, host.bench)),
        (Look.PORTS, lambda: look_at_ports(host.files)),
        (Look.NVME, lambda: look_at_nvme(host)),
        (Look.ADAPTERS, lambda: look_at_adapters(host, listed)),
        (Look.CARDS, lambda: look_at_cards(host)),
    )
    found = [(look, _ask(read)) for look, read in readers]
    return Census(
        taken_at=host.clock.now(),
        media=tuple(one for _, part in found for one in part.media),
        controllers=tuple(one for _, part in found for one in part.controllers),
        suspicions=tuple(one for _, part in found for one in part.suspicions),
        looked=tuple(look for look, part in found if part.gap is None),
        gaps=tuple(Unanswered(look, part.gap) for look, part in found if part.gap is not None),
    )


def _ask(read: Callable[[], Sighting]) -> Sighting:
    try:
        return read()
    except Exception as error:  # a bug in one reader must not cost the others, nor look like "none"
        log_swallowed("census", error)
        return Sighting(gap=Message.of("inspect.census.gap.reader", error=type(error).__name__))
