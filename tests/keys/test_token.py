"""A bench's key in a PKCS#11 token: SoftHSM on this computer. Each use is a process of its own, as
on a bench, because PKCS#11 has one login for a whole process.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from recond.certify.sign.keys import SigningKey, issue_bench_key, make_bench_key, make_root_key
from recond.certify.sign.pdf_sign import sign_pdf
from recond.certify.sign.token_key import TokenKey
from recond.certify.verify.pdf_read import read_sealed
from recond.errors import RecordInvalid, UsageError
from recond.host.token import TokenPlace, parse_place
from tests.certify.papers import files_of
from tests.cli.command import Done, recond
from tests.keys.bench import NOW, PHRASE

PIN = "48151623"
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)


@pytest.fixture(scope="module")
def module() -> str:
    pytest.importorskip("pkcs11", reason="needs python-pkcs11 (the extra `token`)")
    if shutil.which("softhsm2-util") is None:
        pytest.skip("needs softhsm2")
    return next((one for one in MODULES if Path(one).exists()), "") or pytest.skip("needs softhsm2")


@pytest.fixture
def token(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A token of the test's own; its MODULE:LABEL."""
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    monkeypatch.setenv("RECOND_TOKEN_PIN", PIN)
    monkeypatch.setenv("RECOND_ROOT_PASSPHRASE", PHRASE)
    subprocess.run(
        [
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            "atelier",
            "--so-pin",
            "87654321",
            "--pin",
            PIN,
        ],
        check=True,
        capture_output=True,
    )
    return f"{module}:atelier"


def run(folder: Path, *arguments: str) -> Done:
    done = recond(*arguments, "--state", str(folder / "state"), folder=folder)
    assert PIN not in done.stdout + done.stderr
    return done


def wipe(folder: Path, *more: str) -> tuple[int, dict[str, object]]:
    image = folder / "d.img"
    image.write_bytes(b"donor " * 4096)
    done = run(folder, "wipe", str(image), "--image", "--confirm", image.name, "--json", *more)
    return done.code, json.loads(done.stdout)


def test_a_token_signs_everything_and_leaves_no_key_behind(token: str, tmp_path: Path) -> None:
    assert run(tmp_path, "key", "init", "--name", "Atelier").code == 0
    made = run(tmp_path, "key", "issue", "--name", "Poste 1", "--token", token)
    assert made.code == 0, made.stderr
    code, result = wipe(tmp_path)
    assert (code, result["signed"]) == (0, True)
    folder = Path(str(result["folder"]))
    assert run(tmp_path, "verify", str(folder)).code == 0
    assert not (tmp_path / "state" / "keys" / "bench.p12").exists()
    assert run(tmp_path, "key", "stamp").code == 0
    assert run(tmp_path, "verify", str(folder)).code == 0
    for file in (*(tmp_path / "state").rglob("*"), *folder.rglob("*")):
        assert not file.is_file() or PIN.encode() not in file.read_bytes(), file


