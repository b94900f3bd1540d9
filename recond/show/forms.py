"""The form of every answer to a program, and the JSON Schema that is published of it.

Why beside the answers and not made from them: the schema is a promise, and a test holds each answer
to it. What a command does not take from the model is described here key by key. Imported by what
writes the schema and by the tests; no command needs it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args, get_type_hints

from recond.census import OperatorWord
from recond.certify.pages.label import LabelProof
from recond.certify.schema import object_of, of_type
from recond.certify.sign.keys import KeyFacts, Revocation
from recond.certify.verify.verdicts import Answer, Belief, Check
from recond.computer import Fate, LeftOver, Overall, Scope
from recond.custody import CustodyEvent
from recond.erasure import Result
from recond.flow.configlook import ConfigFile, ConfigMistake, ConfigView
from recond.flow.custody.history import History
from recond.flow.deliver.check import Checked
from recond.flow.deliver.export import Exported
from recond.flow.deliver.queue import Moved, QueueView
from recond.flow.deliver.upload import Uploaded
from recond.flow.dock.slot import SlotState
from recond.flow.keys.ledger_clock import ClockPutBack
from recond.flow.keys.stamp import Stamped
from recond.flow.keys.workshop import KeyReport
from recond.flow.live.renew import StickUpdated
from recond.flow.lot.collect import Added
from recond.flow.lot.forgetting import Forgotten
from recond.flow.lot.impact import Impact
from recond.flow.lot.rows import Lot
from recond.flow.lot.status import LotStatus
from recond.flow.machine.check import Planned
from recond.flow.machine.compare import Comparison
from recond.flow.machine.doctor import Finding
from recond.flow.machine.selftest import SelfTested
from recond.flow.parts import PartsTested
from recond.flow.run.batch import Listed
from recond.flow.run.erased_since import WhyClosed
from recond.flow.run.unlock import Unlocked
from recond.flow.runlist import RunList
from recond.flow.sitting import Sitting
from recond.flow.updates import UpdateLook
from recond.flow.verify.disk import DiskAnswer
from recond.methods import Method
from recond.model import Assessment, Machine, Message
from recond.progress import ProgressEvent
from recond.readiness import Mistake
from recond.show.answer import SCHEMA, form_name

Keys = Mapping[str, Any]
"""An object: each key's type; a mapping is an object in it, a list of one is an array of such."""

_LEFT: Keys = {
    "path": str,
    "serial": str | None,
    "listed": Listed,
    "run": str | None,
    "exit_code": int,
    "message": Message | None,
}
_DISK: Keys = {
    "path": str,
    "serial": str | None,
    "wwn": str | None,
    "model": str | None,
    "size_bytes": int,
    "namespace": int | None,
    "result": Result,
    "exit_code": int,
}
_COMPUTER: Keys = {
    "scope": Scope,
    "outcome": Overall,
    "erased": bool,
    "left": tuple[LeftOver, ...],
    "doubts": tuple[Message, ...],
    "media": [{"key": str, "fate": Fate}],
    "words": tuple[OperatorWord, ...],
}
_RUN: Keys = {
    "run": str,
    "record_id": str,
    "outcome": Overall,
    "computer": _COMPUTER,
    "exit_code": int,
    "folder": str,
    "certificate": str,
    "signed": bool,
    "fingerprint": str | None,
    "why_unsigned": Message | None,
    "kept": str | None,
    "ledger_set_aside": Message | None,
    "disks": [_DISK],
}
_FINISHED: Keys = {**_RUN, "left": [_LEFT]}
_NOTHING: Keys = {
    "run": None,
    "record_id": None,
    "outcome": "nothing-begun",
    "exit_code": int,
    "disks": tuple[()],
    "left": [_LEFT],
}
_CLOSED: Keys = {
    "run": str,
    "record_id": str,
    "outcome": "closed",
    "exit_code": int,
    "disks": tuple[()],
    "left": tuple[()],
    "closed": [
        {
            "disk": str,
            "why": WhyClosed,
            "by_run": str | None,
            "certificate": str | None,
            "message": Message,
        }
    ],
}
_VERDICTS: Keys = {
    "name": str,
    "record_id": str | None,
    "event_id": str | None,
    "good": bool,
    "belief": Belief,
    "demonstration": bool,
    "intact": Answer,
    "valid": Answer,
    "trusted": Answer,
    "complete": Answer,
    "outcome": Message | None,
    "checks": tuple[Check, ...],
}
_VERIFY: Keys = {"exit_code": int, "found": [_VERDICTS]}
_STATED: Keys = {
    "event": CustodyEvent,
    "folder": str,
    "fingerprint": str,
    "self_made": bool,
    "set_aside": Message | None,
}
_SLOT: Keys = {
    "slot": str,
    "path": str,
    "state": SlotState,
    "serial": str | None,
    "model": str | None,
    "size_bytes": int | None,
    "percent": int | None,
    "phase": str | None,
    "run": str | None,
    "record": str | None,
    "message": Message | None,
    "exit_code": int,
}
_SUMMARY: Keys = {
    "event": "summary",
    "lot": str | None,
    "exit_code": int,
    "counts": dict[str, int],
    "disks": [_SLOT],
    "missing": tuple[str, ...],
}
_KEY: Keys = {
    "name": str,
    "fingerprint": str,
    "issuer": str,
    "self_made": bool,
    "not_after": str,
}
_ROOT: Keys = {**_KEY, "key": str, "page": str, "certificate": str}
_DESTINATION: Keys = {"name": str, "kind": str, "where": str}
_REASON: Keys = {"code": str, "args": dict[str, str | int], "message": str}

