"""The command line as a person uses it: a process of its own, its own folder and state."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

_MOMENT_WITHOUT_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    code: int
    stdout: str
    stderr: str


def environment(folder: Path) -> dict[str, str]:
    return {
        **{key: value for key, value in os.environ.items() if key not in ("LC_ALL", "LC_MESSAGES")},
        "PYTHONPATH": str(ROOT),
        "RECOND_STATE": str(folder / "state"),
        "LANG": "fr_FR.UTF-8",
        "XDG_CONFIG_HOME": str(folder / "config"),
        "PYTHONIOENCODING": "utf-8",
    }


def recond(*arguments: str, folder: Path, stdin: str = "", timeout_s: int = 120) -> Done:
    done = subprocess.run(
        [sys.executable, "-m", "recond", *arguments],
        cwd=folder,
        env=environment(folder),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
    if "--json" in arguments[: arguments.index("--") if "--" in arguments else None]:
        assert answers(done.stdout), "a command with --json answers"
    return Done(done.returncode, done.stdout, done.stderr)


def on_a_terminal(
    arguments: list[str], folder: Path, width: int = 80, env: Mapping[str, str] | None = None
) -> str:
    """What a command writes to a terminal of some columns; without colours, unless told so."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    given = {key: value for key, value in environment(folder).items() if key != "COLUMNS"}
    with subprocess.Popen(
        [sys.executable, "-m", "recond", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**given, "TERM": "xterm-256color", "NO_COLOR": "1", **(env or {})},
        cwd=folder,
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # of Linux, at the end
                break
            shown += piece
        process.wait()
    os.close(ours)
    written = shown.decode().replace("\r\n", "\n")
    return written if env else uncoloured(written)


def uncoloured(written: str) -> str:
    """Without what sets colours and weights (ISO 6429, SGR)."""
    return re.sub(r"\x1b\[[0-9;]*m", "", written)


def answers(stdout: str) -> list[dict[str, Any]]:
    """What a program reads, each line held to the published schema of the form that it names."""
    return [valid(json.loads(line)) for line in stdout.splitlines()]


def valid(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer or event, once it is seen to be what docs/answers.schema.json says."""
    checkers()[str(answer["schema"])].validate(answer)
    bare = [moment for moment in _strings(answer) if _MOMENT_WITHOUT_OFFSET.fullmatch(moment)]
    assert not bare, f"moments without their offset: {bare}"
    return answer


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if type(value) is list else ():
        yield from _strings(one)


@functools.cache
def checkers() -> dict[str, jsonschema.Draft202012Validator]:
    """A validator for each form, by the name that an answer bears."""
    whole = json.loads((ROOT / "docs" / "answers.schema.json").read_bytes())
    names = [reference["$ref"].rpartition("/")[2] for reference in whole["anyOf"]]
    return {
        re.sub(r"-(\d+)$", r"/\1", name): jsonschema.Draft202012Validator(
            {"$ref": f"#/$defs/{name}", "$defs": whole["$defs"]}
        )
        for name in names
    }
