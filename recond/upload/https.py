"""The destination that is an HTTPS endpoint of one's own.

One POST a record, JSON: `schema` ("recond.upload/1"), `record_id`, `sha256` (of the record's
bytes), `record` (these bytes, as they were signed, in place), `jws` (they and their signature, or
null), `certificate` {`name`, `base64`} or null. `Authorization: Bearer`, `Idempotency-Key`: the
same certificate sent twice has the same key, another signature over its bytes another one. 409 or
any 2xx says that this key is there; a 409 that names another (`key`, `sha256`) says that the number
is taken, and is no delivery (docs/uploads.md).
"""

from __future__ import annotations

import base64
import json

from recond.documents import read_json
from recond.host.clock import Clock
from recond.host.http import HttpAnswer, NoAnswer, Request, check_url
from recond.model import Message
from recond.upload.client import client_of
from recond.upload.outcome import Delivered, Later, Outcome, Parked, judge, refusal, said_by
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
            ("Idempotency-Key", package.signed_key),
        )
        request = Request("POST", self._url, headers, post_body(package))
        try:
            answer = self._client.send(request)
        except NoAnswer as error:
            return Later(error.message, whole=True)
        if answer.status == 409 and _names_another(answer, package):
            said = said_by(answer, (self._token,))
            return Parked(refusal("upload.refused", answer, said, (self._token,)))
        return judge(answer, clock.now(), (self._token,))


def _names_another(answer: HttpAnswer, package: Package) -> bool:
    """Whether a server tells of what it has that it is not this one."""
    try:
        told = read_json(answer.body)
    except ValueError:
        return False
    ours = {"key": package.signed_key, "sha256": package.digest}
    return isinstance(told, dict) and any(told.get(name, own) != own for name, own in ours.items())


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
