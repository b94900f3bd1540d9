"""A bucket of a real S3 server (moto) behind TLS on this machine."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from recond.certify.sign.jws import sign_jws
from recond.certify.sign.keys import make_bench_key
from recond.flow.deliver.settings import read_settings
from recond.flow.deliver.upload import add_destination, queue_folder, upload
from recond.flow.lot.lot import LotDatabase, add_to_lot, new_lot, status_of
from recond.host.s3 import Bucket
from recond.upload.package import make_package, unpack
from recond.upload.s3 import S3
from recond.upload.send import Urgency
from tests.custody.shop import Shop, drive, workshop
from tests.upload.bench import Workbench, workbench
from tests.upload.records import NOW, package
from tests.upload.servers import make_certificates

moto = pytest.importorskip("moto", reason="no S3 server here: moto is not installed")


@dataclass
class S3Server:
    """Where it is, and its bucket as an administrator sees it."""

    url: str
    ca: str

    def add(self, bench: Workbench | Shop, **changes: str) -> None:
        add_destination(
            bench.state,
            "seau",
            "s3",
            {
                "url": self.url,
                "ca": self.ca,
                "bucket": "records",
                "key_id": "me",
                "secret": "s3cr3t",
                "prefix": "lot7",
                **changes,
            },
        )

    def bucket(self) -> Bucket:
        return Bucket("records", self.url, "us-east-1", "me", "s3cr3t", self.ca)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[S3Server]:
    from moto.backends import get_backend
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        create_backend_app,
    )
    from werkzeug.serving import make_server
    from werkzeug.wrappers import Request, Response

    ca, certificate = make_certificates(tmp_path / "tls", host="localhost", days=30)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    inner = DomainDispatcherApplication(create_backend_app)

    @Request.application
    def checked(request: Request) -> Response:
        # moto believes every signature; a wrong key must fail as it does on a real server
        if b"Credential=me/" not in request.headers.get("Authorization", "").encode():
            return Response("<Error><Code>InvalidAccessKeyId</Code></Error>", 403)
        return Response.from_app(inner, request.environ)

    running = make_server("127.0.0.1", 0, checked, threaded=True, ssl_context=context)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    found = S3Server(f"https://localhost:{running.server_port}", str(ca))
    try:
        get_backend("s3").reset()
        _make_bucket(found)
        yield found
    finally:
        running.shutdown()
        thread.join()


def _make_bucket(server: S3Server) -> None:
    from recond.host.http import Https, Request

    answer = Https(server.ca).send(
        Request(
            "PUT",
            f"{server.url}/records",
            (
                (
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=me/20261124/us-east-1/s3/aws4_request",
                ),
            ),
        )
    )
    assert answer.status == 200, answer.body


def test_a_package_lies_in_the_bucket_under_its_digest(tmp_path: Path, server: S3Server) -> None:
    bench = workbench(tmp_path)
    bench.queue(1, 2)
    server.add(bench)
    assert bench.upload().exit_code == 0
    sent = package(1)
    name = f"lot7/{sent.record_id}/{sent.signed_key[-16:]}.zip"
    names = server.bucket().names("lot7")
    assert (len(names), names[0]) == (2, name)
    assert unpack(server.bucket().get(name), sent.record_id).digest == sent.digest


def test_a_strangers_signature_stands_beside_ours(tmp_path: Path, server: S3Server) -> None:
    """A record's bytes are in every certificate: whoever signs them anew replaces nothing."""
    bench, ours = workbench(tmp_path), package(1)
    server.add(bench)
    (settings,) = read_settings(bench.state)
    bucket = S3(settings)
    stranger = sign_jws(ours.record_bytes, make_bench_key("banc d'essai", NOW))
    theirs = make_package({**dict(ours.files), "record.jws": stranger})
    for one in (theirs, ours, theirs):
        bucket.deliver(one, bench.clock)
    found = [unpack(bucket.get(name), ours.record_id) for name in bucket.names()]
    assert len(found) == 2
    assert ours.file("record.jws") in [one.file("record.jws") for one in found]


@pytest.mark.parametrize(("field", "value"), [("key_id", "nobody"), ("bucket", "elsewhere")])
def test_what_a_bucket_refuses_waits_with_its_words(
    tmp_path: Path, server: S3Server, field: str, value: str
) -> None:
    bench = workbench(tmp_path)
    bench.queue(1, 2)
    server.add(bench, **{field: value})
    done = bench.upload()
    assert (done.waiting, done.parked, len(done.deliveries)) == (2, 0, 1)
    assert done.holds[0].words.code == "upload.s3.failed"
    assert "s3cr3t" not in repr(done)


def test_a_certificate_that_nobody_trusts_sends_nothing(tmp_path: Path, server: S3Server) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    server.add(bench, ca="")
    assert bench.upload().waiting == 1
    assert server.bucket().names("lot7") == []


def test_a_statement_comes_into_a_lot_by_the_bucket(tmp_path: Path, server: S3Server) -> None:
    (one,) = workshop(tmp_path, "banc 1")
    issued = one.erase("20261124-100000-00000007", drive("D20"))
    one.destroy("D21")
    assert queue_folder(one.state, issued.folder).ids
    server.add(one)
    assert upload(one.state, (), one.clock, urgency=Urgency()).exit_code == 0
    where = LotDatabase(one.state)
    (tmp_path / "l.csv").write_text("N° de série disque\nD20\nD21\n", encoding="utf-8")
    new_lot(where, "L7", one.clock, manifest=tmp_path / "l.csv")
    added = add_to_lot(where, "L7", ("s3:seau",))
    assert (len(added.new), added.problems) == (2, ())
    assert [str(line.state) for line in status_of(where, "L7").lines] == ["erased", "destroyed"]
