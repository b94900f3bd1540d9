"""The destination that is the workshop's board: the whole package, to be verified there.

Why the package and not the record alone: the board asks what `recond verify` asks, and for that it
needs the page and the journals. The idempotency key makes a retry the same record there. What the
board did not find to be true it keeps apart and says why: here that is a parked record, for a
person.
"""

from __future__ import annotations

from recond.documents import read_json
from recond.host.clock import Clock
from recond.host.http import HttpAnswer, NoAnswer, Request, check_proxy
from recond.host.line import check_near_url, open_client
from recond.model import Message
from recond.upload.outcome import Delivered, Later, Outcome, Parked, clean, judge
from recond.upload.package import Package, pack
from recond.upload.settings import Settings


class BoardUpload:
    """Delivers packages to a board."""

    def __init__(self, settings: Settings) -> None:
        self._url = check_near_url(settings.get("url")).rstrip("/") + "/api/v1/records"
        self._token = settings.get("token")
        self._client = open_client(
            self._url, settings.get("ca") or None, check_proxy(settings.get("proxy"))
        )

    def prepare(self) -> None:
        """Nothing to prepare."""

    def check(self, clock: Clock) -> Outcome:
        """Ask with the token; that the address takes nothing but records is no harm."""
        headers = (("Authorization", f"Bearer {self._token}"),)
        answer = self._client.send(Request("GET", self._url, headers))
        if answer.status == 405:
            return Delivered(Message("upload.check.reached"))
        return judge(answer, clock.now(), (self._token,))

    def deliver(self, package: Package, clock: Clock) -> Outcome:
        """Post the package."""
        headers = (
            ("Authorization", f"Bearer {self._token}"),
            ("Content-Type", "application/zip"),
            ("Idempotency-Key", package.key),
        )
        try:
            answer = self._client.send(Request("POST", self._url, headers, pack(package)))
        except NoAnswer as error:
            return Later(error.message, whole=True)
        if answer.status == 201 and _said(answer, "answer") == "untrusted":
            return Delivered(Message("upload.board.untrusted"))
        if answer.status == 422:
            words = clean(_said(answer, "reason") or "—", (self._token,))
            return Parked(Message.of("upload.board.apart", said=words))
        return judge(answer, clock.now(), (self._token,))


def _said(answer: HttpAnswer, key: str) -> str:
    try:
        found = read_json(answer.body)
    except ValueError:
        return ""
    return str(found.get(key, "")) if isinstance(found, dict) else ""
