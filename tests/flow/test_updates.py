"""`recond version --check`: whose note is believed, what it says, and the files beside it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recond.certify.releasenote import (
    RELEASE_TYPE,
    ReleaseFile,
    ReleaseNote,
    read_note,
    sign_note,
    version_order,
)
from recond.certify.sign import keys
from recond.certify.sign.jws import CONTENT_TYPE, sign_jws
from recond.certify.sign.keys import Revocation, SigningKey
from recond.codec import canonical_bytes
from recond.errors import BenchLacks, RecordInvalid, UsageError
from recond.flow import updates
from recond.flow.keys.keyring import Keyring
from recond.flow.updates import FileState, ReleaseStanding, UpdateLook, look_for_update
from recond.host.clock import SystemClock
from recond.locale import say
from tests.cli.command import recond
from tests.house import ROOT
from tests.upload.servers import Reply, serve

NOW = "2026-12-02T10:00:00.000Z"
MADE = "2026-12-01T00:00:00Z"
SUM = "0" * 64
NOTE = ReleaseNote("1.2.0", "2026-12-01", None, (ReleaseFile("recond-1.2.0.tar.gz", 3, SUM),))


class Bench:
    """A publisher's folder as `make release` fills it, and a workshop's state."""

    def __init__(self, folder: Path) -> None:
        self.state, self.dist = folder / "state", folder / "dist"
        self.state.mkdir()
        self.dist.mkdir()
        self.signing = keys.make_bench_key("recond releases", MADE)
        self.pem = folder / "release.pem"
        self.pem.write_bytes(keys.pem(self.signing.certificate))

    def write(self, note: ReleaseNote, signing: SigningKey | None = None) -> Path:
        file = self.dist / "note.release.jws"
        file.write_bytes(sign_note(note, signing or self.signing))
        return file

    def look(self, where: Path | str | None, running: str = "1.1.0") -> UpdateLook:
        told = str(where) if where else None
        return look_for_update(told, self.pem, self.state, NOW, running=running)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture(scope="module")
def release() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "packaging"))
        yield importlib.import_module("release.note")


# --- What it says ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("running", "standing"),
    [
        ("1.1.9", ReleaseStanding.NEWER),
        ("0.10.0", ReleaseStanding.NEWER),
        ("1.2.0rc1", ReleaseStanding.NEWER),
        ("1.2.0", ReleaseStanding.SAME),
        ("1.2", ReleaseStanding.SAME),
        ("1.2.1", ReleaseStanding.OLDER),
        ("1.10", ReleaseStanding.OLDER),
        ("2.0.0b1", ReleaseStanding.OLDER),
    ],
)
def test_it_says_how_this_version_stands(
    bench: Bench, running: str, standing: ReleaseStanding
) -> None:
    assert bench.look(bench.write(NOTE), running).standing is standing


def test_versions_are_numbers_and_not_letters() -> None:
    inorder = ["0.9", "0.10", "1.0a1", "1.0b2", "1.0rc1", "1.0rc10", "1.0", "1.0.1", "1.2"]
    assert sorted(inorder, key=version_order) == inorder
    for wrong in ("", "1.", "1..2", "v1", "1.2-3", "1.2 ", "1.2dev", "٣", "1" * 7, "1\n"):
        with pytest.raises(RecordInvalid):
            version_order(wrong)


@pytest.mark.parametrize(
    ("running", "unsafe"), [("1.0.9", True), ("1.1.0rc1", True), ("1.1.0", False), ("2.0", False)]
)
def test_a_version_that_may_lie_is_told_so_by_every_later_note(
    bench: Bench, running: str, unsafe: bool
) -> None:
    assert bench.look(bench.write(replace(NOTE, unsafe_before="1.1.0")), running).unsafe is unsafe


# --- Whose word it is ------------------------------------------------------------------------


def test_another_signer_of_the_same_name_is_not_believed(bench: Bench) -> None:
    with pytest.raises(RecordInvalid) as raised:
        bench.look(bench.write(NOTE, keys.make_bench_key("recond releases", MADE)))
    assert raised.value.message.code == "cli.update.stranger"


@pytest.mark.parametrize("made", ["2023-01-01T00:00:00Z", "2027-02-01T00:00:00Z"])
def test_a_certificate_that_is_not_valid_today_vouches_for_no_new_release(
    bench: Bench, made: str
) -> None:
    signing = keys.make_bench_key("recond releases", made)
    bench.pem.write_bytes(keys.pem(signing.certificate))
    with pytest.raises(RecordInvalid) as raised:
        bench.look(bench.write(NOTE, signing))
    assert raised.value.message.code == "cli.update.expired"


def test_a_revoked_signer_is_not_believed(bench: Bench) -> None:
    revoked = Revocation(keys.fingerprint(bench.signing.certificate), "compromised", NOW)
    Keyring(bench.state).revoke([revoked])
    with pytest.raises(RecordInvalid) as raised:
        bench.look(bench.write(NOTE))
    assert raised.value.message.code == "cli.update.fault"


def test_what_the_workshop_trusts_for_records_does_not_publish_recond(bench: Bench) -> None:
    """A pinned workshop's root is believed for certificates, and not for this."""
    root = keys.make_root_key("Bricol'Café", MADE)
    trust = bench.state / "keys" / "trust"
    trust.mkdir(parents=True)
    (trust / "root.pem").write_bytes(keys.pem(root.certificate))
    with pytest.raises(RecordInvalid) as raised:
        bench.look(bench.write(NOTE, keys.issue_bench_key(root, "Poste 1", MADE)))
    assert raised.value.message.code == "cli.update.stranger"


