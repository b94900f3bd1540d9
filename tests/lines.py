"""Something done at a drawn line of recond's own code, in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def at_line(
    point: int, watched: tuple[str, ...], do: Callable[[], None], *, fresh: bool = False
) -> None:
    """Call `do` once, at the `point`th line of files whose paths hold one of `watched`.

    `fresh`: only lines count that did not run before, so that a loop hides none behind it.
    """
    left, known = point, set[tuple[object, int]]()

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal left
        if not any(part in frame.f_code.co_filename for part in watched):
            return None
        if event == "line":
            if fresh:
                here = (frame.f_code, frame.f_lineno)
                if here in known:
                    return trace
                known.add(here)
            left -= 1
            if left == 0:
                do()
        return trace

    sys.settrace(trace)
