"""A real run: the laptop of tests/inspect is inspected, a small image is erased and certified.

Why: a stock's form was once tried with a record whose shape no run ever made. Made once a process
by the code that `recond run` calls; what it leaves is read only.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from recond.ends import ConfirmedBy
from recond.erasure import VerifyMode, WipeRecord
from recond.flow.config import Overrides
from recond.flow.run.run import Order, execute, prepare
from recond.flow.run.supervisor import confirm_all
from recond.upload.package import RECORD, parse_record
from recond.wipe.plan import Wish
from tests.inspect.laptop import make_laptop

GIVEN = "RECOND_TEST_RAN"
"""Names the folder of a run that another process made."""
IMAGE = "S3Z8NX0K123456"
IMAGE_BYTES = 1 << 20


@dataclass(frozen=True)
class Ran:
    """What the run issued: a folder (`OUT/<record id>`) and the record in it."""

    folder: Path
    record: WipeRecord


@functools.cache
def ran() -> Ran:
    """The run of this process."""
    folder = Path(os.environ[GIVEN]) if GIVEN in os.environ else _run()
    return Ran(folder, parse_record((folder / RECORD).read_bytes()))


def _run() -> Path:
    place = Path(tempfile.mkdtemp(prefix="recond-test-run-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    image = place / IMAGE
    image.write_bytes(b"donor data " * (IMAGE_BYTES // 11 + 1))
    os.truncate(image, IMAGE_BYTES)
    host = make_laptop(place / "laptop").host()
    order = Order(
        targets=(str(image),),
        every_unused=False,
        wish=Wish(method="nist-clear", verify=VerifyMode.FULL),
        image=True,
        profiles=("windows-10",),
        out=place / "out",
        state=place / "state",
        lang="fr",
        overrides=Overrides(
            operator="Ada",
            workshop="Bricol’Café de Lens",
            lot="LOT-7",
            donor="Mairie",
            property_number="INV-0042",
        ),
    )
    prepared = prepare(order, host)
    done = execute(prepared, confirm_all(prepared.plans, ConfirmedBy.TYPED), host, lambda *_: None)
    assert done.exit_code == 0
    return done.issued.folder
