"""A certificate drawn by the process that rehearsed one before the first byte.

Why: its libraries take a second of processor time to load. The rehearsal loads them, in a process
of its own; this one waits while the disks are erased and draws the real certificate. It is trusted
with nothing: it forgets the key that it rehearsed with and is given the run's at the end; what it
answers is held against the record, the key and the seal, and where it is gone, frozen, slow or of
other libraries than this process would use now, the certificate is drawn here, as it always was.
Record, receipt and ledger are made here in either case.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass

from recond.certify.sign.jws import read_jws
from recond.certify.sign.keys import SigningKey, pack_key, unpack_key
from recond.certify.verify.pdf_read import read_attachments, read_sealed
from recond.codec import canonical_bytes, read_canonical
from recond.documents import read_json
from recond.erasure import WipeRecord
from recond.errors import RecordInvalid
from recond.flow.run.issue import DrawnRecord, draw
from recond.flow.runfolder import JWS, RECORD, SIGNED
from recond.flow.software import versions
from recond.host.apart import Waiting, waits_apart
from recond.host.log import log_swallowed
from recond.locale import Lang, language

PATIENCE_S = 60.0
"""For an answer that takes a second as a rule, and some on a slow computer under load."""


@dataclass(frozen=True, slots=True)
class Drawer:
    """Draws one certificate elsewhere, if it can; else, and every further one, here."""

    waiting: Waiting

    def __call__(self, record: WipeRecord, key: SigningKey, lang: Lang) -> DrawnRecord:
        """As `draw`."""
        raw = canonical_bytes(record)
        try:
            answer = self.waiting.ask(_question(raw, key, lang), PATIENCE_S)
            files = {} if answer is None else _unpack(answer)
            if _is_ours(files, raw, key):
                return DrawnRecord(record, files)
        except Exception as error:  # a certificate is not lost for want of this
            log_swallowed("flow.drawer", error)
        return draw(record, key, lang)

    def close(self) -> None:
        """The run is over."""
        self.waiting.end()


def rehearse_apart(rehearsal: Callable[[], object]) -> Drawer | None:
    """Rehearse in a process that waits; None where it did not succeed there, or there is none."""
    software: list[tuple[tuple[str, str], ...]] = []

    def load() -> None:
        rehearsal()
        software.append(versions())

    waiting = waits_apart(load, lambda question: _answer(question, software[0]))
    return Drawer(waiting) if waiting is not None else None


def _question(raw: bytes, key: SigningKey, lang: Lang) -> bytes:
    return _pack({"record": raw, "key": pack_key(key, None), "lang": lang.encode()})


def _answer(question: bytes, software: tuple[tuple[str, str], ...]) -> bytes:
    """The child: the record's files. Raises where it is not the one to draw them."""
    given = _unpack(question)
    record, canonical = read_canonical(WipeRecord, given["record"])
    if not canonical or record.software != software:  # an update since: other pages
        raise RecordInvalid("upload.package.altered")
    lang = language(given["lang"].decode(), {})
    return _pack(draw(record, unpack_key(given["key"], None), lang).files)


def _is_ours(files: dict[str, bytes], raw: bytes, key: SigningKey) -> bool:
    """Whether these are this record's files, signed and sealed by this key. Raises for some."""
    if files.keys() != {RECORD, JWS, SIGNED} or files[RECORD] != raw:
        return False
    signed = read_jws(files[JWS])
    inside = read_attachments(files[SIGNED])
    same = (signed.payload, signed.chain) == (raw, key.chain) and signed.holds
    same = same and (inside.get(RECORD), inside.get(JWS)) == (raw, files[JWS])
    return same and read_sealed(files[SIGNED]).fault(key.chain) is None


def _pack(files: dict[str, bytes]) -> bytes:
    told = {name: base64.b64encode(raw).decode("ascii") for name, raw in files.items()}
    return json.dumps(told).encode("ascii")


def _unpack(raw: bytes) -> dict[str, bytes]:
    return {name: base64.b64decode(value) for name, value in read_json(raw).items()}
