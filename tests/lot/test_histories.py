"""A lot never says of a thing what it is not, whatever happened to it (`tests.lot.histories`)."""

from __future__ import annotations

import os

from recond.flow.lot.rows import State
from tests.lot.histories import History

MANY = int(os.environ.get("RECOND_LOT_HISTORIES", "500"))
FIRST = int(os.environ.get("RECOND_LOT_SEED", "0"))


def test_no_lot_says_what_is_not_so() -> None:
    complete = erased = 0
    for seed in range(FIRST, FIRST + MANY):
        one = History(seed)
        status = one.status(one.listed())
        lies = one.lies(status)
        assert not lies, "\n".join((f"seed {seed}", *one.told, *lies))
        complete += status.complete
        erased += status.count(State.ERASED)
    assert complete > MANY // 10  # else nothing was called settled, and nothing could be false
    assert erased > MANY // 4
