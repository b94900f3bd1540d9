"""`recond key stamp` against an authority on this computer: openssl behind an HTTPS server."""

from __future__ import annotations

import base64
import dataclasses
import json
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509

from recond.certify.receipt import CONTENT_TYPE, Receipt, read_receipt
from recond.certify.sign.jws import read_jws, sign_jws
from recond.certify.sign.keys import Revocation, chain_fault, fingerprint, read_certificates
from recond.certify.sign.timestamp import read_answer, stamp_request, stamp_time
from recond.certify.verify.verdicts import Answer, Trust, Verdicts
from recond.codec import canonical_bytes, to_json
from recond.errors import BenchLacks, RecordInvalid, UsageError
from recond.flow.keys.keyring import Keyring
from recond.flow.keys.stamp import stamp
from recond.flow.keys.workshop import trust as take_in
from recond.flow.runfolder import write_json
from recond.flow.verify.files import verify_paths
from recond.host.clock import SystemClock
from tests.certify.journals import base_seed, how_many
from tests.cli.command import recond
from tests.keys.bench import certify, journal_of
from tests.upload.servers import Reply, Running, Seen, serve

CLOCK = SystemClock()
RECEIPT = "receipt.jws"
CONFIG = """
[tsa]
default_tsa = t
[t]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = {digest}
"""


