"""The destination eReuse devicehub: one snapshot a record, then what it says of the erasure.

The snapshot's uuid is derived from the record's key, so that a retry is the same snapshot there
(409 says that it has it). Nobody there reads an erasure out of a snapshot, so certificate, verdict,
level, date and digest follow as the device's properties, where a person sees them; each is set
again by a retry. Then the device joins its lot, where there is one of that name. A name of digits
alone would be taken for a lot's number there, so it is left to a person.
Source: devicehub-django, api/v1/ (snapshot, devices, lots), tried against a running one.
"""

from __future__ import annotations

import json
import re

from recond.documents import read_json
from recond.erasure import WipeRecord
from recond.errors import RecordInvalid, UsageError
from recond.host.clock import Clock
from recond.host.http import HttpAnswer, NoAnswer, Request, check_url, segment
from recond.model import Message
from recond.upload.client import client_of
from recond.upload.devicehub_snapshot import device_id, snapshot
from recond.upload.facts import evidence_of
from recond.upload.outcome import Delivered, Later, Outcome, Parked, clean, judge, refusal, said_by
from recond.upload.package import Package
from recond.upload.settings import Settings

_TOKEN = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DEVICE = re.compile(r"ereuse24:[0-9a-f]{64}")


class Devicehub:
    """Delivers snapshots and properties."""

    def __init__(self, settings: Settings) -> None:
        self._name = settings.name
        self._url = check_url(settings.get("url")).rstrip("/") + "/api/v1/"
        self._token = settings.get("token")
        self._link = settings.get("link")
        self._client = client_of(settings)

    def prepare(self) -> None:
        """A token is a UUID there; any other makes it stumble. Raises `UsageError`."""
        if not _TOKEN.fullmatch(self._token):
            raise UsageError("upload.devicehub.token", name=self._name)

    def check(self, clock: Clock) -> Outcome:
        """Ask for the list of devices: the token is good when it comes."""
        return judge(self._send("GET", "devices/?size=1"), clock.now(), (self._token,))

    def deliver(self, package: Package, clock: Clock) -> Outcome:
        """Post the snapshot, the properties, the lot."""
        record = package.record()
        try:
            body = snapshot(record, package.digest, package.key)
            answer = self._send("POST", "snapshot/", body)
            if answer.status not in (200, 409):
                return judge(answer, clock.now(), (self._token,))
            device, page = self._device(answer, record)
            if device is None:
                return Parked(refusal("upload.refused", answer, self._said(answer), self._secrets))
            for name, value in self._properties(package, record).items():
                answer = self._send(
                    "POST", f"devices/devices/{device}/properties/{name}/", {"value": value}
                )
                if answer.status == 404:  # another's snapshot, or a server without properties
                    return Parked(self._unmarked(answer))
                outcome = judge(answer, clock.now(), self._secrets)
                if not isinstance(outcome, Delivered):
                    return outcome
            return Delivered(self._join(record.lot, device, page))
        except RecordInvalid as error:
            return Parked(error.message)
        except NoAnswer as error:
            return Later(error.message, whole=True)

    @property
    def _secrets(self) -> tuple[str, ...]:
        return (self._token,)

    def _unmarked(self, answer: HttpAnswer) -> Message:
        return refusal("upload.devicehub.unmarked", answer, self._said(answer), self._secrets)

    def _said(self, answer: HttpAnswer) -> str:
        return said_by(answer, self._secrets)

    def _send(self, method: str, path: str, body: object = None) -> HttpAnswer:
        headers = (
            ("Authorization", f"Bearer {self._token}"),
            ("Content-Type", "application/json"),
        )
        raw = b"" if body is None else json.dumps(body).encode()
        return self._client.send(Request(method, self._url + path, headers, raw))

    def _device(self, answer: HttpAnswer, record: WipeRecord) -> tuple[str | None, str]:
        """The device's id there and its page; None where the answer is not what was promised."""
        if answer.status == 409:  # it has the snapshot, and does not say of which device
            return (device_id(record.machine), "") if record.machine else (None, "")
        try:
            found = read_json(answer.body)
            page = clean(f"{found['dhid']} {found['public_url']}", self._secrets)
            known = _DEVICE.search(f"{found['public_url']} {found.get('url')}")
            good = found["status"] == "success"
        except (ValueError, KeyError, TypeError, AttributeError):
            return None, ""
        if not good or record.machine is None:
            return None, ""
        return (known[0] if known else device_id(record.machine)), page

    def _properties(self, package: Package, record: WipeRecord) -> dict[str, str]:
        found = evidence_of(record, package.digest)
        if self._link:
            found["link"] = self._link.replace("{record}", segment(package.record_id))
        return {f"recond-{name}": value for name, value in found.items()}

    def _join(self, lot: str | None, device: str, page: str) -> Message:
        if not lot:
            sent = Message.of("upload.devicehub.sent", page=page)
            return sent if page else Message("upload.already")
        answer = None
        if not lot.isdigit():
            answer = self._send("POST", f"lots/{segment(lot)}/devices/", {"device_ids": [device]})
        if answer is not None and answer.status in (200, 207):
            return Message.of("upload.devicehub.in_lot", page=page or device, lot=lot)
        return Message.of("upload.devicehub.no_lot", page=page or device, lot=lot)
