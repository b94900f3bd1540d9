"""The destination GLPI: the native inventory protocol, as its agent speaks it.

A `contact` once for all records of a pass (a proxy allows thirty requests an hour), then each
inventory. Only `{"status": "ok"}` delivers: a proxy takes an inventory with "pending" (HTTP 202),
which says nothing of the server behind it, so the answer is asked for by GET under the request's
id, twelve times at most. The machine's agent id is derived from the machine: sent twice, it is the
same computer there. Source: GLPI agent's HTTP client and proxy, tried against a running proxy.
"""

from __future__ import annotations

import json

from recond.documents import read_json
from recond.host.clock import Clock
from recond.host.http import HttpAnswer, NoAnswer, Request, basic, check_url, form
from recond.model import Message
from recond.upload.client import client_of
from recond.upload.facts import machine_seed, stable_uuid
from recond.upload.glpi_document import GlpiDocuments
from recond.upload.glpi_inventory import device_id, inventory, version_of
from recond.upload.outcome import (
    Delivered,
    Later,
    Outcome,
    Parked,
    clean,
    judge,
    judge_refused,
    said_by,
)
from recond.upload.package import Package
from recond.upload.settings import Settings

MOST_PENDING = 12
LONGEST_PENDING_S = 10
Headers = tuple[tuple[str, str], ...]
_KIND: Headers = (("Pragma", "no-cache"), ("Content-Type", "application/json"))


class Glpi:
    """Delivers inventories to a GLPI server. One instance is one pass."""

    def __init__(self, settings: Settings) -> None:
        self._url = check_url(settings.get("url"))
        self._token_url = settings.get("token_url") and check_url(settings.get("token_url"))
        self._id, self._secret = settings.get("client_id"), settings.get("client_secret")
        self._user, self._password = settings.get("user"), settings.get("password")
        self._client = client_of(settings)
        self._secrets = settings.secrets
        self._documents = GlpiDocuments(settings) if settings.get("api") else None
        self._login: Headers | None = None
        self._greeted = False

    def prepare(self) -> None:
        """Nothing to prepare."""

    def check(self, clock: Clock) -> Outcome:
        """A contact, which changes nothing there but the time of the last contact."""
        login = self._log_in(clock)
        if not isinstance(login, tuple):
            return login
        agent = (("GLPI-Agent-ID", stable_uuid("recond bench", 8)), *login)
        outcome = self._ask(_contact("recond-bench", "recond"), agent, clock)
        if isinstance(outcome, Delivered) and self._documents:
            return self._documents.check(clock)
        return outcome

    def deliver(self, package: Package, clock: Clock) -> Outcome:
        """Announce the bench where it was not yet, send the inventory, then its certificate."""
        record = package.record()
        if record.machine is None:
            return Parked(Message("upload.no_machine"))
        try:
            login = self._log_in(clock)
            if not isinstance(login, tuple):
                return login
            headers = (("GLPI-Agent-ID", stable_uuid(machine_seed(record), 8)), *login)
            if not self._greeted:
                outcome = self._ask(_contact(device_id(record), version_of(record)), headers, clock)
                if not isinstance(outcome, Delivered):
                    return outcome
                self._greeted = True
            message = inventory(record, record.machine, package.digest)
            outcome = self._ask(message, headers, clock)
            if isinstance(outcome, Delivered) and self._documents:
                return self._documents.attach(package, clock)
            return outcome
        except NoAnswer as error:
            return Later(error.message, whole=True)

    def _log_in(self, clock: Clock) -> Headers | Outcome:
        """The headers that let us in, asked for once a pass (RFC 6749 §4.4; RFC 7617)."""
        if self._login is not None:
            return self._login
        if not self._token_url:
            self._login = (*_KIND, basic(self._user, self._password)) if self._user else _KIND
            return self._login
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
            outcome = judge(answer, clock.now(), self._secrets)
            return Later(outcome.words, whole=True, asked_s=_asked(outcome))
        self._login = (*_KIND, ("Authorization", f"Bearer {token}"))
        return self._login

    def _ask(self, message: dict[str, object], headers: Headers, clock: Clock) -> Outcome:
        answer = self._client.send(
            Request("POST", self._url, headers, json.dumps(message).encode())
        )
        said = _json(answer)
        for _ in range(MOST_PENDING):
            if not _pending(answer, said):
                break
            clock.sleep(_seconds(said.get("expiration")))
            asked = answer.headers.get("glpi-request-id")
            if asked is None:
                return Later(Message("upload.glpi.pending"))
            answer = self._client.send(
                Request("GET", self._url, (*headers, ("GLPI-Request-ID", asked)))
            )
            if answer.status == 404:  # it forgot, and so did not say that the server has it
                return Later(Message("upload.glpi.pending"))
            said = _json(answer)
        if _pending(answer, said):
            return Later(Message("upload.glpi.pending"))
        if not 200 <= answer.status < 300:
            return judge_refused(answer, clock.now(), self._secrets)
        if said.get("status") == "ok":
            return Delivered(Message("upload.sent"))
        if said.get("status") == "error":
            words = clean(str(said.get("message") or "—"), self._secrets)
            return Parked(Message.of("upload.glpi.error", said=words))
        # a page of the web interface, or another program
        words = said_by(answer, self._secrets) or "—"
        return Parked(Message.of("upload.glpi.refused", said=words))


def _contact(device: str, version: str) -> dict[str, object]:
    return {
        "action": "contact",
        "deviceid": device,
        "name": "recond",
        "version": version,
        "installed-tasks": ["inventory"],
        "enabled-tasks": ["inventory"],
    }


def _pending(answer: HttpAnswer, said: dict[str, object]) -> bool:
    return 200 <= answer.status < 300 and said.get("status") == "pending"


def _asked(outcome: Outcome) -> int | None:
    return outcome.asked_s if isinstance(outcome, Later) else None


def _json(answer: HttpAnswer) -> dict[str, object]:
    try:
        found = read_json(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(expiration: object) -> int:
    digits = "".join(c for c in str(expiration) if c.isdigit())[:4]
    return min(int(digits or "1"), LONGEST_PENDING_S)
