"""HTTPS: the only place that speaks to a server.

Why: one place decides that a certificate is always verified, that nothing goes over plain HTTP,
that no redirection is followed (the token would go along), that every exchange has an end, and
that an answer has a bound. It knows nothing of records and never logs; a header's value is never
shown.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from recond.errors import UploadFailed, UsageError

CONNECT_S = 10.0
ANSWER_S = 30.0
SLOWEST_BYTES_PER_S = 16_000  # a village's line still carries a certificate
ANSWER_BYTES = 16 << 20


class NoAnswer(UploadFailed):
    """There was no whole answer: no network, name, certificate, time, or a broken connection."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. Header values hold secrets: they are not shown."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def form(values: dict[str, str]) -> bytes:
    """Names and values as application/x-www-form-urlencoded; also what follows a `?`."""
    return urlencode(values).encode("ascii")


def check_url(url: str) -> str:
    """The address as it is. Raises `UsageError` unless it is https, with a host, without a password
    (which every list of processes and every message would show).
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or "@" in parts.netloc or not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError("upload.url.wrong", url=url.rpartition("@")[2])
    return url


@dataclass(frozen=True, slots=True)
class Https:
    """A client. `ca_file` (PEM) is trusted in place of the system's authorities."""

    ca_file: str | None = None
    connect_s: float = CONNECT_S
    answer_s: float = ANSWER_S

    def send(self, request: Request) -> Answer:
        """One exchange. Raises `NoAnswer`; an answer of any status is an answer."""
        parts = urlsplit(check_url(request.url))
        where = parts.hostname or ""
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(
                "upload.ca.unreadable", file=str(self.ca_file), reason=_reason(error)
            ) from None
        connection = http.client.HTTPSConnection(
            where, parts.port, timeout=self.connect_s, context=context
        )
        late = threading.Event()
        timer: threading.Timer | None = None
        try:
            connection.connect()
            connection.sock.settimeout(self.answer_s)
            allowed = self.answer_s + len(request.body) / SLOWEST_BYTES_PER_S
            timer = _end_after(connection.sock, allowed, late)
            return _exchange(connection, request, target)
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(_code(error, late.is_set()), host=where, reason=_reason(error)) from None
        finally:
            if timer:
                timer.cancel()
            connection.close()


def _end_after(sock: socket.socket, seconds: float, late: threading.Event) -> threading.Timer:
    # a server that sends one byte before each time limit would hold the bench for ever
    def end() -> None:
        late.set()
        try:
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # below TLS: the reader sees the end
        except OSError:
            return

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer


def _exchange(connection: http.client.HTTPSConnection, request: Request, target: str) -> Answer:
    # http.client would add no User-Agent, and Accept-Encoding: identity, which is what we want
    connection.request(
        request.method,
        target,
        body=request.body or None,
        headers={"User-Agent": "recond", **dict(request.headers)},
    )
    with connection.getresponse() as response:
        body = response.read(ANSWER_BYTES + 1)
        if len(body) > ANSWER_BYTES:
            raise http.client.HTTPException("answer too long")
        wanted = response.getheader("Content-Length", "")
        if request.method != "HEAD" and wanted.isdigit() and len(body) < int(wanted):
            raise http.client.IncompleteRead(body)
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, body)


def _code(error: Exception, late: bool) -> str:
    if late or isinstance(error, TimeoutError):
        return "upload.net.timeout"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "upload.net.certificate"
    if isinstance(error, socket.gaierror):
        return "upload.net.name"
    if isinstance(
        error, ConnectionResetError | BrokenPipeError | http.client.HTTPException | ssl.SSLEOFError
    ):
        return "upload.net.broken"
    return "upload.net.tls" if isinstance(error, ssl.SSLError) else "upload.net.unreachable"


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)[:200] or type(error).__name__
