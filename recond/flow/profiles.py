"""Where profiles lie: shipped ones by name, a workshop's own by path or in its folder.

Why: `recond.readiness` is pure and takes bytes; this finds them. A name is looked for in the
workshop's folder first (`$XDG_CONFIG_HOME/recond/profiles`, then `/etc/recond/profiles`), so that a
workshop can correct a shipped profile without touching the program; then among the shipped ones.
Anything with a slash or ending in `.toml` is a path and nothing else.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from recond.errors import UsageError
from recond.host.regular import read_given
from recond.host.store import create_whole
from recond.readiness import (
    CpuMarks,
    Mistake,
    Profile,
    check_profile,
    new_profile_toml,
    parse_cpu_marks,
    parse_profile,
)

_REASONS = {
    errno.ENOENT: "absent",
    errno.ENOTDIR: "absent",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.EISDIR: "kind",
    errno.EROFS: "read_only",
    errno.ENOSPC: "full",
    errno.ENAMETOOLONG: "name",
}
MAX_BYTES = 1 << 20
MAX_MARKS_BYTES = 16 << 20


def load_profile(name_or_path: str) -> Profile:
    """A profile by its name or by the path of its file.

    Raises `UsageError` for an unknown name, a file that cannot be read, or a mistake in it.
    """
    raw, file = read_profile(name_or_path)
    return parse_profile(raw, file)


def read_profile(name_or_path: str) -> tuple[bytes, str]:
    """The bytes of a profile and the name of its file, for `check_profile`."""
    if "/" in name_or_path or name_or_path.endswith(".toml"):
        return _read(Path(name_or_path), MAX_BYTES), name_or_path
    for folder in own_folders():
        path = folder / f"{name_or_path}.toml"
        if path.is_file():
            return _read(path, MAX_BYTES), str(path)
    shipped = _shipped()
    if name_or_path in shipped:
        return shipped[name_or_path], f"{name_or_path}.toml"
    raise UsageError(
        "readiness.profile.unknown", name=name_or_path, known=", ".join(list_profiles())
    )


def check_profile_file(name_or_path: str) -> tuple[Mistake, ...]:
    """Every mistake in a profile's file, in the order of lines; none for a good one.

    Raises `UsageError` for an unknown name or a file that cannot be read.
    """
    return check_profile(*read_profile(name_or_path))


def write_new_profile(path: Path, base: str | None, today: str) -> None:
    """A new profile file, named after its file: a small sample, or a copy of another profile.

    Raises `UsageError` where the file is there already or cannot be written, where its name cannot
    be a profile's, or where the base is unknown or wrong.
    """
    raw = new_profile_toml(path.stem, load_profile(base) if base else None, today)
    try:
        create_whole(path, raw)
    except FileExistsError:
        raise UsageError("readiness.profile.exists", file=str(path)) from None
    except (OSError, ValueError) as error:
        raise UsageError(
            "readiness.profile.unwritable", file=str(path), detail=_detail(error)
        ) from None


def list_profiles() -> tuple[str, ...]:
    """The names that `load_profile` knows: the workshop's own and the shipped ones, sorted."""
    own = (path.stem for folder in own_folders() for path in _toml_files(folder))
    return tuple(sorted({*own, *_shipped()}))


def load_cpu_marks(path: str) -> CpuMarks:
    """An organisation's CSV of processor marks. Raises `UsageError`."""
    return parse_cpu_marks(_read(Path(path), MAX_MARKS_BYTES), path)


def own_folders() -> tuple[Path, ...]:
    """The folders where a workshop keeps its own profiles, the first wins."""
    config = os.environ.get("XDG_CONFIG_HOME", "")
    home = Path(config) if Path(config).is_absolute() else Path.home() / ".config"
    return home / "recond" / "profiles", Path("/etc/recond/profiles")


def _toml_files(folder: Path) -> Iterable[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except OSError:
        return ()


def _shipped() -> dict[str, bytes]:
    """The shipped profiles: from the installed package, else from the checkout beside it."""
    try:
        folder = resources.files("recond.profiles")
    except ModuleNotFoundError:
        folder = Path(__file__).parents[2] / "profiles"
    try:
        return {
            item.name.removesuffix(".toml"): folder.joinpath(item.name).read_bytes()
            for item in folder.iterdir()
            if item.name.endswith(".toml")
        }
    except OSError:
        return {}


def _read(path: Path, limit_bytes: int) -> bytes:
    """A regular file's bytes, one more than the limit at most, so that the parser can refuse it."""
    try:
        # reading a FIFO or a terminal could wait for ever
        if path.exists() and not path.is_file():
            raise UsageError(
                "readiness.profile.unreadable", file=str(path), detail="@readiness.file.kind"
            )
        return read_given(path, limit_bytes + 1)
    except (OSError, ValueError) as error:
        raise UsageError(
            "readiness.profile.unreadable", file=str(path), detail=_detail(error)
        ) from None


def _detail(error: OSError | ValueError) -> str:
    """What is wrong, in words of the catalogue where it is one of the usual reasons."""
    known = _REASONS.get(error.errno or 0) if isinstance(error, OSError) else "name"
    return f"@readiness.file.{known}" if known else str(error)
