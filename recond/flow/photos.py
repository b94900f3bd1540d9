"""Photos of a computer, taken over from a folder: which, how large, their digests; and kept copies.

Why a digest: a photo shows a scratch or a label, and says nothing that a reading proves. The record
names it as the operator's word, by its SHA-256, so that nobody can put another one in its place.
The pictures stay with the bench, in the run's folder (0700): a record goes to the donor, and a
photo may show a person. Nothing here may hold up an erasure: what cannot be taken over is left out,
and said; what cannot be copied is missing among the copies.
"""

from __future__ import annotations

import errno
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from recond.errors import UsageError
from recond.foreign import cut, printable_line
from recond.host.log import log_swallowed
from recond.host.patience import ended_within
from recond.host.regular import TooLarge, read_regular
from recond.host.state import ROOM_BYTES, room_bytes
from recond.host.store import write_whole
from recond.model import Message
from recond.workshop import Photo

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".gif", ".tif", ".tiff"})
MOST, MOST_BYTES = 20, 16 << 20
MOST_NAME, MOST_NAMED = 100, 3
LOOK_S = 60.0
"""What all of them may take: twenty large ones from a telephone take half of it."""
FOLDER = "photos"


@dataclass(frozen=True, slots=True)
class PhotosFound:
    """The photos of a folder by name, and what was left out, with its reason."""

    photos: tuple[Photo, ...] = ()
    left_out: tuple[Message, ...] = ()


def find_photos(folder: Path | None) -> PhotosFound:
    """The files of a folder whose names end as pictures' do, `MOST` of them, links and larger ones
    left out; what a folder does not give within `LOOK_S` too. Raises `UsageError` for a folder that
    is not there or cannot be listed.
    """
    if folder is None:
        return PhotosFound()
    shown, found = printable_line(str(folder)), _Album()
    whole = ended_within(LOOK_S, lambda: _look(folder, found))
    photos = tuple(found.photos[:MOST])
    left_out = [
        _left_out(code, files)
        for code, files in (("too_large", found.too_large), ("unread", found.unread))
        if files
    ]
    if found.more:
        left_out.append(Message.of("cli.photos.too_many", most=MOST))
    if not whole:
        left_out.append(Message.of("cli.photos.slow", folder=shown, seconds=int(LOOK_S)))
    elif not photos and not left_out:
        left_out.append(Message.of("cli.photos.none", folder=shown))
    return PhotosFound(photos, tuple(left_out))


@dataclass(slots=True)
class _Album:
    """What was seen so far; names of what is left out."""

    photos: list[Photo] = field(default_factory=list)
    too_large: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    more: bool = False


def _look(folder: Path, found: _Album) -> None:
    for file in _pictures(folder):
        if len(found.photos) == MOST:
            found.more = True
            break
        try:
            raw = read_regular(file, MOST_BYTES)
        except TooLarge:
            found.too_large.append(_shown(file))
        except OSError:
            found.unread.append(_shown(file))
        else:
            digest = hashlib.sha256(raw).hexdigest()
            found.photos.append(Photo(_shown(file), len(raw), digest))


def _left_out(code: str, files: list[str]) -> Message:
    """One line for all of a kind: how many, and the first of them by name."""
    files = files[:]  # the look may go on in its thread
    named = ", ".join(files[:MOST_NAMED]) + (", …" if len(files) > MOST_NAMED else "")
    return Message.of(f"cli.photos.{code}", n=len(files), files=named)


def keep_photos(folder: Path | None, photos: tuple[Photo, ...], place: Path) -> None:
    """Copy them into a run's folder, each under its digest. One that changed since, or that cannot
    be written, is left out: the erasure goes on. None is copied into the room that the run needs,
    and none that does not come within `LOOK_S`.
    """
    if folder is None or not photos:
        return
    if not ended_within(LOOK_S, lambda: _keep_all(folder, photos, place)):
        log_swallowed("flow.photos", TimeoutError(str(folder)))


def _keep_all(folder: Path, photos: tuple[Photo, ...], place: Path) -> None:
    wanted = {one.sha256 for one in photos}
    try:
        _refuse_full(place, sum(one.size_bytes for one in photos))
        (place / FOLDER).mkdir(mode=0o700, exist_ok=True)
        sizes = {one.size_bytes for one in photos}
        for file in _pictures(folder):
            if not wanted:  # the rest of a telephone's album is nobody's business here
                break
            if file.lstat().st_size in sizes:
                _keep(file, place / FOLDER, wanted)
    except (OSError, UsageError) as error:
        log_swallowed("flow.photos", error)


def _refuse_full(place: Path, size_bytes: int) -> None:
    if room_bytes(place) < ROOM_BYTES + size_bytes:
        raise OSError(errno.ENOSPC, "photos")


def _keep(file: Path, place: Path, wanted: set[str]) -> None:
    try:
        raw = read_regular(file, MOST_BYTES)
    except OSError as error:
        log_swallowed("flow.photos", error)
        return
    digest = hashlib.sha256(raw).hexdigest()
    if digest in wanted:
        write_whole(place / f"{digest}{file.suffix.lower()}", raw, mode=0o600)
        wanted.discard(digest)


def _pictures(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.suffix.lower() in SUFFIXES)
    except OSError as error:
        shown = printable_line(str(folder))
        raise UsageError("cli.photos.no_folder", folder=shown) from error


def _shown(file: Path) -> str:
    """A file's name as a line that acts on nothing; a byte that is no text is a question mark."""
    name = file.name.encode("utf-8", "replace").decode()
    return cut(printable_line(name), MOST_NAME)
