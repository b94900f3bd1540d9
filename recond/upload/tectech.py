"""The destination tec.tech: its API, and its import table in a folder.

Their stock has doubles: a machine is looked up by its serial, then by the workshop's id, before
it is made; one that is found keeps what it has (its state above all) and gains the remark and
what it lacked; several that answer to one serial are left to a person. Source: the stock's public
audit script. No test ever calls the real one.
"""

from __future__ import annotations

import json

from recond.documents import read_json
from recond.errors import RecordInvalid, UsageError
from recond.host.clock import Clock
from recond.host.http import HttpAnswer, NoAnswer, Request, check_url, form
from recond.model import Message
from recond.upload.client import client_of
from recond.upload.folder import Folder
from recond.upload.outcome import Delivered, Later, Outcome, Parked, judge
from recond.upload.package import Package
from recond.upload.settings import Settings
from recond.upload.tectech_row import FIRST_STATE, STATES, add_line, stock_line

Line = dict[str, object]
_READ_ONLY = ("idLot", "idStock", "idGroupe", "reconditionneur", "createdAt", "updatedAt")


def _state(settings: Settings) -> str:
    state = settings.get("state") or FIRST_STATE
    if state not in STATES:
        raise UsageError(
            "upload.config.value", name=settings.name, key="state", known=", ".join(STATES)
        )
    return state


class TecTable(Folder):
    """Delivers lines into `tectech-YYYY-MM-DD.csv`, one table a day, in a marked folder."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._stock, self._to = settings.get("stock"), _state(settings)

    def _put(self, package: Package) -> Outcome:
        name = f"tectech-{package.issue.at[:10]}.csv"
        try:
            line = stock_line(package.record(), package.digest, self._stock, self._to)
            table = add_line(self._spool.read(name), line, package.record_id)
        except RecordInvalid as error:
            return Parked(error.message)
        except ValueError:  # somebody's spreadsheet saved it in another encoding
            return Parked(Message.of("upload.tectech.table", file=name))
        self._spool.save(name, table, mode=0o644)
        return Delivered(Message.of("upload.folder.sent", name=name))


class TecTech:
    """Delivers to the stock's API."""

    def __init__(self, settings: Settings) -> None:
        self._url = check_url(settings.get("url")).rstrip("/")
        self._id, self._secret = settings.get("client_id"), settings.get("client_secret")
        self._stock, self._lot, self._to = (
            settings.get("stock"),
            settings.get("lot"),
            _state(settings),
        )
        self._client = client_of(settings)

    def prepare(self) -> None:
        """Nothing to prepare."""

    def check(self, clock: Clock) -> Outcome:
        """Ask for a token."""
        headers = self._headers(clock)
        return headers if not isinstance(headers, tuple) else Delivered(Message("upload.sent"))

    def deliver(self, package: Package, clock: Clock) -> Outcome:
        """Look the machine up, then make or complete it."""
        try:
            line = stock_line(package.record(), package.digest, self._stock, self._to)
            headers = self._headers(clock)
            if not isinstance(headers, tuple):
                return headers
            found = self._look_up(line, headers, clock)
            if not isinstance(found, list):
                return found
            if len(found) > 1:
                return Parked(Message.of("upload.tectech.double", serial=str(line["numeroSerie"])))
            if not found:
                return self._send({**line, "idLot": self._lot}, headers, clock)
            if package.digest in str(found[0].get("commentaire")):
                return Delivered(Message("upload.already"))
            return self._send(complete(found[0], line), headers, clock)
        except RecordInvalid as error:
            return Parked(error.message)
        except NoAnswer as error:
            return Later(error.message, whole=True)

    def _headers(self, clock: Clock) -> tuple[tuple[str, str], ...] | Outcome:
        kind = ("Content-Type", "application/json")
        body = json.dumps({"client_id": self._id, "client_secret": self._secret}).encode()
        answer = self._client.send(Request("POST", f"{self._url}/api/auth-token", (kind,), body))
        found = _json(answer)
        token = found.get("access_token") if isinstance(found, dict) else None
        if not isinstance(token, str):
            return Later(judge(answer, clock.now(), (self._secret,)).words, whole=True)
        return (kind, ("Authorization", f"Bearer {token}"))

    def _look_up(
        self, line: Line, headers: tuple[tuple[str, str], ...], clock: Clock
    ) -> list[Line] | Outcome:
        for key in ("numeroSerie", "idMaterielReconditionneur"):
            query = form({key: str(line[key]), "page": "1", "limit": "2"}).decode()
            answer = self._client.send(Request("GET", f"{self._url}/api/materiel?{query}", headers))
            found = _json(answer)
            data = found.get("data") if isinstance(found, dict) else None
            if answer.status != 200 or not isinstance(data, list):
                outcome = judge(answer, clock.now(), (self._secret,))
                # an answer that is no list must not be taken for "not there", or for "done"
                return Later(outcome.words) if isinstance(outcome, Delivered) else outcome
            # the search may be looser than equality
            same = [one for one in data if isinstance(one, dict) and one.get(key) == line[key]]
            if same:
                return same
        return []

    def _send(self, line: Line, headers: tuple[tuple[str, str], ...], clock: Clock) -> Outcome:
        body = json.dumps([line]).encode()
        answer = self._client.send(Request("PUT", f"{self._url}/api/materiel", headers, body))
        outcome = judge(answer, clock.now(), (self._secret,))
        if answer.status == 409:  # not by our key: somebody else's machine
            return Parked(Message.of("upload.tectech.double", serial=str(line["numeroSerie"])))
        return outcome


def complete(there: Line, line: Line) -> Line:
    """What is sent for a machine that is there: its own values, the ones it lacked, the remark."""
    kept = {key: value for key, value in there.items() if value not in (None, "")}
    state = kept.get("statut")
    if isinstance(state, dict):  # they give it as an object and take it as a word
        kept["statut"] = state.get("libelle", "")
    said = f"{kept.get('commentaire', '')} {line['commentaire']}".strip()
    return {
        key: value
        for key, value in {**line, **kept, "commentaire": said}.items()
        if key not in _READ_ONLY
    }


def _json(answer: HttpAnswer) -> object:
    try:
        return read_json(answer.body)
    except ValueError:
        return None
