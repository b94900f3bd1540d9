"""A file that becomes another one between its verification and its use: never used unverified."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recond.certify.sign.jws import sign_jws
from recond.certify.sign.keys import make_bench_key
from recond.codec import canonical_bytes
from recond.custody import ThingKind
from recond.erasure import VerifyMode
from recond.errors import RecordInvalid, UsageError
from recond.flow.custody import given, history
from recond.flow.custody.given import certificates_of, things_of
from recond.flow.custody.history import read_history
from recond.flow.deliver import label
from recond.flow.verify import disk, ledger
from recond.flow.verify.files import verify_paths
from tests.custody.shop import NOW, Shop, capture, drive, workshop

RUN = "20261124-100000-00000001"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (one,) = workshop(tmp_path, "banc 1")
    return one


def lie(folder: Path) -> dict[str, bytes]:
    """A stranger's record under the same number, which says that the failed disk is erased."""
    value = json.loads((folder / "record.json").read_bytes())
    value["erasures"][0]["result"] |= {"status": "erased", "verdict": "approved", "reasons": []}
    raw = canonical_bytes(value)
    key = make_bench_key("étranger", NOW)
    return {"record.json": raw, "record.jws": sign_jws(raw, key)}


def put(folder: Path, files: dict[str, bytes]) -> None:
    for name, raw in files.items():
        (folder / name).write_bytes(raw)


def swapped(
    patch: pytest.MonkeyPatch, module: Any, name: str, folder: Path, *, before: bool = False
) -> None:
    """The folder's record becomes the lie once it was verified, or was it `before`."""
    real: Callable[..., Any] = getattr(module, name)
    true = {one: (folder / one).read_bytes() for one in ("record.json", "record.jws")}
    false = lie(folder)
    put(folder, false if before else true)

    def verify(*args: Any, **named: Any) -> Any:
        put(folder, true)
        found = real(*args, **named)
        found = found if hasattr(found, "found") else iter(tuple(found))
        put(folder, true if before else false)
        return found

    patch.setattr(module, name, verify)


@pytest.fixture
def failed(shop: Shop) -> Path:
    return shop.erase(RUN, drive("D1"), fails=frozenset({"D1"})).folder


def test_no_statement_names_a_record_that_was_not_verified(
    shop: Shop, failed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = things_of(("D1",), ThingKind.DISK)
    (named,) = certificates_of((failed,), things, state=shop.state)
    assert named.verdict == "not-erased"
    swapped(monkeypatch, given, "verify_paths", failed)
    with pytest.raises(RecordInvalid):
        certificates_of((failed,), things, state=shop.state)


def test_no_history_tells_what_was_not_verified(
    shop: Shop, failed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swapped(monkeypatch, history, "verify_groups", failed)
    with pytest.raises(UsageError, match="none"):  # nothing that was verified bears the number
        read_history("D1", (shop.out,), state=shop.state, capture=capture)


def test_no_label_is_of_a_record_that_was_not_verified(
    shop: Shop, failed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    swapped(monkeypatch, label, "verify_paths", failed, before=True)
    with pytest.raises(RecordInvalid):
        label.make_labels(
            (failed,), tmp_path / "l.pdf", state=shop.state, lang="fr", form="roll-62", start=1
        )


def test_no_disk_is_compared_with_a_record_that_was_not_verified(
    shop: Shop, failed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    image = tmp_path / "D1"
    image.write_bytes(bytes(1 << 20))
    swapped(monkeypatch, disk, "verify_paths", failed)
    with pytest.raises(RecordInvalid):
        disk.verify_certificate_and_disk(
            str(image),
            failed,
            (),
            VerifyMode.FULL,
            image=True,
            state=shop.state,
            clock=shop.clock,
            on_event=lambda path, event: None,
        )


def test_no_ledger_is_compared_with_a_record_that_was_not_verified(
    shop: Shop, failed: Path
) -> None:
    (found,) = verify_paths((failed,), (), state=shop.state).found
    assert ledger._standing(found) is not None
    put(failed, lie(failed))
    assert ledger._standing(found) is None
