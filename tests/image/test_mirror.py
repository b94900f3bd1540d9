"""Memory and stick: what is carried over, how, and what a stick in trouble changes (nothing)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from recond.codec import canonical_bytes
from recond.flow.live.mirror import Mirror, Places, form_fault, restore, unfinished_here
from recond.flow.runfolder import IssuedNote
from recond.flow.stateform import newest_form, read_form, write_form
from recond.flow.statementnote import keep_note


@pytest.fixture
def places(tmp_path: Path) -> Places:
    found = Places(tmp_path / "state", tmp_path / "out")
    put(found.state / "bench-id", "b1\n")
    put(found.state / "ledger.jsonl", "1\n")
    put(found.state / "ledger.lock", "")
    put(found.state / "keys/bench.pem", "ours")
    put(found.state / "keys/bench.p12", "secret")
    put(found.state / "keys/lock", "")
    put(found.state / "recond.toml", "not ours to write")
    put(found.state / "runs/r1/journals/D1.jsonl", "a\n")
    put(
        found.state / "runs/r1/jobs/D1.json",
        json.dumps({"plan": {"disk": {"serial": "D1", "wwn": None}}}),
    )
    put(found.out / "r0/certificate.pdf", "%PDF")
    return found


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def note(folder: Path) -> str:
    return canonical_bytes(IssuedNote(str(folder), signed=True)).decode()


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_is_on_the_stick_afterwards(places: Places, stick: Path) -> None:
    mirror = Mirror(places, own=True)
    mirror.write(stick)
    assert names(stick) == {
        "certificats/r0/certificate.pdf",
        "recond/form.json",
        "recond/keys/bench.pem",
        "recond/keys/bench.p12",
        "recond/runs/r1/journals/D1.jsonl",
        "recond/runs/r1/jobs/D1.json",
        "recond/benches/b1/bench-id",
        "recond/benches/b1/ledger.jsonl",
        "recond/benches/b1/keys/bench.pem",
    }
    assert not mirror.pending()
    assert not mirror.gone()


def test_a_certificate_elsewhere_is_carried_too(
    places: Places, stick: Path, tmp_path: Path
) -> None:
    put(tmp_path / "home/r1/certificate.pdf", "%PDF")
    put(places.state / "runs/r1/issued.json", note(tmp_path / "home/r1"))
    put(places.state / "runs/r2/issued.json", "torn")
    put(tmp_path / "home/custody-20261130-120000-0123abcd/statement.pdf", "%PDF")
    keep_note(places.state, "custody-20261130-120000-0123abcd", tmp_path / "home")
    Mirror(places, own=True).write(stick)
    assert (stick / "certificats/custody-20261130-120000-0123abcd/statement.pdf").exists()
    assert (stick / "certificats/r1/certificate.pdf").exists()
    assert (stick / "certificats/r0/certificate.pdf").exists()


def test_a_journal_grows_by_its_new_lines_only(places: Places, stick: Path) -> None:
    mirror = Mirror(places, own=True)
    mirror.write(stick)
    there = stick / "recond/runs/r1/journals/D1.jsonl"
    inode = there.stat().st_ino
    with (places.state / "runs/r1/journals/D1.jsonl").open("a") as stream:
        stream.write("b\n")
    mirror.write(stick)
    assert there.read_text() == "a\nb\n"
    assert there.stat().st_ino == inode  # a replaced file would be another


def test_a_journal_that_lost_its_torn_line_is_written_anew(places: Places, stick: Path) -> None:
    journal = places.state / "runs/r1/journals/D1.jsonl"
    put(journal, "a\nto")
    mirror = Mirror(places, own=True)
    mirror.write(stick)
    put(journal, "a\nresumed\n")
    mirror.write(stick)
    assert (stick / "recond/runs/r1/journals/D1.jsonl").read_text() == "a\nresumed\n"


def test_what_was_sent_leaves_the_stick_too(places: Places, stick: Path) -> None:
    package = places.state / "queue/r0.zip"
    put(package, "zip")
    mirror = Mirror(places, own=True)
    mirror.write(stick)
    package.unlink()
    put(places.state / "queue/done/r0.json", "{}")
    assert mirror.gone() == ("recond/queue/r0.zip",)
    mirror.write(stick)
    assert {n for n in names(stick) if "queue" in n} == {"recond/queue/done/r0.json"}


def test_pictures_are_carried_last(places: Places) -> None:
    """They fill a stick; the journals of the next computer, and what is certified, came before."""
    put(places.state / "runs/r0/photos/aa.jpg", "large")
    put(places.state / "runs/r1/issued.json", note(places.out / "r0"))
    carried = [name for _, name in places.pairs()]
    assert carried[-2:] == ["recond/runs/r1/issued.json", "recond/runs/r0/photos/aa.jpg"]


def test_a_full_stick_loses_nothing_and_another_gets_all(
    places: Places, stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror, real = Mirror(places, own=True), os.fsync
    left = [3]

    def full(descriptor: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        mirror.write(stick)
    monkeypatch.undo()
    assert mirror.pending()
    assert not [n for n in names(stick) if n.endswith(".new")]
    other = tmp_path / "other"
    other.mkdir()
    Mirror(places, own=True).write(other)
    mirror.write(stick)
    assert names(stick) == names(other)


def test_a_run_is_called_issued_last(
    places: Places, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(places.state / "runs/r1/issued.json", "{}")
    assert Places(places.state, places.out).pairs()[-1][1] == "recond/runs/r1/issued.json"


def test_another_workshops_keys_are_left_alone(places: Places, stick: Path) -> None:
    put(stick / "recond/keys/bench.pem", "theirs")
    put(stick / "recond/keys/bench.p12", "their secret")
    Mirror(places, own=True).write(stick)
    assert (stick / "recond/keys/bench.pem").read_text() == "theirs"
    assert (stick / "recond/keys/bench.p12").read_text() == "their secret"
    assert (stick / "certificats/r0/certificate.pdf").exists()


def test_what_a_second_computer_signed_can_be_pinned_afterwards(
    places: Places, stick: Path
) -> None:
    """A new stick goes round: the first one's key stays its key, the others' die with their
    memory, and their certificates (never their private keys) stay on it.
    """
    put(stick / "recond/keys/bench.pem", "the first computer's")
    mirror = Mirror(places, own=True)
    assert "recond/benches/b1/keys/bench.pem" in {name for _, name, _ in mirror.pending()}
    mirror.write(stick)
    assert not mirror.pending()
    put(places.state / "keys/bench.pem", "renewed")
    put(places.state / "keys/bench.p12", "renewed secret")
    put(places.state / "keys/former/f.pem", "ours")
    assert mirror.pending()
    mirror.write(stick)
    assert not mirror.pending()
    own = stick / "recond/benches/b1/keys"
    assert names(own) == {"bench.pem", "former/f.pem"}
    assert (own / "bench.pem").read_text() == "renewed"
    assert names(stick / "recond/keys") == {"bench.pem"}, "nothing of ours beside theirs"
    assert (stick / "recond/keys/bench.pem").read_text() == "the first computer's"


def test_a_key_that_was_half_carried_is_not_replaced_by_another(
    places: Places, stick: Path
) -> None:
    put(stick / "recond/keys/bench.p12", "their secret, and the stick was pulled")
    Mirror(places, own=True).write(stick)
    assert names(stick / "recond/keys") == {"bench.p12"}
    assert "pulled" in (stick / "recond/keys/bench.p12").read_text()


def test_the_next_start_has_the_keys_and_a_bench_of_its_own(
    places: Places, stick: Path, tmp_path: Path
) -> None:
    Mirror(places, own=True).write(stick)
    fresh = Places(tmp_path / "state2", tmp_path / "out2")
    mirror = restore(stick, fresh, frozenset({"OTHER"}))
    assert names(fresh.state) == {"keys/bench.pem", "keys/bench.p12"}
    assert (fresh.state / "keys/bench.p12").stat().st_mode & 0o777 == 0o600
    assert (fresh.state / "keys").stat().st_mode & 0o077 == 0
    assert not mirror.pending()
    put(fresh.state / "keys/bench.pem", "renewed")  # our own stick: a new key takes the old's place
    mirror.write(stick)
    assert (stick / "recond/keys/bench.pem").read_text() == "renewed"


def test_only_runs_of_disks_that_are_here_come_back(
    places: Places, stick: Path, tmp_path: Path
) -> None:
    put(
        places.state / "runs/r2/jobs/D2.json",
        json.dumps({"plan": {"disk": {"serial": "D2", "wwn": "w2"}}}),
    )
    put(
        places.state / "runs/r3/jobs/D1.json",
        json.dumps({"plan": {"disk": {"serial": "D1", "wwn": None}}}),
    )
    put(places.state / "runs/r3/issued.json", note(tmp_path / "out/r3"))
    put(places.state / "runs/r4/jobs/D4.json", "torn")
    Mirror(places, own=True).write(stick)
    fresh = Places(tmp_path / "state2", tmp_path / "out2")
    restore(stick, fresh, frozenset({"D1"}))
    assert [path.name for path in (fresh.state / "runs").iterdir()] == ["r1"]
    assert unfinished_here(fresh) == 1


def test_a_stick_of_a_newer_recond_gets_certificates_only(places: Places, stick: Path) -> None:
    write_form(stick / "recond", newest_form() + 1)
    put(stick / "recond/runs/r0/run.json", "of the newer one")
    before = names(stick)
    for mirror in (Mirror(places, own=True), Mirror(places, own=True)):
        mirror.write(stick)
        assert mirror.newer
        assert not mirror.pending()
    assert names(stick) == before | {"certificats/r0/certificate.pdf"}
    fault = form_fault(stick)
    assert fault is not None
    assert fault.code == "stick.newer"


@pytest.mark.parametrize("former", [None, 1])
def test_a_stick_of_an_older_recond_takes_the_newest_form(
    places: Places, stick: Path, former: int | None
) -> None:
    """So that the older one refuses it from then on; what it left is brought forward in memory."""
    if former:
        write_form(stick / "recond", former)
    assert form_fault(stick) is None
    Mirror(places, own=True).write(stick)
    assert read_form(stick / "recond") == newest_form()
    assert form_fault(stick) is None
    (stick / "recond/form.json").write_text("{")
    fault = form_fault(stick)
    assert fault is not None
    assert fault.code == "host.form.unreadable"
