"""What a release publishes: its checks, and that the same commit gives the same bytes."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tarfile
import zipfile
from datetime import datetime, timedelta
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from recond import __version__
from recond.certify.sign import keys
from recond.host.clock import SystemClock, rfc3339
from tests.cli.command import recond
from tests.house import ROOT

EPOCH = 1_790_000_000


@pytest.fixture(scope="module")
def release() -> Any:
    """packaging/release, which stands beside the package as packaging/schema.py does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "packaging"))
        yield importlib.import_module("release.__main__")


def module(release: Any, name: str) -> Any:
    return sys.modules[f"release.{name}"]


def make_wheel(folder: Path, name: str, files: dict[str, str], *told: str) -> Path:
    """A wheel of a library that never was; `name` as PEP 427 has it."""
    distribution, version = name.split("-")[:2]
    metadata = "\n".join(["Metadata-Version: 2.1", f"Name: {distribution}", f"Version: {version}"])
    file = folder / f"{name}.whl"
    with zipfile.ZipFile(file, "w") as held:
        for path, text in files.items():
            held.writestr(path, text)
        held.writestr(
            f"{distribution}-{version}.dist-info/METADATA", "\n".join([metadata, *told, "", ""])
        )
    return file


# --- What must be in order -------------------------------------------------------------------


def test_the_version_stands_in_one_place(release: Any, tmp_path: Path) -> None:
    assert release.version_of(ROOT) == __version__
    (tmp_path / "recond").mkdir()
    (tmp_path / "recond" / "__init__.py").write_text("")
    with pytest.raises(SystemExit, match="no version"):
        release.version_of(tmp_path)


CHANGES = "# Changes\n\n## 1.2.0 – {}\n\n{}## 1.1.0 – 2026-01-01\n\n- Old.\n"


def test_the_list_of_changes_is_the_versions_and_dated(release: Any) -> None:
    dated, not_yet = ("2026-12-01", "not released yet")
    changes = CHANGES.format(dated, "- New.\n\n")
    assert release.check_changes(changes, "1.2.0", draft=False) == dated
    changes = CHANGES.format(not_yet, "- New.\n\n")
    assert release.check_changes(changes, "1.2.0", draft=True) is None
    assert release.day_of(EPOCH) == "2026-09-21"
    with pytest.raises(SystemExit, match="does not date"):
        release.check_changes(CHANGES.format("not yet", "- New.\n\n"), "1.2.0", draft=False)
    for text, version in ((CHANGES.format("2026-12-01", ""), "1.2.0"), ("", "1.2.0")):
        with pytest.raises(SystemExit, match="does not begin"):
            release.check_changes(text, version, draft=True)
    with pytest.raises(SystemExit, match="does not begin"):
        release.check_changes(CHANGES.format("2026-12-01", "- New.\n\n"), "1.3.0", draft=False)


def test_this_list_begins_with_this_version(release: Any) -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    release.check_changes(text, __version__, draft=True)


# --- What is made ----------------------------------------------------------------------------


