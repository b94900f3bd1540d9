"""The destination GLPI: the native inventory protocol, as its agent speaks it.

A `contact` that the server must answer, then the inventory; "pending" is asked again by GET under
the request's id, twelve times at most. The machine's agent id is derived from the machine: sent
twice, it is the same computer there. Source: GLPI agent's HTTP client, docs of glpi-agent
(protocol).
"""

from __future__ import annotations

import json

from recond.erasure import WipeRecord
from recond.host.clock import Clock
from recond.host.http import HttpAnswer, NoAnswer, Request, check_url, form
from recond.model import Message
from recond.upload.client import client_of
from recond.upload.facts import machine_seed, stable_uuid
from recond.upload.glpi_inventory import device_id, inventory
from recond.upload.outcome import Delivered, Later, Outcome, Parked, clean, judge
from recond.upload.package import Package
from recond.upload.settings import Settings

MOST_PENDING = 12
LONGEST_PENDING_S = 10


class Glpi:
    """Delivers inventories to a GLPI server."""

    def __init__(self, settings: Settings) -> None:
        self._url = check_url(settings.get("url"))
        self._token_url = settings.get("token_url") and check_url(settings.get("token_url"))
        self._id, self._secret = settings.get("client_id"), settings.get("client_secret")
        self._client = client_of(settings)

    def prepare(self) -> None:
        """Nothing to prepare."""

    def deliver(self, package: Package, clock: Clock) -> Outcome:
        """Announce the machine, then send its inventory."""
        record = package.record()
        if record.machine is None:
            return Parked(Message("upload.no_machine"))
        try:
            headers = self._headers(record, clock)
            if not isinstance(headers, tuple):
                return headers
            outcome = self._ask(_contact(record), headers, clock)
            if not isinstance(outcome, Delivered):
                return outcome
            message = inventory(record, record.machine, package.digest)
            return self._ask(message, headers, clock)
        except NoAnswer as error:
            return Later(error.message, whole=True)

    def _headers(self, record: WipeRecord, clock: Clock) -> tuple[tuple[str, str], ...] | Outcome:
        headers: tuple[tuple[str, str], ...] = (
            ("GLPI-Agent-ID", stable_uuid(machine_seed(record), 8)),
            ("Pragma", "no-cache"),
            ("Content-Type", "application/json"),
        )
        if not self._token_url:
            return headers
        # RFC 6749 4.4; a token for each record is simpler than one that may end between two
        answer = self._client.send(
            Request(
                "POST",
                self._token_url,
                (("Content-Type", "application/x-www-form-urlencoded"),),
                form(
                    {
                        "grant_type": "client_credentials",
                        "client_id": self._id,
                        "client_secret": self._secret,
                        "scope": "inventory",
                    }
                ),
            )
        )
        token = _json(answer).get("access_token")
        if answer.status != 200 or not isinstance(token, str):
            outcome = judge(answer, clock.now(), (self._secret,))
            return Later(outcome.words, whole=True)
        return (*headers, ("Authorization", f"Bearer {token}"))

    def _ask(
        self, message: dict[str, object], headers: tuple[tuple[str, str], ...], clock: Clock
    ) -> Outcome:
        request = Request("POST", self._url, headers, json.dumps(message).encode())
        for _ in range(MOST_PENDING + 1):
            answer = self._client.send(request)
            said = _json(answer)
            if answer.status != 200 or said.get("status") != "pending":
                break
            clock.sleep(_seconds(said.get("expiration")))
            asked = answer.headers.get("glpi-request-id")
            more = (("GLPI-Request-ID", asked),) if asked else ()
            request = Request("GET", self._url, (*headers, *more))
        if answer.status == 200 and said.get("status") in ("ok", "pending"):
            if said["status"] == "ok":
                return Delivered(Message("upload.sent"))
            return Later(Message("upload.glpi.pending"))
        if answer.status == 200:  # a page of the web interface, or an error in GLPI's own words
            words = clean(str(said.get("message") or "—"), (self._secret,))
            return Parked(Message.of("upload.glpi.refused", said=words))
        return judge(answer, clock.now(), (self._secret,))


def _contact(record: WipeRecord) -> dict[str, object]:
    version = dict(record.software).get("version", "")
    return {
        "action": "contact",
        "deviceid": device_id(record),
        "name": "recond",
        "version": version,
        "installed-tasks": ["inventory"],
        "enabled-tasks": ["inventory"],
    }


def _json(answer: HttpAnswer) -> dict[str, object]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(expiration: object) -> int:
    digits = "".join(c for c in str(expiration) if c.isdigit())[:4]
    return min(int(digits or "1"), LONGEST_PENDING_S)
