"""The destination that is an HTTPS endpoint of one's own.

One POST a record, JSON: `schema` ("recond.upload/1"), `record_id`, `sha256` (of the record's
bytes), `record` (these bytes, as they were signed, in place), `jws` (they and their signature, or
null), `certificate` {`name`, `base64`} or null. `Authorization: Bearer`, `Idempotency-Key`: the
same record sent twice has the same key, and 409 or any 2xx says that it is there
(docs/uploads.md).
"""

from __future__ import annotations

import base64
import json

from recond.host.clock import Clock
from recond.host.http import NoAnswer, Request, check_url
from recond.model import Message
from recond.upload.client import client_of
from recond.upload.outcome import Delivered, Later, Outcome, judge
from recond.upload.package import SIGNATURE, Package
from recond.upload.settings import Settings

SCHEMA = "recond.upload/1"


class Endpoint:
    """Delivers to an HTTPS endpoint."""

    def __init__(self, settings: Settings) -> None:
        self._url = check_url(settings.get("url"))
        self._token = settings.get("token")
        self._client = client_of(settings)

    def prepare(self) -> None:
        """Nothing to prepare."""

    def check(self, clock: Clock) -> Outcome:
        """Ask what it takes (OPTIONS, RFC 9110 §9.3.7); not to know the question is no harm."""
        headers = (("Authorization", f"Bearer {self._token}"),)
        answer = self._client.send(Request("OPTIONS", self._url, headers))
        if answer.status in (404, 405, 501):
            return Delivered(Message("upload.check.reached"))
        return judge(answer, clock.now(), (self._token,))

    def deliver(self, package: Package, clock: Clock) -> Outcome:
        """Post the record."""
        headers = (
            ("Authorization", f"Bearer {self._token}"),
            ("Content-Type", "application/json"),
            ("Idempotency-Key", package.key),
        )
        request = Request("POST", self._url, headers, post_body(package))
        try:
            return judge(self._client.send(request), clock.now(), (self._token,))
        except NoAnswer as error:
            return Later(error.message, whole=True)


def post_body(package: Package) -> bytes:
    """The body of the POST. The record's bytes stand in it unchanged (they are JSON)."""
    jws = package.file(SIGNATURE)
    page = package.certificate
    rest = {
        "schema": SCHEMA,
        "record_id": package.record_id,
        "sha256": package.digest,
        "jws": jws.decode("ascii").strip() if jws else None,
        "certificate": page and {"name": page[0], "base64": base64.b64encode(page[1]).decode()},
    }
    return json.dumps(rest).encode()[:-1] + b', "record": ' + package.record_bytes + b"}"
