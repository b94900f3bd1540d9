"""What one reader of the census found, and the sentences that several of them need. Pure."""

from __future__ import annotations

from pathlib import Path

from recond.census import Controller, Kind, Place, Reach, StorageMedium, Suspicion
from recond.frozen import dataclass
from recond.host import Host
from recond.host.files import Files
from recond.model import Message, Reading, Unknown, Why

_NOT_READ: Unknown = Unknown(Why.NOT_READ)


@dataclass(frozen=True, slots=True)
class Sighting:
    """`gap` is why the question was not answered whole; what was found counts all the same."""

    media: tuple[StorageMedium, ...] = ()
    controllers: tuple[Controller, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
    gap: Message | None = None


def gap_of(files: Files, *places: str) -> Message | None:
    """Why these folders of /sys do not answer: nobody kept them, or nobody may read them."""
    for place in places:
        if not files.whole() or not files.answers(place):
            return Message.of("inspect.census.gap.not_kept", place=place)
    return None


def has_devices(host: Host) -> bool:
    """Whether the devices of /dev are those of the computer that is looked at."""
    return host.origin == "live" and host.files.root == Path("/")


def suspect(kind: str, place: str, **args: str | int) -> Suspicion:
    """A suspicion of a kind ("no-driver") at a place, with its words in the catalogue."""
    word = kind.replace("-", "_")
    return Suspicion(
        f"{kind}:{place}",
        place,
        Message.of(f"inspect.census.what.{word}", place=place, **args),
        Message.of(f"inspect.census.todo.{word}", place=place, **args),
    )


def hidden(
    key: str,
    kind: Kind,
    why: Message,
    remedy: Message,
    *,
    model: Reading[str] = _NOT_READ,
    serial: Reading[str] = _NOT_READ,
    size_bytes: Reading[int] = _NOT_READ,
    namespace: Reading[int] = _NOT_READ,
    reach: Reach = Reach.HIDDEN,
) -> StorageMedium:
    """A medium of this computer that has no block device to erase it by."""
    return StorageMedium(
        key=key,
        kind=kind,
        place=Place.INNER,
        reach=reach,
        paths=(),
        model=model,
        serial=serial,
        wwn=_NOT_READ,
        size_bytes=size_bytes,
        namespace=namespace,
        disk_seq=_NOT_READ,
        why=why,
        remedy=remedy,
    )
