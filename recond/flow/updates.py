"""Is there a newer recond: a release note, from a file or an address, checked and compared.

Why: a workshop updates when a person wants it; recond asks nobody by itself. A note is believed by
the certificate that the workshop named, else by the one that the running release brought along:
whoever could change that one could change recond itself. Files of the release that lie beside the
note are held against it, so that one command takes the place of four of openssl and sha256sum.
Must not: install anything, or write.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from recond import __version__
from recond.certify.releasenote import (
    MOST_BYTES,
    ReleaseFile,
    ReleaseNote,
    read_note,
    version_order,
)
from recond.certify.sign import keys
from recond.certify.sign.jws import Signed
from recond.errors import BenchLacks, RecordInvalid, SafetyRefusal, UploadFailed, UsageError
from recond.flow.config import release_settings
from recond.flow.keys.keyring import Keyring
from recond.foreign import printable_line
from recond.host.http import Https, Request, check_url
from recond.host.reason import os_reason
from recond.host.regular import SMALL_BYTES, open_regular, read_given
from recond.model import Text

COMPANIONS = frozenset({"recond-release.pem"})
"""Who signed: beside each note, and named in none."""
NOTE_SUFFIX = ".release.jws"
OWN_SIGNER = Path(sys.prefix, "share", "recond", "release.pem")
"""Whose release this installation is, where the package brought it along."""


class ReleaseStanding(Text):
    """A release beside the running one."""

    NEWER = "newer"
    SAME = "same"
    OLDER = "older"


class FileState(Text):
    """A file of the release, beside its note."""

    WHOLE = "whole"
    OTHER = "other"
    UNREADABLE = "unreadable"
    UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True)
class FileBeside:
    """A file that lies beside the note: one of the release, or one that calls itself recond and is
    not named in it.
    """

    name: str
    state: FileState


@dataclass(frozen=True, slots=True)
class UpdateLook:
    """What a note says, and how this recond stands to it."""

    running: str
    standing: ReleaseStanding
    note: ReleaseNote
    source: str
    signer: keys.KeyFacts
    beside: tuple[FileBeside, ...]

    @property
    def unsafe(self) -> bool:
        """Whether the note says that the running version should erase nothing more."""
        since = self.note.unsafe_before
        return since is not None and version_order(self.running) < version_order(since)

    @property
    def exit_code(self) -> int:
        """7 where a file beside the note is not what the note says; else 4 where the running
        version should erase nothing more.
        """
        if any(one.state in (FileState.OTHER, FileState.UNREADABLE) for one in self.beside):
            return RecordInvalid.exit_code
        return SafetyRefusal.exit_code if self.unsafe else 0


def look_for_update(
    where: str | None, signer: Path | None, state: Path, now: str, *, running: str = __version__
) -> UpdateLook:
    """Check a note (a file's path or an https address; None: the address that is configured).

    Raises `UsageError` without any, `RecordInvalid` for a note that is not to be believed,
    `BenchLacks` where the address does not answer.
    """
    settings = release_settings(state)
    source = where or settings.get("url")
    if source is None:
        raise UsageError("cli.update.nowhere")
    file = None if _is_address(source) else Path(source)
    raw = _fetch(source, settings) if file is None else _read(file, MOST_BYTES + 1)
    note, signed = read_note(raw.strip())
    trusted = signer or (Path(settings["signer"]) if "signer" in settings else OWN_SIGNER)
    _check_signer(signed, trusted, state, now, given=trusted != OWN_SIGNER)
    beside = () if file is None else _look_beside(file, note.files)
    told = keys.facts_of(signed.chain[0])
    return UpdateLook(running, _standing(note.version, running), note, source, told, beside)


def _is_address(source: str) -> bool:
    """Whether it is one. Raises `UsageError` for one of another kind than https: a file of that
    name is not what was meant.
    """
    return "://" in source and bool(check_url(source))


def _standing(released: str, running: str) -> ReleaseStanding:
    ours, theirs = version_order(running), version_order(released)
    if theirs == ours:
        return ReleaseStanding.SAME
    return ReleaseStanding.NEWER if theirs > ours else ReleaseStanding.OLDER


def _read(file: Path, most_bytes: int) -> bytes:
    try:
        return read_given(file, most_bytes)
    except OSError as error:
        raise UsageError("key.read", file=str(file), reason=os_reason(error)) from None


def _fetch(url: str, settings: dict[str, str]) -> bytes:
    client = Https(settings.get("ca_file"))
    try:
        answer = client.send(Request("GET", url))
    except UploadFailed as error:
        raise BenchLacks(error.message.code, **dict(error.message.args)) from None
    if answer.status != 200:
        raise BenchLacks("cli.update.no_answer", url=url, reason=f"HTTP {answer.status}")
    return answer.body


def _check_signer(signed: Signed, trusted: Path, state: Path, now: str, *, given: bool) -> None:
    """Raises `RecordInvalid` unless the signer is one that is believed here, today: a release is
    new, so an old key that was lost since vouches for none.
    """
    shown = keys.fingerprint(signed.chain[0])
    if not given and not trusted.exists():
        raise RecordInvalid("cli.update.nobody", fingerprint=shown)
    pinned = keys.read_certificates(_read(trusted, SMALL_BYTES))
    fault = keys.chain_fault(signed.chain, pinned, now, Keyring(state).revoked())
    if fault == "certify.trust.unknown":
        raise RecordInvalid("cli.update.stranger", file=str(trusted), fingerprint=shown)
    if fault == "certify.trust.expired":
        raise RecordInvalid("cli.update.expired", on_date=now[:10], fingerprint=shown)
    if fault is not None:
        raise RecordInvalid("cli.update.fault", reason=f"@{fault}", fingerprint=shown)


def _look_beside(note: Path, files: tuple[ReleaseFile, ...]) -> tuple[FileBeside, ...]:
    """The note's files, then those that could be taken for some of its."""
    found = ((one, note.parent / one.name) for one in files)
    named = tuple(FileBeside(one.name, _state_of(path, one)) for one, path in found if _is(path))
    known = {note.name, *COMPANIONS, *(one.name for one in files)}
    return (*named, *(FileBeside(one, FileState.UNNAMED) for one in _alike(note.parent, known)))


def _alike(folder: Path, known: set[str]) -> list[str]:
    """What is called recond in a folder, and is none of these, in order; a name that could act on
    a terminal shows it by its number.
    """
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - names, not paths
    except OSError:
        return []
    alike = [name for name in names if name.casefold().startswith("recond") and name not in known]
    return [printable_line(name) for name in alike if not name.endswith(NOTE_SUFFIX)]


def _is(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _state_of(path: Path, told: ReleaseFile) -> FileState:
    """A regular file's whole content against size and sum; a link is none that was downloaded."""
    try:
        with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as stream:
            if os.fstat(stream.fileno()).st_size != told.size_bytes:
                return FileState.OTHER
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return FileState.UNREADABLE
    return FileState.WHOLE if found == told.sha256 else FileState.OTHER
