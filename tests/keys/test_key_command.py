"""`recond key` as a person runs it, and what must never come out of it."""

from __future__ import annotations

import base64
import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from recond.certify.sign import keys
from recond.flow.keys.keyring import Keyring
from recond.flow.keys.workshop import ROOT_KEY, ROOT_PAGE
from tests.cli.command import Done, environment, recond
from tests.keys.bench import PHRASE


@pytest.fixture
def phrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOND_ROOT_PASSPHRASE", PHRASE)


def key(*arguments: str, folder: Path, state: str = "state") -> Done:
    return recond("key", *arguments, "--state", str(folder / state), folder=folder)


def answer(*arguments: str, folder: Path) -> dict[str, object]:
    done = key(*arguments, "--json", folder=folder)
    assert done.code == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.usefixtures("phrase")
def test_a_workshop_from_its_root_to_a_donor(tmp_path: Path) -> None:
    root = answer("init", "--name", "Atelier", folder=tmp_path)
    assert Path(str(root["key"])).stat().st_mode & 0o777 == 0o600
    assert Path(str(root["page"])).stat().st_mode & 0o777 == 0o600
    assert key("init", folder=tmp_path).code == 2, "a root is never written over"
    bench = answer("issue", "--name", "Poste 1", folder=tmp_path)
    assert bench["issuer"] == "Atelier"
    assert bench["former"] is False
    image = tmp_path / "d.img"
    image.write_bytes(b"donor " * 4096)
    run = recond("wipe", str(image), "--image", "--confirm", "d.img", "--json", folder=tmp_path)
    certificate = str(json.loads(run.stdout)["certificate"])
    assert recond("verify", certificate, folder=tmp_path).code == 0

    stranger = tmp_path / "donneur"
    stranger.mkdir()
    assert recond("verify", certificate, folder=stranger).code == 7
    assert (
        recond("verify", certificate, "--trust", str(root["certificate"]), folder=stranger).code
        == 0
    )
    taken = key("trust", str(root["certificate"]), folder=stranger)
    assert taken.code == 0
    assert str(root["fingerprint"]) in taken.stdout
    assert recond("verify", certificate, folder=stranger).code == 0

    compromised = key(
        "revoke",
        str(bench["fingerprint"])[:14],
        "--reason",
        "compromised",
        "--root",
        str(root["key"]),
        folder=tmp_path,
    )
    assert compromised.code == 0, compromised.stderr
    assert recond("verify", certificate, folder=tmp_path).code == 7
    assert recond("verify", certificate, folder=stranger).code == 0, "nobody told the donor"
    told = key("trust", str(tmp_path / "state" / "keys" / "recond-revoked.jws"), folder=stranger)
    assert told.code == 0, told.stderr
    assert recond("verify", certificate, folder=stranger).code == 7


@pytest.mark.usefixtures("phrase")
@pytest.mark.parametrize("name", ["Bricol’Café de Lens", "É" * 40])
def test_a_bench_of_its_roots_name_is_not_taken_for_one_that_signed_itself(
    name: str, tmp_path: Path
) -> None:
    """A workshop that wrote its name into recond.toml names root and bench by it."""
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "recond.toml").write_text(f'[workshop]\nname = "{name}"\n')
    root = answer("init", folder=tmp_path)
    bench = answer("issue", folder=tmp_path)
    assert name.startswith(str(root["name"]))
    assert bench["issuer"] == root["name"] != bench["name"]
    assert bench["self_made"] is False


@pytest.mark.usefixtures("phrase")
def test_a_rollover_retires_the_former_key_and_keeps_what_it_signed(tmp_path: Path) -> None:
    image = tmp_path / "d.img"
    image.write_bytes(b"donor " * 4096)
    run = recond("wipe", str(image), "--image", "--confirm", "d.img", "--json", folder=tmp_path)
    answer("init", "--name", "Atelier", folder=tmp_path)
    first = answer("issue", folder=tmp_path)
    second = answer("issue", "--name", "Poste 2", folder=tmp_path)
    assert (first["former"], second["former"]) == (True, True)
    report = answer("show", folder=tmp_path)
    revoked = report["revoked"]
    assert isinstance(revoked, list)
    assert [one["reason"] for one in revoked] == ["retired", "retired"]
    assert report["fault"] is None
    assert recond("verify", json.loads(run.stdout)["certificate"], folder=tmp_path).code == 0


@pytest.mark.usefixtures("phrase")
def test_the_root_comes_back_from_paper(tmp_path: Path) -> None:
    root = answer("init", "--out", str(tmp_path / "stick"), folder=tmp_path)
    packed = Path(str(root["key"])).read_bytes()
    from recond.certify.pages.key_backup import paper_codes, paper_lines

    typed = tmp_path / "typed.txt"
    typed.write_text("\n".join(paper_codes(paper_lines(packed))))
    back = answer("restore", str(typed), "--out", str(tmp_path / "new"), folder=tmp_path)
    assert back["fingerprint"] == root["fingerprint"]
    assert Path(str(back["key"])).read_bytes() == packed
    answer("issue", "--root", str(back["key"]), folder=tmp_path)
    typed.write_text(typed.read_text().replace("/01", "/02", 1))
    done = key("restore", str(typed), folder=tmp_path)
    assert done.code == 7
    assert "ligne 02" in done.stderr


