"""The destination eReuse devicehub: one snapshot a record.

The snapshot's uuid is derived from the record's key, so that a retry is the same snapshot there
(409 says that it has it). Source: devicehub-django, api/v1/snapshot/.
"""

from __future__ import annotations

import json

from recond.errors import RecordInvalid
from recond.host.clock import Clock
from recond.host.http import NoAnswer, Request, check_url
from recond.model import Message
from recond.upload.client import client_of
from recond.upload.devicehub_snapshot import snapshot
from recond.upload.outcome import Delivered, Later, Outcome, Parked, clean, judge, said_by
from recond.upload.package import Package
from recond.upload.settings import Settings


class Devicehub:
    """Delivers snapshots."""

    def __init__(self, settings: Settings) -> None:
        self._url = check_url(settings.get("url")).rstrip("/") + "/api/v1/snapshot/"
        self._token = settings.get("token")
        self._client = client_of(settings)

    def prepare(self) -> None:
        """Nothing to prepare."""

    def deliver(self, package: Package, clock: Clock) -> Outcome:
        """Post the snapshot."""
        try:
            body = json.dumps(snapshot(package.record(), package.digest, package.key)).encode()
            answer = self._client.send(
                Request(
                    "POST",
                    self._url,
                    (
                        ("Authorization", f"Bearer {self._token}"),
                        ("Content-Type", "application/json"),
                    ),
                    body,
                )
            )
        except RecordInvalid as error:
            return Parked(error.message)
        except NoAnswer as error:
            return Later(error.message, whole=True)
        if answer.status != 200:
            return judge(answer, clock.now(), (self._token,))
        try:
            found = json.loads(answer.body)
            page = clean(f"{found['dhid']} {found['public_url']}", (self._token,))
            kept = found["status"] == "success"
        except (ValueError, KeyError, TypeError):
            kept = False
        if not kept:
            said = said_by(answer, (self._token,))
            return Parked(Message.of("upload.refused", status=200, said=said or "—"))
        return Delivered(Message.of("upload.devicehub.sent", page=page))
