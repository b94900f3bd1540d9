"""Everything that a release publishes, in dist/: `make release` (docs/release.md).

Why: a workshop downloads one file and checks one signature. Every file is made from the last commit
and from wheels that the lock names by hash, with that commit's time: run twice, the sums are equal.
Must not: build from uncommitted changes, or name a version that CHANGELOG does not describe.

  KEY     a bench's key of recond (.p12) that signs SHA256SUMS and the release note, never a root's:
          it signs no documents; its passphrase in RECOND_RELEASE_PASSPHRASE
  TRUST   a workshop's certificate (PEM): the donor's page believes it; without it none is made
  DRAFT   1: a version that CHANGELOG does not date yet, for a trial
  ARCH    of the .deb, apart by spaces: amd64 arm64 where nothing is said
  IMAGE   no: without the stick's image; it is built where root and its tools are there
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

from recond import locale  # noqa: E402 - after the path
from recond.certify.sign import keys, p256  # noqa: E402
from recond.errors import RecordInvalid  # noqa: E402
from recond.host.clock import SystemClock  # noqa: E402
from recond.model import Message  # noqa: E402
from release.debian import debian_package  # noqa: E402 - after the path
from release.note import write_note  # noqa: E402
from release.sbom import bill_of_materials  # noqa: E402
from release.wheels import PYTHONS, fetch  # noqa: E402

SUMS = "SHA256SUMS"
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Debian's name of an architecture, and the kernel's."""


def say(text: str) -> None:
    """One line for whoever builds."""
    sys.stderr.write(f"release: {text}\n")


def git(*words: str) -> bytes:
    """What git answers about this clone. Raises `SystemExit`."""
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"release: git {' '.join(words)}: {done.stderr.decode().strip()}")
    return done.stdout


