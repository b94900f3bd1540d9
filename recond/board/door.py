"""The door: how long a caller may take to say what they want, and how many lines one may hold.

Why: the server counts each open line against its limit. Whoever opens lines and never finishes a
request's head (a "slow loris") would keep every bench out; without a limit for one address the
same is done by patience. A body is bounded in time by the frame (`recond.board.frame`).
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from recond.board.pace import network_of

HEAD_S = 15.0
MOST_LINES = 500
"""Open lines of one address: a workshop of 200 benches behind one router stays below."""


class Door(H11Protocol):
    """uvicorn's own protocol, with a clock on each request's head."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A caller has come."""
        super().connection_made(transport)
        self._clock: asyncio.TimerHandle | None = None
        self._from = network_of(self.client[0] if self.client else "")
        same = sum(isinstance(one, Door) and one._from == self._from for one in self.connections)
        if same > MOST_LINES:
            transport.abort()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Some of a request."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """A caller has gone."""
        super().connection_lost(exc)
        self._stop()

    def on_response_complete(self) -> Any:
        """Said; the next request on this line has its own time."""
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        """The clock runs while the head of a request is not whole."""
        if repr(self.conn.their_state) != "IDLE":  # h11's word for it; it is uvicorn's to bring
            self._stop()
        elif self._clock is None and self.timeout_keep_alive_task is None:
            self._clock = self.loop.call_later(HEAD_S, self._late)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _late(self) -> None:
        self._clock = None
        self.transport.abort()
