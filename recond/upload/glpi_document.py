"""The certificate as a document of the computer in GLPI, by its REST API (`apirest.php`).

Only with credentials of its own: an inventory needs none, a document does. The computer is found by
the name that the inventory gave it; where none or several answer to it, the certificate waits for a
person and nothing is attached to a guess. A document named by the record's key is there already.
Source: GLPI's apirest.md (initSession, Document with uploadManifest).
"""

from __future__ import annotations

import json

from recond.documents import read_json
from recond.host.clock import Clock
from recond.host.http import HttpAnswer, Request, check_url, form
from recond.model import Message
from recond.upload.client import client_of
from recond.upload.facts import name_of
from recond.upload.multipart import multipart
from recond.upload.outcome import Delivered, Later, Outcome, Parked, judge
from recond.upload.package import Package
from recond.upload.settings import Settings

Headers = tuple[tuple[str, str], ...]
_JSON = ("Content-Type", "application/json")


class GlpiDocuments:
    """Attaches certificates. One instance is one pass; it opens one session."""

    def __init__(self, settings: Settings) -> None:
        self._api = check_url(settings.get("api")).rstrip("/")
        self._user_token, self._app_token = settings.get("user_token"), settings.get("app_token")
        self._client = client_of(settings)
        self._secrets = settings.secrets
        self._session: Headers | None = None

    def check(self, clock: Clock) -> Outcome:
        """Open a session."""
        session = self._open(clock)
        return session if not isinstance(session, tuple) else Delivered(Message("upload.sent"))

    def attach(self, package: Package, clock: Clock) -> Outcome:
        """Attach a record's certificate to its computer. Raises `NoAnswer`."""
        page, record = package.certificate, package.record()
        if page is None or record.machine is None:
            return Delivered(Message("upload.sent"))
        session = self._open(clock)
        if not isinstance(session, tuple):
            return session
        found = self._ids("Document", package.key, session, clock)
        if not isinstance(found, list):
            return found
        if found:
            return Delivered(Message("upload.glpi.attached"))
        name = name_of(record.machine, record.record_id)
        computers = self._ids("Computer", name, session, clock)
        if not isinstance(computers, list):
            return computers
        if len(computers) != 1:
            return Parked(Message.of("upload.glpi.computers", serial=name, count=len(computers)))
        manifest = {
            "input": {
                "name": package.key,
                "comment": f"recond {record.record_id} sha256:{package.digest}",
                "_filename": [f"{package.record_id}.pdf"],
                "itemtype": "Computer",
                "items_id": computers[0],
            }
        }
        kind, body = multipart(
            (("uploadManifest", "application/json", json.dumps(manifest)),),
            "filename[0]",
            f"{package.record_id}.pdf",
            page[1],
        )
        answer = self._client.send(Request("POST", f"{self._api}/Document", (*session, kind), body))
        if answer.status == 201:
            return Delivered(Message("upload.glpi.attached"))
        outcome = judge(answer, clock.now(), self._secrets)
        # any other 2xx is no promise that it is kept
        return Later(outcome.words) if isinstance(outcome, Delivered) else outcome

    def _open(self, clock: Clock) -> Headers | Outcome:
        if self._session is not None:
            return self._session
        app: Headers = (("App-Token", self._app_token),) if self._app_token else ()
        login = ("Authorization", f"user_token {self._user_token}")
        answer = self._client.send(Request("GET", f"{self._api}/initSession", (_JSON, login, *app)))
        found = _json(answer)
        token = found.get("session_token") if isinstance(found, dict) else None
        if answer.status != 200 or not isinstance(token, str):
            words = judge(answer, clock.now(), self._secrets).words
            return Later(Message.of("upload.glpi.session", said=_said(words)), whole=False)
        self._session = (("Session-Token", token), *app)
        return self._session

    def _ids(self, itemtype: str, name: str, session: Headers, clock: Clock) -> list[int] | Outcome:
        """The ids of the items with exactly that name (the search is looser than equality)."""
        query = form({"searchText[name]": name, "range": "0-49"}).decode()
        answer = self._client.send(
            Request("GET", f"{self._api}/{itemtype}/?{query}", (_JSON, *session))
        )
        found = _json(answer)
        if answer.status not in (200, 206) or not isinstance(found, list):
            outcome = judge(answer, clock.now(), self._secrets)
            return Later(outcome.words) if isinstance(outcome, Delivered) else outcome
        return [
            one["id"]
            for one in found
            if isinstance(one, dict) and one.get("name") == name and isinstance(one.get("id"), int)
        ]


def _json(answer: HttpAnswer) -> object:
    try:
        return read_json(answer.body)
    except ValueError:
        return None


def _said(words: Message) -> str:
    return str(dict(words.args).get("said", "—"))