def test_the_source_is_whole_and_alike(release: Any, tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in ("Makefile", "tests/test_it.py", "packaging/setup"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    (source / "packaging/setup").chmod(0o775)
    names = ["packaging/setup", "tests/test_it.py", "Makefile"]
    files = [tmp_path / number / "recond-1.0.tar.gz" for number in "ab"]
    for file in files:
        file.parent.mkdir()
        release.build_sdist(source, names, b"Name: recond\n", file, EPOCH)
        (source / "Makefile").touch()
    assert files[0].read_bytes() == files[1].read_bytes()
    with tarfile.open(files[0]) as held:
        modes = {one.name: (one.mode, one.mtime, one.uid) for one in held}
    assert modes == {
        "recond-1.0/Makefile": (0o644, EPOCH, 0),
        "recond-1.0/PKG-INFO": (0o644, EPOCH, 0),
        "recond-1.0/packaging/setup": (0o755, EPOCH, 0),
        "recond-1.0/tests/test_it.py": (0o644, EPOCH, 0),
    }


@pytest.mark.parametrize("filters", [True, False], ids=["python", "python-3.11.2"])
def test_the_commit_is_what_is_published(
    release: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filters: bool
) -> None:
    """Debian 12's Python unpacks without a filter, and to the same modes."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git clone beside the project: a release is made from one")
    if not filters:
        plain = tarfile.TarFile.extractall
        monkeypatch.delattr(tarfile, "tar_filter", raising=False)
        monkeypatch.setattr(
            tarfile.TarFile, "extractall", lambda packed, place: plain(packed, place)
        )
    names = release.unpack_commit(tmp_path)
    modes = {(tmp_path / name).stat().st_mode & 0o777 for name in names}
    assert modes == {0o644, 0o755}
    for name in ("Makefile", "tests/conftest.py", "docs/release.md", "requirements/run.txt"):
        assert name in names
        assert (tmp_path / name).is_file()


def test_sums_and_signature_are_read_by_openssl(release: Any, tmp_path: Path) -> None:
    signing = keys.make_bench_key("Release", SystemClock().now())
    (tmp_path / "b").write_bytes(b"2")
    (tmp_path / "a").write_bytes(b"1")
    key = tmp_path / "key.p12"
    key.write_bytes(keys.pack_key(signing, "a phrase of words"))
    place = tmp_path / "dist"
    place.mkdir()
    for name in "ab":
        (tmp_path / name).rename(place / name)
    sums = release.write_sums(place)
    assert [line.split("  ")[1] for line in sums.decode().splitlines()] == ["a", "b"]
    subprocess.run(["sha256sum", "--quiet", "--check", "SHA256SUMS"], cwd=place, check=True)
    opened = release.open_key(str(key), "a phrase of words")
    release.sign_sums(place, sums, opened)
    public = x509.load_pem_x509_certificate((place / "recond-release.pem").read_bytes())
    held = public.public_key()
    assert isinstance(held, ec.EllipticCurvePublicKey)
    signature = (place / "SHA256SUMS.sig").read_bytes()
    held.verify(signature, (place / "SHA256SUMS").read_bytes(), ec.ECDSA(hashes.SHA256()))


def test_nothing_is_signed_without_a_key(release: Any) -> None:
    assert release.open_key("", None) is None


def test_a_key_whose_notes_nobody_would_believe_signs_nothing(release: Any, tmp_path: Path) -> None:
    """A root signs benches and no documents; a key of three years ago is not valid any more."""
    now, key = SystemClock().now(), tmp_path / "key.p12"
    years_ago = rfc3339(datetime.fromisoformat(now) - timedelta(days=3 * 365))
    root, late = keys.make_root_key("R", now), keys.make_bench_key("B", years_ago)
    for signing, why in (
        (root, "is not for signing documents"),
        (late, "was not valid on the day"),
    ):
        key.write_bytes(keys.pack_key(signing, None))
        with pytest.raises(SystemExit, match=why):
            release.open_key(str(key), None)
    key.write_bytes(keys.pack_key(late, "a phrase of words"))
    with pytest.raises(SystemExit, match="passphrase is wrong"):
        release.open_key(str(key), "another")
    with pytest.raises(SystemExit, match="No such file"):
        release.open_key(str(tmp_path / "absent.p12"), None)


def sets_of(folder: Path) -> dict[str, list[Path]]:
    """The wheels of two Pythons: one serves both, one is compiled for each."""
    pure = make_wheel(folder, "pure-1.0-py3-none-any", {"pure.py": "x = 1\n"}, "License: MIT")
    compiled = [
        make_wheel(
            folder,
            f"fast-2.0-cp3{minor}-cp3{minor}-manylinux2014_x86_64",
            {"fast.py": f"minor = {minor}\n", "fast-2.0.data/scripts/fast": "#!/bin/sh\n"},
            "License-Expression: BSD-3-Clause",
        )
        for minor in (11, 13)
    ]
    return {"3.11": [compiled[0], pure], "3.13": [compiled[1], pure]}


def test_each_library_has_its_licence(release: Any, tmp_path: Path) -> None:
    sets = sets_of(tmp_path)
    own = make_wheel(
        tmp_path, "recond-1.0-py3-none-any", {}, "License-Expression: GPL-3.0-or-later"
    )
    raw = module(release, "sbom").bill_of_materials(sets, own, "1.0", EPOCH)
    assert raw == module(release, "sbom").bill_of_materials(sets, own, "1.0", EPOCH)
    made = json.loads(raw)
    assert made["bomFormat"] == "CycloneDX"
    found = {one["purl"]: one for one in made["components"]}
    assert set(found) == {"pkg:pypi/fast@2.0", "pkg:pypi/pure@1.0"}
    assert found["pkg:pypi/fast@2.0"]["licenses"] == [{"expression": "BSD-3-Clause"}]
    assert found["pkg:pypi/pure@1.0"]["licenses"] == [{"license": {"name": "MIT"}}]
    assert len(found["pkg:pypi/fast@2.0"]["components"]) == 2
    classified = Parser().parsestr("Classifier: License :: OSI Approved :: MIT License\n\n")
    said = module(release, "sbom").licence_of(classified)
    assert said == [{"license": {"name": "MIT License"}}]


def test_a_docks_unit_gives_options_that_the_command_has(tmp_path: Path) -> None:
    unit = (ROOT / "packaging" / "dock" / "recond-watch@.service").read_text(encoding="utf-8")
    start = unit.replace("\\\n", " ").split("ExecStart=/usr/bin/recond ")[1].splitlines()[0].split()
    told = recond("--lang", "en", start[0], "--help", folder=tmp_path).stdout
    given = [word for word in start if word.startswith("--")]
    assert given == ["--lot", "--manifest", "--out", "--resume"]
    assert all(f"  {option} " in told for option in given)


def test_the_package_reads_its_own_pythons_libraries(release: Any, tmp_path: Path) -> None:
    home = tmp_path / "opt" / "recond"
    own = make_wheel(tmp_path, "recond-1.0-py3-none-any", {"recond/__init__.py": ""})
    module(release, "debian")._environment(home, own, sets_of(tmp_path))
    common, each = home / "lib" / "common", home / "lib" / "python3.13" / "site-packages"
    assert {one.name for one in common.iterdir()} == {
        "pure.py",
        "pure-1.0.dist-info",
        "recond",
        "recond-1.0.dist-info",
    }
    assert (each / "fast.py").read_text() == "minor = 13\n"
    assert (each / "recond-common.pth").read_text() == "/opt/recond/lib/common\n"
    assert not list(home.rglob("scripts")), "no script of a library gets onto anybody's path"
    assert (home / "bin" / "python").readlink() == Path("/usr/bin/python3")