class Authority:
    """A key and a certificate for time stamps, used through `openssl ts`."""

    def __init__(
        self,
        folder: Path,
        kind: str = "rsa:2048",
        digest: str = "sha256",
        usage: str = "critical,timeStamping",
    ) -> None:
        folder.mkdir(parents=True)
        self.folder, self.file = folder, folder / "authority.pem"
        curve = ("-pkeyopt", "ec_paramgen_curve:P-256") if kind == "ec" else ()
        self._run(
            "req",
            "-x509",
            "-newkey",
            kind,
            *curve,
            "-nodes",
            "-keyout",
            "key.pem",
            "-out",
            "authority.pem",
            "-subj",
            "/O=Autorité/CN=TSA",
            "-utf8",
            "-days",
            "30",
            "-addext",
            f"extendedKeyUsage={usage}",
        )
        (folder / "tsa.cnf").write_text(CONFIG.format(digest=digest))
        (folder / "serial").write_text("01")
        (self.certificate,) = read_certificates(self.file.read_bytes())

    def _run(self, *arguments: str) -> None:
        subprocess.run(
            [shutil.which("openssl") or pytest.skip("needs openssl"), *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )

    def answer(self, question: bytes) -> bytes:
        (self.folder / "query").write_bytes(question)
        self._run(
            "ts",
            "-reply",
            "-config",
            "tsa.cnf",
            "-queryfile",
            "query",
            "-inkey",
            "key.pem",
            "-signer",
            "authority.pem",
            "-out",
            "answer",
        )
        return (self.folder / "answer").read_bytes()

    def token(self, stamped: bytes, nonce: bytes = b"12345678") -> bytes:
        return read_answer(self.answer(stamp_request(stamped, nonce)), nonce)

    def plan(self) -> Callable[[Seen], Reply]:
        def reply(seen: Seen) -> Reply:
            assert seen.headers["content-type"] == "application/timestamp-query"
            return Reply(200, self.answer(seen.body))

        return reply


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    return Authority(tmp_path_factory.mktemp("tsa") / "a")


@pytest.fixture(scope="module")
def true_bench(tmp_path_factory: pytest.TempPathFactory, raw_journal: bytes) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    for number in range(3):
        run = f"20261124-08000{number}-0000000{number}"
        certify(folder / "state", journal_of(raw_journal, run), CLOCK, run, folder / "out")
    return folder


@pytest.fixture
def bench(tmp_path: Path, true_bench: Path) -> Path:
    """A bench with three certificates and their runs."""
    for name in ("state", "out"):
        shutil.copytree(true_bench / name, tmp_path / name)
    for folder in folders(tmp_path):
        run = tmp_path / "state" / "runs" / folder.name
        run.mkdir(parents=True)
        write_json(run / "issued.json", {"folder": str(folder), "signed": True})
    return tmp_path


@pytest.fixture
def running(bench: Path, authority: Authority) -> Iterator[Running]:
    with serve(bench / "tls", authority.plan()) as server:
        configure(bench, server)
        yield server


def configure(bench: Path, server: Running) -> None:
    (bench / "state" / "recond.toml").write_text(
        f'[timestamp]\nurl = "{server.url}"\nca_file = "{server.ca}"\n'
    )


def found(
    bench: Path, *more: x509.Certificate, revoked: tuple[Revocation, ...] = ()
) -> list[Verdicts]:
    """As a donor sees them who pinned the bench's certificate, and maybe an authority."""
    own = Keyring(bench / "state").own()
    return list(
        verify_paths(
            (bench / "out",), (), state=bench, trust=Trust((*own, *more), (), revoked, None)
        ).found
    )


def codes(one: Verdicts) -> set[str]:
    return {check.message.code for check in one.checks}


def folders(bench: Path) -> list[Path]:
    return sorted((bench / "out").iterdir())


def receipt(folder: Path) -> Receipt:
    return read_receipt(read_jws((folder / RECEIPT).read_bytes()))


def test_one_stamp_covers_all_that_were_made_offline(
    bench: Path, running: Running, authority: Authority
) -> None:
    take_in(bench / "state", authority.file)
    made = stamp(bench / "state", CLOCK)
    assert made.at is not None
    assert (made.size, len(made.renewed), made.kept, made.away) == (4, 3, (), ())
    assert len(running.seen) == 1
    assert len({receipt(folder).stamp for folder in folders(bench)}) == 1
    for one in found(bench, authority.certificate):
        assert one.good
        assert "certify.stamp.holds" in codes(one)
        assert dict(one.answers)["complete"] is Answer.YES
    again = stamp(bench / "state", CLOCK)
    assert (again.renewed, len(again.kept)) == ((), 3), "the earlier time is worth more"
    done = recond("key", "stamp", "--json", "--state", str(bench / "state"), folder=bench)
    assert (done.code, json.loads(done.stdout)["size"]) == (0, 4)


def test_an_authority_that_is_not_pinned_says_nothing(
    bench: Path, running: Running, authority: Authority, tmp_path: Path
) -> None:
    before = [(folder / RECEIPT).read_bytes() for folder in folders(bench)]
    with pytest.raises(RecordInvalid, match="unknown"):
        stamp(bench / "state", CLOCK)
    assert not running.seen, "nobody is asked who would not be believed"
    assert [(folder / RECEIPT).read_bytes() for folder in folders(bench)] == before
    take_in(bench / "state", authority.file)
    stamp(bench / "state", CLOCK)
    twin = Authority(tmp_path / "twin")
    for more in ((), (twin.certificate,)):
        for one in found(bench, *more):
            assert "certify.stamp.unknown" in codes(one)
            assert dict(one.answers)["complete"] is Answer.UNKNOWN
            assert one.good, "the stamp is more, not less"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500),
        Reply(0),
        Reply(200, b""),
        Reply(200, b"\x30\x03\x02\x01\x00"),
        Reply(200, b"<html>"),
        Reply(200, bytes.fromhex("30053003020102")),
        Reply(200, cut=1),
    ],
    ids=range(7),
)
def test_no_answer_or_a_bad_one_changes_nothing(
    reply: Reply, bench: Path, authority: Authority
) -> None:
    take_in(bench / "state", authority.file)
    before = [(folder / RECEIPT).read_bytes() for folder in folders(bench)]
    with serve(bench / "tls", lambda _: reply) as server:
        configure(bench, server)
        with pytest.raises((BenchLacks, RecordInvalid)):
            stamp(bench / "state", CLOCK)
    with pytest.raises(BenchLacks, match="no-answer"):
        stamp(bench / "state", CLOCK)
    assert [(folder / RECEIPT).read_bytes() for folder in folders(bench)] == before
    assert all(one.good for one in found(bench, authority.certificate))


def test_an_answer_to_another_question_is_refused(bench: Path, authority: Authority) -> None:
    take_in(bench / "state", authority.file)
    old = authority.answer(stamp_request(b"something else", b"87654321"))

    def other(seen: Seen) -> Reply:
        return Reply(200, old)

    def other_root(seen: Seen) -> Reply:
        nonce = seen.body[-13:-3]
        return Reply(200, authority.answer(stamp_request(b"another root", nonce[-8:])))

    for plan in (other, other_root):
        with serve(bench / "tls", plan) as server:
            configure(bench, server)
            with pytest.raises(RecordInvalid, match=r"certify\.stamp"):
                stamp(bench / "state", CLOCK)


def test_without_an_authority_the_receipts_lead_to_the_present_root(bench: Path) -> None:
    sizes = [receipt(folder).size for folder in folders(bench)]
    assert sizes == [2, 3, 4]
    made = stamp(bench / "state", CLOCK)
    assert made.at is None
    assert {receipt(folder).size for folder in folders(bench)} == {4}
    assert {receipt(folder).root for folder in folders(bench)} == {made.root}
    assert all(one.good for one in found(bench))


