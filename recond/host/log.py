"""Diagnosis for whoever asks for it: the standard library's `logging`, on standard error.

Why: an exception's name alone helps nobody, and a tool's failure is understood by running the tool
again. Nothing is shown unless `--debug` or `RECOND_DEBUG=1` asks; a worker inherits the wish, and
what it says goes into its run's `errors/`. Secrets never enter a line. `logging` is imported when
there is something to say: most commands never load it.
"""

from __future__ import annotations

import os
import re
import shlex

SWITCH = "RECOND_DEBUG"
_SECRET_OPTION = re.compile(r"(psid|pass\w*|pin|token|secret|key)(\b|_)", re.IGNORECASE)
_said: set[tuple[str, ...]] = set()


def ask_for_debug() -> None:
    """Show the log of this process and of the workers that it starts."""
    os.environ[SWITCH] = "1"
    start_log()


def start_log() -> None:
    """Show the log on standard error where `RECOND_DEBUG` is set to something but 0."""
    if os.environ.get(SWITCH, "0") in ("", "0"):
        return
    import logging

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    root = logging.getLogger("recond")
    if not root.handlers:
        root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    root.propagate = False


def log_failed_tool(argv: tuple[str, ...], returncode: int, stderr: bytes) -> None:
    """A tool that failed: its command line ready to paste, exit code and last words; once each."""
    if argv in _said:
        return
    _said.add(argv)
    import logging

    words = stderr.decode("utf-8", "replace").strip()[-2000:]
    logging.getLogger("recond.tool").info("%s  # exit %d: %r", pasteable(argv), returncode, words)


def log_swallowed(where: str, error: BaseException) -> None:
    """An exception that is answered and not raised again, with its traceback."""
    import logging

    logging.getLogger(f"recond.{where}").info("%s", where, exc_info=error)


def pasteable(argv: tuple[str, ...]) -> str:
    """A command line for a shell; what follows an option that takes a secret is left out."""
    shown, hide = list[str](), False
    for word in argv:
        shown.append("…" if hide else shlex.quote(word))
        hide = word.startswith("-") and "=" not in word and bool(_SECRET_OPTION.search(word))
    return " ".join(shown)
