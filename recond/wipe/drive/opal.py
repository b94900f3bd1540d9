"""Opal: the drive's factory reset by the PSID on its label, through `sedutil-cli`.

Why: a drive that encrypts everything is purged when its key is made anew, and the PSID is the only
way into one that somebody else locked. The tool is believed for nothing: the drive's state is asked
before and after, each answer goes into the journal as it came, and the exit status alone is never
success. The PSID reaches the tool and nothing else: the journal holds its SHA-256, also where the
tool repeats it. It is tried once; some drives shut the door for good after a few wrong ones.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from recond.drive.answers import OpalState, parse_opal
from recond.drive.types import StepOutcome
from recond.ends import StepEnd
from recond.erasure import WipeStep
from recond.host.process import NOT_FOUND, TIMED_OUT, Completed, Processes
from recond.wipe.drive.conversation import Conversation, failed, not_begun, not_it, unknown

TOOL, QUERY, REVERT = "sedutil-cli", "--query", "--yesIreallywanttoERASEALLmydatausingthePSID"
QUERY_S, REVERT_S = 60, 600


@dataclass(frozen=True, slots=True)
class Opal:
    """The tool and the PSID that was typed for this disk; None where none was."""

    processes: Processes
    psid: str | None = None


def run_revert(line: Conversation, _step: WipeStep, opal: Opal) -> StepOutcome:
    """Ask, revert, ask again; a revert of an earlier session is only asked about."""
    before, code = _query(line, opal)
    if code == NOT_FOUND:
        return failed("no_sedutil")
    if before is None:
        return unknown("no_answer") if _sent(line) else failed("opal_silent")
    if before.serial != line.device.serial:
        return not_it(line)
    if _sent(line) and not before.enabled and not before.locked:
        return StepOutcome(StepEnd.DONE)
    if not before.enabled:
        return failed("opal_inactive")
    if opal.psid is None:
        return failed("psid_again")
    if line.should_stop():
        return not_begun()
    done = _run(line, opal, "PSID revert", (REVERT, opal.psid, line.device.path), REVERT_S)
    if done.returncode == TIMED_OUT:
        return unknown("no_answer")
    after, _ = _query(line, opal)
    if after is None or after.serial != line.device.serial:
        return unknown("no_answer")
    if after.enabled or after.locked:
        return failed("revert_not_done" if done.returncode == 0 else "psid_refused")
    return StepOutcome(StepEnd.DONE) if done.returncode == 0 else failed("psid_refused")


def _sent(line: Conversation) -> bool:
    """Whether an earlier session gave the drive its PSID."""
    return any(sent.split(b"\0")[1:2] == [REVERT.encode()] for sent, _ in line.sent("tool"))


def _query(line: Conversation, opal: Opal) -> tuple[OpalState | None, int]:
    done = _run(line, opal, "Opal query", (QUERY, line.device.path), QUERY_S)
    return (parse_opal(done.stdout) if done.returncode == 0 else None), done.returncode


def _run(
    line: Conversation, opal: Opal, name: str, words: tuple[str, ...], timeout_s: int
) -> Completed:
    """Start the tool once; what is kept of it holds the PSID's digest in its place."""
    secret = (opal.psid or "").encode()
    stand_in = b"sha256:" + hashlib.sha256(secret).hexdigest().encode()

    def shown(raw: bytes) -> bytes:
        return raw.replace(secret, stand_in) if secret else raw

    argv = (TOOL, *words)
    # the journal knows of the revert before the drive does: a cut in it is asked about, not redone
    if words[0] == REVERT:
        line.keep_tool(f"{name} (to be sent)", shown("\0".join(argv).encode()), b"", -1, 0)
    done = opal.processes.run(argv, timeout_s=timeout_s)
    line.tick()
    line.keep_tool(
        name,
        shown("\0".join(argv).encode()),
        shown(done.stdout + done.stderr),
        done.returncode,
        done.duration_ms,
    )
    return done
