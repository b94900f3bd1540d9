"""Write requirements/*.txt: every version and every hash of what recond installs.

Why: the lists of names stand in pyproject.toml once; this turns them into locks with hashes, so
that a bench installs what was tested or nothing. Run it by `make lock`. Where packages come from is
the machine's own configuration: no address may get into a lock; a list with one is not written.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
NEWEST = ("test", "run", "board", "lock")
"""Order of writing: each list is held to the versions of the one before."""


def wanted() -> dict[str, list[str]]:
    """The requirements of each lock, as pyproject.toml names them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    run = project["build-system"]["requires"] + project["project"]["dependencies"]
    extras = project["project"]["optional-dependencies"]
    board = run + extras["board"] + extras["postgresql"]
    return {"run": run, "board": board, "test": run + extras["test"], "lock": extras["lock"]}


def compile_lock(names: list[str], constraints: Path | None, upgrade: bool, old: Path) -> str:
    """The text of one lock; raises `SystemExit` with pip-compile's own words."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "requirements.in")
        source.write_text("\n".join(names) + "\n", encoding="utf-8")
        target = Path(folder, "lock.txt")
        if old.exists() and not upgrade:  # pip-compile keeps the versions that it finds there
            target.write_bytes(old.read_bytes())
        argv = [
            sys.executable,
            "-m",
            "piptools",
            "compile",
            "--quiet",
            "--generate-hashes",
            "--allow-unsafe",
            "--strip-extras",
            "--no-header",
            "--no-annotate",
            "--no-emit-index-url",
            "--no-emit-find-links",
            "--no-emit-trusted-host",
            "--output-file",
            str(target),
            str(source),
        ]
        if constraints:
            argv += ["--constraint", str(constraints)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr.strip() or "pip-compile failed")
        return target.read_text(encoding="utf-8")


def check_no_address(text: str, name: str) -> None:
    """Refuse a lock that says where packages come from."""
    for line in text.splitlines():
        if re.search(r"://|^\s*-|@ ", line.replace("--hash=", "")):
            raise SystemExit(f"{name}: an address or option in the lock: {line.strip()}")


def main() -> None:
    """Write the locks; `--upgrade` takes newer versions."""
    upgrade = "--upgrade" in sys.argv[1:]
    lists = wanted()
    for name in NEWEST:
        path = LOCKS / f"{name}.txt"
        constraints = LOCKS / "test.txt" if name in ("run", "board") else None
        text = compile_lock(lists[name], constraints, upgrade, path)
        check_no_address(text, path.name)
        path.write_text(text, encoding="utf-8")
        sys.stderr.write(f"{path.relative_to(ROOT)}: {text.count('==')} packages\n")


if __name__ == "__main__":
    main()