def test_without_a_known_signer_nothing_is_believed(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = bench.write(NOTE)
    monkeypatch.setattr(updates, "OWN_SIGNER", tmp_path / "absent.pem")
    with pytest.raises(RecordInvalid) as raised:
        look_for_update(str(file), None, bench.state, NOW)
    assert raised.value.message.code == "cli.update.nobody"
    # what the package brought along
    monkeypatch.setattr(updates, "OWN_SIGNER", bench.pem)
    assert look_for_update(str(file), None, bench.state, NOW).note == NOTE
    # what the workshop set comes before it
    other = tmp_path / "other.pem"
    other.write_bytes(keys.pem(keys.make_bench_key("x", MADE).certificate))
    (bench.state / "recond.toml").write_text(f'[release]\nsigner = "{other}"\n')
    with pytest.raises(RecordInvalid) as raised:
        look_for_update(str(file), None, bench.state, NOW)
    assert raised.value.message.code == "cli.update.stranger"


# --- What is no note -------------------------------------------------------------------------


def of_payload(payload: bytes, content_type: str = RELEASE_TYPE) -> Any:
    return lambda signing: sign_jws(payload, signing, content_type)


def noted(**changes: Any) -> Any:
    return of_payload(canonical_bytes(replace(NOTE, **changes)))


def named(name: str) -> Any:
    return noted(files=(ReleaseFile(name, 3, SUM),))


REFUSED = {
    "a record's type": of_payload(canonical_bytes(NOTE), CONTENT_TYPE),
    "no object": of_payload(b"[]"),
    "no JSON": of_payload(b"{"),
    "spaces": of_payload(b" " + canonical_bytes(NOTE)),
    "a key too many": of_payload(canonical_bytes(NOTE)[:-1] + b',"z":1}'),
    "another form": noted(schema="recond.release/2"),
    "no version": noted(version="latest"),
    "no day": noted(released_on="2026-13-01"),
    "no bound": noted(unsafe_before="soon"),
    "nothing": noted(files=()),
    "too many": noted(files=tuple(ReleaseFile(f"f{n}", 1, SUM) for n in range(101))),
    "one name twice": noted(files=(ReleaseFile("a.deb", 1, SUM), ReleaseFile("A.deb", 2, SUM))),
    "a path": named("../a.deb"),
    "an absolute path": named("/etc/passwd"),
    "a hidden file": named(".bashrc"),
    "an escape code": named("a\x1b[2J"),
    "no sum": noted(files=(ReleaseFile("a", 3, "0" * 63),)),
    "a negative size": noted(files=(ReleaseFile("a", -1, SUM),)),
    "too long": lambda signing: b"A" * ((1 << 20) + 1),
    "empty": lambda signing: b"",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_note_is_not_read(bench: Bench, kind: str) -> None:
    file = bench.dist / "x.jws"
    file.write_bytes(REFUSED[kind](bench.signing))
    with pytest.raises(RecordInvalid):
        bench.look(file)


def test_a_changed_note_is_not_believed(bench: Bench) -> None:
    head, payload, seal = sign_note(NOTE, bench.signing).split(b".")
    other = sign_note(replace(NOTE, version="9.9"), bench.signing).split(b".")[1]
    assert payload != other
    with pytest.raises(RecordInvalid) as raised:
        read_note(b".".join((head, other, seal)))
    assert raised.value.message.code == "certify.release.changed"


def test_nobody_signs_a_note_that_no_reader_takes(bench: Bench) -> None:
    with pytest.raises(RecordInvalid):
        sign_note(replace(NOTE, version="latest"), bench.signing)


# --- The files beside it ---------------------------------------------------------------------


def published(bench: Bench, release: Any) -> Path:
    """What a release holds, by the code that releases."""
    for name in ("recond_1.2.0_amd64.deb", "recond-1.2.0.tar.gz", "SHA256SUMS"):
        (bench.dist / name).write_bytes(name.encode() * 9)
    note = release.write_note(bench.dist, "1.2.0", "2026-12-01", bench.signing)
    assert isinstance(note, Path)
    return note


def test_the_files_beside_a_note_are_held_against_it(bench: Bench, release: Any) -> None:
    note = published(bench, release)
    assert note.name == "recond-1.2.0.release.jws"
    whole = bench.look(note)
    assert [one.name for one in whole.beside] == sorted(
        ["recond_1.2.0_amd64.deb", "recond-1.2.0.tar.gz", "SHA256SUMS"]
    )
    assert {one.state for one in whole.beside} == {FileState.WHOLE}
    assert whole.exit_code == 0
    package = bench.dist / "recond_1.2.0_amd64.deb"
    right = package.read_bytes()
    package.write_bytes(right[:-1] + b"!")  # of the same size
    assert states(bench.look(note))[package.name] is FileState.OTHER
    package.write_bytes(right[:-1])
    assert bench.look(note).exit_code == 7
    package.unlink()
    (bench.dist / "elsewhere").write_bytes(right)
    package.symlink_to("elsewhere")
    assert states(bench.look(note))[package.name] is FileState.UNREADABLE
    package.unlink()
    assert package.name not in states(bench.look(note)), "one need not have them all"


def test_what_calls_itself_recond_and_is_not_named_is_said(bench: Bench, release: Any) -> None:
    note = published(bench, release)
    (bench.dist / "recond_1.2.0_arm64.deb").write_bytes(b"nobody's")
    (bench.dist / "Recond\x1b[2J.exe").write_bytes(b"")
    for name in ("holiday.jpg", "recond-release.pem", "recond-1.1.0.release.jws"):
        (bench.dist / name).write_bytes(b"")
    look = bench.look(note)
    unnamed = [one.name for one in look.beside if one.state is FileState.UNNAMED]
    assert unnamed == ["Recond\\u001b[2J.exe", "recond_1.2.0_arm64.deb"]
    assert look.exit_code == 0


def test_a_version_that_may_lie_ends_with_a_refusal(bench: Bench, release: Any) -> None:
    note = published(bench, release)
    unsafe = replace(read_note(note.read_bytes())[0], unsafe_before="1.1.5")
    note.write_bytes(sign_note(unsafe, bench.signing))
    assert (bench.look(note, "1.1.0").exit_code, bench.look(note, "1.1.5").exit_code) == (4, 0)
    (bench.dist / "SHA256SUMS").write_bytes(b"")
    assert bench.look(note, "1.1.0").exit_code == 7, "what is false comes first"


def states(look: UpdateLook) -> dict[str, FileState]:
    return {one.name: one.state for one in look.beside}


# --- An address ------------------------------------------------------------------------------


def test_a_note_comes_from_the_address_that_is_configured(bench: Bench, tmp_path: Path) -> None:
    raw = sign_note(NOTE, bench.signing)
    answers = {
        "/note": Reply(200, raw),
        "/moved": Reply(302, b"", (("Location", "/note"),)),
        "/page": Reply(200, b"<html>log in</html>"),
    }
    with serve(tmp_path / "server", lambda seen: answers[seen.path]) as server:
        settings = f'[release]\nurl = "{server.url}/note"\nca_file = "{server.ca}"\n'
        (bench.state / "recond.toml").write_text(settings)
        found = bench.look(None)
        assert (found.note, found.beside) == (NOTE, ())
        assert [(one.method, one.path, one.body) for one in server.seen] == [("GET", "/note", b"")]
        for path, kind in (("/moved", BenchLacks), ("/page", RecordInvalid)):
            with pytest.raises(kind):
                bench.look(server.url + path)
    with pytest.raises(BenchLacks) as raised:
        bench.look(None)
    assert "localhost" in say("en", raised.value.message), "who does not answer"


def test_without_note_or_address_it_says_so(bench: Bench) -> None:
    for where in (None, bench.dist / "absent.jws", bench.dist, "http://example.org/x"):
        with pytest.raises(UsageError):
            bench.look(where)


@pytest.mark.parametrize("address", ["http://example.org/x", "ftp://example.org/x", "HTTP://x/y"])
def test_an_address_of_another_kind_is_called_one_and_no_missing_file(
    bench: Bench, address: str
) -> None:
    with pytest.raises(UsageError, match=r"upload\.url\.wrong"):
        bench.look(address)


def test_an_address_is_one_however_its_scheme_is_written(bench: Bench, tmp_path: Path) -> None:
    with serve(tmp_path / "server", lambda _seen: Reply(200, sign_note(NOTE, bench.signing))) as it:
        (bench.state / "recond.toml").write_text(f'[release]\nca_file = "{it.ca}"\n')
        assert bench.look(it.url.replace("https", "HTTPS") + "/note").note == NOTE


# --- The command -----------------------------------------------------------------------------


def test_the_command_says_it_in_both_languages(bench: Bench, release: Any, tmp_path: Path) -> None:
    signing = keys.make_bench_key("recond releases", SystemClock().now())
    bench.pem.write_bytes(keys.pem(signing.certificate))
    bench.signing = signing
    note = published(bench, release)
    asked = ["version", "--check", str(note), "--signer", str(bench.pem)]
    french = recond(*asked, folder=tmp_path)
    assert french.code == 0, french
    assert "Plus récent\u00a0: recond 1.2.0, du 01/12/2026." in french.stdout
    assert keys.fingerprint(signing.certificate) in french.stdout
    (bench.dist / "recond-1.2.0.tar.gz").write_bytes(b"other")
    english = recond("--lang", "en", *asked, folder=tmp_path)
    assert english.code == 7
    assert "✗ recond-1.2.0.tar.gz: this is not the note’s file; do not install it" in english.stdout
    answer = json.loads(recond(*asked, "--json", folder=tmp_path).stdout)
    assert (answer["schema"], answer["standing"]) == ("recond.version.check/1", "newer")
    plain = recond("version", folder=tmp_path)
    assert plain.stdout.startswith("recond ")
    assert plain.code == 0