def test_what_is_not_here_or_not_ours_stays_as_it_is(bench: Path) -> None:
    first, second, _ = folders(bench)
    shutil.rmtree(first)
    foreign = (second / RECEIPT).read_bytes()
    recond("key", "issue", "--self-signed", "--state", str(bench / "state"), folder=bench)
    made = stamp(bench / "state", CLOCK)
    assert (len(made.away), made.renewed) == (3, ()), "donors do not know the new key"
    assert (second / RECEIPT).read_bytes() == foreign
    (bench / "state" / "ledger.jsonl").unlink()
    with pytest.raises(UsageError):
        stamp(bench / "state", CLOCK)


def test_an_authority_signs_no_certificate_and_a_bench_no_stamp(
    bench: Path, authority: Authority, tmp_path: Path
) -> None:
    now = CLOCK.now()
    assert chain_fault((authority.certificate,), (authority.certificate,), now) is not None
    bench_like = Authority(tmp_path / "b", usage="emailProtection")
    token = authority.token(b"root")
    with pytest.raises(RecordInvalid, match="unknown"):
        stamp_time(token, b"root", (bench_like.certificate,))
    assert stamp_time(token, b"root", (bench_like.certificate, authority.certificate))


@pytest.mark.parametrize(
    ("kind", "digest"), [("ec", "sha256"), ("rsa:2048", "sha1"), ("rsa:2048", "sha512")]
)
def test_other_kinds_of_authority_are_read(kind: str, digest: str, tmp_path: Path) -> None:
    one = Authority(tmp_path / "x", kind, digest)
    assert stamp_time(one.token(b"root"), b"root", (one.certificate,))


def test_a_revoked_or_expired_authority_is_not_believed(authority: Authority) -> None:
    token = authority.token(b"root")
    gone = Revocation(fingerprint(authority.certificate), "compromised", CLOCK.now())
    with pytest.raises(RecordInvalid, match="compromised"):
        stamp_time(token, b"root", (authority.certificate,), (gone,))


def test_every_changed_bit_of_a_token_is_found_or_means_the_same(authority: Authority) -> None:
    """What an authority did not sign (its certificate beside) may differ; the time may not."""
    seed, token = base_seed(), authority.token(b"root")
    at, draw = stamp_time(token, b"root", (authority.certificate,)), random.Random(seed)
    for _ in range(how_many(400)):
        broken = bytearray(token)
        broken[draw.randrange(len(token))] ^= 1 << draw.randrange(8)
        try:
            said = stamp_time(bytes(broken), b"root", (authority.certificate,))
        except RecordInvalid:
            continue
        assert said == at, f"RECOND_SEED={seed}"


def test_a_bench_that_lies_about_its_stamp_is_found(
    bench: Path, running: Running, authority: Authority
) -> None:
    take_in(bench / "state", authority.file)
    stamp(bench / "state", CLOCK)
    folder = folders(bench)[0]
    true, key = receipt(folder), Keyring(bench / "state").signing_key("", CLOCK)
    others = authority.token(b"another ledger")
    for token in (base64.b64encode(others).decode(), "", "AAAA", "é", "=", true.stamp or "" + "\n"):
        if token == true.stamp:
            continue
        lie = dataclasses.replace(true, stamp=token)
        (folder / RECEIPT).write_bytes(sign_jws(canonical_bytes(to_json(lie)), key, CONTENT_TYPE))
        assert not found(bench, authority.certificate)[0].good, token
    assert found(bench, authority.certificate)[1].good


def test_a_mistake_in_the_configuration_is_named(bench: Path) -> None:
    file = bench / "state" / "recond.toml"
    for text in ("ca_file = 'x'", "url = 1", "uri = 'x'"):
        file.write_text(f"[timestamp]\n{text}\n")
        with pytest.raises(UsageError, match="timestamp"):
            stamp(bench / "state", CLOCK)
    done = recond("key", "stamp", "--state", str(bench / "state"), folder=bench)
    assert (done.code, len(done.stderr.strip().splitlines())) == (2, 1)


def test_nothing_goes_over_plain_http(bench: Path, authority: Authority) -> None:
    take_in(bench / "state", authority.file)
    (bench / "state" / "recond.toml").write_text("[timestamp]\nurl = 'http://localhost/'\n")
    with pytest.raises(UsageError, match=r"url\.wrong"):
        stamp(bench / "state", CLOCK)
