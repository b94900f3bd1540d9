"""A real HTTPS server on this machine that fails as it is told.

Its certificate comes from an authority made for the test. `plan(request)` says what to do with each
request; every request that came whole is in `seen`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import http.server
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Seen:
    """One request as the server read it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What to answer; `cut` closes the connection after that many bytes of the body."""

    status: int = 201
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()
    cut: int | None = None
    drip_s: float = 0.0  # one byte each so many seconds


Plan = Callable[[Seen], Reply]


@dataclass
class Running:
    """A server that runs."""

    url: str
    ca: str
    seen: list[Seen] = field(default_factory=list)


def make_certificates(folder: Path, *, host: str, days: int) -> tuple[Path, Path]:
    """An authority's certificate, and the server's with its key."""
    folder.mkdir(parents=True, exist_ok=True)
    now = dt.datetime.now(dt.UTC)
    start = now - dt.timedelta(days=60)
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of the test")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    ca = (
        x509.CertificateBuilder()
        .subject_name(ca_name)
        .issuer_name(ca_name)
        .public_key(ca_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(False, False, False, False, False, True, True, False, False),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), False)
        .sign(ca_key, hashes.SHA256())
    )
    names: list[x509.GeneralName] = [x509.DNSName(host)]
    if host == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    leaf = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(ca_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False
        )
        .sign(ca_key, hashes.SHA256())
    )
    ca_file, server_file = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    server_file.write_bytes(
        leaf.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return ca_file, server_file


@contextmanager
def serve(
    folder: Path, plan: Plan, *, host: str = "localhost", days: int = 30
) -> Iterator[Running]:
    """Run a server in a thread of this process until the block ends."""
    ca, certificate = make_certificates(folder, host=host, days=days)
    running = Running("", str(ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = _Server(("127.0.0.1", 0), _handler(plan, running.seen))
    server.context = context
    running.url = f"https://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    context: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        # the handshake belongs in the client's own thread, or one dead client stops the server
        request.settimeout(20)
        with self.context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no news."""


def _handler(plan: Plan, seen: list[Seen]) -> type[http.server.BaseHTTPRequestHandler]:
    never = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                return  # the client was killed in the middle
            request = Seen(
                self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body
            )
            seen.append(request)
            self._reply(plan(request))

        do_GET = do_POST = do_PUT = do_PATCH = do_OPTIONS = do_HEAD = _any  # noqa: N815 - the names that the server calls

        def _reply(self, reply: Reply) -> None:
            self.close_connection = True
            if reply.status == 0:
                return  # the connection ends without a word
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command == "HEAD":
                return
            data = reply.body if reply.cut is None else reply.body[: reply.cut]
            if not reply.drip_s:
                self.wfile.write(data)
                return
            for byte in data:
                self.wfile.write(bytes([byte]))
                never.wait(reply.drip_s)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Silent."""

    return Handler


@dataclass
class Proxy:
    """A forwarding proxy (CONNECT): what was asked of it, and the header that it wants."""

    url: str
    asked: list[str] = field(default_factory=list)
    wants: str = ""


@contextmanager
def proxy(*, wants: str = "", drip_s: float = 0.0) -> Iterator[Proxy]:
    """A proxy on this machine; `wants` is the Proxy-Authorization that it lets through."""
    listener = socket.create_server(("127.0.0.1", 0))
    running = Proxy(f"http://127.0.0.1:{listener.getsockname()[1]}", wants=wants)

    def serve_one(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            first, *lines = head.decode("latin-1").split("\r\n")
            running.asked.append(first)
            if wants and f"Proxy-Authorization: {wants}" not in lines:
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
                return
            for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000 if drip_s else b"":
                client.sendall(bytes([byte]))
                threading.Event().wait(drip_s)
            host, _, port = first.split()[1].rpartition(":")
            with socket.create_connection((host, int(port))) as there:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pump, args=(there, client), daemon=True)
                back.start()
                _pump(client, there)
                back.join(5)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=serve_one, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield running
    finally:
        listener.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
