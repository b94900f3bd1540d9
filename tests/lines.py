"""Something done at a drawn line of recond's own code, in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def at_line(point: int, watched: tuple[str, ...], do: Callable[[], None]) -> None:
    """Call `do` once, at the `point`th line of files whose paths hold one of `watched`."""
    left = point

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal left
        if not any(part in frame.f_code.co_filename for part in watched):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                do()
        return trace

    sys.settrace(trace)