FORMS: Mapping[str, tuple[Any, ...]] = {
    "inspect": (Machine,),
    "inspect.diff": (Comparison,),
    "inspect.self-test": (SelfTested,),
    "check": ({"assessments": tuple[Assessment, ...]},),
    "capture": ({"file": str, "anonymous": bool},),
    "plan": (Planned,),
    "wipe": (_FINISHED,),
    "run": (_FINISHED, _NOTHING),
    "resume": (_FINISHED, _NOTHING, _CLOSED),
    "unlock": (Unlocked,),
    "update-stick": (StickUpdated,),
    "attach": (_FINISHED,),
    "certify": (_FINISHED,),
    "watch": ({"event": "slot", **_SLOT}, _SUMMARY),
    "methods": ({"methods": tuple[Method, ...]},),
    "verify": (_VERIFY,),
    "verify.disk": ({**_VERIFY, "disk": DiskAnswer},),
    "verify.html": (
        {"file": str, "believed": tuple[KeyFacts, ...], "revoked": int, "sha256": str},
    ),
    **{
        f"custody.{kind}": (_STATED,)
        for kind in ("received", "removed", "destroyed", "handed-over", "returned", "scrapped")
    },
    "custody.forget": (Forgotten,),
    "history": (History,),
    "runs": (RunList,),
    "test": (PartsTested,),
    "sitting": ({"sitting": Sitting | None},),
    "label": (
        {
            "file": str,
            "labels": int,
            "exit_code": int,
            "unproven": dict[str, LabelProof],
            "job": str | None,
        },
    ),
    "lot": ({"lots": tuple[Lot, ...]},),
    "lot.list": ({"lots": tuple[Lot, ...]},),
    "lot.new": ({"lot": Lot, "expected": int, "problems": tuple[Message, ...]},),
    "lot.add": (Added,),
    "lot.status": (LotStatus,),
    "lot.report": (
        {
            "files": tuple[str, ...],
            "signed": bool,
            "why_unsigned": Message | None,
            "impact": Impact,
            "lot": Lot,
        },
    ),
    "lot.close": ({**get_type_hints(LotStatus), "statement": str | None},),
    "lot.waste": ({"file": str, "rows": int},),
    "upload": (Uploaded,),
    "upload.add": (_DESTINATION,),
    "upload.list": ({"destinations": [_DESTINATION]},),
    "upload.check": (Checked,),
    "upload.remove": ({"name": str},),
    "queue": (QueueView,),
    "queue.export": (Moved,),
    "queue.import": (Moved,),
    "export": (Exported,),
    "key.show": (KeyReport,),
    "key.init": (_ROOT,),
    "key.restore": (_ROOT,),
    "key.issue": ({**_KEY, "former": bool, "waiting": tuple[str, ...]},),
    "key.trust": ({"certificates": [_KEY], "revocations": int},),
    "key.revoke": (Revocation,),
    "key.stamp": (Stamped,),
    "key.clock": (ClockPutBack,),
    "profile.list": ({"profiles": tuple[str, ...]},),
    "profile.new": ({"file": str, "base": str | None},),
    "profile.check": ({"file": str, "mistakes": tuple[Mistake, ...]},),
    "config": (ConfigView,),
    "config.show": (ConfigView,),
    "config.check": ({"files": tuple[ConfigFile, ...], "mistakes": tuple[ConfigMistake, ...]},),
    "config.path": ({"state": str, "files": tuple[ConfigFile, ...], "destinations": ConfigFile},),
    "version": ({"versions": [{"name": str, "version": str}]},),
    "version.check": (UpdateLook,),
    "doctor": ({"findings": tuple[Finding, ...]},),
    "demo": (
        {
            "demonstration": True,
            "folder": str,
            "runs": [_RUN],
            "traces": int,
            "verify_exit_code": int,
        },
    ),
    "error": ({**_REASON, "exit": int, "reasons": [_REASON]},),
}
"""Each form with what it may hold: a type of the model, or an object by its keys."""


