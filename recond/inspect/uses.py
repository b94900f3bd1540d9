"""What holds each disk, for the inventory: `recond.host.usage`, and who has claimed the device.

Why: one piece of code decides what "in use" means (the guard asks the same one); what is added here
is for people: a claim that nothing seen explains, the medium that a live system came from, and
mount points without the names of persons. Never unmounts, stops or changes anything.
"""

from __future__ import annotations

from recond.documents import read_json
from recond.host import Host, usage
from recond.host.claims import read_claim
from recond.inspect.lsblk import BlockNode
from recond.model import Unknown, Use

CLAIMS_FILE = "/recond/claims.json"  # in a capture: what `read_claim` said, by device name
_LIVE_FSTYPES = ("squashfs", "iso9660", "erofs", "cramfs", "udf")


def read_disk_uses(host: Host, node: BlockNode) -> tuple[Use, ...]:
    """All uses of a whole disk and of every device below it, sorted, without doubles."""
    found = set(usage.read_uses(host.files, node.name))
    if not found and _claimed(host, node.name):
        # a live system's image on it explains the claim
        live = any(below.fstype in _LIVE_FSTYPES for below in node.walk())
        found = {Use("medium" if live else "open", node.name, "")}
    return tuple(sorted(found, key=lambda use: (use.kind, use.node, use.where)))


def _claimed(host: Host, name: str) -> bool:
    if name.startswith("zram"):
        return False
    if host.origin == "live":
        return read_claim(f"/dev/{name}") is True
    return read_recorded_claims(host).get(name) is True


def read_recorded_claims(host: Host) -> dict[str, bool]:
    """What a capture says of the claims."""
    raw = host.files.read(CLAIMS_FILE, 65536)
    try:
        table = {} if isinstance(raw, Unknown) else read_json(raw)
    except ValueError:
        return {}
    if not isinstance(table, dict):
        return {}
    return {name: value for name, value in table.items() if isinstance(value, bool)}
