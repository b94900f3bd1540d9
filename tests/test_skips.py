"""Every reason to skip is known, and where its package is there the run fails."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import ROOT
from tests.skips import BROUGHT_BY, ELSEWHERE, LACKS, closing_line, kind_of, needless

CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
NEVER = {"no PostgreSQL here: psycopg is not installed", "no S3 server here: moto is not installed"}
NEVER |= {"needs python-pkcs11 (the extra `token`)"}
"""What the list of the tests brings: a skip is always a fault of the check."""


def reasons_in(tree: ast.AST) -> Iterator[str]:
    """Each reason in a source; what only a run knows is "qpdf" there."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = ast.unparse(call.func)
        given = [word.value for word in call.keywords if word.arg == "reason"]
        if name == "pytest.skip":
            given += call.args[:1]
        elif name not in ("pytest.mark.skipif", "pytest.mark.skip", "pytest.importorskip"):
            continue
        for one in given:
            if isinstance(one, ast.Constant):
                yield str(one.value)
            elif isinstance(one, ast.JoinedStr):
                yield "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "qpdf"
                    for part in one.values
                )


def test_every_reason_of_the_tests_is_known() -> None:
    files = [one for one in sorted((ROOT / "tests").rglob("*.py")) if one.parent.name != "lab"]
    found = {one for file in files for one in reasons_in(ast.parse(file.read_text("utf-8")))}
    assert len(found) > 25
    known = {*ELSEWHERE.values(), *BROUGHT_BY.values()}
    by_name = {"no qpdf on this computer", "qpdf is not installed"}  # each tool is named when it is
    unknown = {one for one in found if kind_of(one) not in known} - NEVER - by_name
    assert not unknown


def test_the_check_installs_what_it_does_not_let_skip() -> None:
    tools = {word for line in CI.split('tools="')[1:] for word in line.split('"')[0].split()}
    assert set(BROUGHT_BY.values()) - {"bash", "util-linux"} <= tools  # these every Debian has
    assert f"export {LACKS}" in CI


def test_what_need_not_skip_is_told_from_what_must() -> None:
    reasons = ["needs qpdf", "needs ../shared/lab built, and RECOND_LAB=1", "no fish on this co…"]
    assert needless(reasons, None) == [], "at a developer's nothing fails"
    assert needless(reasons, "") == ["needs qpdf", "no fish on this co…"]
    assert needless(reasons, "fish chromium") == ["needs qpdf"]
    assert needless(["a new reason", *NEVER], "a new reason") == ["a new reason", *NEVER]
    assert closing_line(reasons + reasons[:1]) == "skipped 4: qpdf 2, lab 1, fish 1"
    assert closing_line([]) == "skipped 0"


@pytest.mark.parametrize(
    ("reason", "lacks", "code", "workers"),
    [
        ("needs qpdf", None, 0, "0"),
        ("needs qpdf", "qpdf", 0, "0"),
        ("needs qpdf", "qpdf", 0, "1"),
        ("needs qpdf", "chromium", 1, "0"),
        ("needs qpdf", "chromium", 1, "1"),
        ("needs root, for loop devices", "", 0, "0"),
    ],
)
def test_a_run_fails_by_a_skip_that_need_not_be(
    tmp_path: Path, reason: str, lacks: str | None, code: int, workers: str
) -> None:
    text = f"import pytest\n\ndef test_it():\n    pytest.skip({reason!r})\n"
    (tmp_path / "test_it.py").write_text(text, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != LACKS}
    environment |= {"PYTHONPATH": str(ROOT)} | ({} if lacks is None else {LACKS: lacks})
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "tests.skips", "-p", "no:cacheprovider"]
    argv += ["-n", workers, "--rootdir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(
        argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert f"skipped 1: {kind_of(reason)} 1" in done.stdout
    assert ("SKIPPED WITHOUT NEED test_it.py" in done.stdout) == bool(code)
