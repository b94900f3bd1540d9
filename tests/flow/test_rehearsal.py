"""Nothing is erased for a certificate that could not be signed, unless somebody says so."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from recond.ends import ConfirmedBy
from recond.errors import BenchLacks, RecordInvalid
from recond.flow.keys.keyring import Keyring
from recond.flow.machine.doctor import examine
from recond.flow.run.run import execute, prepare
from recond.flow.run.supervisor import confirm_all
from recond.flow.runfolder import UNSIGNED
from recond.host import Host
from recond.host.clock import SystemClock, rfc3339
from recond.locale import LANGS, say
from tests.flow.bench import Bench, donor_image, quiet

Break = Callable[[Bench, pytest.MonkeyPatch], None]


def tree_of(folder: Path) -> dict[str, bytes]:
    """Every file with what it holds."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def key_open_to_others(bench: Bench, _patch: pytest.MonkeyPatch) -> None:
    Keyring(bench.state).key_file.chmod(0o644)


def key_damaged(bench: Bench, _patch: pytest.MonkeyPatch) -> None:
    Keyring(bench.state).key_file.write_bytes(b"no key")


def key_gone(bench: Bench, _patch: pytest.MonkeyPatch) -> None:
    Keyring(bench.state).key_file.unlink()


def clock_behind(bench: Bench, patch: pytest.MonkeyPatch) -> None:
    last = datetime.fromisoformat(Keyring(bench.state).last_time())
    patch.setattr(SystemClock, "now", lambda _self: rfc3339(last - timedelta(seconds=1)))


def ledger_read_only(bench: Bench, patch: pytest.MonkeyPatch) -> None:
    """As for a user whose ledger root wrote to: it is read, and takes no line."""
    ledger, real = str(Keyring(bench.state).ledger_file), os.open

    def refused(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if str(path) == ledger and flags & (os.O_WRONLY | os.O_RDWR):
            raise PermissionError(13, "Permission denied", ledger)
        return real(path, flags, *more, **named)

    patch.setattr(os, "open", refused)


def no_font(_bench: Bench, patch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> bytes:
        raise OSError(2, "No such file or directory", "font.ttf")

    patch.setattr("recond.certify.pages.certificate.render", missing)


def library_too_old(_bench: Bench, patch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> bytes:
        raise AttributeError("module 'pikepdf' has no attribute 'pdfa'")

    patch.setattr("recond.certify.sign.pdf_sign.sign_pdf", missing)


@pytest.mark.parametrize(
    ("hurt", "why"),
    [
        (key_open_to_others, "@certify.key.mode"),
        (key_damaged, "@certify.key.unreadable"),
        (key_gone, "@key.absent"),
        (clock_behind, "@certify.rehearsal.clock"),
        (ledger_read_only, "@certify.rehearsal.file"),
        (no_font, "@certify.rehearsal.file"),
        (library_too_old, "@certify.rehearsal.library"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_would_fail_at_the_end_fails_before_the_first_byte(
    hurt: Break, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    assert bench.run(donor_image(tmp_path / "before.img")).exit_code == 0
    image = donor_image(tmp_path / "a.img")
    held, before = image.read_bytes(), [run.path for run in bench.runs()]
    hurt(bench, monkeypatch)
    with pytest.raises(BenchLacks) as caught:
        bench.run(image)
    assert dict(caught.value.message.args)["why"] == why
    for lang in LANGS:
        said = say(lang, caught.value.message)
        assert "@" not in said
        assert "?" not in said
    assert image.read_bytes() == held
    assert [run.path for run in bench.runs()] == before
    (found,) = (one for one in examine(Host(), bench.state) if one.name == "signature")
    assert (found.present, found.needed, found.why) == (False, True, caught.value.message)


def test_the_reason_of_a_library_is_more_than_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    library_too_old(bench, monkeypatch)
    with pytest.raises(BenchLacks) as caught:
        bench.run(donor_image(tmp_path / "a.img"))
    assert "has no attribute 'pdfa'" in say("fr", caught.value.message)


def test_who_says_that_the_key_comes_later_erases(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "before.img"))
    key_open_to_others(bench, pytest.MonkeyPatch())
    image, host = donor_image(tmp_path / "a.img"), Host()
    order = replace(bench.order(image), sign_later=True)
    prepared = prepare(order, host)
    confirmed = confirm_all(prepared.plans, ConfirmedBy.FLAG)
    finished = execute(prepared, confirmed, host, quiet)
    assert (finished.exit_code, finished.issued.certificate.name) == (7, UNSIGNED)
    assert not any(image.read_bytes())


def test_a_rehearsal_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No record, page or line of the ledger stands after one: it is stopped right after."""
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "before.img"))
    image = donor_image(tmp_path / "a.img")
    held = tree_of(tmp_path)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("recond.flow.run.run.make_run", stop)
    with pytest.raises(KeyboardInterrupt):
        bench.run(image)
    assert tree_of(tmp_path) == held


def test_a_token_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts wrong PINs: what fails in a process of its own is not tried there first."""
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "a.img", 64 << 10))
    Keyring(bench.state).token_file.write_text("{}")
    asked: list[str] = []

    def wrong_pin(*_: object) -> None:
        asked.append("PIN")
        raise RecordInvalid("certify.token.pin")

    def apart(work: Callable[[], object]) -> None:
        with suppress(RecordInvalid):
            work()

    monkeypatch.setattr("recond.flow.run.rehearsal._sign", wrong_pin)
    monkeypatch.setattr("recond.flow.run.rehearsal.rehearse_apart", apart)
    with pytest.raises(BenchLacks):
        bench.run(donor_image(tmp_path / "b.img", 64 << 10))
    assert asked == ["PIN"]
