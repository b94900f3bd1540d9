"""Is a package what it says, before anybody counts it, queues it or sends it?

Why here alone: whoever takes a package in (`recond queue import`, `recond lot add`) and whoever
lets one go (`recond upload`) must ask the same. A package that only says that it is signed is
anybody's. Whose key it is, is another question: a bench that made its own key may send, and a lot
asks further (`recond.flow.lot.standing`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from recond.certify.receipt import RECEIPT_FILE
from recond.certify.sign.jws import Signed, read_jws
from recond.certify.sign.keys import chain_fault
from recond.certify.verify.verdicts import Answer, Bundle, Trust
from recond.custody import EVENT, EVENT_JWS, is_statement
from recond.errors import RecordInvalid
from recond.flow.keys.keyring import Keyring
from recond.flow.keys.ours import is_ours
from recond.flow.runfolder import find_run
from recond.flow.runnote import digests_of
from recond.model import Message
from recond.upload.package import RECORD, SIGNATURE, Package
from recond.upload.queue import Queue

_UNSIGNED = "certify.verify.unsigned"
FOREIGN = "upload.own.other"


@dataclass(frozen=True)
class PackageCheck:
    """The check of a bench; `state` is its folder, whose keys say what is revoked. `page`: the
    certificate is looked at too, which a table does not hold.
    """

    state: Path
    allow_unsigned: bool = False
    page: bool = True

    @cached_property
    def _trust(self) -> Trust:
        # without the ledger: it may have been set aside since, and says nothing of other benches
        return replace(Keyring(self.state).trust(()), ledger=None)

    def __call__(self, package: Package) -> Message | None:
        """Why a package must not leave; None where it may."""
        try:
            check_may_leave(package, allow_unsigned=self.allow_unsigned)
            return package_fault(package, self._trust, page=self.page)
        except RecordInvalid as error:
            return error.message

    def displaces(self, package: Package, queue: Queue) -> Message | None:
        """Why a package must not take the place of the one of its number that waits, or go out
        behind the one that was sent: another key signed it, and none that is believed here. Two of
        one number are issues of one bench.
        """
        last = queue.newest(package.record_id)
        if last is None or last.is_of(package) or last.signer == package.signer:
            return None
        new = _signed(package)
        if new is not None and self._believes(new, package.issue.at):
            return None
        waits = package.record_id in queue.ids()
        return Message("upload.import.other" if waits else "upload.import.sent")

    def foreign(self, package: Package, number: str) -> Message | None:
        """Why a package that lies where this bench put its own document of that number is not its
        own; None where it is. Others may write into an output folder: what they lay there must not
        leave in this bench's name. One that is unsigned is known by its run's journals.
        """
        jws = package.file(package.signature)
        if package.record_id != number:
            own = False
        elif jws is not None:
            own = is_ours(Keyring(self.state), jws, package.issue.at)
        else:
            there = {digest for _, digest in digests_of(find_run(self.state, number).journals())}
            own = {one.journal.sha256 for one in package.record().erasures} <= there
        return None if own else Message.of(FOREIGN, number=number)

    def _believes(self, signed: Signed, at: str) -> bool:
        trust = self._trust
        try:
            fault = chain_fault(signed.chain, (*trust.pinned, *trust.own), at, trust.revoked)
        except (ValueError, TypeError):  # at a time that is none
            return False
        return fault is None


def _signed(package: Package) -> Signed | None:
    """Its signature, taken apart; None where nobody signed."""
    jws = package.file(package.signature)
    return None if jws is None else read_jws(jws)


def check_may_leave(package: Package, *, allow_unsigned: bool) -> None:
    """Raises `RecordInvalid` for a record that must not reach a stock: a demonstration, or unsigned
    where that is not allowed. Whether it is true is `package_fault`'s. No statement is unsigned.
    """
    if is_statement(package.record_id):
        return
    if package.record().bench.demonstration:
        raise RecordInvalid("upload.demonstration", record=package.record_id)
    if not package.signed and not allow_unsigned:
        raise RecordInvalid("upload.unsigned", record=package.record_id)


def package_fault(package: Package, trust: Trust, *, page: bool) -> Message | None:
    """The first thing in a package that is not true; None where there is none.

    Each journal that the record names must be there and fold to what the record says of its disk;
    signature, receipt and, with `page`, the certificate's seal and drawing must hold. A key that is
    not known here is no fault; one that is revoked, out of its time or for another purpose is.
    """
    from recond.certify.verify.bundle import bundle_checks

    if is_statement(package.record_id):
        return _statement_fault(package, trust)
    for one in package.record().erasures:
        if package.file(one.journal.file) is None:
            return Message.of("upload.package.journal", file=one.journal.file)
    pdf = package.certificate if page and package.signed else None

    checks = bundle_checks(
        Bundle(
            pdf=pdf,
            record=_named(package, RECORD),
            jws=_named(package, SIGNATURE) if package.signed else None,
            receipt=_named(package, RECEIPT_FILE),
            journals=tuple(
                (name, raw) for name, raw in package.files if name.startswith("journals/")
            ),
        ),
        trust,
        package.record_id,
    )
    return next(
        (
            one.message
            for one in checks
            if one.answer is Answer.NO and (package.signed or one.message.code != _UNSIGNED)
        ),
        None,
    )


def _statement_fault(package: Package, trust: Trust) -> Message | None:
    """The same of a custody statement: its bytes, signature, page and receipt."""
    from recond.certify.verify.statement import verify_statement

    bundle = Bundle(
        pdf=package.certificate,
        record=_named(package, EVENT),
        jws=_named(package, EVENT_JWS),
        receipt=_named(package, RECEIPT_FILE),
    )
    checks = verify_statement(bundle, trust, package.record_id).checks
    return next((one.message for one in checks if one.answer is Answer.NO), None)


def _named(package: Package, name: str) -> tuple[str, bytes] | None:
    raw = package.file(name)
    return None if raw is None else (name, raw)
