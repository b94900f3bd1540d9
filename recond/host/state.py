"""Where recond keeps its state, and whether an output folder can be written, asked beforehand.

Why: a full or read-only folder must be found before the erasure starts, not after. State lives
under /var/lib/recond for root, else $XDG_STATE_HOME/recond (XDG base directory specification 0.8);
`RECOND_STATE` and `--state` come first.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from recond.errors import BenchLacks, UsageError
from recond.host.reason import os_reason, refuse_unwritable_name
from recond.host.regular import open_regular, read_given

ROOM_BYTES = 32 << 20
SECRET_BYTES = 1 << 16
FORMER = "former"
"""Below the state: what a change of its form took the place of (`recond.flow.stateform`)."""
OWN_FOLDERS = (
    *("runs", "keys", "issues", "queue", "reformats", "unlocks", "statements", "claims"),
    FORMER,
)
"""What is recond's own in the state, and no place for what is handed over."""


def state_folder(argument: Path | None) -> Path:
    """The state folder, whole: a worker stands elsewhere when it reads its job. Not made yet."""
    if argument is not None:
        return argument.absolute()
    if os.environ.get("RECOND_STATE"):
        return Path(os.environ["RECOND_STATE"]).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/recond")
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "recond"


def prepare_state(folder: Path) -> None:
    """`prepare_folder` for the state: for this user alone where it is new, and nobody else's.

    Whoever may write there may lay a key, a ledger or a job into it, or a link in their place.
    Raises `BenchLacks` as well where the folder is another's.
    """
    with suppress(OSError):  # `prepare_folder` says why
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
    prepare_folder(folder)
    found = folder.stat()
    strange = os.geteuid() == 0 and found.st_uid != 0
    if (strange or found.st_mode & stat.S_IWOTH) and _has_links(folder):
        raise BenchLacks("host.folder.anothers", folder=str(folder))


def _has_links(folder: Path) -> bool:
    """Whether the file system has links: a stick's (FAT) has none, nor owners worth the name."""
    probe = folder / f".recond-probe-{secrets.token_hex(4)}"
    try:
        probe.symlink_to("nowhere")
        probe.unlink()
    except OSError as error:
        return error.errno not in (errno.EPERM, errno.ENOTSUP)
    return True


def prepare_out(folder: Path, state: Path) -> None:
    """`prepare_folder` for where certificates are put. Raises `UsageError` for the state itself and
    what is recond's own in it: a certificate's folder would be a run's, and belong to nobody.
    """
    place, own = folder.resolve(), state.resolve()
    refuse_unwritable_name(place)
    if place == own or any(place.is_relative_to(own / name) for name in OWN_FOLDERS):
        raise UsageError("host.folder.own", folder=str(folder))
    prepare_folder(folder)


def prepare_folder(folder: Path) -> None:
    """Make a folder and prove that it can be written and has room.

    Raises `BenchLacks` with the reason: not a folder, no permission, read-only, full.
    """
    probe = folder / f".recond-probe-{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(open_regular(probe, flags, 0o666), "wb") as stream:
            stream.write(bytes(65536))
            stream.flush()
            os.fsync(stream.fileno())
        probe.unlink()
        room = room_bytes(folder)
    except OSError as error:
        probe.unlink(missing_ok=True) if folder.is_dir() else None
        raise BenchLacks(
            "host.folder.unusable", folder=str(folder), reason=os_reason(error)
        ) from None
    if room < ROOM_BYTES:
        raise BenchLacks("host.folder.full", folder=str(folder), needed_bytes=ROOM_BYTES)


def room_bytes(folder: Path) -> int:
    """What is free for this user where a folder is. Raises `OSError`."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def credential(name: str) -> str | None:
    """A secret that systemd hands to the service (systemd.exec(5), LoadCredential=); None without.

    Raises `BenchLacks` for one that cannot be read.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    file = Path(folder, name) if folder else None
    if file is None or not file.exists():
        return None
    try:
        return read_given(file, SECRET_BYTES).decode("utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise BenchLacks(
            "host.folder.unusable", folder=str(file), reason=type(error).__name__
        ) from None


def is_root() -> bool:
    """Whether this process may open any device."""
    return os.geteuid() == 0
