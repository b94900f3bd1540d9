"""The .deb: recond and its libraries in /opt/recond, for each Python that a supported system has.

Why: Debian's own textual, pikepdf and cryptography are too old, and a package that called pip while
it is installed would need a network. /opt/recond is a virtual environment without a copy of Python:
its `bin/python` is the system's, which reads `lib/python3.N/site-packages` of its own version. What
serves all versions lies in `lib/common` once. Must not: delete keys, journals or ledger, ever.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

from release.wheels import PYTHONS, shared, unpack

HOME = Path("opt/recond")
DEPENDS = "smartmontools, dmidecode, util-linux, pci.ids, usb.ids"
RECOMMENDS = "util-linux-extra, iw, memtester, bluez, ca-certificates"

CONTROL = """\
Package: recond
Version: {version}
Architecture: {arch}
Maintainer: The recond maintainers <maintainers@recond.invalid>
Installed-Size: {size_kib}
Depends: python3 (>= 3.11), python3 (<< 3.{next}), {depends}
Recommends: {recommends}
Section: admin
Priority: optional
Description: inventory, judge, erase and certify donated computers
 Erases every disk of a donated computer, reads it back, and issues a signed
 certificate that the donor can verify. Brings its Python libraries along in
 /opt/recond.
"""

POSTINST = """\
#!/bin/sh
set -e
if [ "$1" = configure ]; then
    /opt/recond/bin/python -m compileall -q /opt/recond/lib/common \\
        "/opt/recond/lib/python$(/opt/recond/bin/python -c \\
        'import sys; print("%d.%d" % sys.version_info[:2])')" >/dev/null 2>&1 || true
    /opt/recond/bin/recond --version >/dev/null
fi
"""

PRERM = """\
#!/bin/sh
set -e
find /opt/recond/lib -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
"""

POSTRM = """\
#!/bin/sh
set -e
if [ "$1" = purge ] && [ -d /var/lib/recond ]; then
    echo "recond: /var/lib/recond is kept (keys, journals, ledger)."
    echo "recond : /var/lib/recond est gardé (clés, journaux, registre)."
fi
"""

LAUNCHER = """\
#!/opt/recond/bin/python
from recond.__main__ import main

main()
"""


def _put(file: Path, text: str | bytes, mode: int = 0o644) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(mode)


def _environment(home: Path, wheel: Path, sets: dict[str, list[Path]]) -> None:
    """The libraries, once where one wheel serves all, and the virtual environment around them."""
    alike = shared(sets)
    common = home / "lib" / "common"
    for one in (wheel, *(file for file in next(iter(sets.values())) if file.name in alike)):
        unpack(one, common)
    for python, files in sets.items():
        place = home / "lib" / f"python{python}" / "site-packages"
        place.mkdir(parents=True)
        for one in files:
            if one.name not in alike:
                unpack(one, place)
        _put(place / "recond-common.pth", "/opt/recond/lib/common\n")
    _put(home / "pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\n")
    (home / "bin").mkdir()
    (home / "bin" / "python").symlink_to("/usr/bin/python3")
    _put(home / "bin" / "recond", LAUNCHER, 0o755)


def _said(source: Path, *words: str) -> bytes:
    """What the commit's own recond prints."""
    argv = [sys.executable, "-P", "-m", "recond", *words]
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(argv, check=True, capture_output=True, env=environment).stdout


def _texts(root: Path, source: Path) -> None:
    """What shells complete, the manual in both languages, the documents, the licence."""
    share = root / "usr" / "share"
    for shell, file in (
        ("bash", "bash-completion/completions/recond"),
        ("zsh", "zsh/vendor-completions/_recond"),
        ("fish", "fish/vendor_completions.d/recond.fish"),
    ):
        _put(share / file, _said(source, "completion", shell))
    for lang, folder in (("en", "man/man1"), ("fr", "man/fr/man1")):
        manual = gzip.compress(_said(source, "--lang", lang, "help", "--man"), 9, mtime=0)
        _put(share / folder / "recond.1.gz", manual)
    documents = share / "doc" / "recond"
    for file in sorted((source / "docs").glob("*.md")):
        _put(documents / file.name, file.read_bytes())
    changes = (source / "CHANGELOG.md").read_bytes()
    _put(documents / "changelog.gz", gzip.compress(changes, 9, mtime=0))
    _put(documents / "copyright", (source / "LICENSE").read_bytes())
    for unit in sorted((source / "packaging").glob("*/*.service")):
        _put(documents / "examples" / unit.name, unit.read_bytes())


def debian_package(
    source: Path,
    wheel: Path,
    sets: dict[str, list[Path]],
    file: Path,
    *,
    version: str,
    arch: str,
    epoch: int,
    signer: bytes = b"",
) -> None:
    """Write `file`: from `wheel`, the `sets` of wheels by Python, and the commit's `source`;
    `signer` (PEM) is whom `recond version --check` believes there.
    """
    root = source.parent / f"deb-{arch}"
    shutil.rmtree(root, ignore_errors=True)
    _environment(root / HOME, wheel, sets)
    _texts(root, source)
    if signer:
        _put(root / HOME / "share" / "recond" / "release.pem", signer)
    (root / "usr" / "bin").mkdir()
    (root / "usr" / "bin" / "recond").symlink_to("/opt/recond/bin/recond")
    size_kib = sum(one.lstat().st_size for one in root.rglob("*") if one.is_file()) // 1024
    control = CONTROL.format(
        version=version,
        arch=arch,
        size_kib=size_kib,
        next=int(PYTHONS[-1].split(".")[1]) + 1,
        depends=DEPENDS,
        recommends=RECOMMENDS,
    )
    _put(root / "DEBIAN" / "control", control)
    for name, text in (("postinst", POSTINST), ("prerm", PRERM), ("postrm", POSTRM)):
        _put(root / "DEBIAN" / name, text, 0o755)
    for one in (root, *root.rglob("*")):
        os.utime(one, (epoch, epoch), follow_symlinks=False)
    argv = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z3", "--build", str(root), str(file)]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(root)
