"""Whatever is wrong with the key, the erasure's record is kept, says why, and is signed later."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from recond.certify.sign import keys
from recond.certify.sign.keys import Revocation
from recond.errors import RecordInvalid
from recond.flow.keys import workshop as flow
from recond.flow.keys.keyring import PASSPHRASE, Keyring
from recond.flow.runfolder import UNSIGNED
from recond.flow.verify.files import verify_paths
from tests.keys.bench import PHRASE, StillClock, certify

Break = Callable[[Keyring, pytest.MonkeyPatch], None]
CLOCK = StillClock()


def workshop(state: Path, passphrase: str | None = None) -> Keyring:
    """A bench with a key under a root."""
    flow.init(state, "Atelier", None, PHRASE, "fr", CLOCK)
    root = flow.open_root(state, None, PHRASE, CLOCK)
    flow.issue_bench(state, "Poste 1", root, passphrase, CLOCK)
    return Keyring(state)


def gone(ring: Keyring, _patch: pytest.MonkeyPatch) -> None:
    ring.key_file.rename(ring.key_file.with_suffix(".kept"))


def damaged(ring: Keyring, _patch: pytest.MonkeyPatch) -> None:
    ring.key_file.rename(ring.key_file.with_suffix(".kept"))
    ring.key_file.write_bytes(b"\x30\x82nonsense")
    ring.key_file.chmod(0o600)


def readable_by_others(ring: Keyring, _patch: pytest.MonkeyPatch) -> None:
    ring.key_file.chmod(0o640)


def folder_open(ring: Keyring, _patch: pytest.MonkeyPatch) -> None:
    ring.folder.chmod(0o777)


def a_folder_in_its_place(ring: Keyring, _patch: pytest.MonkeyPatch) -> None:
    ring.key_file.rename(ring.key_file.with_suffix(".kept"))
    ring.key_file.mkdir(mode=0o700)


def a_root_in_its_place(ring: Keyring, _patch: pytest.MonkeyPatch) -> None:
    ring.key_file.rename(ring.key_file.with_suffix(".kept"))
    root = keys.unpack_key((ring.folder / "root" / flow.ROOT_KEY).read_bytes(), PHRASE)
    ring.key_file.write_bytes(keys.pack_key(root, None))
    ring.key_file.chmod(0o600)


def revoked(ring: Keyring, _patch: pytest.MonkeyPatch) -> None:
    print_ = keys.fingerprint(ring.own()[0])
    ring.revoke((Revocation(print_, "compromised", CLOCK.at),))


def root_revoked(ring: Keyring, _patch: pytest.MonkeyPatch) -> None:
    print_ = keys.fingerprint(ring.pinned()[0])
    ring.revoke((Revocation(print_, "compromised", CLOCK.at),))


def list_damaged(ring: Keyring, _patch: pytest.MonkeyPatch) -> None:
    (ring.folder / "revoked.json").write_text('[{"fingerprint":"AA","reason":"?","since":"x"}]')


def repair(ring: Keyring) -> None:
    """What the workshop does about it: the kept key again, the right modes, the list undone."""
    ring.folder.chmod(0o700)
    (ring.folder / "revoked.json").unlink(missing_ok=True)
    kept = ring.key_file.with_suffix(".kept")
    if kept.exists():
        if ring.key_file.is_dir():
            ring.key_file.rmdir()
        kept.replace(ring.key_file)
    ring.key_file.chmod(0o600)


@pytest.mark.parametrize(
    ("hurt", "code"),
    [
        (gone, "key.absent"),
        (damaged, "certify.key.unreadable"),
        (readable_by_others, "certify.key.mode"),
        (folder_open, "key.mode.folder"),
        (a_folder_in_its_place, "certify.key.file"),
        (a_root_in_its_place, "key.not-bench"),
        (revoked, "certify.trust.compromised"),
        (root_revoked, "certify.trust.compromised"),
        (list_damaged, "certify.key.revocations"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_it_waits_and_is_signed_later(
    hurt: Break, code: str, tmp_path: Path, raw_journal: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = workshop(tmp_path)
    hurt(ring, monkeypatch)
    first = certify(tmp_path, raw_journal, CLOCK)
    assert not first.signed
    assert first.why_unsigned is not None
    assert first.why_unsigned.code == code
    assert first.certificate.name == UNSIGNED
    record = json.loads((first.folder / "record.json").read_bytes())
    assert record["signature"] == code
    assert record["erasures"][0]["result"]["status"] == "erased", "the evidence is all there"
    assert not (first.folder / "record.jws").exists()
    repair(ring)
    second = certify(tmp_path, raw_journal, CLOCK)
    assert second.signed
    assert {file.name for file in second.folder.glob("*.*")} == {
        "certificate.pdf",
        "record.json",
        "receipt.jws",
        "record.jws",
    }
    assert verify_paths((second.folder,), (), state=tmp_path).exit_code == 0


def test_the_passphrase_is_asked_for_and_must_be_right(
    tmp_path: Path, raw_journal: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop(tmp_path, PHRASE)
    found = []
    for phrase in (None, "", "an other passphrase", "\udcff" * 12, PHRASE):
        monkeypatch.delenv(PASSPHRASE, raising=False)
        if phrase is not None:
            monkeypatch.setenv(PASSPHRASE, phrase)
        issued = certify(tmp_path, raw_journal, CLOCK)
        found.append(issued.why_unsigned.code if issued.why_unsigned else "signed")
    assert found == ["certify.key.passphrase", *["certify.key.unreadable"] * 3, "signed"]


def test_an_expired_key_waits_for_the_next_one(tmp_path: Path, raw_journal: bytes) -> None:
    workshop(tmp_path)
    early = certify(tmp_path, raw_journal, CLOCK, "20261124-080000-00000001")
    later = CLOCK.in_days(keys.BENCH_DAYS + 1)
    late = certify(tmp_path, raw_journal, later, "20261124-080000-00000002")
    assert late.why_unsigned is not None
    assert late.why_unsigned.code == "certify.key.expired"
    root = flow.open_root(tmp_path, None, PHRASE, later)
    made = flow.issue_bench(tmp_path, "Poste 1", root, None, later)
    assert made.former
    again = certify(tmp_path, raw_journal, later.in_days(1), "20261124-080000-00000002")
    assert again.signed
    for issued in (early, again):
        assert verify_paths((issued.folder,), (), state=tmp_path).exit_code == 0


def test_a_bench_key_does_not_outlive_its_root(tmp_path: Path, raw_journal: bytes) -> None:
    ring = workshop(tmp_path)
    late = CLOCK.in_days(keys.ROOT_DAYS - 10)
    root = flow.open_root(tmp_path, None, PHRASE, late)
    flow.issue_bench(tmp_path, "Poste 1", root, None, late)
    assert certify(tmp_path, raw_journal, late, "20261124-080000-00000003").signed
    after = certify(tmp_path, raw_journal, late.in_days(12), "20261124-080000-00000004")
    assert not after.signed
    with pytest.raises(RecordInvalid, match="root-expired"):
        flow.open_root(tmp_path, None, PHRASE, late.in_days(12))
    assert ring.own()[0].not_valid_after_utc > ring.pinned()[0].not_valid_after_utc


def test_a_bench_without_papers_makes_its_own_key_once(tmp_path: Path, raw_journal: bytes) -> None:
    first = certify(tmp_path, raw_journal, CLOCK, "20261124-080000-00000005")
    second = certify(tmp_path, raw_journal, CLOCK, "20261124-080000-00000006")
    assert first.signed
    assert first.self_made_key
    assert first.fingerprint == second.fingerprint
    assert Keyring(tmp_path).key_file.stat().st_mode & 0o777 == 0o600
    assert Keyring(tmp_path).folder.stat().st_mode & 0o777 == 0o700
