"""Why tests are skipped, counted at the end; and which of them need not be.

Why: on a fresh machine hundreds of tests skip, and nobody reads hundreds of lines. Each reason has
its kind here. What a package brings may be skipped only where the package is not to be had:
`.ci/run` installs the packages, says in RECOND_CI_LACKS which of them it could not, and the run
fails where a test skips all the same. Without that variable, at a developer's, nothing fails.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable

import pytest

LACKS = "RECOND_CI_LACKS"
"""Names of Debian packages, apart by spaces, that the automatic check could not install."""

ELSEWHERE = {
    r"RECOND_LAB=1|the guest has no|LAB_QEMU names no|shared/lab is not here|this QEMU": "lab",
    r"RECOND_IMAGE=FILE|Debian's ovmf|Debian's grub-efi": "image",
    r"beside the project|\.\./shared/": "shared",
    r"^RECOND_[A-Z]+[ =]|no devicehub-django|no glpi-agent": "on request",
    r"^needs root|only root": "root",
    r"^root may write": "not root",
    r"no loop device here|no partitions of loop devices|no file system on a loop device"
    r"|no mount of / here|no overlay|no FUSE here|no vfat here|no mount namespace"
    r"|does not start here": "kernel",
    r"clock has come to": "year",
    r"^firefox is not installed": "firefox",
}
"""What no package mends: a part of the reason, and the kind that it is counted as."""

BROUGHT_BY = {
    r"(?:needs |^)(?:pdfsig|pdftotext|pdftoppm|pdfinfo|pdfdetach)\b": "poppler-utils",
    r"(?:needs |^)mutool\b": "mupdf-tools",
    r"(?:needs |^)qpdf\b": "qpdf",
    r"(?:needs |^)openssl\b": "openssl",
    r"^chromium is not installed": "chromium",
    r"^needs softhsm2": "softhsm2",
    r"no PostgreSQL here: (?:initdb|pg_dump)": "postgresql",
    r"^dmidecode is not installed": "dmidecode",
    r"^inxi or lspci is not installed": "inxi",
    r"setpriv is not installed": "util-linux",
    r"^no bash on": "bash",
    r"^no man on": "man-db",
    r"^no zsh on": "zsh",
    r"^no fish on": "fish",
    r"^no mkfs\.fat": "dosfstools",
    r"^needs mkfs\.ext4 and fuse2fs": "fuse2fs",
    r"^no mkfs\.ext4|^needs mkfs\.ext4": "e2fsprogs",
    r"^needs sfdisk": "fdisk",
    r"^needs qemu-nbd": "qemu-utils",
}
"""What a Debian package brings: a part of the reason, and the package."""


def kind_of(reason: str) -> str:
    """What a reason is counted as: a kind, a package's name, or the reason where nobody knows."""
    for known in (BROUGHT_BY, ELSEWHERE):
        for pattern, kind in known.items():
            if re.search(pattern, reason):
                return kind
    return reason


def needless(reasons: Iterable[str], lacks: str | None) -> list[str]:
    """The reasons of skips that need not be; None for `lacks`: nobody asks."""
    allowed = set(ELSEWHERE.values()) | set((lacks or "").split())
    return [] if lacks is None else [one for one in reasons if kind_of(one) not in allowed]


def closing_line(reasons: Iterable[str]) -> str:
    """How many were skipped, and why: "skipped 31: lab 18, image 11, zsh 2"."""
    kinds = Counter(map(kind_of, reasons))
    said = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    return f"skipped {kinds.total()}" + (f": {said}" if said else "")


def _skipped(config: pytest.Config) -> list[tuple[str, str]]:
    """Where and why, of each test that was skipped; in a worker of pytest-xdist nothing."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return []
    found = []
    for report in reporter.stats.get("skipped", ()):
        where, _, reason = report.longrepr
        found.append((f"{report.nodeid or where}", str(reason).removeprefix("Skipped: ")))
    return found


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The run fails where a test was skipped that need not be."""
    skipped = [reason for _, reason in _skipped(session.config)]
    if session.exitstatus == 0 and needless(skipped, os.environ.get(LACKS)):
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the closing line, and the tests that need not have been skipped."""
    skipped = _skipped(terminalreporter.config)
    lacks = os.environ.get(LACKS)
    for test, reason in skipped:
        if needless([reason], lacks):
            terminalreporter.write_line(f"SKIPPED WITHOUT NEED {test}: {reason}", red=True)
    terminalreporter.write_line(closing_line(reason for _, reason in skipped))
