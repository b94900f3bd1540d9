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
import tempfile
import termios
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import jsonschema

from tests.cli import forked

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
    """Run a command to its end, as a fork that has loaded its libraries (tests/cli/forked.py)."""
    with tempfile.TemporaryDirectory(prefix="streams-", dir=folder.parent) as name:
        streams = forked.Streams(*(Path(name) / one for one in ("stdin", "stdout", "stderr")))
        streams.stdin.write_text(stdin, encoding="utf-8")
        streams.stdout.touch()
        streams.stderr.touch()
        process = forked.start(arguments, folder, environment(folder), streams)
        process.join(timeout_s)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"recond {' '.join(arguments)} took over {timeout_s} s")
        done = Done(
            process.exitcode,
            streams.stdout.read_text(encoding="utf-8"),
            streams.stderr.read_text(encoding="utf-8"),
        )
    return _answered(arguments, done)


def started(*arguments: str, folder: Path, timeout_s: int = 120) -> Done:
    """The same with a Python of its own, as a person starts it: it loads what it needs itself."""
    done = subprocess.run(
        [sys.executable, "-m", "recond", *arguments],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
    return _answered(arguments, Done(done.returncode, done.stdout, done.stderr))


def _answered(arguments: tuple[str, ...], done: Done) -> Done:
    if "--json" in arguments[: arguments.index("--") if "--" in arguments else None]:
        assert answers(done.stdout), f"a command with --json answers: {done}"
    return done


def on_a_terminal(
    arguments: list[str], folder: Path, width: int = 80, env: Mapping[str, str] | None = None
) -> str:
    """What a command writes to a terminal of some columns; without colours, unless told so."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    given = {key: value for key, value in environment(folder).items() if key != "COLUMNS"}
    terminal = Path(os.ttyname(theirs))
    process = forked.start(
        arguments,
        folder,
        {**given, "TERM": "xterm-256color", "NO_COLOR": "1", **(env or {})},
        forked.Streams(Path(os.devnull), terminal, terminal),
    )
    shown = b""
    while process.sentinel not in (ready := wait([ours, process.sentinel])) or ours in ready:
        shown += os.read(ours, 65536)
    process.join()
    os.close(theirs)
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
