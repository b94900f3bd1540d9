"""Sign before the first byte: what would leave a certificate unsigned after six hours fails now.

Why: a token in a drawer, a key file that others may read, a clock that runs behind, a font or a
library that is missing are found out when an erasure ends, at night, with the donor gone. So before
anything is written a certificate of no erasure is made with the real key, libraries and fonts, and
thrown away: it never leaves this function, and holds no disk. Whoever knows that the key comes
later says so (`--sign-later`) and signs with `recond certify`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from recond.errors import BenchLacks, RecondError, RecordInvalid
from recond.flow.config import bench_name
from recond.flow.keys.keyring import Keyring
from recond.flow.run.drawer import rehearse_apart
from recond.flow.run.issue import Draw, Material, draw, record_of
from recond.flow.runfolder import RunFacts
from recond.host.clock import Clock
from recond.host.log import log_swallowed
from recond.host.reason import os_reason
from recond.host.store import locked
from recond.locale import language
from recond.model import Message

LONGEST = 200
"""How much of a library's own words is shown, in characters."""


def rehearse(state: Path, facts: RunFacts, clock: Clock) -> None:
    """Make a certificate as the run's will be made, of nothing, and forget it.

    Raises `BenchLacks` with the reason where none could be signed now.
    """
    with rehearsed(state, facts, clock):
        pass


@contextmanager
def rehearsed(state: Path, facts: RunFacts, clock: Clock) -> Iterator[Draw]:
    """As `rehearse`; and who draws the run's certificate: the process that rehearsed waits for it,
    so that its libraries are loaded once, and none of them here while the disks are erased.

    Raises `BenchLacks` as `rehearse`.
    """
    material = Material(facts.context, facts.machine, facts.assessments, {}, facts.run_id)
    ring = Keyring(state)
    drawer = None
    # a token counts wrong PINs and shuts itself: one run asks it once
    if not ring.token_file.exists():
        drawer = rehearse_apart(lambda: _sign(ring, material, facts.lang, clock))
    if drawer is None:
        _try_here(ring, material, facts.lang, clock)
        yield draw
        return
    with closing(drawer):
        yield drawer


def _try_here(ring: Keyring, material: Material, lang: str, clock: Clock) -> None:
    """Rehearse in this process, which says why not. Raises `BenchLacks`."""
    try:
        _sign(ring, material, lang, clock)
        return
    except RecondError as error:
        reason = error.message
    except OSError as error:
        reason = _of_system(error)
    except Exception as error:
        log_swallowed("flow.rehearsal", error)
        told = f"{type(error).__name__}: {error}"[:LONGEST]
        reason = Message.of("certify.rehearsal.library", reason=told)
    raise BenchLacks("certify.rehearsal", why=f"@{reason.code}", **dict(reason.args))


def _of_system(error: OSError) -> Message:
    """The system's answer, with the file that it is about where it names one."""
    told = os_reason(error)
    if isinstance(error.filename, str):
        return Message.of("certify.rehearsal.file", file=error.filename, reason=told)
    return Message.of("certify.rehearsal.system", reason=told)


def _sign(keyring: Keyring, material: Material, lang: str, clock: Clock) -> None:
    key = keyring.signing_key(bench_name(material.context), clock)
    with locked(keyring.lock()):
        last = keyring.last_time()
        keyring.ledger.check_writable()
    now = clock.now()
    if now < last:
        raise RecordInvalid("certify.rehearsal.clock")
    draw(record_of(material, now, None, None), key, language(lang, {}))