def test_without_terminal_or_passphrase_it_says_what_to_give(tmp_path: Path) -> None:
    done = key("init", folder=tmp_path)
    assert done.code == 2
    assert "RECOND_ROOT_PASSPHRASE" in done.stderr
    assert not (tmp_path / "state" / "keys" / "root").exists()


@pytest.mark.usefixtures("phrase")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("issue",), 2),
        (("issue", "--root", "nowhere.p12"), 2),
        (("trust", "nowhere"), 2),
        (("trust", "junk"), 7),
        (("revoke", "junk", "--reason", "compromised"), 2),
        (("revoke", "ABCDEF01", "--reason", "compromised"), 2),
        (("revoke", "AB" * 32, "--reason", "lost"), 2),
        (("revoke", "AB" * 32, "--reason", "retired", "--since", "hier"), 2),
        (("restore", "junk"), 7),
        (("issue", "--root", "junk"), 7),
    ],
)
def test_bad_input_is_one_clear_line(arguments: tuple[str, ...], code: int, tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"a.b.c nothing \xff\x00 of use")
    done = key(*arguments, folder=tmp_path)
    assert done.code == code, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("Erreur")


def test_short_and_wrong_passphrases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOND_ROOT_PASSPHRASE", "court")
    assert key("init", folder=tmp_path).code == 2
    monkeypatch.setenv("RECOND_ROOT_PASSPHRASE", PHRASE)
    answer("init", folder=tmp_path)
    monkeypatch.setenv("RECOND_ROOT_PASSPHRASE", PHRASE + "x")
    wrong = key("issue", folder=tmp_path)
    assert wrong.code == 7
    assert "phrase secrète" in wrong.stderr


def on_terminal(*arguments: str, folder: Path, typed: str) -> tuple[int, str]:
    """Run on a terminal of its own, answer its questions; (exit code, all that it showed)."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "recond", *arguments],
        cwd=folder,
        env=environment(folder),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    answers = typed.splitlines()
    try:
        while select.select([ours], [], [], 60)[0] and (part := os.read(ours, 4096)):
            shown += part
            if shown.endswith(b": ") and answers:  # the prompt, not the line feed after the answer
                os.write(ours, answers.pop(0).encode() + b"\n")
    except OSError:
        pass  # the terminal's other end is closed
    os.close(ours)  # hangs up: a question that nobody answers ends the command
    return process.wait(timeout=60), shown.decode("utf-8", "replace")


def test_a_passphrase_typed_twice_is_not_shown(tmp_path: Path) -> None:
    code, shown = on_terminal("key", "init", folder=tmp_path, typed=f"{PHRASE}\n{PHRASE}\n")
    assert code == 0, shown
    assert PHRASE not in shown
    code, shown = on_terminal(
        "key", "init", "--out", "other", folder=tmp_path, typed=f"{PHRASE}\nnot the same one\n"
    )
    assert code == 2, shown
    assert not (tmp_path / "other").exists()


def secrets_of(signing: keys.SigningKey) -> tuple[bytes, ...]:
    """The private number in every spelling that a leak could have."""
    number = signing.key.private_numbers().private_value
    raw = number.to_bytes(32, "big")
    pem = signing.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (
        raw,
        raw.hex().encode(),
        raw.hex().upper().encode(),
        str(number).encode(),
        base64.b64encode(raw)[:40],
        base64.urlsafe_b64encode(raw)[:40],
        pem.splitlines()[1][:40],
    )


@pytest.mark.usefixtures("phrase")
def test_no_key_and_no_passphrase_comes_out_anywhere(tmp_path: Path) -> None:
    said = [
        key(*arguments, folder=tmp_path)
        for arguments in (
            ("init", "--name", "Atelier"),
            ("issue",),
            ("issue", "--json"),
            ("show",),
            ("show", "--json"),
            ("issue", "--root", "nowhere"),
        )
    ]
    image = tmp_path / "d.img"
    image.write_bytes(b"donor " * 4096)
    said.append(recond("wipe", str(image), "--image", "--confirm", "d.img", folder=tmp_path))
    ring = Keyring(tmp_path / "state")
    root = keys.unpack_key((ring.folder / "root" / ROOT_KEY).read_bytes(), PHRASE)
    bench = keys.unpack_key(ring.key_file.read_bytes(), None)
    assert repr(bench) == f"SigningKey({keys.fingerprint(bench.certificate)})"
    hidden = (PHRASE.encode(), *secrets_of(root), *secrets_of(bench))
    shown = [(done.stdout + done.stderr).encode() for done in said]
    files = [
        file.read_bytes()
        for file in tmp_path.rglob("*")
        if file.is_file() and file != ring.key_file
    ]
    assert (ring.folder / "root" / ROOT_PAGE).read_bytes() in files
    assert not [one for one in (*shown, *files) for secret in hidden if secret in one]
    assert secrets_of(bench)[0] in ring.key_file.read_bytes(), "the search would find one"