def build_answers() -> dict[str, Any]:
    """The JSON Schema (2020-12) of everything that a program reads: a definition for each form."""
    defs: dict[str, Any] = {}
    answers = {form_name(form): _form(form, shapes, defs) for form, shapes in FORMS.items()}
    answers[form_name("event")] = _event(defs)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "recond: every answer of --json, and a line of --json-events",
        "anyOf": [{"$ref": f"#/$defs/{_defined(name)}"} for name in answers],
        "$defs": {_defined(name): one for name, one in answers.items()}
        | dict(sorted(defs.items())),
    }


def answers_text() -> str:
    """The file's content."""
    return json.dumps(build_answers(), ensure_ascii=False, indent=1) + "\n"


def _defined(name: str) -> str:
    """A form's name in the schema: a slash would be a step of the pointer."""
    return name.replace("/", "-")


def _form(form: str, shapes: tuple[Any, ...], defs: dict[str, Any]) -> dict[str, Any]:
    made = [_enveloped(form, _schema(shape, defs), defs) for shape in shapes]
    return made[0] if len(made) == 1 else {"anyOf": made}


def _enveloped(form: str, payload: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    whole = defs[payload["$ref"].rpartition("/")[2]] if "$ref" in payload else payload
    return {
        **whole,
        "properties": {SCHEMA: {"const": form_name(form)}, **whole["properties"]},
        "required": [SCHEMA, *whole["required"]],
    }


def _event(defs: dict[str, Any]) -> dict[str, Any]:
    """A line of `--json-events` (docs/events.md): what is not said is not there, and a reader
    passes over what it does not know.
    """
    hints = get_type_hints(ProgressEvent)
    said = {name: of_type(_without_none(hint), defs) for name, hint in hints.items()}
    return {
        "type": "object",
        "properties": {
            SCHEMA: {"const": form_name("event")},
            "disk": {"type": "string"},
            **said,
        },
        "required": [SCHEMA, "disk", "phase"],
    }


def _without_none(hint: Any) -> Any:
    left = tuple(one for one in get_args(hint) if one is not type(None))
    return left[0] if left else hint


def _schema(shape: Any, defs: dict[str, Any]) -> dict[str, Any]:
    if isinstance(shape, Mapping):
        return object_of({key: _schema(one, defs) for key, one in shape.items()})
    if isinstance(shape, list):
        return {"type": "array", "items": _schema(shape[0], defs)}
    if isinstance(shape, str | bool) or shape is None:
        return {"const": shape}
    return of_type(shape, defs)
