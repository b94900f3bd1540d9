"""The destination Snipe-IT: an asset by its serial, else by its tag, made or completed.

What is there keeps its name, its state, its tag and its owner. The certificate is attached once,
under the record's key, with one line of evidence; the asset's notes hold that line too, unless a
person wrote there: they come back as HTML, and what a person wrote is not sent back mangled. Two
assets with one serial, or a tag that belongs to another serial, are left to a person. Their server
answers 200 with an error inside: only "success" delivers. Source: Snipe-IT's REST API (hardware,
models, files).
"""

from __future__ import annotations

import html
import json
import re

from recond.documents import read_json
from recond.erasure import WipeRecord
from recond.errors import UsageError
from recond.host.clock import Clock
from recond.host.http import HttpAnswer, NoAnswer, Request, check_url, form, segment
from recond.model import Machine, Message
from recond.upload.client import client_of
from recond.upload.facts import category_of, known, name_of, notes_of, remark, verdict_of
from recond.upload.multipart import multipart
from recond.upload.outcome import Delivered, Later, Outcome, Parked, judge_refused, said_by
from recond.upload.package import Package
from recond.upload.settings import Settings

Asset = dict[str, object]
_NUMBERS = ("status", "category", "model")
_OURS = "recond "


class SnipeIt:
    """Delivers to a Snipe-IT server."""

    def __init__(self, settings: Settings) -> None:
        self._url = check_url(settings.get("url")).rstrip("/") + "/api/v1/"
        self._token = settings.get("token")
        self._numbers = {key: settings.get(key) for key in _NUMBERS}
        for key, value in self._numbers.items():
            if value and not (value.isascii() and value.isdigit()):
                raise UsageError(
                    "upload.config.value", name=settings.name, key=key, known="1, 2, 3, …"
                )
        self._client = client_of(settings)

    def prepare(self) -> None:
        """Nothing to prepare."""

    def check(self, clock: Clock) -> Outcome:
        """Ask for one asset: the token is good when the list comes."""
        found = self._get("hardware?limit=1", clock)
        return found if not isinstance(found, dict) else Delivered(Message("upload.sent"))

    def deliver(self, package: Package, clock: Clock) -> Outcome:
        """Find the asset, make or complete it, attach the certificate."""
        record = package.record()
        if record.machine is None:
            return Parked(Message("upload.no_machine"))
        try:
            found = self._find(record, record.machine, clock)
            if not isinstance(found, list):
                return found
            if len(found) > 1:
                serial = name_of(record.machine, package.record_id)
                return Parked(Message.of("upload.snipeit.double", serial=serial))
            if found:
                asset = self._complete(found[0], package, record, clock)
            else:
                asset = self._make(package, record, record.machine, clock)
            if not isinstance(asset, int):
                return asset
            return self._attach(asset, package, clock)
        except NoAnswer as error:
            return Later(error.message, whole=True)

    def _find(self, record: WipeRecord, machine: Machine, clock: Clock) -> list[Asset] | Outcome:
        serial, tag = known(machine.system.serial), _tag(record, machine)
        found: list[Asset] | Outcome = []
        if serial:
            found = self._assets(f"hardware/byserial/{segment(serial)}", "serial", serial, clock)
        if found or not isinstance(found, list):
            return found
        found = self._assets(f"hardware/bytag/{segment(tag)}", "asset_tag", tag, clock)
        if isinstance(found, list) and found and serial and _text(found[0].get("serial")):
            return Parked(
                Message.of(
                    "upload.snipeit.tag", tag=tag, serial=serial, other=str(found[0]["serial"])
                )
            )
        return found

    def _assets(self, path: str, key: str, wanted: str, clock: Clock) -> list[Asset] | Outcome:
        found = self._get(path, clock, absent=True)
        if not isinstance(found, dict):
            return found
        rows = found.get("rows", [found] if "id" in found else [])
        return [
            one
            for one in (rows if isinstance(rows, list) else [])
            if isinstance(one, dict)
            and _text(one.get(key)).casefold() == wanted.strip().casefold()
            and isinstance(one.get("id"), int)
        ]

    def _make(
        self, package: Package, record: WipeRecord, machine: Machine, clock: Clock
    ) -> int | Outcome:
        model = self._model(machine, clock)
        if not isinstance(model, int):
            return model
        serial = known(machine.system.serial)
        body = {
            "asset_tag": _tag(record, machine),
            "status_id": int(self._numbers["status"]),
            "model_id": model,
            "name": " ".join(
                part for part in (known(machine.system.maker), known(machine.system.model)) if part
            ),
            "notes": _line(package, record),
            **({"serial": serial} if serial else {}),
        }
        return self._id(self._send("POST", "hardware", body), clock)

    def _model(self, machine: Machine, clock: Clock) -> int | Outcome:
        name = known(machine.system.model)
        if name:
            query = form({"search": name, "limit": "50"}).decode()
            found = self._get(f"models?{query}", clock)
            if not isinstance(found, dict):
                return found
            rows = found.get("rows")
            for one in rows if isinstance(rows, list) else []:
                if isinstance(one, dict) and name.casefold() in (
                    _text(one.get("name")).casefold(),
                    _text(one.get("model_number")).casefold(),
                ):
                    return int(one["id"])
            if self._numbers["category"]:
                body = {"name": name, "category_id": int(self._numbers["category"])}
                return self._id(self._send("POST", "models", body), clock)
        if self._numbers["model"]:
            return int(self._numbers["model"])
        return Parked(Message.of("upload.snipeit.model", model=name or "?"))

    def _complete(
        self, there: Asset, package: Package, record: WipeRecord, clock: Clock
    ) -> int | Outcome:
        number = there["id"]
        notes, body = _text(there.get("notes")), dict[str, object]()
        if package.digest not in notes and (not notes or notes.startswith(_OURS)):
            body["notes"] = _line(package, record)
        serial = known(record.machine.system.serial) if record.machine else None
        if serial and not there.get("serial"):
            body["serial"] = serial
        if not isinstance(number, int):
            return Parked(Message.of("upload.refused", status=200, said="id"))
        if not body:
            return number
        answer = self._id(self._send("PATCH", f"hardware/{number}", body), clock)
        return number if isinstance(answer, int) else answer

    def _attach(self, asset: int, package: Package, clock: Clock) -> Outcome:
        page = package.certificate
        if page is None:
            return Delivered(Message("upload.sent"))
        name = f"{package.key}.pdf"
        listed = self._get(f"hardware/{asset}/files", clock, absent=True)
        if not isinstance(listed, dict):
            return listed
        # the server puts its own letters before a file's name
        if package.key in json.dumps(listed.get("rows", [])):
            return Delivered(Message.of("upload.snipeit.sent", asset=asset))
        kind, body = multipart(
            (("notes", "text/plain", _line(package, package.record())),), "file[]", name, page[1]
        )
        answer = self._client.send(
            Request("POST", f"{self._url}hardware/{asset}/files", (*self._headers(), kind), body)
        )
        found = self._read(answer, clock)
        if not isinstance(found, dict):
            return found
        return Delivered(Message.of("upload.snipeit.sent", asset=asset))

    def _headers(self) -> tuple[tuple[str, str], ...]:
        return (("Authorization", f"Bearer {self._token}"), ("Accept", "application/json"))

    def _send(self, method: str, path: str, body: object) -> HttpAnswer:
        headers = (*self._headers(), ("Content-Type", "application/json"))
        raw = json.dumps(body).encode()
        return self._client.send(Request(method, self._url + path, headers, raw))

    def _get(self, path: str, clock: Clock, *, absent: bool = False) -> Asset | Outcome:
        """A JSON object; with `absent` an empty one where the server says that it has none."""
        answer = self._client.send(Request("GET", self._url + path, self._headers()))
        found = _json(answer)
        if absent and found.get("status") == "error" and answer.status in (200, 404):
            return {}
        return self._read(answer, clock)

    def _read(self, answer: HttpAnswer, clock: Clock) -> Asset | Outcome:
        found = _json(answer)
        if 200 <= answer.status < 300 and found and found.get("status") in (None, "success"):
            return found
        if 200 <= answer.status < 300:  # an error in a good answer, or no answer of theirs
            said = said_by(answer, (self._token,)) or "—"
            return Parked(Message.of("upload.refused", status=answer.status, said=said))
        return judge_refused(answer, clock.now(), (self._token,))

    def _id(self, answer: HttpAnswer, clock: Clock) -> int | Outcome:
        found = self._read(answer, clock)
        if not isinstance(found, dict):
            return found
        payload = found.get("payload")
        number = payload.get("id") if isinstance(payload, dict) else None
        if isinstance(number, int):
            return number
        return Parked(Message.of("upload.refused", status=answer.status, said="payload.id"))


def _tag(record: WipeRecord, machine: Machine) -> str:
    return record.property_number or name_of(machine, record.record_id)


def _text(value: object) -> str:
    # the server shows its texts as HTML, a note even with its marks
    return html.unescape(re.sub(r"<[^>]*>", "", str(value or ""))).strip()


def _line(package: Package, record: WipeRecord) -> str:
    grade, answers = category_of(record), notes_of(record)
    more = "; ".join(part for part in (f"verdict: {verdict_of(record)}", grade, answers) if part)
    return f"{remark(record, package.digest)}; {more}"


def _json(answer: HttpAnswer) -> Asset:
    try:
        found = read_json(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
