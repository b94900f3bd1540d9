"""Diagnosis: on standard error for whoever asks, in a run's `errors/` always.

Why: an exception's name alone helps nobody, and a tool's failure is understood by running the tool
again. On the screen nothing is shown unless `--debug` or `RECOND_DEBUG=1` asks (the standard
library's `logging`); but a bench that reports a fault has its traceback beside the run's journals
without having asked. Secrets never enter a line. What reports is imported when there is something
to report: most commands never load it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from recond.foreign import printable
from recond.host.regular import open_regular

SWITCH = "RECOND_DEBUG"
_SECRET_OPTION = re.compile(r"(psid|pass\w*|pin|token|secret|key)(\b|_)", re.IGNORECASE)
SECRETS = re.compile(r"RECOND_\w*(PASSPHRASE|PIN|TOKEN|SECRET|PASSWORD)")
"""In the environment, what opens a key or a destination."""
_LEAST_SECRET = 4  # a shorter one would blot out half of every line
_said: set[tuple[str, ...]] = set()
_recent: deque[str] = deque(maxlen=50)  # from before the run's folder was there
_files: list[Path | None] = []


def ask_for_debug() -> None:
    """Show the log of this process and of the workers that it starts."""
    os.environ[SWITCH] = "1"
    start_log()


def _is_asked() -> bool:
    return os.environ.get(SWITCH, "0") not in ("", "0")


def start_log() -> None:
    """Show the log on standard error where `RECOND_DEBUG` is set to something but 0."""
    if not _is_asked():
        return
    import logging

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    root = logging.getLogger("recond")
    if not root.handlers:
        root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    root.propagate = False


@contextlib.contextmanager
def errors_kept(file: Path | None) -> Iterator[None]:
    """While a run is carried out: write into this file what is reported, and what was before it.

    None is standard error: a worker's is its disk's file. A file is made when there is something to
    write. A bench with several runs at once (a dock)
    writes into each: nobody can say whose the fault was.
    """
    for text in list(_recent):
        _append(file, text)
    _recent.clear()
    _files.append(file)
    try:
        yield
    finally:
        _files.remove(file)


def _keep(text: str) -> None:
    for name, value in os.environ.items():
        if SECRETS.match(name) and len(value) >= _LEAST_SECRET:
            text = text.replace(value, "…")
    for file in dict.fromkeys(_files):
        _append(file, text)
    if not _files:
        _recent.append(text)


def _append(file: Path | None, text: str) -> None:
    if file is None:
        if not _is_asked():  # else `logging` has written it there
            sys.stderr.write(printable(text).rstrip("\n") + "\n")
        return
    with contextlib.suppress(OSError):  # a full disk: the journal is what must be kept
        descriptor = open_regular(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        with os.fdopen(descriptor, "ab") as stream:
            stream.write(printable(text).rstrip("\n").encode("utf-8", "replace") + b"\n")


def log_failed_tool(argv: tuple[str, ...], returncode: int, stderr: bytes) -> None:
    """A tool that failed: its command line ready to paste, exit code and last words; once each."""
    if argv in _said:
        return
    _said.add(argv)
    words = stderr.decode("utf-8", "replace").strip()[-2000:]
    said = f"{pasteable(argv)}  # exit {returncode}: {words!r}"
    _keep(said)
    if _is_asked():
        import logging

        logging.getLogger("recond.tool").info("%s", printable(said))


def log_swallowed(where: str, error: BaseException) -> None:
    """An exception that is answered and not raised again, with its traceback."""
    import traceback

    told = f"{where}: " + "".join(traceback.format_exception(error))
    _keep(told)
    if _is_asked():
        import logging

        logging.getLogger(f"recond.{where}").info("%s", printable(told))


def pasteable(argv: tuple[str, ...]) -> str:
    """A command line for a shell; what follows an option that takes a secret is left out."""
    shown, hide = list[str](), False
    for word in argv:
        shown.append("…" if hide else shlex.quote(word))
        hide = word.startswith("-") and "=" not in word and bool(_SECRET_OPTION.search(word))
    return " ".join(shown)