def version_of(source: Path) -> str:
    """The version, from the one place where it stands."""
    text = (source / "recond" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([0-9][0-9a-z.]*)"$', text, re.MULTILINE)
    if found is None:
        raise SystemExit("release: recond/__init__.py names no version")
    return found[1]


def check_changes(text: str, version: str, *, draft: bool) -> str | None:
    """CHANGELOG begins with this version, dated, and says something: its day, None for a draft
    without one. Raises `SystemExit`.
    """
    first = re.search(r"^## (\S+) – (.+)\n((?:(?!## ).*\n?)*)", text, re.MULTILINE)
    if first is None or first[1] != version or "\n- " not in "\n" + first[3]:
        raise SystemExit(f"release: CHANGELOG.md does not begin with what {version} changes")
    dated = re.fullmatch(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]", first[2])
    if not draft and not dated:
        raise SystemExit(f"release: CHANGELOG.md does not date {version} (DRAFT=1 builds a trial)")
    return first[2] if dated else None


def day_of(epoch: int) -> str:
    """The day of a commit's time (seconds since 1970), in UTC."""
    return datetime.fromtimestamp(epoch, UTC).date().isoformat()


def unpack_commit(place: Path) -> list[str]:
    """The last commit's files below `place`; their names, sorted. Who packs decides the modes, so
    that each Python unpacks the same: Debian 12's knows no filter (they came with 3.11.4).
    """
    raw = git("-c", "tar.umask=0022", "archive", "--format=tar", "HEAD")
    filtered: dict[str, Any] = {"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}
    with tarfile.open(fileobj=io.BytesIO(raw)) as packed:
        packed.extractall(place, **filtered)  # noqa: S202 - our own commit
        return sorted(one.name for one in packed.getmembers() if not one.isdir())


def build_wheel(source: Path, dist: Path) -> Path:
    """The wheel, built without a network from the commit's files."""
    argv = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    argv += ["--no-index", "--disable-pip-version-check", "--wheel-dir", str(dist), str(source)]
    subprocess.run(argv, check=True)
    for left in (source / "build", source / "recond.egg-info"):
        shutil.rmtree(left, ignore_errors=True)
    return next(dist.glob("recond-*.whl"))


def build_sdist(source: Path, names: list[str], metadata: bytes, file: Path, epoch: int) -> None:
    """All of the commit and PKG-INFO as one archive, alike each time."""
    top = file.name.removesuffix(".tar.gz")
    with (
        file.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=epoch) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted([*names, "PKG-INFO"]):
            entry = tarfile.TarInfo(f"{top}/{name}")
            path = source / name
            content = metadata if name == "PKG-INFO" else path.read_bytes()
            runs = name != "PKG-INFO" and os.access(path, os.X_OK) and path.stat().st_mode & 0o100
            entry.mtime, entry.mode, entry.size = epoch, 0o755 if runs else 0o644, len(content)
            archive.addfile(entry, io.BytesIO(content))


def metadata_of(wheel: Path) -> bytes:
    """A wheel's METADATA."""
    with zipfile.ZipFile(wheel) as held:
        name = next(one for one in held.namelist() if one.endswith(".dist-info/METADATA"))
        return held.read(name)


def donor_page(dist: Path, name: str, trust: str) -> None:
    """The donor's page that believes one workshop's certificate."""
    if not trust:
        say("left out: the donor's page (TRUST=FILE names whom it believes)")
        return
    argv = [sys.executable, "-m", "recond", "--state", str(dist.parent / "state"), "verify"]
    argv += ["--html", str(dist / f"{name}-donor.html"), "--trust", trust]
    subprocess.run(argv, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def image(dist: Path, wish: str) -> None:
    """The stick's image, where it can be built; its own sums go into those of the release."""
    if wish == "no" or os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        say("left out: the stick's image (root, its tools, and not IMAGE=no)")
        return
    out = dist.parent / "image"
    environment = {**os.environ, "OUT": str(out)}
    subprocess.run([str(ROOT / "packaging" / "image" / "build")], check=True, env=environment)
    for file in sorted(out.glob("recond-*")):
        shutil.move(str(file), dist / file.name)


def write_sums(dist: Path) -> bytes:
    """SHA256SUMS over everything in `dist`, in sha256sum's form."""
    lines = []
    for file in sorted(one for one in dist.iterdir() if one.is_file()):
        with file.open("rb") as stream:
            lines.append(f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {file.name}\n")
    text = "".join(lines).encode()
    (dist / SUMS).write_bytes(text)
    return text


def open_key(key: str, passphrase: str | None) -> keys.SigningKey | None:
    """The key that signs, opened before anything is built; None where none is given.

    Raises `SystemExit` for one whose notes no recond would believe: a root, or one that is not
    valid today.
    """
    if not key:
        say("left out: the signatures (KEY=FILE.p12 signs SHA256SUMS and the release note)")
        return None
    try:
        signing = keys.unpack_key(Path(key).read_bytes(), passphrase or None)
    except OSError as error:
        raise SystemExit(f"release: KEY={key}: {error.strerror}") from None
    except RecordInvalid as error:
        raise SystemExit(f"release: KEY={key}: {locale.say('en', error.message)}") from None
    fault = keys.chain_fault(signing.chain, signing.chain[-1:], SystemClock().now())
    if fault is not None:
        raise SystemExit(
            f"release: KEY={key}: {locale.say('en', Message(fault))} (docs/release.md)"
        )
    return signing


def sign_sums(dist: Path, sums: bytes, signing: keys.SigningKey) -> None:
    """SHA256SUMS.sig (ECDSA, SHA-256, DER: openssl reads it) and the signer's certificate."""
    (dist / f"{SUMS}.sig").write_bytes(p256.to_der(p256.sign(signing.key, sums)))
    (dist / "recond-release.pem").write_bytes(keys.pem(signing.certificate))
    say(f"signed by {keys.fingerprint(signing.certificate)}")


def packages(
    built: Path, source: Path, wheel: Path, work: Path, arches: list[str], signer: bytes
) -> None:
    """The .deb for each architecture, and the bill of what it holds. `signer`: the certificates
    that the next release is believed by, empty where this one is not signed.
    """
    version, epoch = version_of(source), int(os.environ["SOURCE_DATE_EPOCH"])
    for arch in arches:
        sets = fetch(source / "requirements" / "run.txt", MACHINES[arch], work / "wheels")
        if sets is None:
            say(f"left out: the .deb for {arch} (not every wheel exists for {', '.join(PYTHONS)})")
            continue
        file = built / f"recond_{version}_{arch}.deb"
        debian_package(
            source, wheel, sets, file, version=version, arch=arch, epoch=epoch, signer=signer
        )
        made = bill_of_materials(sets, wheel, version, epoch)
        (built / f"recond-{version}-{arch}.cdx.json").write_bytes(made)


def release(dist: Path, work: Path, wishes: Mapping[str, str]) -> None:
    """Make it all in `dist`, which is made anew; `work` is scratch."""
    if git("status", "--porcelain"):
        raise SystemExit("release: this clone has changes that are not committed")
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct"))
    os.environ.update(SOURCE_DATE_EPOCH=str(epoch), LC_ALL="C.UTF-8", TZ="UTC")
    for folder in (dist, work / "source", work / "image"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    source = work / "source"
    names = unpack_commit(source)
    version = version_of(source)
    name = f"recond-{version}"
    changes = (source / "CHANGELOG.md").read_text(encoding="utf-8")
    day = check_changes(changes, version, draft=wishes.get("DRAFT") == "1") or day_of(epoch)
    signing = open_key(wishes.get("KEY", ""), wishes.get("RECOND_RELEASE_PASSPHRASE"))
    built = work / "dist"
    shutil.rmtree(built, ignore_errors=True)
    built.mkdir()
    wheel = build_wheel(source, built)
    build_sdist(source, names, metadata_of(wheel), built / f"{name}.tar.gz", epoch)
    for file in ("record", "answers"):
        shutil.copyfile(
            source / "docs" / f"{file}.schema.json", built / f"{name}-{file}.schema.json"
        )
    arches = (wishes.get("ARCH") or " ".join(MACHINES)).split()
    signer = b"".join(map(keys.pem, signing.chain)) if signing else b""
    packages(built, source, wheel, work, arches, signer)
    donor_page(built, name, wishes.get("TRUST", ""))
    image(built, wishes.get("IMAGE", ""))
    sums = write_sums(built)
    if signing is not None:
        write_note(built, version, day, signing)
        sign_sums(built, sums, signing)
    for made_file in built.iterdir():
        shutil.move(str(made_file), dist / made_file.name)
    sys.stdout.write((dist / SUMS).read_text())


if __name__ == "__main__":
    os.umask(0o022)
    release(ROOT / "dist", ROOT / "build" / "release", os.environ)