def test_without_its_token_the_record_waits_unsigned(
    token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(tmp_path, "key", "issue", "--self-signed", "--token", token).code == 0
    monkeypatch.delenv("RECOND_TOKEN_PIN")
    code, result = wipe(tmp_path, "--sign-later")
    assert (code, result["signed"]) == (7, False)
    record = json.loads((Path(str(result["folder"])) / "record.json").read_bytes())
    assert record["signature"] == "certify.token.pin"
    assert record["erasures"][0]["result"]["status"] == "erased"
    asked = str(result["run"])
    pin = tmp_path / "pin"
    pin.write_text(PIN + "\n")
    pin.chmod(0o644)
    monkeypatch.setenv("RECOND_TOKEN_PIN_FILE", str(pin))
    state = json.loads(run(tmp_path, "key", "show", "--json").stdout)
    assert state["fault"]["code"] == "certify.token.pin-file"
    assert state["waiting"] == [asked]
    pin.chmod(0o600)
    tokens = tmp_path / "tokens"
    tokens.rename(tmp_path / "unplugged")
    tokens.mkdir()
    state = json.loads(run(tmp_path, "key", "show", "--json").stdout)
    assert state["fault"]["code"] == "certify.token.absent"
    assert not (tmp_path / "state" / "keys" / "bench.p12").exists(), "no other key in its place"
    tokens.rmdir()
    (tmp_path / "unplugged").rename(tokens)
    assert run(tmp_path, "certify", asked).code == 0
    monkeypatch.setenv("RECOND_TOKEN_PIN", "00000000")
    state = json.loads(run(tmp_path, "key", "show", "--json").stdout)
    assert state["fault"]["code"] == "certify.token.pin-wrong"


def test_a_token_with_another_key_is_not_used(token: str, tmp_path: Path) -> None:
    assert run(tmp_path, "key", "issue", "--self-signed", "--token", token).code == 0
    file = tmp_path / "state" / "keys" / "token.json"
    first, certificate = file.read_bytes(), tmp_path / "state" / "keys" / "bench.pem"
    assert run(tmp_path, "key", "issue", "--self-signed", "--token", token).code == 0
    true = file.read_bytes()
    assert first != true
    for raw, code in (
        (first, "certify.token.other"),
        (b"{}", "certify.token.file"),
        (true.replace(b'"key":"', b'"key":"00'), "certify.token.failed"),
    ):
        file.write_bytes(raw)
        state = json.loads(run(tmp_path, "key", "show", "--json").stdout)
        assert state["fault"]["code"] == code
    file.write_bytes(true)
    assert json.loads(run(tmp_path, "key", "show", "--json").stdout)["fault"] is None
    assert certificate.exists()
    assert run(tmp_path, "key", "issue", "--self-signed").code == 0
    assert not file.exists(), "back to a key in a file"
    assert json.loads(run(tmp_path, "key", "show", "--json").stdout)["fault"] is None


# --- Without any token -------------------------------------------------------------------------


def in_token(answer: bytes | None = None) -> tuple[TokenKey, SigningKey]:
    """A key as if it lay in a token, that answers as it should, or as told."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    real = ec.generate_private_key(ec.SECP256R1())

    def sign(digest: bytes) -> bytes:
        der = real.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        r, s = utils.decode_dss_signature(der)
        return answer if answer is not None else r.to_bytes(32, "big") + s.to_bytes(32, "big")

    key = TokenKey(
        real.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint), sign
    )
    root = make_root_key("Atelier", NOW)
    return key, issue_bench_key(root, "banc", NOW, key) if answer is None else root


def test_a_key_elsewhere_seals_as_one_that_is_here() -> None:
    key, signing = in_token()
    page = files_of("erased")["certificate.pdf"].split(b"%%EOF\n")[0] + b"%%EOF\n"
    assert read_sealed(sign_pdf(page, signing)).fault(signing.chain) is None
    alone = make_bench_key("banc", NOW, key)
    assert read_sealed(sign_pdf(page, alone)).fault(alone.chain) is None


@pytest.mark.parametrize("answer", [b"", bytes(64), b"\xff" * 64, b"\1" * 64, b"\1" * 72])
def test_what_a_token_answers_is_checked(answer: bytes) -> None:
    key, _ = in_token(answer)
    with pytest.raises((RecordInvalid, ValueError)):
        make_bench_key("banc", NOW, key)


def test_a_key_elsewhere_has_no_bytes() -> None:
    key, _ = in_token()
    for ask in (key.private_bytes, key.private_numbers, key.exchange):
        with pytest.raises(RecordInvalid):
            ask()
    assert "Token" in repr(key)
    with pytest.raises(RecordInvalid):
        TokenKey(b"\4" + bytes(64), bytes)


@pytest.mark.parametrize("text", ["", ":", "x", "module.so:atelier", "/m.so:", "/m.so"])
def test_a_place_that_is_none_is_a_mistake_of_usage(text: str) -> None:
    with pytest.raises(UsageError):
        parse_place(text)
    assert parse_place("/m.so:a b") == TokenPlace("/m.so", "a b")


def test_a_module_that_is_none_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = ("key", "issue", "--self-signed", "--token", f"{tmp_path}/none.so:x")
    assert run(tmp_path, *order).code == 2, "nobody is there to be asked for the PIN"
    monkeypatch.setenv("RECOND_TOKEN_PIN", PIN)
    done = run(tmp_path, *order)
    assert (done.code, len(done.stderr.strip().splitlines())) == (9, 1)
    assert not (tmp_path / "state" / "keys" / "bench.pem").exists()
    assert run(tmp_path, *order, "--protect").code == 2
